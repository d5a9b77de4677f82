# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `event` in real playbooks."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import uuid
from contextlib import closing

import pytest
import yaml
from lab import Lab, event, examples, play, sentence, vaulted

from playbooks import TOKEN

PLACES = ("controller", "target")


@pytest.fixture
def lab(playbook, receiver):
    return Lab(playbook, receiver)


# -- what is sent -----------------------------------------------------------------------------------------------------


def test_each_example_of_the_documentation_works(lab):
    token_file = lab.home / ".sematext" / "app_token"
    token_file.parent.mkdir()
    token_file.write_text(TOKEN + "\n")
    token_file.chmod(0o600)
    run = lab(play(*examples("event"), vars={"sematext_app_token": TOKEN}), env={"SEMATEXT_APP_TOKEN": ""})
    assert run.rc == 0, run.output
    assert run.stderr == ""
    shown = [{name: event[name] for name in ("type", "message", "os.host")} for event in lab.receiver.events()]
    assert shown == [
        {"type": "deployment", "message": "Deployed shop 1.23 to production", "os.host": "host1"},
        {"type": "infrastructure", "message": "Resized the volume group of the database", "os.host": "db1.example.com"},
        {"type": "maintenance", "message": "host1 goes into maintenance", "os.host": "host1"},
        {"type": "deployment", "message": "Deployed shop 1.23", "os.host": "host1"},
    ]
    first, second = lab.receiver.events()[:2]
    assert (first["service.name"], first["tags"]) == ("shop", ["version:1.23", "env:production"])
    assert second["timestamp"] == "2024-05-30T09:58:43.000Z"
    assert json.loads(second["data"]) == {"volume_group": "vg0", "gigabytes": 500}


EVERYTHING = {
    "title": 'Shop "1.23" \N{ROCKET}',
    "severity": "warning",
    "tags": ["version:1.23", "env:prod"],
    "creator": "Jenkins",
    "host": "web1.example.com",
    "timestamp": "2024-05-30T11:58:43.4556+02:00",
    "data": {"text": "<b>&%$\\\"'\n", "list": [1, 2.5, None, True], "empty": {}},
    "fields": {"service.name": "shop", "build": 7, "load": 0.5, "canary": False, "commits": ["0c9f1e2", "77aa01b"]},
}


def test_every_option_arrives_and_is_returned_as_it_was_sent(lab):
    results = lab.results(*(event({**EVERYTHING, "send_from": place}) for place in PLACES), args=["-vvvv"])
    for result, record in zip(results, lab.receiver.records()):
        assert result["changed"]
        assert "diff" not in result
        assert result["event"] == record["event"]
        assert uuid.UUID(record["event"].pop("event.id")).version == 4
        assert json.loads(record["event"].pop("data")) == EVERYTHING["data"]
        assert record["event"] == {
            "timestamp": "2024-05-30T09:58:43.455Z",
            "type": "deployment",
            "message": "Deployed shop 1.23",
            "title": EVERYTHING["title"],
            "severity": "warning",
            "creator": "Jenkins",
            "os.host": "web1.example.com",
            "tags": ["version:1.23", "env:prod"],
            **EVERYTHING["fields"],
        }
        assert record["headers"]["user-agent"].startswith("community.sematext/")
    assert len(lab.receiver.records()) == len(PLACES)


def test_the_least_event(lab):
    lab.result()
    (sent,) = lab.receiver.events()
    assert (sent["severity"], sent["creator"], sent["os.host"]) == ("info", "Ansible", "host1")
    assert set(sent) == {"timestamp", "type", "message", "severity", "creator", "os.host", "event.id"}


def test_the_token_is_nowhere_in_the_output_even_when_it_is_an_option(lab):
    tasks = [event({"app_token": TOKEN, "send_from": place}) for place in ("controller", "target")]
    tasks += [event({"app_token": f"{TOKEN}/no/token", "send_from": place}) for place in ("controller", "target")]
    tasks += [event({"app_token": [TOKEN]}), event({"app_token_file": TOKEN})]
    results = lab.results(*tasks, args=["-vvvv", "--diff"])  # looks for it in what is shown
    assert [result["failed"] for result in results] == [False, False, True, True, True, True]
    assert TOKEN not in json.dumps(results)


def test_what_templating_made_of_text_becomes_text_again(lab):
    lab.result(
        {"msg": "{{ 42 }}", "title": 1.5, "tags": [1, "{{ 1 + 1 }}"], "creator": "{{ omit }}", "data": "{{ [1, 'x'] }}"}
    )
    (sent,) = lab.receiver.events()
    assert (sent["message"], sent["title"], sent["tags"], sent["creator"]) == ("42", "1.5", ["1", "2"], "Ansible")
    assert json.loads(sent["data"]) == [1, "x"]


def test_loops_and_delegation(lab):
    tasks = [
        event({"msg": "{{ item }}"}, loop=["one", "two"], run_once=True),
        event({"msg": "three"}, delegate_to="host2", when="inventory_hostname == 'host1'"),
    ]
    run = lab(play(*tasks), hosts=2)
    assert run.rc == 0, run.output
    sent = [(event["message"], event["os.host"]) for event in lab.receiver.events()]
    assert sent == [("one", "host1"), ("two", "host1"), ("three", "host1")]


def test_fifty_hosts_send_an_event_each(lab):
    run = lab(play(event()), hosts=50, args=["--forks", "10"])
    assert run.rc == 0, run.output
    sent = lab.receiver.events()
    assert len({each["event.id"] for each in sent}) == len(sent) == 50
    assert {each["os.host"] for each in sent} == {f"host{number}" for number in range(1, 51)}


# -- os.host ----------------------------------------------------------------------------------------------------------

SOURCES = ["inventory_hostname", "ansible_hostname", "ansible_fqdn", "ansible_nodename"]


def test_host_source_names_the_host_or_falls_back_to_the_inventory(lab):
    asked = [event({"host_source": source}) for source in SOURCES]
    facts = {"name": "Gather", "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "platform"]}}
    lab.results(*asked, facts, *asked, event({"host": "mine", "host_source": "ansible_fqdn"}))
    nodename = socket.gethostname()
    assert [sent["os.host"] for sent in lab.receiver.events()] == [
        *["host1"] * 4,
        *["host1", nodename.partition(".")[0], socket.getfqdn(), nodename],
        "mine",
    ]


def test_facts_can_be_data(lab):
    results = lab.results(
        {"name": "Gather", "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "platform"]}},
        event({"data": "{{ ansible_facts }}"}),
        event({"data": "{{ hostvars['host1'] }}"}),
        event({"data": "{{ {'left': hostvars['host1'].group_names} }}"}),
    )
    assert [result["failed"] for result in results] == [False] * 4, results
    data = [json.loads(sent["data"]) for sent in lab.receiver.events()]
    assert data[0]["nodename"] == socket.gethostname()
    assert data[1]["inventory_hostname"] == "host1"
    assert data[2] == {"left": ["ungrouped"]}


# -- check mode, diff mode, defaults ----------------------------------------------------------------------------------


def test_check_mode_sends_nothing_and_predicts(lab):
    tasks = [event({**EVERYTHING, "send_from": place}) for place in PLACES]
    predictions = lab.results(*tasks, args=["--check"])
    assert lab.receiver.requests() == []
    for prediction, result in zip(predictions, lab.results(*tasks)):
        assert prediction["changed"]
        assert "diff" not in prediction
        assert {**prediction["event"], "event.id": result["event"]["event.id"]} == result["event"]


def test_check_mode_refuses_what_a_real_run_refuses(lab):
    bad_path = {"ca_path": "/nowhere/ca.pem", "event_receiver_url": "https://127.0.0.1:1"}
    wrong = {"severity": {"severity": "warn"}, "app_token": {"app_token": "a/b"}, "ca_path": bad_path}
    results = lab.results(*(event(options) for options in wrong.values()), args=["--check"])
    for option, result in zip(wrong, results):
        assert option in sentence(result)


def test_diff_mode_shows_the_exact_json(lab):
    run = lab(play(*(event({**EVERYTHING, "send_from": place}) for place in PLACES)), args=["--diff"])
    assert re.findall(r"^\+(\{.*)$", run.stdout, re.MULTILINE) == [record["raw"] for record in lab.receiver.records()]
    assert len(lab.receiver.records()) == len(PLACES)
    assert TOKEN not in run.output


def test_check_and_diff_mode_show_what_would_be_sent(lab):
    run = lab(play(event(EVERYTHING)), args=["--check", "--diff"])
    (shown,) = re.findall(r"^\+(\{.*)$", run.stdout, re.MULTILINE)
    assert json.loads(shown)["title"] == EVERYTHING["title"]
    assert lab.receiver.requests() == []


def test_module_defaults_of_the_group(lab):
    defaults = {
        "group/community.sematext.sematext": {
            "app_token": TOKEN,
            "event_receiver_url": lab.receiver.url,
            "creator": "By default",
        }
    }
    nothing = {"SEMATEXT_APP_TOKEN": "", "SEMATEXT_EVENT_RECEIVER_URL": "http://127.0.0.1:1"}
    run = lab(play(event(), event({"creator": "Task"}), module_defaults=defaults), env=nothing)
    assert run.rc == 0, run.output
    assert [sent["creator"] for sent in lab.receiver.events()] == ["By default", "Task"]


# -- the token --------------------------------------------------------------------------------------------------------


def test_vaulted_values(lab):
    password = lab.folder / "vault-password"
    password.write_text("vault-password")
    (lab.folder / "secret.yml").write_text(vaulted(yaml.safe_dump({"from_file": TOKEN})))
    options = {
        "app_token": "{{ inline }}",
        "title": vaulted("Shop"),
        "tags": [vaulted("a:b"), "c"],
        "data": {"deep": [vaulted("inside")]},
        "fields": {"service.name": vaulted("shop")},
    }
    tasks = [event({"app_token": "{{ from_file }}"}), event(options), event({"app_token": vaulted(TOKEN)})]
    results = lab.results(
        *tasks,
        vars={"inline": vaulted(TOKEN)},
        vars_files=["secret.yml"],
        args=["--vault-password-file", str(password), "-vvvv"],
        env={"SEMATEXT_APP_TOKEN": ""},
    )
    assert [result["failed"] for result in results] == [False] * 3, results
    sent = lab.receiver.events()[1]
    assert (sent["title"], sent["tags"], sent["service.name"]) == ("Shop", ["a:b", "c"], "shop")
    assert json.loads(sent["data"]) == {"deep": ["inside"]}


def test_a_mistyped_option_does_not_show_the_others(lab):
    variables = lab.folder / "secret.yml"
    variables.write_text(json.dumps({"token": TOKEN}))
    tasks = [event({"app_token": "{{ token }}", **wrong}) for wrong in ({"timeout": "long"}, {"colour": "red"})]
    results = lab.results(*tasks, vars_files=[str(variables)])  # looks at the output, too
    assert "timeout" in sentence(results[0])
    assert "colour" in sentence(results[1])


def test_a_token_file_that_others_may_read_gets_a_warning(lab):
    path = lab.folder / "token"
    path.write_text(TOKEN)
    path.chmod(0o644)
    run = lab(play(event({"app_token_file": str(path)})), env={"SEMATEXT_APP_TOKEN": ""})
    assert run.rc == 0
    assert f"chmod600{path}" in "".join(run.output.split())  # some cores break the line
    assert len(lab.receiver.events()) == 1


def test_without_a_token_the_places_for_it_are_named(lab):
    text = sentence(lab.result(env={"SEMATEXT_APP_TOKEN": ""}))
    assert all(
        name in text for name in ("app_token", "app_token_file", "SEMATEXT_APP_TOKEN", "SEMATEXT_APP_TOKEN_FILE")
    )


# -- refused before anything is sent ----------------------------------------------------------------------------------

BAD = [
    ("type", {"type": ""}),
    ("type", {"type": None}),
    ("type", {"type": ["deployment"]}),
    ("msg", {"msg": ""}),
    ("msg", {"msg": "  \n"}),
    ("msg", {"msg": True}),
    ("msg", {"msg": {"a": 1}}),
    ("msg", {"msg": "a\0b"}),
    ("msg", {"msg": "{{ lookup('env', 'NOT_UTF8') }}"}),
    ("msg", {"msg": "{{ 'x' * 262144 }}"}),
    ("title", {"title": ["a"]}),
    ("title", {"title": None}),
    ("title", {"title": float("nan")}),
    ("severity", {"severity": "warn"}),
    ("severity", {"severity": ["info"]}),
    ("tags", {"tags": [["a"]]}),
    ("tags", {"tags": [{"a": 1}]}),
    ("tags", {"tags": ["a", None]}),
    ("tags", {"tags": [True]}),
    ("tags", {"tags": {"a": 1}}),
    ("creator", {"creator": {"a": 1}}),
    ("host", {"host": False}),
    ("host", {"host": []}),
    ("host", {"host": {}}),
    ("host_source", {"host_source": "ansible_domain"}),
    ("timestamp", {"timestamp": "2024-05-30T09:58:43"}),
    ("timestamp", {"timestamp": "2023-02-29T00:00:00Z"}),
    ("timestamp", {"timestamp": "yesterday"}),
    ("timestamp", {"timestamp": True}),
    ("data", {"data": {"a": float("nan")}}),
    ("data", {"data": ["a\0b"]}),
    ("data", {"data": None}),
    ("fields", {"fields": {"token": "x"}}),
    ("fields", {"fields": {"measurement": 1}}),
    ("fields", {"fields": {"message": "x"}}),
    ("fields", {"fields": {"event.id": "x"}}),
    ("fields", {"fields": {"a": {"b": 1}}}),
    ("fields", {"fields": {"a": None}}),
    ("fields", {"fields": {"a": float("inf")}}),
    ("fields", {"fields": {"a..b": 1}}),
    ("fields", {"fields": ["a"]}),
    ("fields", {"fields": None}),
    ("retries", {"retries": -1}),
    ("retries", {"retries": 11}),
    ("retries", {"retries": "often"}),
    ("timeout", {"timeout": 0}),
    ("timeout", {"timeout": 301}),
    ("timeout", {"timeout": float("nan")}),
    ("region", {"region": "DE", "event_receiver_url": ""}),
    ("event_receiver_url", {"event_receiver_url": "receiver.example.com"}),
    ("app_token", {"app_token": "a/../b"}),
    ("app_token_file", {"app_token_file": "/nowhere/token"}),
    ("validate_certs", {"validate_certs": "perhaps"}),
    ("ca_path", {"ca_path": "/nowhere/ca.pem", "event_receiver_url": "https://127.0.0.1:1"}),
    ("send_from", {"send_from": "elsewhere"}),
    ("message", {"message": "x"}),
]


def test_bad_input_is_refused_with_the_option_named_and_nothing_is_sent(lab):
    bad = [(option, {"send_from": place, **options}) for place in PLACES for option, options in BAD]
    results = lab.results(*(event({"retries": 0, **options}) for _name, options in bad), env={"NOT_UTF8": b"\xff"})
    unnamed = [
        (option, options)
        for (option, options), result in zip(bad, results)
        if not (result["failed"] and re.search(rf"\b{option}\b", result["msg"]) and "Traceback" not in str(result))
    ]
    assert unnamed == []
    assert lab.receiver.requests() == []


def test_async_is_refused(lab):
    (result,) = lab.results({**event(), "async": 10, "poll": 0})
    assert "async" in sentence(result)
    assert lab.receiver.requests() == []


# -- failures ---------------------------------------------------------------------------------------------------------

FAULTS = {
    "rejected": ({"status": 400, "body": '{"error": "no such type"}'}, "HTTP 400, it says: no such type"),
    "token": ({"status": 403}, "the App token is not accepted by this receiver"),
    "redirect": ({"status": 302, "location": "http://127.0.0.1:1/x"}, "the receiver redirects"),
    "missing": ({"status": 404}, "check event_receiver_url and region"),
    "broken": ({"status": 500}, "HTTP 500"),
    "busy": ({"status": 429}, "HTTP 429"),
    "hang": ({"hang": True}, "no complete answer within 0.5 s"),
    "drip": ({"drip": 0.2}, "no complete answer within 0.5 s"),
    "close": ({"close": True}, "the connection was closed before an answer came"),
    "page": ({"status": 502, "body": f"<html>{TOKEN}</html>"}, "HTTP 502"),
}


def test_each_failure_is_one_sentence(lab):
    lab.receiver.fault(*({"path": f"/{TOKEN}-{name}/", **fault} for name, (fault, _why) in FAULTS.items()))
    cases = [(place, name) for place in PLACES for name in FAULTS]
    options = {"retries": 0, "timeout": 0.5}
    results = lab.results(
        *(event({**options, "send_from": place, "app_token": f"{TOKEN}-{name}"}) for place, name in cases)
    )
    host = lab.receiver.url.partition("//")[2]
    for (_place, name), result in zip(cases, results):
        text = sentence(result)
        assert text.startswith(f"The event was not accepted by {host}: ")
        assert text.endswith(".")
        assert FAULTS[name][1] in text
    assert len(lab.receiver.requests()) == len(cases)


def test_a_receiver_that_is_not_there_or_no_receiver(lab, tls_receiver):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))  # keeps the port from others, and refuses
        urls = {
            f"http://127.0.0.1:{unused.getsockname()[1]}": "the connection was refused",
            "http://receiver.invalid": "its name cannot be resolved",
            tls_receiver.url: "its TLS certificate is not trusted",
            tls_receiver.url.replace("https", "http"): "",
            lab.receiver.url.replace("http", "https"): "no TLS connection could be made",
        }
        cases = [{"send_from": place, "event_receiver_url": url} for place in PLACES for url in urls]
        results = lab.results(*(event({"retries": 0, **case}) for case in cases))
    for case, result in zip(cases, results):
        url, text = case["event_receiver_url"], sentence(result)
        assert text.startswith(f"The event was not accepted by {url.partition('//')[2]}: ")
        assert urls[url] in text


def test_troubles_are_tried_again_as_often_as_the_task_says(lab):
    lab.receiver.fault(status=503)
    for result in lab.results(*(event({"retries": 1, "send_from": place}) for place in PLACES)):
        sentence(result)
    assert [request["status"] for request in lab.receiver.requests()] == [503] * 2 * len(PLACES)


def test_a_trouble_that_passes_does_not_fail_the_task(lab):
    lab.receiver.fault(status=503, times=1)
    assert not lab.result()["failed"]
    assert len(lab.receiver.events()) == 1


# -- TLS --------------------------------------------------------------------------------------------------------------


def test_certificates_are_checked_as_the_task_says(playbook, tls_receiver):
    lab = Lab(playbook, tls_receiver)
    ways = [{"ca_path": tls_receiver.ca_path}, {"validate_certs": False}]
    tasks = [event({**way, "send_from": place}) for place in PLACES for way in ways]
    run = lab(play(*tasks))
    assert run.rc == 0, run.output
    assert len(tls_receiver.events()) == len(tasks)
    assert run.stderr == ""
    assert "warning" not in run.stdout.lower()


def test_a_target_has_a_certificate_path_of_its_own(playbook, tls_receiver):
    lab = Lab(playbook, tls_receiver)
    task = event({"send_from": "target"}, environment={"SEMATEXT_CA_PATH": tls_receiver.ca_path})
    run = lab(play(task), env={"SEMATEXT_CA_PATH": "/on/the/control/node"})
    assert run.rc == 0, run.output
    assert len(tls_receiver.events()) == 1


# -- without requests -------------------------------------------------------------------------------------------------


def test_a_target_without_requests_says_what_is_missing(lab, tmp_path):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    where = {"ansible_python_interpreter": str(bare / "bin" / "python")}
    here, there = lab.results(event(), event({"send_from": "target"}), vars=where)
    assert not here["failed"]
    text = there["msg"]
    assert there["failed"]
    assert "required Python library (requests)" in text
    assert str(bare) in text
    assert len(lab.receiver.events()) == 1


def test_a_control_node_without_requests_says_what_is_missing(lab, tmp_path):
    (tmp_path / "requests.py").write_text("raise ImportError('as if it were not installed')\n")
    result = lab.result(env={"PYTHONPATH": str(tmp_path)})
    assert result["failed"]
    assert "required Python library (requests)" in result["msg"]
    assert lab.receiver.requests() == []

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `event_info` in real playbooks."""

from __future__ import annotations

import json
import time

import psutil
import pytest
import requests
from lab import SECRETS, Lab, event, examples, play, sentence, vaulted
from opensearchpy import OpenSearch

from playbooks import API_KEY, TOKEN

HOSTILE = 'say "hi" AND \\ OR (x) type:[a TO *]'
EVENTS = [
    {"type": "deployment", "message": "Started deployment of shop", "severity": "info", "os.host": "web1",
     "timestamp": "2024-05-30T10:00:00Z", "tags": ["version:1.23", "env:prod"], "duration": 12},
    {"type": "deployment", "message": "Finished deployment of shop", "severity": "info", "os.host": "web1",
     "timestamp": "2024-05-30T12:05:00+02:00", "tags": ["version:1.23", "env:test"], "duration": 9},
    {"type": "outage", "message": "Shop is down", "severity": "error", "os.host": "web1.example.com",
     "timestamp": "2024-05-31T00:00:00.4556Z", "title": "{{ 1 + 1 }} down"},
    {"type": HOSTILE, "message": "Odd", "timestamp": "2024-06-01T08:00:00Z", "os.host": HOSTILE,
     "tags": [HOSTILE, "env:prod"]},
    *({"type": "batch", "message": f"Batch {number}", "timestamp": f"2024-06-02T00:00:{number // 40:02d}Z",
       "number": number} for number in range(230)),
]  # fmt: skip


def info(options=None, **keywords):
    """A task."""
    return {"name": "Search", "community.sematext.event_info": {"timeout": 30, **(options or {})}, **keywords}


@pytest.fixture
def lab(playbook, receiver):
    return Lab(playbook, receiver)


@pytest.fixture
def story(lab):
    """A receiver that has events."""
    with requests.Session() as session:
        session.trust_env = False
        for each in EVENTS:
            session.post(f"{lab.receiver.url}/{TOKEN}/event", json=each, timeout=30).raise_for_status()
    return lab


# -- what is found ----------------------------------------------------------------------------------------------------

SAME = [
    ({}, "*", {"sort": "timestamp:desc"}),
    ({"sort": "oldest", "size": 1000}, "*", {"sort": "timestamp:asc", "size": 1000}),
    ({"size": 215}, "*:*", {"sort": "timestamp:desc", "size": 215}),
    ({"query": "shop AND NOT down"}, "shop AND NOT down", {"sort": "timestamp:desc"}),
    ({"query": "severity:(error OR warning)"}, "severity:error OR severity:warning", {"sort": "timestamp:desc"}),
    ({"type": "deployment", "sort": "duration:asc"}, "type:deployment", {"sort": "duration:asc"}),
    ({"tags": ["version:1.23", "env:prod"]}, 'tags:"env:prod" AND tags:"version:1.23"', {"sort": "timestamp:desc"}),
    ({"host": "web1", "query": "*"}, "os.host:web1", {"sort": "timestamp:desc"}),
    (
        {"since": "2024-05-30T12:05:00+02:00", "until": "2024-05-31T00:00:00.455Z", "sort": "oldest"},
        'timestamp:["2024-05-30T10:05:00Z" TO "2024-05-31T00:00:00.455Z"]',
        {"sort": "timestamp:asc"},
    ),
    ({"type": "batch", "query": "number:>=200", "size": 7}, "type:batch AND number:[200 TO *]",
     {"sort": "timestamp:desc", "size": 7}),
    ({"type": "nothing"}, "type:nothing", {"sort": "timestamp:desc"}),
]  # fmt: skip


def test_a_client_of_opensearch_finds_the_same_events_in_the_same_order(story):
    client = OpenSearch(story.receiver.url, headers={"Authorization": f"apiKey {API_KEY}"}, timeout=30)
    results = story.results(*(info(options) for options, _query, _settings in SAME))
    for result, (options, query, settings) in zip(results, SAME):
        answer = client.search(index=TOKEN, params={"q": query, "size": 100, **settings})["hits"]
        assert not result["failed"], result
        assert result["events"] == [hit["_source"] for hit in answer["hits"]], options
        assert result["total"] == answer["total"]["value"], options
        assert (result["changed"], result["complete"], result["total_is_exact"]) == (False, True, True)
    assert [len(result["events"]) for result in results] == [100, 234, 215, 2, 1, 2, 1, 2, 2, 7, 0]


def test_values_with_quotes_and_operators_are_found_as_they_are(story):
    results = story.results(
        info({"type": HOSTILE}),
        info({"host": HOSTILE}),
        info({"tags": [HOSTILE, "env:prod"]}),
        info({"type": f'{HOSTILE}" OR type:"deployment'}),
        info({"tags": [HOSTILE, 'x" OR tags:"env:prod']}),
    )
    assert [result["total"] for result in results] == [1, 1, 1, 0, 0]


def test_spans_count_from_now(lab):
    lab.results(event({"msg": "now"}), event({"msg": "long ago", "timestamp": "2024-05-30T11:58:43Z"}))
    recent, old = lab.results(info({"since": "1h"}), info({"until": "1d"}))
    assert [[found["message"] for found in result["events"]] for result in (recent, old)] == [["now"], ["long ago"]]


def test_what_events_hold_is_not_templated(story):
    shown = {"name": "Show", "ansible.builtin.debug": {"msg": "{{ found.events[0].title }}"}}
    run = story(play(info({"type": "outage"}, register="found"), shown))
    assert run.rc == 0, run.output
    assert "{{ 1 + 1 }} down" in run.stdout


def test_check_mode_searches(story):
    (result,) = story.results(info({"type": "outage"}), args=["--check"])
    assert (result["total"], result["changed"]) == (1, False)


def test_arguments_from_loops_defaults_and_vaults(story):
    password = story.folder / "vault-password"
    password.write_text("vault-password")
    defaults = {
        "group/community.sematext.sematext": {
            "app_token": TOKEN,
            "api_key": vaulted(API_KEY),
            "event_receiver_url": story.receiver.url,
        }
    }
    looped, one = story.results(
        info({"type": "{{ item }}"}, loop=["outage", "deployment"]),
        info({"type": vaulted("outage"), "host": "{{ omit }}", "tags": "{{ [] }}", "size": "{{ 1 }}"}),
        module_defaults=defaults,
        env={"SEMATEXT_APP_TOKEN": "", "SEMATEXT_API_KEY": "", "SEMATEXT_EVENT_RECEIVER_URL": "http://127.0.0.1:1"},
        args=["--vault-password-file", str(password)],
    )
    assert [result["total"] for result in looped["results"]] == [1, 2]
    assert one["total"] == 1


# -- together with event and until ------------------------------------------------------------------------------------


def test_each_example_of_the_documentation_works(lab):
    (lab.home / ".sematext").mkdir()
    for name, secret in (("app_token", TOKEN), ("api_key", API_KEY)):
        path = lab.home / ".sematext" / name
        path.write_text(secret + "\n")
        path.chmod(0o600)
    shown = {"name": "Show", "ansible.builtin.debug": {"msg": "{{ [found.total, story.total, failures.total] }}"}}
    run = lab(
        play(*examples("event_info"), shown, vars={"sematext_app_token": TOKEN, "sematext_api_key": API_KEY}),
        env={"SEMATEXT_APP_TOKEN": "", "SEMATEXT_API_KEY": ""},
    )
    assert run.rc == 0, run.output
    assert run.stderr == ""
    assert '"msg": [\n        1,\n        0,\n        0\n    ]' in run.stdout
    assert len(lab.receiver.events()) == 1


def waiting(retries):
    """Sends an event and waits until it can be found."""
    return [
        event(register="sent"),
        info(
            {"query": "event.id:\"{{ sent.event['event.id'] }}\""},
            register="found",
            until="found is success and found.total > 0",
            retries=retries,
            delay=0.1,
        ),
        {"name": "Show", "ansible.builtin.debug": {"msg": "found {{ found.events[0] == sent.event }}"}},
    ]


def test_until_waits_for_an_event_in_spite_of_troubles(lab):
    nothing = json.dumps({"hits": {"total": 0, "hits": []}})
    only = {"path": "_search", "times": 1}
    lab.receiver.fault({**only, "body": nothing}, {**only, "status": 503}, {**only, "close": True})
    run = lab(play(*waiting(10)))
    assert run.rc == 0, run.output
    assert "found True" in run.stdout
    assert len([each for each in lab.receiver.requests() if "_search" in each["path"]]) == 4


def test_until_gives_up(lab):
    lab.receiver.fault(path="_search", body=json.dumps({"hits": {"total": 0, "hits": []}}))
    run = lab(play(*waiting(2)))
    assert run.rc == 2
    assert "FAILED" in run.stdout


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_the_secrets_are_shown_nowhere(lab):
    leaking = event({"msg": f"The key is {API_KEY}", "title": TOKEN, "fields": {"deep": [API_KEY]}})
    lab(play(leaking), args=["-v"])
    lab.receiver.fault(path="_search", times=1, status=400, body=json.dumps({"error": f"{TOKEN} {API_KEY}"}))
    secrets = {"app_token": "{{ token }}", "api_key": "{{ key }}"}
    tasks = [
        info(secrets),
        info(secrets),
        info({**secrets, "api_key": "{{ key }} {{ key }}"}),
        info({**secrets, "api_key": "", "api_key_file": "{{ key }}"}),
        info({**secrets, "api_key": "{{ token }}"}),
        info({**secrets, "size": "many"}),
        info({**secrets, "colour": "red"}),
    ]
    variables = lab.folder / "secret.yml"
    variables.write_text(json.dumps({"token": TOKEN, "key": API_KEY}))
    results = lab.results(*tasks, vars_files=[str(variables)], args=["-vvvv", "--diff"])  # looks at the output, too
    assert [result["failed"] for result in results] == [True, False, True, True, True, True, True]
    assert not [secret for secret in SECRETS if secret in json.dumps(results)]
    (found,) = results[1]["events"]
    assert found["message"].startswith("The key is ")
    assert {"event.id", "timestamp", "type"} <= set(found)


def test_no_process_is_told_the_secrets(lab, playbook):
    lab.receiver.fault(path="_search", hang=True)
    task = info({"app_token": "{{ token }}", "api_key": "{{ key }}"})
    variables = lab.folder / "secret.yml"
    variables.write_text(json.dumps({"token": TOKEN, "key": API_KEY}))
    environment = {"SEMATEXT_EVENT_RECEIVER_URL": lab.receiver.url}
    run = playbook.start(play(task, vars_files=[str(variables)]), env=environment)
    deadline = time.monotonic() + 60
    while not lab.receiver.requests():
        assert time.monotonic() < deadline, run.output()
        time.sleep(0.05)
    family = psutil.Process(run.process.pid)
    told = [each.cmdline() + list(each.environ().values()) for each in (family, *family.children(recursive=True))]
    lab.receiver.heal()
    run.finish()
    assert not [secret for secret in SECRETS if secret in json.dumps(told)]
    assert not [secret for secret in SECRETS if secret in run.output()]


# -- errors -----------------------------------------------------------------------------------------------------------

BAD = [
    ("query", {"query": ""}),
    ("query", {"query": None}),
    ("query", {"query": ["a"]}),
    ("query", {"query": {"match_all": {}}}),
    ("type", {"type": ""}),
    ("type", {"type": None}),
    ("type", {"type": True}),
    ("tags", {"tags": ["a", None]}),
    ("tags", {"tags": [""]}),
    ("tags", {"tags": None}),
    ("tags", {"tags": {"a": 1}}),
    ("host", {"host": ""}),
    ("host", {"host": False}),
    ("since", {"since": "yesterday"}),
    ("since", {"since": "2024-05-30T10:00:00"}),
    ("since", {"since": None}),
    ("since", {"since": "1h", "until": "2h"}),
    ("until", {"until": "2 years"}),
    ("size", {"size": -1}),
    ("size", {"size": 100_001}),
    ("size", {"size": 10_001, "sort": "duration:asc"}),
    ("size", {"size": "many"}),
    ("sort", {"sort": "up"}),
    ("sort", {"sort": "duration:up"}),
    ("api_key", {"api_key": "a b"}),
    ("api_key", {"api_key": TOKEN}),
    ("api_key_file", {"api_key_file": "/nowhere/key"}),
    ("app_token", {"app_token": "a/b"}),
    ("timeout", {"timeout": 0}),
    ("region", {"region": "DE", "event_receiver_url": ""}),
    ("message", {"message": "x"}),
]


def test_bad_input_is_refused_with_the_option_named_and_nothing_is_asked(lab):
    results = lab.results(*(info(options) for _name, options in BAD))
    unnamed = [
        (option, options, result.get("msg"))
        for (option, options), result in zip(BAD, results)
        if not (result["failed"] and option in result["msg"] and "Traceback" not in json.dumps(result))
    ]
    assert unnamed == []
    assert lab.receiver.requests() == []


def test_without_a_key_the_places_for_it_are_named(lab):
    (result,) = lab.results(info(), env={"SEMATEXT_API_KEY": ""})
    text = sentence(result)
    assert all(name in text for name in ("api_key", "api_key_file", "SEMATEXT_API_KEY", "SEMATEXT_API_KEY_FILE"))


def test_failures_are_one_sentence(lab):
    wrong = [
        info({"query": "type:(deployment"}),
        info({"api_key": "another"}),
        info({"app_token": "another"}),
        info({"event_receiver_url": "http://127.0.0.1:1"}),
    ]
    texts = [sentence(result) for result in lab.results(*wrong)]
    assert "Failed to parse query [type:(deployment]" in texts[0]
    assert "check api_key" in texts[1]
    assert "check app_token" in texts[2]
    assert "the connection was refused" in texts[3]


def test_a_file_of_the_key_that_others_may_read_gets_a_warning(lab):
    path = lab.folder / "key"
    path.write_text(API_KEY)
    path.chmod(0o644)
    run = lab(play(info({"api_key_file": str(path)})), env={"SEMATEXT_API_KEY": ""})
    assert run.rc == 0, run.output
    assert f"TheAPIkeyin{path}canbereadbyothers" in "".join(run.output.split())  # some cores break the line


def test_events_that_are_missing_get_a_warning(lab):
    lab.receiver.fault(body=json.dumps({"timed_out": True, "hits": {"total": 0, "hits": []}}))
    run = lab(play(info(register="found", failed_when="found.complete")))
    assert run.rc == 0, run.output
    assert "searchedonlyapartoftheevents" in "".join(run.output.split())


def test_async_is_refused(lab):
    (result,) = lab.results({**info(), "async": 10, "poll": 0})
    assert "async" in sentence(result)


def test_a_control_node_without_requests_says_what_is_missing(lab, tmp_path):
    (tmp_path / "requests.py").write_text("raise ImportError('as if it were not installed')\n")
    (result,) = lab.results(info(), env={"PYTHONPATH": str(tmp_path)})
    assert result["failed"]
    assert "required Python library (requests)" in result["msg"]

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role does to a node, and what it leaves alone."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from receiver.running import Receiver, running_receiver
from service_node import CURL_CONFIG, DROP_IN, TOKEN, Node, Role, eventually

ELASTICSEARCH = [{"unit": "elasticsearch", "name": "Elasticsearch"}]
SLEEPER = "[Service]\nExecStart=/bin/sleep infinity\n"


def cycle(node: Node, unit: str = "elasticsearch") -> None:
    node.sh(f"systemctl start -- '{unit}'; systemctl stop -- '{unit}'")


def test_a_running_service_is_not_restarted_and_its_stop_is_told(node: Node, role: Role, receiver: Receiver) -> None:
    node.sh("systemctl start elasticsearch")
    pid = node.show("elasticsearch", "MainPID")
    assert role.apply().changed
    assert not role.apply().changed
    assert node.show("elasticsearch", "MainPID") == pid
    node.sh("systemctl stop elasticsearch")
    assert [event["type"] for event in receiver.wait_for(1)] == ["server_stop"]


def test_each_hook_can_be_turned_on_off_and_changed_in_part(node: Node, role: Role, receiver: Receiver) -> None:
    hooks = {
        "start": False,
        "started": True,
        "stopping": {"severity": "warning", "tags": "a, b", "title": "Going down"},
        "stop": {"message": "Gone", "type": "outage"},
    }
    role.apply(services=[{"unit": "elasticsearch.service", **hooks}], tags="env:prod,eu", node="db 1")
    cycle(node)
    started, stopping, stop = receiver.wait_for(3)
    assert (started["type"], started["message"]) == ("server_started", "Started elasticsearch on node db 1")
    assert (stopping["type"], stopping["message"]) == (
        "server_stopping",
        "Stopping elasticsearch on node db 1",
    )
    assert (stopping["severity"], stopping["title"]) == ("warning", "Going down")
    assert stopping["tags"] == ["env:prod", "eu", "a", "b"]
    assert (stop["type"], stop["message"], stop["severity"]) == ("outage", "Gone", "info")
    assert stop["os.host"] == "db 1"


@pytest.mark.parametrize("delivery", ["direct", "spool"])
def test_an_empty_dictionary_turns_a_hook_on(delivery: str, node: Node, role: Role) -> None:
    services = [{"unit": "elasticsearch", "started": {}, "stop": False}]
    run = role.apply("--check", "--diff", services=services, delivery=delivery)
    assert "+ExecStartPost=" in run.output
    assert "+ExecStopPost=" not in run.output


def test_any_kind_of_service_name_works(node: Node, role: Role, receiver: Receiver) -> None:
    units = {"other@6379": "other@", r"other\x2dname": r"other\x2dname", "other": "other"}
    services = [{"unit": unit} for unit in units]
    role.apply(services=services)  # not installed yet
    for file in units.values():
        node.write(f"/run/systemd/system/{file}.service", SLEEPER)
    node.sh("systemctl daemon-reload")
    again = role.apply(services=services)
    assert not again.changed
    assert "Reload systemd] **********************\nskipping" in again.output
    for number, unit in enumerate(units, 1):
        cycle(node, unit)
        stop = receiver.wait_for(2 * number)[-1]
        assert stop["message"] == f"Stopped {unit} on node es-node-1"
        assert stop["systemd.unit"] == f"{unit}.service"


def test_an_interrupted_run_is_made_good_by_the_next(node: Node, role: Role) -> None:
    path = DROP_IN.format("elasticsearch")
    node.sh("systemctl start elasticsearch")
    role.apply()
    # As if the run had ended after writing: the file is there, systemd has not read it.
    node.sh(f"mv {path} /root/away; systemctl daemon-reload; mv /root/away {path}")
    assert path not in node.show("elasticsearch", "DropInPaths")
    role.apply()
    assert path in node.show("elasticsearch", "DropInPaths")
    # And the same when it is removed.
    node.sh(f"rm {path}")
    role.apply(state="absent")
    assert path not in node.show("elasticsearch", "DropInPaths")


def test_a_removal_can_be_checked_and_leaves_services_running(node: Node, role: Role) -> None:
    """What else it leaves is in test_smoke.py."""
    node.sh("systemctl start elasticsearch")
    pid = node.show("elasticsearch", "MainPID")
    assert not role.apply(state="absent", app_token="").changed
    role.apply(services=[*ELASTICSEARCH, {"unit": "other@1"}])
    present = node.files()
    assert role.apply("--check", state="absent", app_token="").changed
    assert node.files() == present
    assert role.apply(state="absent", app_token="").changed
    assert node.show("elasticsearch", "MainPID") == pid


def test_removal_takes_nothing_of_others(node: Node, role: Role) -> None:
    role.apply(services=[*ELASTICSEARCH, {"unit": "other.service"}, {"unit": "third"}])
    node.write("/etc/systemd/system/third.service.d/.own.conf", "[Service]\n")
    node.write("/etc/systemd/system/fourth.service.d/50-community-sematext.conf", "[Service]\n")
    node.write("/etc/community-sematext/.kept", "")
    folders = "cd /etc; find systemd/system/*.service.d community-sematext -type f | sort"

    # One service, while the others stay.
    assert role.apply(services=[*ELASTICSEARCH, {"unit": "other", "state": "absent"}]).changed
    assert node.sh(folders).split() == [
        "community-sematext/.kept",
        "community-sematext/service_events.curl",
        "systemd/system/elasticsearch.service.d/50-community-sematext.conf",
        "systemd/system/fourth.service.d/50-community-sematext.conf",
        "systemd/system/third.service.d/.own.conf",
        "systemd/system/third.service.d/50-community-sematext.conf",
    ]
    assert node.run("test", "-e", "/etc/systemd/system/other.service.d").returncode != 0

    # All of them.
    role.apply(state="absent")
    assert node.sh(folders).split() == [
        "community-sematext/.kept",
        "systemd/system/fourth.service.d/50-community-sematext.conf",
        "systemd/system/third.service.d/.own.conf",
    ]
    assert node.run("test", "-e", "/etc/systemd/system/elasticsearch.service.d").returncode != 0


BAD = {
    "unit-timer": ({"services": [{"unit": "apt-daily.timer"}]}, "'apt-daily.timer' names no service"),
    "unit-template": ({"services": [{"unit": "redis@"}]}, "'redis@' names no service"),
    "unit-path": ({"services": [{"unit": "../x"}]}, "'../x' names no service"),
    "unit-none": ({"services": [{"name": "x"}]}, "missing required arguments: unit"),
    "unit-twice": ({"services": [{"unit": "a"}, {"unit": "a.service"}]}, "each service may be there once"),
    "hook-key": (
        {"services": [{"unit": "a", "stop": {"mesage": "x"}}]},
        "must be true, false, or a dictionary of",
    ),
    "hook-text": ({"services": [{"unit": "a", "stop": "yes"}]}, "must be true, false, or a dictionary of"),
    "severity": (
        {"services": [{"unit": "a", "stop": {"severity": "warn"}}]},
        "'severity' must be one of info",
    ),
    "message": ({"services": [{"unit": "a", "stop": {"message": " "}}]}, "'msg' must not be empty"),
    "fields": ({"fields": {"token": "x"}}, "must not hold 'token'"),
    "own-field": ({"fields": {"systemd.result": "x"}}, "must not hold 'systemd.result': systemd sets it"),
    "region": ({"region": "APAC", "event_receiver_url": ""}, "'service_events_region' must be one of US, EU"),
    "url": ({"event_receiver_url": "ftp://x"}, "'service_events_event_receiver_url' must be a URL"),
    "no-token": ({"app_token": ""}, "'service_events_app_token' is not set"),
    "bad-token": ({"app_token": f"{TOKEN}!"}, "'service_events_app_token' holds no App token"),
    "no-file": (
        {"app_token": "", "app_token_file": "/nowhere"},
        "names a file that cannot be read (/nowhere",
    ),
    "max-time": ({"max_time": 0}, "service_events_max_time must be 1 to 300 seconds"),
    "proxy": ({"proxy": "proxy:3128 x"}, "service_events_proxy must be a URL"),
    "ca-relative": ({"ca_path": "ca.pem"}, "service_events_ca_path must be an absolute path"),
    "ca-missing": ({"ca_path": "/nowhere.pem"}, "There is no /nowhere.pem on this node"),
    "state": ({"state": "gone"}, "must be one of: present, absent"),
}


def test_what_cannot_be_used_is_refused_in_a_sentence_before_anything_is_written(node: Node, role: Role) -> None:
    before = node.files()
    run = role.play({name: variables for name, (variables, _said) in BAD.items()}, "--forks=4")
    lines = [line for line in run.output.splitlines() if "FAILED! =>" in line or line.startswith("failed: ")]
    for name, (_variables, said) in BAD.items():
        assert any(f"[{name}]" in line and said in line for line in lines), f"{name}:\n{run.output}"
    assert TOKEN not in run.output
    assert node.files() == before


def test_without_curl_the_role_says_what_to_install(node: Node, role: Role) -> None:
    node.sh("mv /usr/bin/curl /usr/bin/curl.away")
    try:
        assert "install the package curl on this node" in role.apply(code=2).output
        assert node.run("test", "-e", "/etc/community-sematext").returncode != 0
        foreseen = role.apply("--check", "--diff").output
    finally:
        node.sh("mv /usr/bin/curl.away /usr/bin/curl")
    assert "install the package curl on this node" in foreseen
    assert "+ExecStartPre=-+/usr/bin/curl" in foreseen


def test_the_token_may_come_from_a_file_or_the_environment(
    node: Node, role: Role, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "token").chmod(0o600)
    role.apply(app_token="", app_token_file=str(tmp_path / "token"))
    config = node.sh(f"cat {CURL_CONFIG}")
    assert f'url = "{receiver.url}/{TOKEN}/event"' in config
    role.variables = {}
    assert not role.apply(SEMATEXT_APP_TOKEN=TOKEN, SEMATEXT_EVENT_RECEIVER_URL=receiver.url).changed
    assert role.apply(SEMATEXT_APP_TOKEN=TOKEN, SEMATEXT_REGION="eu").changed
    assert f'url = "https://event-receiver.eu.sematext.com/{TOKEN}/event"' in node.sh(f"cat {CURL_CONFIG}")


def test_tls_is_checked_against_the_certificates_that_are_named(node: Node, role: Role) -> None:
    with running_receiver(tokens=[TOKEN], tls=True) as secure, running_receiver(tls=True) as other:
        assert secure.ca_path and other.ca_path
        role.variables["service_events_event_receiver_url"] = secure.url
        node.write("/etc/our-ca.pem", Path(secure.ca_path).read_text())
        role.apply(ca_path="/etc/our-ca.pem")
        cycle(node)
        assert len(secure.wait_for(2)) == 2
        node.write("/etc/our-ca.pem", Path(other.ca_path).read_text())
        since = node.moment()
        cycle(node)
        assert "certificate" in node.journal("elasticsearch", since)
        assert len(secure.events()) == 2
        role.apply(validate_certs=False)
        cycle(node)
        assert len(secure.wait_for(4)) == 4
    node.sh("rm /etc/our-ca.pem")


def test_a_proxy_is_used_if_and_only_if_it_is_set(node: Node, role: Role, receiver: Receiver) -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = f"http://user:secret@127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            for _time in range(2):
                client, _address = server.accept()
                with client:
                    asked.append(client.recv(65536))
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        proxies = f"http_proxy={proxy}\nhttps_proxy={proxy}\n"
        node.write("/etc/default/elasticsearch", proxies)
        role.apply()
        cycle(node)
        assert len(receiver.wait_for(2)) == 2
        assert asked == []
        node.write("/etc/default/elasticsearch", "no_proxy=*\n")
        assert "secret" not in role.apply("-vvv", "--diff", proxy=proxy).output
        cycle(node)
        assert len(eventually(lambda: len(asked) == 2 and asked)) == 2
    assert f"POST {receiver.url}/{TOKEN}/event HTTP/1.1".encode() in asked[0]
    assert len(receiver.events()) == 2


def test_a_curlrc_counts_for_nothing(node: Node, role: Role, receiver: Receiver) -> None:
    node.write("/root/.curlrc", 'header = "X-Curlrc: read"\n')
    role.apply()
    cycle(node)
    receiver.wait_for(2)
    assert "x-curlrc" not in receiver.records()[0]["headers"]
    node.sh("rm /root/.curlrc")


def test_a_service_without_network_or_rights_of_its_own_is_told_too(node: Node, role: Role, receiver: Receiver) -> None:
    sandbox = "\n".join(
        f"{name}={value}"
        for name, value in {
            "DynamicUser": "yes",
            "ProtectSystem": "strict",
            "InaccessiblePaths": "/usr/bin/curl /etc/community-sematext",
            "RestrictAddressFamilies": "none",
            "CapabilityBoundingSet": "",
            "SystemCallFilter": "~@network-io",
            "NoNewPrivileges": "yes",
            "LimitNOFILE": "3",
        }.items()
    )
    node.write("/run/systemd/system/other.service", SLEEPER + sandbox + "\n")
    role.apply(services=[{"unit": "other"}])
    cycle(node, "other")
    assert len(receiver.wait_for(2)) == 2


def test_become_is_enough(node: Node, role: Role, receiver: Receiver) -> None:
    # A stand-in for sudo, since the node has none: an interpreter with root's rights, and a script for it.
    node.sh(
        "useradd --create-home admin; cd /usr/local/bin;"
        'install -m 4755 "$(readlink -f /usr/bin/python3)" as-root; cat >sudo; chmod 755 sudo',
        "#!/usr/local/bin/as-root\nimport os, sys\nos.setuid(0)\nos.environ['HOME'] = '/root'\n"
        "words = sys.argv[sys.argv.index('root') + 1:]\nos.execvp(words[0], words)\n",
    )
    try:
        user = {"ansible_user": "admin", "ansible_become": True}
        role.apply(**user)
        cycle(node)
        assert len(receiver.wait_for(2)) == 2
        assert node.sh(f"stat -c %a:%U:%G {CURL_CONFIG}").strip() == "600:root:root"
        role.apply(state="absent", **user)
    finally:
        node.sh("userdel --remove admin; rm /usr/local/bin/as-root /usr/local/bin/sudo")

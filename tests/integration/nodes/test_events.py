# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The events that the default hooks send."""

from __future__ import annotations

import pytest
from receiver.running import Receiver
from service_node import Node


def test_events_say_what_started_and_stopped_where(hooked: Node, receiver: Receiver) -> None:
    hooked.sh("systemctl start elasticsearch; systemctl stop elasticsearch")
    start, stop = receiver.wait_for(2)
    invocation = start["event.id"].removesuffix("-start")
    assert len(invocation) == 32
    common = {
        "severity": "info",
        "creator": "systemd",
        "os.host": "es-node-1",
        "tags": ["env:prod"],
        "team": "search",
        "systemd.unit": "elasticsearch.service",
    }
    assert start == {
        **common,
        "type": "server_start",
        "message": "Starting Elasticsearch on node es-node-1",
        "event.id": f"{invocation}-start",
    }
    assert stop == {
        **common,
        "type": "server_stop",
        "message": "Stopped Elasticsearch on node es-node-1",
        "event.id": f"{invocation}-stop",
        "systemd.result": "success",
        "systemd.exit_code": "exited",
        "systemd.exit_status": "143",
    }
    assert receiver.records()[0]["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize(
    "settings, end, why",
    [
        ("", "systemctl kill --signal=KILL --kill-who=main elasticsearch", ("signal", "killed", "KILL")),
        ("STANDIN_EXIT=3", "", ("exit-code", "exited", "3")),
        ("STANDIN_EXIT=0", "", ("protocol", "exited", "0")),
    ],
)
def test_the_stop_event_says_why(
    settings: str, end: str, why: tuple[str, ...], hooked: Node, receiver: Receiver
) -> None:
    hooked.write("/etc/default/elasticsearch", settings + "\n")
    hooked.sh(f"systemctl start elasticsearch || true; {end}")
    stop = receiver.wait_for(2)[1]
    assert (stop["systemd.result"], stop["systemd.exit_code"], stop["systemd.exit_status"]) == why


def test_each_start_has_an_event_of_its_own(hooked: Node, receiver: Receiver) -> None:
    hooked.write("/run/systemd/system/elasticsearch.service.d/restart.conf", "[Service]\nRestart=on-failure\n")
    hooked.sh("systemctl daemon-reload")
    hooked.sh("systemctl start elasticsearch; systemctl kill --signal=KILL --kill-who=main elasticsearch")
    start, _stop, again = receiver.wait_for(3)
    assert (start["type"], again["type"]) == ("server_start", "server_start")
    assert start["event.id"] != again["event.id"]

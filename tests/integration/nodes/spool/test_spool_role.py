# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role with `service_events_delivery: spool`."""

from __future__ import annotations

import contextlib

import pytest
from receiver.running import Receiver
from service_node import DROP_IN, Node, Role
from spooling import SPOOL, probe


@pytest.mark.parametrize(
    "unit, sentence",
    [
        ("RootDirectory=/srv\n", "has RootDirectory=/srv"),
        ("TemporaryFileSystem=/var\n", "which hides /var/spool/community-sematext"),
        ("BindPaths=/srv:/var/spool\n", "which hides /var/spool/community-sematext"),
    ],
)
def test_a_unit_that_would_break_its_hooks_is_told(unit: str, sentence: str, spooling: Role, node: Node) -> None:
    probe(node, unit)
    run = spooling.play({"es-node-1": {}})
    assert run.code != 0 and sentence in " ".join(run.output.split()) and "Leave this service out" in run.output


def test_a_start_time_out_shorter_than_a_direct_hook_is_told(spooling: Role, node: Node) -> None:
    probe(node, "TimeoutStartSec=3\n")
    run = spooling.play({"es-node-1": {"delivery": "direct"}})
    assert run.code != 0 and "TimeoutStartSec=3" in run.output


@pytest.mark.parametrize("wrong", ["token", "receiver"])
def test_verify_tells_what_is_wrong(wrong: str, spooling: Role, node: Node, receiver: Receiver) -> None:
    own = {"app_token": "wrong"} if wrong == "token" else {"event_receiver_url": "http://127.0.0.1:1"}
    run = spooling.play({"es-node-1": {"verify": True, **own}})
    text = " ".join(run.output.split())
    assert run.code != 0
    assert ("refuses the App token" if wrong == "token" else "refuses the connection") in text
    done = spooling.apply(verify=True)
    assert "changed=" in done.output
    assert any(event["type"] == "server_events_test" for event in receiver.events())


def test_hooks_that_send_can_become_hooks_that_record_and_back(spooling: Role, node: Node, receiver: Receiver) -> None:
    probe(node)
    with contextlib.ExitStack() as stack:
        stack.callback(spooling.apply)
        spooling.apply(delivery="direct")
        assert "curl" in node.sh(f"cat {DROP_IN.format('probe')}")
        assert node.run("test", "-e", SPOOL).returncode == 1
        node.sh("systemctl start probe")
        assert "timestamp" not in receiver.wait_for(1)[0]


def test_a_removal_while_a_service_restarts_in_a_loop_leaves_no_unit(
    spooling: Role, node: Node, receiver: Receiver
) -> None:
    """While a window is open, each delivery starts the timer as it ends; here one that elapses during the removal."""
    fast = "/run/systemd/system/community-sematext-deliver.timer.d"
    probe(node)
    node.sh("systemctl start probe; systemctl kill --signal=KILL --kill-who=main probe")
    receiver.wait_for(2)
    node.sh(f"until [ -s {SPOOL}/flapping/probe.service ]; do sleep .05; done")
    node.write(f"{fast}/fast.conf", "[Timer]\nOnActiveSec=\nOnActiveSec=100ms\nOnUnitInactiveSec=100ms\n")
    node.sh("systemctl daemon-reload")
    with contextlib.ExitStack() as stack:
        stack.callback(spooling.apply)
        stack.callback(node.sh, f"rm -rf {fast}; systemctl daemon-reload")
        spooling.apply(state="absent")
        units = node.sh("systemctl list-units --all --plain --no-legend 'community-sematext*'")
        assert all(line.split()[2] == "inactive" for line in units.splitlines()), units

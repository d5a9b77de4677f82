# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role host_events: boots and shutdowns of a node become events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from receiver.front import tcp_front
from receiver.running import Receiver
from service_node import Node, Role, eventually

SPOOL = "/var/spool/community-sematext"


@pytest.fixture(scope="module")
def role(booted_node: Node, any_receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Role]:
    """The role with its default method, applied once."""
    role = Role(booted_node, any_receiver.url, tmp_path_factory.mktemp("host"), "host_events")
    role.variables |= {"host_events_heartbeat": 1, "host_events_tags": ["env:prod"]}
    role.apply()
    yield role
    booted_node.clean()


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_applying_the_role_is_no_boot(role: Role, booted_node: Node, receiver: Receiver) -> None:
    booted_node.sh(
        "systemctl restart community-sematext-host.service; systemctl start community-sematext-deliver.service"
    )
    assert receiver.events() == []
    assert not role.apply().changed


@pytest.mark.parametrize("how", [pytest.param("reboot", marks=pytest.mark.smoke), "poweroff", "halt"])
def test_a_shutdown_and_the_boot_after_it_are_told(how: str, role: Role, booted_node: Node, receiver: Receiver) -> None:
    booted_node.reboot(how)
    down, up = receiver.wait_for(2, timeout=30)
    assert (down["type"], down["severity"]) == ("host_shutdown", "info")
    assert (down["message"], down["host.stop"]) == (f"Shutting down node es-node-1: {how}", how)
    assert (up["type"], up["severity"], up["host.stop"]) == ("host_boot", "info", how)
    assert up["message"] == f"Booted node es-node-1 after {how}"
    assert up["host.kernel"] == booted_node.sh("uname -r").strip()
    assert up["host.uptime"] >= down["host.uptime"] > 0
    assert down["timestamp"] < up["timestamp"]
    assert (up["os.host"], up["tags"], up["creator"]) == ("es-node-1", ["env:prod"], "host")
    assert up["event.id"] != down["event.id"]


def test_a_boot_after_an_unclean_stop_says_so(role: Role, booted_node: Node, receiver: Receiver) -> None:
    # A sign of life since the boot.
    alive = booted_node.sh(
        f"touch /run/now; until [ {SPOOL}/host/up -nt /run/now ]; do sleep .1; done; TZ=UTC0 stat -c %y {SPOOL}/host/up"
    )
    alive = alive.split(".")[0].replace(" ", "T")
    booted_node.reboot("kill")
    (up,) = receiver.wait_for(1, timeout=30)
    assert (up["type"], up["severity"], up["host.stop"]) == ("host_boot", "error", "unclean")
    assert up["message"] == (
        f"Booted node es-node-1 after an unclean stop; it was last known to be up at {up['host.last_up']}"
    )
    assert alive <= up["host.last_up"].rstrip("Z") < up["timestamp"]


def test_what_stops_at_shutdown_is_told_before_the_end(
    role: Role, booted_node: Node, receiver: Receiver, tmp_path: Path
) -> None:
    """With both roles, which share the spool; the service stops before what waits is sent."""
    services = Role(booted_node, receiver.url, tmp_path)
    services.apply(delivery="spool")
    booted_node.sh("systemctl start elasticsearch")
    receiver.wait_for(1)
    booted_node.reboot("poweroff")
    events = receiver.wait_for(4, timeout=30)
    assert sorted(types(events)) == ["host_boot", "host_shutdown", "server_start", "server_stop"]
    assert types(events)[-1] == "host_boot"
    assert "could not be delivered, so" not in services.apply(state="absent").output
    booted_node.reboot("reboot")
    assert types(receiver.wait_for(6, timeout=30))[4:] == ["host_shutdown", "host_boot"]


def test_a_shutdown_in_an_outage_is_told_after_the_next_boot(role: Role, booted_node: Node, receiver: Receiver) -> None:
    with tcp_front(receiver) as front:
        role.apply(event_receiver_url=front.url)
        front.mode("hang")
        booted_node.reboot("reboot")
        assert receiver.events() == []
        front.mode("pass")
        down, up = receiver.wait_for(2, timeout=100)
        assert (down["type"], up["type"]) == ("host_shutdown", "host_boot")
        assert down["timestamp"] < up["timestamp"]
        eventually(lambda: booted_node.sh(f"ls {SPOOL}/queue").strip() == "")
    role.apply()


def test_absent_leaves_the_node_as_it_was(role: Role, booted_node: Node, receiver: Receiver) -> None:
    booted_node.clean()
    before = booted_node.files()
    role.apply()
    try:
        booted_node.reboot()
        receiver.wait_for(2, timeout=30)
        assert "could not be delivered, so" not in role.apply(state="absent", app_token="").output
        assert booted_node.files() == before
        assert not role.apply(state="absent", app_token="").changed
    finally:
        role.apply()

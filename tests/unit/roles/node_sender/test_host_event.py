# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A boot and a shutdown of a node are told, and whether it was stopped in order."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from shell import BOOT, Node, unfinished


@pytest.fixture
def host(node: Node) -> Node:
    """A node with the texts of the role host_events, to which the role has come."""
    texts = {"boot": "n1 booted", "unclean": "n1 was not stopped in order", "shutdown": "n1 shuts down"}
    events = {f"{kind}_event": unfinished({"type": f"host_{kind}", "msg": text}) for kind, text in texts.items()}
    node.write("settings/host_events.events", "".join(f"{key}={shlex.quote(events[key])}\n" for key in events))
    assert node.run("host-event", "adopt").returncode == 0
    assert node.files("new") == []
    return node


def boot(host: Node) -> None:
    """/run is empty after a boot, and the time since boot is short."""
    host.root.joinpath("booted").unlink()
    host.uptime(12)


def event_of(host: Node, what: str) -> dict[str, Any] | None:
    """What it records, if it does."""
    done = host.run("host-event", what)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(file.read_text().splitlines()[1]) for file in host.files("new")]
    for file in host.files("new"):
        file.unlink()
    assert len(found) <= 1
    return found[0] if found else None


def test_the_role_coming_to_a_host_that_runs_is_no_boot(host: Node) -> None:
    assert event_of(host, "boot") is None


@pytest.mark.parametrize("kind", ["reboot", "poweroff", "halt", "kexec", "soft-reboot"])
def test_a_shutdown_is_told_by_its_kind_and_the_boot_after_it_knows(kind: str, host: Node) -> None:
    host.write("systemd/state", "stopping\n")
    host.write("systemd/jobs", f"17 probe.service stop running\n42 {kind}.target start waiting\n")
    event = event_of(host, "shutdown")
    assert event is not None
    assert (event["type"], event["message"], event["host.stop"]) == ("host_shutdown", f"n1 shuts down: {kind}", kind)
    boot(host)
    event = event_of(host, "boot")
    assert event is not None
    assert (event["type"], event["message"], event["host.stop"]) == ("host_boot", f"n1 booted after {kind}", kind)


def test_a_shutdown_of_another_kind_is_told_all_the_same(host: Node) -> None:
    host.write("systemd/state", "stopping\n")
    host.write("systemd/jobs", "42 probe.service stop running\n")
    event = event_of(host, "shutdown")
    assert event is not None
    assert event["message"] == "n1 shuts down: unknown"


def test_a_unit_that_is_stopped_while_the_host_runs_is_no_shutdown(host: Node) -> None:
    host.write("systemd/state", "running\n")
    assert event_of(host, "shutdown") is None


def test_a_boot_after_a_power_cut_tells_when_the_host_was_last_up(host: Node) -> None:
    host.run("host-event", "alive")
    host.set_time(host.spool / "host" / "up", 3600)
    boot(host)
    event = event_of(host, "boot")
    assert event is not None
    last = "2026-01-01T01:00:00Z"
    assert event["message"] == f"n1 was not stopped in order; it was last known to be up at {last}"
    assert (event["type"], event["host.stop"], event["host.last_up"]) == ("host_unclean", "unclean", last)


def test_a_boot_is_told_once(host: Node) -> None:
    boot(host)
    event = event_of(host, "boot")
    assert event is not None
    assert (event["host.uptime"], event["host.kernel"]) == (12, "6.1.0-test")
    assert event["event.id"].startswith(f"{BOOT}-")
    assert event_of(host, "boot") is None


def test_a_stop_in_order_counts_for_one_boot_only(host: Node) -> None:
    host.write("systemd/state", "stopping\n")
    host.write("systemd/jobs", "42 reboot.target start waiting\n")
    event_of(host, "shutdown")
    boot(host)
    event_of(host, "boot")
    boot(host)
    event = event_of(host, "boot")
    assert event is not None
    assert event["host.stop"] == "unclean"


def test_a_boot_that_nothing_is_known_before_is_told_as_that(host: Node) -> None:
    """The spool was removed, or this is an image that boots for the first time."""
    (host.spool / "host" / "up").unlink()
    boot(host)
    event = event_of(host, "boot")
    assert event is not None
    assert (event["message"], event["host.stop"]) == ("n1 booted", "unknown")

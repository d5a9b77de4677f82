# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of hooks that record share: the spool, a service that can be made to do anything, and counts."""

from __future__ import annotations

from typing import Any

from service_node import Node

SPOOL = "/var/spool/community-sematext"
LIMITS = "/etc/community-sematext/service_events.spool"
DELIVER = "systemctl start community-sematext-deliver.service"
#: A service that does what a test writes into its unit, on top of this.
PROBE = "[Service]\nExecStart=/bin/sleep infinity\n"
Faults = list[tuple[str, int, int, int, int]]


def waiting(node: Node) -> list[str]:
    """The files of events that are not delivered yet."""
    return node.sh(f"cd {SPOOL}; find new unfinished queue -type f 2>/dev/null || true").split()


def probe(node: Node, unit: str = "", name: str = "probe") -> None:
    """Make the service do something else."""
    node.write(f"/run/systemd/system/{name}.service", PROBE + unit)
    node.sh("systemctl daemon-reload")


def told(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["type"], event["severity"], event["message"]


def ordered(events: list[dict[str, Any]]) -> bool:
    times = [event["timestamp"] for event in events]
    return times == sorted(times)


def count(faults: Faults, fault: str, recorded: int, events: list[dict[str, Any]]) -> None:
    """For the table at the end: one line of a fault."""
    ids = [event["event.id"] for event in events]
    times = list({event["event.id"]: event["timestamp"] for event in events}.values())
    disorder = sum(1 for one, other in zip(times, times[1:]) if one > other)
    faults.append((fault, recorded, len(set(ids)), len(ids) - len(set(ids)), disorder))


def restarts(node: Node, number: int) -> int:
    """Have `probe` started and stopped by a person so many times; gives how many events that records."""
    node.sh(f"for i in $(seq {number}); do systemctl start probe; systemctl stop probe; done")
    return 2 * number

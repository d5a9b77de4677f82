# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of hooks that record share: the spool, a service that can be made to do anything, and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import harm
from receiver.running import Receiver
from service_node import Node, eventually

SPOOL = "/var/spool/community-sematext"
MARK = "/run/community-sematext-deployment"
LIMITS = "/etc/community-sematext/service_events.spool"
DELIVER = "systemctl start community-sematext-deliver.service"
#: A service that does what a test writes into its unit, on top of this.
PROBE = "[Service]\nExecStart=/bin/sleep infinity\n"
#: The invocation of an event that marks an end.
SENTINEL = "the-end"
#: Takes a line of the table at the end.
Faults = Callable[[tuple[str, int, int, int, int]], None]


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
    faults((fault, recorded, len(set(ids)), len(ids) - len(set(ids)), disorder))


def restarts(node: Node, number: int) -> int:
    """Have `probe` started and stopped by a person so many times; gives how many events that records."""
    harm.cycle(node, "probe", harm.SPOOL_HOOK, number)
    return 2 * number


def attempted(node: Node) -> None:
    """Wait until a delivery has been tried and has come to nothing, or is under way."""
    node.sh(f"until [ -e {SPOOL}/retry.service_events ] || pgrep -x curl; do sleep .05; done")


def begun(node: Node) -> None:
    """Wait until what runs after a failure has recorded what it has to: no hook holds up the service for it."""
    eventually(
        lambda: (
            node.sh(
                "systemctl list-jobs --no-legend 'community-sematext-gave-up@*';"
                " systemctl list-units --no-legend --state=activating 'community-sematext-gave-up@*'"
            ).strip()
            == ""
        )
    )


def events_so_far(node: Node, receiver: Receiver, timeout: float = 30) -> list[dict[str, Any]]:
    """All that was recorded before this. An event is recorded now, and as the order is kept, none comes after it."""
    begun(node)
    # As a hook of Elasticsearch does it.
    node.sh(
        f"INVOCATION_ID={SENTINEL} /bin/sh /usr/local/lib/community-sematext/service-event start elasticsearch.service"
    )

    def arrived() -> list[dict[str, Any]]:
        events = receiver.events()
        return events if any(event["event.id"] == f"{SENTINEL}-start" for event in events) else []

    return [event for event in eventually(arrived, timeout) if event["event.id"] != f"{SENTINEL}-start"]

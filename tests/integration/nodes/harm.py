# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hooks may cost a service or a shutdown, at the most.

A ceiling on harm, not a measurement: it is three times what the documentation promises, so that a busy machine stays
below it and a hook that waits for what it must not wait for doesn't. A command that reaches the ceiling is cut short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from service_node import Node

#: Seconds of one direct hook: the default of service_events_max_time, see "How long a hook may take" in
#: roles/service_events/README.md.
DIRECT_HOOK = 5.0
#: Seconds of one hook that records: the same section.
SPOOL_HOOK = 1.0
#: Seconds of the last delivery at a shutdown: "The path of an event" in the same file.
SHUTDOWN_FLUSH = 5.0
#: How many times its bound something may take before that counts as harm.
CEILING = 3.0


def start(node: Node, unit: str, bound: float, own: float = 0) -> float:
    """Start a unit; gives the seconds that it took.

    :param bound: what its hooks may take in all.
    :param own: what the start takes without them, where that counts.
    """
    return _within(node, "start", unit, bound, own)


def stop(node: Node, unit: str, bound: float, own: float = 0) -> float:
    """Stop a unit; as `start`."""
    return _within(node, "stop", unit, bound, own)


def cycle(node: Node, unit: str, bound: float, number: int = 1) -> None:
    """Start and stop a unit so many times; `bound` is for each start and each stop."""
    script = (
        'for i in $(seq "$3"); do for verb in start stop; do timeout "$1" systemctl $verb -- "$2" || exit; done; done'
    )
    _run(node, unit, bound, CEILING * bound, script, str(number))


def _within(node: Node, verb: str, unit: str, bound: float, own: float) -> float:
    script = 's=$(date +%s%N); timeout "$1" systemctl "$3" -- "$2" >&2 || exit; echo $((($(date +%s%N) - s) / 1000000))'
    return int(_run(node, unit, bound, CEILING * bound + own, script, verb)) / 1000


def _run(node: Node, unit: str, bound: float, ceiling: float, script: str, argument: str) -> str:
    done = node.run("sh", "-uc", script, "sh", str(ceiling), unit, argument)
    if done.returncode == 124:
        release(node, unit)
        pytest.fail(f"a start or stop of {unit} took more than {ceiling:.1f} s; its hooks may take {bound:.1f} s")
    assert done.returncode == 0, f"{unit}\n{done.stderr}{node.run('journalctl', '-n', '30').stdout}"
    return done.stdout


def release(node: Node, unit: str) -> None:
    """End a unit and its hooks, whatever they wait for, so that nothing after it waits as well."""
    node.run(
        "sh",
        "-uc",
        'for i in $(seq 100); do systemctl stop --no-block -- "$1"; systemctl kill --signal=KILL -- "$1";'
        ' case $(systemctl show --value --property=ActiveState -- "$1") in inactive | failed) exit ;; esac;'
        " sleep .1; done",
        "sh",
        unit,
    )

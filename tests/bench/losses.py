# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""C: which events of a run during a fault ever arrive, with a healthy run after it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import report
from callbacks import Callback
from runs import Runs
from sink import Message, Sink

FAULTS: dict[str, dict[str, Any]] = {
    "refuse": {"mode": "refuse"},
    "500": {"status": 500},
    "503": {"status": 503},
    "429": {"status": 429},
    "403": {"status": 403},
    "hang": {"mode": "hang"},
}
FIRST, SECOND = "first-of-two", "second-of-two"
HOSTS = 2
#: Exit code of a run in which a host failed.
FAILED = 2
#: How a remark begins on a run that did not end, or not as it should have.
ABORTED = (">", "exit")


def measure(runs: Runs, sink: Sink, wanted: Sequence[Callback], faults: Sequence[str], limit: float) -> list[str]:
    """Measure and print; gives where ours lost something."""
    rows, lost = [], []
    for callback in wanted:
        cells, remarks = [], []
        expected, trouble = _arrived(runs, sink, callback, {}, limit)
        if trouble.startswith(ABORTED):
            remarks.append(f"healthy: {trouble}")
        for fault in faults:
            if not expected or (callback.tcp and "status" in FAULTS[fault]):
                cells.append("n/a")
                continue
            number, trouble = _arrived(runs, sink, callback, FAULTS[fault], limit)
            cells.append(f"{expected - number} of {expected}")
            if number < expected and not callback.peer:
                lost.append(f"ours lost {expected - number} of {expected} events (fault: {fault})")
            if trouble.startswith(ABORTED):
                remarks.append(f"{fault}: {trouble}")
            report.progress(f"C {fault}: {callback.name} {number} of {expected} arrived {trouble}")
        rows.append([callback.name, str(expected), *cells, "; ".join(remarks)])
    print(f"\n### C. Events lost: a fault during a run of {HOSTS} hosts x 2 tasks, then a healthy run")
    report.table(["callback", "events of the run", *faults, "remark"], rows)
    print(
        "\nLost is what of the first run had not arrived when the second was over. Logstash's callback speaks plain"
        " TCP, where there is no status; a connection that hangs is closed unread."
    )
    return lost


def _arrived(runs: Runs, sink: Sink, callback: Callback, fault: dict[str, Any], limit: float) -> tuple[int, str]:
    """How many events of the first run have arrived in the end, and what went wrong in it."""
    with tempfile.TemporaryDirectory(prefix="home-", dir=runs.folder) as home:
        sink.behave(**fault)
        spent = runs(_plays(FIRST), HOSTS, callback.environment, FIRST, Path(home), limit=limit)
        trouble = f"> {limit:.0f} s" if spent.code is None else report.remark(spent, runs.output(), FAILED)
        early = sink.messages()
        sink.behave()
        runs(_plays(SECOND), HOSTS, callback.environment, SECOND, Path(home), limit=limit)
    return callback.units(_bodies([*early, *sink.messages()])), trouble


def _plays(name: str) -> list[Any]:
    """Something changes on all hosts, and one of them fails. Each callback tells the name of the run in some way."""
    change = {"name": "Change", "ansible.builtin.debug": {"msg": "Hello"}, "changed_when": True}
    fail = {"name": "Fail", "ansible.builtin.fail": {"msg": "No"}, "when": "inventory_hostname == 'host2'"}
    return [{"name": name, "hosts": "all", "gather_facts": False, "tasks": [change, fail]}]


def _bodies(messages: Sequence[Message]) -> list[bytes]:
    return [each.body for each in messages if each.status == 200 and FIRST.encode() in each.body]

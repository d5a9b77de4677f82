# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""B: what a callback adds to the memory of ansible-playbook's own process, which its workers are forked from."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import report
from callbacks import NONE, OURS, Callback
from overhead import Workload
from runs import Runs
from sink import Sink

JUDGED = (200, 20)
#: MiB that ours may add.
MOST = 5


def measure(
    runs: Runs, sink: Sink, wanted: Sequence[Callback], size: tuple[int, int], rounds: int, limit: float
) -> list[str]:
    """Measure and print; gives in which way ours takes more than it may."""
    workload = Workload(*size, task="debug", sink="answers at once")
    own: dict[str, list[float]] = {callback.name: [] for callback in wanted}
    child: dict[str, list[float]] = {callback.name: [] for callback in wanted}
    remarks = dict.fromkeys(own, "")
    for number in range(rounds):
        for callback in wanted if number % 2 else reversed(wanted):
            sink.behave()
            most = limit if callback.peer else 0
            spent = runs(workload.plays, size[0], callback.environment, limit=most, memory=True, child=callback.child)
            own[callback.name].append(spent.peak / 1024)
            child[callback.name].append(spent.child_peak / 1024)
            remarks[callback.name] = (
                f"ended after {most:.0f} s, its peak may have been to come"
                if spent.code is None
                else report.remark(spent, runs.output())
            )
            report.progress(f"B round {number + 1}: {callback.name} {spent.peak / 1024:.1f} MiB")
    floor = statistics.median(own[NONE.name])
    rows = []
    for name, peaks in own.items():
        beside = report.spread(child[name], 1) if any(child[name]) else ""
        more = f"{statistics.median(peaks) - floor:+.1f}"
        rows.append([name, report.spread(peaks, 1), more, beside, remarks[name]])
    print(f"\n### B. Memory at {size[0]} hosts x {size[1]} `debug` tasks, peak RSS in MiB, rounds: {rounds}")
    report.table(["callback", "ansible-playbook", "over `no callback`", "its child process", "remark"], rows)
    medians = {name: statistics.median(peaks) for name, peaks in own.items()}
    smaller = [each.name for each in wanted if each.peer and medians[each.name] < medians[OURS]]
    print("\nLess than ours: " + (", ".join(smaller) or "no peer") + ".")
    added = medians[OURS] - floor
    if size == JUDGED and added > MOST:
        return [f"ours adds {added:.1f} MiB to ansible-playbook; the limit is {MOST}"]
    return []

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A: what a callback adds to the time of a run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import report
from callbacks import AGAIN, NONE, OURS, Callback
from meter import Spent
from runs import Runs
from sink import Sink

SINKS: dict[str, dict[str, Any]] = {
    "answers at once": {},
    "answers after 50 ms": {"delay": 0.05},
    "hangs": {"mode": "hang"},
    "refuses": {"mode": "refuse"},
}
TASKS: dict[str, dict[str, Any]] = {
    "debug": {"ansible.builtin.debug": {"msg": "Something has changed"}, "changed_when": True},
    "command": {"ansible.builtin.command": "true"},
}
#: Where ours may not cost more than `no callback` does against itself, or than NOISE.
JUDGED = ((50, 20), "answers after 50 ms")
NOISE = 1.03
#: A module that runs for each host takes so long that more hosts would say nothing new.
MOST_HOSTS = {"debug": 1000, "command": 50}


@dataclass(frozen=True)
class Workload:
    """Runs to compare."""

    hosts: int
    number: int
    task: str
    sink: str

    def __str__(self) -> str:
        return f"{self.hosts} hosts x {self.number} `{self.task}` tasks, the sink {self.sink}"

    @property
    def plays(self) -> list[Any]:
        """The playbook."""
        task = TASKS[self.task]
        tasks = [{"name": f"Task {number + 1}", **task} for number in range(self.number)]
        return [{"name": "A play", "hosts": "all", "gather_facts": False, "strategy": "linear", "tasks": tasks}]


@dataclass
class Costs:
    """What the runs with one callback have cost, by the round."""

    callback: Callback
    spent: dict[int, Spent] = field(default_factory=dict)
    limit: float = 0
    counts: tuple[int, int] = (0, 0)
    remark: str = ""

    def ratios(self, floor: Costs, what: str) -> list[float]:
        """To `no callback` in the same round, of "cpu" or "wall"."""
        return [getattr(spent, what) / getattr(floor.spent[number], what) for number, spent in self.spent.items()]


def workloads(sizes: Sequence[tuple[int, int]], tasks: Sequence[str], sinks: Sequence[str]) -> list[Workload]:
    """All combinations; with a sink that fails, the task makes no difference, and `debug` is enough."""
    return [
        Workload(hosts, number, task, sink)
        for task in tasks
        for hosts, number in sizes
        for sink in sinks
        if hosts <= MOST_HOSTS[task] and (task == "debug" or SINKS[sink].get("mode") is None)
    ]


def measure(
    runs: Runs, sink: Sink, wanted: Sequence[Callback], workload: Workload, rounds: int, peer_rounds: int, limit: float
) -> list[Costs]:
    """Run a workload with every callback in each round, in an order that alternates.

    :param limit: seconds that a run of a peer may take.
    """
    costs = [Costs(callback, limit=limit if callback.peer else 0) for callback in wanted]
    for number in range(rounds):
        due = [each for each in costs if not each.callback.peer or number < peer_rounds]
        for each in due if number % 2 else reversed(due):
            if None not in [spent.code for spent in each.spent.values()]:  # it would say the same
                _run(runs, sink, workload, number, each)
    return costs


def _run(runs: Runs, sink: Sink, workload: Workload, number: int, costs: Costs) -> None:
    sink.behave(**SINKS[workload.sink])
    environment = costs.callback.environment
    spent = runs(workload.plays, workload.hosts, environment, limit=costs.limit)
    costs.spent[number] = spent
    costs.counts = sink.counts()
    if spent.code is None:
        costs.remark = f"> {costs.limit:.0f} s"
    else:
        costs.remark = report.remark(spent, runs.output()) or costs.remark
    if spent.code and not costs.callback.peer:
        raise RuntimeError(f"{workload}, {costs.callback.name}:\n{runs.output()[-2000:]}")
    report.progress(f"A {workload}, round {number + 1}: {costs.callback.name} {spent.wall:.1f} s {costs.remark}")


def show(workload: Workload, costs: Sequence[Costs]) -> list[str]:
    """Print the table, and what is cheaper than ours; gives in which way ours costs more than it may."""
    floor, ours, again = (
        next(each for each in costs if each.callback.name == name) for name in (NONE.name, OURS, AGAIN.name)
    )
    print(f"\n#### {workload}")
    titles = ["callback", "rounds", "wall s", "times `no callback`", "CPU s", "times `no callback`"]
    report.table([*titles, "messages", "connections", "remark"], [_row(each, floor) for each in costs])
    cheaper = [text for what in ("wall", "cpu") for text in _cheaper(costs, ours, floor, what)]
    print("\nCheaper than ours: " + ("; ".join(cheaper) or "no peer") + ".")
    if ((workload.hosts, workload.number), workload.sink) != JUDGED:
        return []
    over = []
    for what in ("wall", "cpu"):
        ratio, most = statistics.median(ours.ratios(floor, what)), max(NOISE, *again.ratios(floor, what))
        if ratio > most:
            over.append(f"{workload}: ours takes {ratio:.2f} times the {what} of no callback; the limit is {most:.2f}")
    return over


def _row(costs: Costs, floor: Costs) -> list[str]:
    spent = list(costs.spent.values())
    counts = [str(count) for count in costs.counts]
    if any(each.code is None for each in spent):
        late = f"> {costs.limit:.0f}"
        return [costs.callback.name, str(len(spent)), late, "n/a", "n/a", "n/a", *counts, "did not end in time"]
    cells = [costs.callback.name, str(len(spent))]
    for what in ("wall", "cpu"):
        cells.append(f"{statistics.median(getattr(each, what) for each in spent):.2f}")
        # one that has aborted the run was not cheap
        cells.append("n/a" if any(each.code for each in spent) else report.spread(costs.ratios(floor, what)))
    return [*cells, *counts, costs.remark]


def _cheaper(costs: Sequence[Costs], ours: Costs, floor: Costs, what: str) -> list[str]:
    mine = statistics.median(ours.ratios(floor, what))
    found = []
    for each in costs:
        if each.callback.peer and all(spent.code == 0 for spent in each.spent.values()):
            theirs = statistics.median(each.ratios(floor, what))
            if theirs < mine:
                found.append(f"{each.callback.name} ({what} {theirs:.2f} against {mine:.2f})")
    return found

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What callbacks cost, lose and leak: ours, those of others, and none.

A: wall and CPU time of a run; B: memory of ansible-playbook; C: events lost by fault; D: places in which a secret gets
to the receiver; E: what the module `event` costs for each host (event_cost.py). The runs take turns, each round in
another order, and a ratio is the median over the rounds of one round's ratio to `no callback`, which stands twice: that
shows the noise. It needs `make install` and tests/bench/requirements.txt; `make bench` sees to both.

Datadog's callback is not on any registry. It is measured where --datadog or the environment variable
BENCH_DATADOG_CALLBACK names a folder with a copy of github.com/DataDog/ansible-datadog-callback. It aborts each run of
ansible-core 2.19 and later; to compare its cost, have an older one:

    make bench BENCH_VENV=build/bench-venv-2.18 BENCH_PINS='"ansible-core<2.19" "ansible<12"'
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import leaks
import losses
import memory
import overhead
import report
from callbacks import Callback, callbacks
from runs import Runs
from sink import Sink, running_sink

DATADOG = "datadog_callback.py"
SIZES = [(10, 20), (50, 20), (200, 20)]
MODULE_HOSTS = [10, 50, 200]
#: Seconds for D, whose run takes a while without any callback.
LEAKS_LIMIT = 60
#: What --quick puts in the place of the defaults: a smoke test, whose numbers mean nothing.
QUICK = {
    "rounds": 1,
    "peer_rounds": 1,
    "sizes": [(10, 20)],
    "tasks": ["debug"],
    "sinks": ["answers after 50 ms"],
    "faults": ["503"],
    "limit": 5.0,
    "memory_rounds": 1,
    "memory_size": [(10, 2)],
    "module_hosts": [10],
}


def main() -> int:
    """Measure, print, and fail if ours costs more than it may."""
    options = _options()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        sink = stack.enter_context(running_sink())
        report.header(",".join(options.only))
        if not options.datadog:
            print(
                "\n**Datadog's callback was NOT measured**: neither --datadog nor BENCH_DATADOG_CALLBACK names the"
                f" folder of a {DATADOG}."
            )
        wanted = callbacks(sink, dict(options.ours), options.datadog)
        over = [text for section in options.only for text in SECTIONS[section](folder, sink, wanted, options)]
    for text in over:
        print(f"\nOver the limit: {text}.")
    return 1 if over else 0


def _overhead(folder: Path, sink: Sink, wanted: Sequence[Callback], options: argparse.Namespace) -> list[str]:
    runs, over = Runs(folder), []
    print(
        "\n### A. Time of a run\n\nThe CPU time is that of ansible-playbook and all that it starts. That of the sink is"
        " not in it, but the sink runs on the same cores. Ratios are medians (lowest to highest)."
    )
    small = overhead.Workload(1, 1, "debug", "answers at once")
    for callback in wanted:  # the first time, files are cold
        sink.behave()
        runs(small.plays, 1, callback.environment, limit=options.limit)
    plain: dict[str, float] = {}
    for workload in overhead.workloads(options.sizes, options.tasks, options.sinks):
        key = repr(workload.plays) + str(workload.hosts)
        if key not in plain:
            plain[key] = runs(workload.plays, workload.hosts, {}).wall
        limit = max(options.limit, 2 * plain[key])  # what takes long by itself must not look held up by a callback
        rounds = (options.rounds, options.peer_rounds)
        over += overhead.show(workload, overhead.measure(runs, sink, wanted, workload, *rounds, limit))
    if overhead.JUDGED[0] not in options.sizes or overhead.JUDGED[1] not in options.sinks:
        print("\nThe limit of time was not judged: it is that of 50 hosts x 20 tasks, the sink answering after 50 ms.")
    return over


def _memory(folder: Path, sink: Sink, wanted: Sequence[Callback], options: argparse.Namespace) -> list[str]:
    size = options.memory_size[0]
    over = memory.measure(Runs(folder), sink, wanted, size, options.memory_rounds, 3 * options.limit)
    if size != memory.JUDGED:
        print("\nThe limit of memory was not judged: it is that of 200 hosts x 20 tasks.")
    return over


def _losses(folder: Path, sink: Sink, wanted: Sequence[Callback], options: argparse.Namespace) -> list[str]:
    sending = [callback for callback in wanted if callback.environment]
    return losses.measure(Runs(folder), sink, sending, options.faults, options.limit)


def _leaks(folder: Path, sink: Sink, wanted: Sequence[Callback], options: argparse.Namespace) -> list[str]:
    sending = [callback for callback in wanted if callback.environment]
    return leaks.measure(folder, sink, sending, max(LEAKS_LIMIT, options.limit))


def _modules(_folder: Path, _sink: Sink, _wanted: Sequence[Callback], options: argparse.Namespace) -> list[str]:
    print("\n### E. What the module costs\n", flush=True)
    hosts = ",".join(str(number) for number in options.module_hosts)
    command = [sys.executable, str(Path(__file__).with_name("event_cost.py")), "--hosts", hosts]
    rounds = ["--rounds", str(options.rounds), "--peer-rounds", str(min(options.peer_rounds, 2))]
    code = subprocess.run([*command, *rounds], check=False).returncode
    return ["the module costs more than it may, or failed (see above)"] if code else []


SECTIONS: dict[str, Callable[[Path, Sink, Sequence[Callback], argparse.Namespace], list[str]]] = {
    "A": _overhead,
    "B": _memory,
    "C": _losses,
    "D": _leaks,
    "E": _modules,
}


def _options() -> argparse.Namespace:
    description, _unused, epilog = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="a smoke test: one round of little, in a few minutes")
    add("--only", type=_some_of(SECTIONS), default=list(SECTIONS), help="sections, for example A,C (all)")
    add("--rounds", type=int, default=5, help="rounds (%(default)s)")
    add("--peer-rounds", type=int, help="rounds of the others' callbacks (as many)")
    add("--memory-rounds", type=int, default=3, help="rounds of B (%(default)s)")
    add("--memory-size", type=_sizes, default=[memory.JUDGED], help="hosts x tasks of B (200x20)")
    add("--sizes", type=_sizes, default=SIZES, help="hosts x tasks of A (10x20,50x20,200x20)")
    add("--tasks", type=_some_of(overhead.TASKS), default=list(overhead.TASKS), help="kinds of tasks of A (all)")
    add(
        "--sinks", type=_some_of(overhead.SINKS), default=list(overhead.SINKS), help="behaviours of the sink in A (all)"
    )
    add("--faults", type=_some_of(losses.FAULTS), default=list(losses.FAULTS), help="faults of C (all)")
    add("--limit", type=float, default=60, help="seconds that a run of a peer may take (%(default)s)")
    add("--module-hosts", type=_numbers, default=MODULE_HOSTS, help="numbers of hosts of E (10,50,200)")
    add("--ours", type=_setting, action="append", default=[], metavar="NAME=VALUE",
        help="an environment variable for our callback, such as SEMATEXT_REPORT=start,end; repeatable")  # fmt: skip
    add("--datadog", default=os.environ.get("BENCH_DATADOG_CALLBACK"), metavar="FOLDER",
        help=f"folder of Datadog's {DATADOG}")  # fmt: skip
    if "--quick" in sys.argv[1:]:
        parser.set_defaults(**QUICK)
    options = parser.parse_args()
    if options.datadog and not Path(options.datadog, DATADOG).is_file():
        parser.error(f"there is no {DATADOG} in {options.datadog}")
    options.datadog = options.datadog and str(Path(options.datadog).resolve())  # runs have a folder of their own
    options.peer_rounds = options.peer_rounds or options.rounds
    options.ours = [("SEMATEXT_REPORT", "start,end,changes,failures"), *options.ours]
    return options


def _some_of(known: Collection[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        words = [word.strip() for word in text.split(",")]
        if unknown := set(words) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {', '.join(known)}")
        return words

    return chosen


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _sizes(text: str) -> list[tuple[int, int]]:
    pairs = [word.split("x") for word in text.split(",")]
    return [(int(hosts), int(tasks)) for hosts, tasks in pairs]


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError("a setting is NAME=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())

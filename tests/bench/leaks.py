# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""D: in how many places a secret that a playbook handles gets to the receiver. The places are those of the tests."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import report
from callbacks import Callback
from runs import ROOT, Runs
from sink import Sink

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "integration")]

from callback.reporting import GONE  # noqa: E402
from callback.test_run_secrets import all_secrets, found_in, planted_run  # noqa: E402

#: Exit code of a run in which hosts failed, and some could not be reached.
FAILED = 4


def measure(folder: Path, sink: Sink, wanted: Sequence[Callback], limit: float) -> list[str]:
    """Measure and print; gives in which places ours leaks, which may be none."""
    rows, leaks = [], []
    secrets = all_secrets()
    for callback in wanted:
        with tempfile.TemporaryDirectory(prefix="leaks-", dir=folder) as fresh:
            runs = Runs(Path(fresh))
            run = planted_run(runs.folder)
            (runs.folder / "connection_plugins").mkdir()
            (runs.folder / "connection_plugins" / "gone.py").write_text(GONE)
            sink.behave()
            environment = {**run["env"], **callback.environment}
            spent = runs(run["plays"], run["hosts"], environment, args=run["args"], limit=limit)
            shown = len(found_in(runs.output().encode(), secrets))
            trouble = ""
            if spent.code is None:
                trouble = f"> {limit:.0f} s"
            elif spent.code != FAILED:
                trouble = report.remark(spent, runs.output(), FAILED)
        messages = sink.messages()
        found = found_in(b"\n".join(each.path.encode() + b"\n" + each.body for each in messages), secrets)
        report.progress(f"D {callback.name}: {len(found)} of {len(secrets)}; {shown} in the output")
        # a run that was cut short has not been to all places
        number = "n/a" if trouble else f"{len(found)} of {len(secrets)}"
        rows.append([callback.name, number, str(len(messages)), _named(found), trouble])
        if found and not callback.peer:
            leaks.append(f"ours leaks in: {', '.join(found)}")
    print("\n### D. Places in which a secret got to the receiver, as told by the tests' playbook of secrets")
    report.table(["callback", "places", "messages", "some of them", "remark"], rows)
    return leaks


def _named(places: Sequence[str]) -> str:
    return ", ".join(places[:4]) + (", …" if len(places) > 4 else "")

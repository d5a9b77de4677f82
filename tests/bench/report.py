# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Markdown for docs/benchmark.md, and what is said of a run that went wrong."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import re
import shlex
import statistics
import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from meter import Spent
from runs import COLLECTIONS, FORKS, ROOT, version

#: Columns of a remark: the table has to stay readable.
WIDTH = 160
#: What ansible-core says of a callback that fails, and what callbacks say themselves; not that a task failed.
COMPLAINT = re.compile(
    r"^(?!ok:|changed:|fatal:|failed:|.*deprecation|\[ERROR\]: Task failed)"
    r".*(\[ERROR\]|\bERROR\b|\[WARNING\]|Error\b|Exception\b|could ?n[o']t)",
    re.IGNORECASE,
)
#: The end of a line at which ansible-core before 2.19 wraps a warning.
WRAPPED = re.compile(r"(?<=\S)[ ]?\n(?=\S)(?!\[|TASK|PLAY|ok:|changed:|fatal:|failed:|skipping:)")
LIBRARIES = ("datadog", "elastic-apm", "opentelemetry-sdk", "python-logstash")


def header(wanted: str) -> None:
    """Print the date, the versions and the command."""
    libraries = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    peers = ", ".join(f"{name} {_collection(name)}" for name in ("community.general", "community.grafana"))
    own = _manifest(Path(COLLECTIONS) / "ansible_collections" / "community" / "sematext")
    print(f"Measured on {dt.date.today()}: sections {wanted}, by `{_command()}`.\n")
    print(f"Versions: {version()}; {FORKS} forks; community.sematext {own}, {peers}, {libraries}")


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    print("\n| " + " | ".join(titles) + " |")
    print("|" + "---|" * len(titles))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median (lowest to highest)."""
    if not values:
        return "n/a"
    middle, low, high = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def remark(spent: Spent, output: str, expected: int = 0) -> str:
    """What went wrong in a run: its exit code, and the last complaint with the number of all; "" if nothing did."""
    lines = "\n".join(WRAPPED.sub(" ", part) if part.startswith("[") else part for part in _parts(output)).splitlines()
    complaints = [line.strip() for line in lines if COMPLAINT.search(line)]
    parts = [] if spent.code == expected else [f"exit {spent.code}"]
    if complaints:
        times = f"{len(complaints)} complaints, the last: " if len(complaints) > 1 else ""
        parts.append(times + shortened(complaints[-1]))
    return "; ".join(parts)


def shortened(text: str) -> str:
    """Text for a cell."""
    plain = text.replace("|", "\\|").replace(str(ROOT), "…").replace("`", "'")
    plain = re.sub(r"\S*/bench-.*?/home-\s?[^/\s]+", "~", plain)
    return f"`{plain if len(plain) <= WIDTH else plain[: WIDTH - 1] + '…'}`"


def progress(text: str) -> None:
    """Say on standard error what goes on: it takes long."""
    print(text, file=sys.stderr, flush=True)


def _parts(output: str) -> list[str]:
    """Output, each warning with what follows it as a part of its own."""
    return re.split(r"\n(?=\[(?:WARNING|ERROR)\])", output)


def _command() -> str:
    program = Path(sys.argv[0]).resolve()
    words = [str(program.relative_to(ROOT)) if ROOT in program.parents else program.name, *sys.argv[1:]]
    return shlex.join(["python", *words])


def _collection(name: str) -> str:
    found = find_spec("ansible_collections")
    paths = list(found.submodule_search_locations or []) if found else []
    return next((_manifest(Path(path, *name.split("."))) for path in paths), "missing")


def _manifest(folder: Path) -> str:
    try:
        return json.loads((folder / "MANIFEST.json").read_text())["collection_info"]["version"]
    except OSError:
        return "missing"

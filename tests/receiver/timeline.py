# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a timeline: ``python -m receiver.timeline --url URL`` or ``--database FILE``."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import requests

from receiver.store import read_records
from receiver.timestamps import format_utc, parse_timestamp

Record = dict[str, Any]
COLUMNS = ("time", "type", "severity", "os.host", "title")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the events of a receiver."""
    parser = argparse.ArgumentParser(prog="python -m receiver.timeline", description="Print events as a timeline.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--url", help="base URL of a running receiver")
    source.add_argument("--database", metavar="FILE", help="database of a receiver")
    parser.add_argument("--ca", metavar="FILE", help="certificate authority of an https URL")
    options = parser.parse_args(arguments)
    try:
        records = fetch(options.url, options.ca) if options.url else load(options.database)
    except (OSError, sqlite3.Error) as error:
        parser.error(f"cannot read the events: {error}")
    print("\n".join(render(records)))
    return 0


def fetch(url: str, ca_path: str | None) -> list[Record]:
    """The records of a running receiver."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{url.rstrip('/')}/_control/events", verify=ca_path or True, timeout=30)
    answer.raise_for_status()
    return list(answer.json())


def load(database: str) -> list[Record]:
    """The records in a database file."""
    connection = sqlite3.connect(f"{Path(database).resolve().as_uri()}?mode=ro", uri=True)
    try:
        return read_records(connection)
    finally:
        connection.close()


def render(records: Iterable[Record]) -> list[str]:
    """One line for each event, in the order of time, in aligned columns."""
    rows = [COLUMNS, *(row(record) for record in sorted(records, key=moment))]
    if len(rows) == 1:
        return ["No events."]
    widths = [max(len(line[column]) for line in rows) for column in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in rows]


def moment(record: Record) -> Any:
    """When an event happened, or else when it was received."""
    return parse_timestamp(record["event"].get("timestamp", record["received"]))


def row(record: Record) -> tuple[str, ...]:
    """The cells of an event."""
    event = record["event"]
    label = event.get("title") or event["message"]
    cells = (event["type"], event.get("severity", "-"), event.get("os.host", "-"), label)
    return (format_utc(moment(record)), *map(printable, cells))


def printable(text: str) -> str:
    """A text on one line, without anything that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite database that keeps events and requests."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from receiver.timestamps import now

TABLES = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    received TEXT NOT NULL, token TEXT NOT NULL, path TEXT NOT NULL, connection TEXT NOT NULL,
    headers TEXT NOT NULL, raw TEXT NOT NULL, event TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    received TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL,
    connection TEXT NOT NULL, status INTEGER);
"""


class Store:
    """All that the receiver remembers, in the order in which it came."""

    def __init__(self, database: str) -> None:
        self._database = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(TABLES)

    def add_request(self, method: str, path: str, query: str, connection: str) -> int:
        """Note a request as it arrives, and give its number."""
        return self._insert("requests", method=method, path=path, query=query, connection=connection)

    def answered(self, number: int, status: int) -> None:
        """Note the status that a request is about to be answered with."""
        self._database.execute("UPDATE requests SET status = ? WHERE number = ?", (status, number))

    def add_event(
        self, token: str, path: str, connection: str, headers: dict[str, str], raw: str, event: dict[str, Any]
    ) -> int:
        """Keep an event and what came with it, and give its number."""
        return self._insert(
            "events", token=token, path=path, connection=connection, headers=json.dumps(headers), raw=raw,
            event=json.dumps(event),
        )  # fmt: skip

    def _insert(self, table: str, **row: str) -> int:
        row["received"] = now()
        marks = ", ".join("?" * len(row))
        cursor = self._database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        return int(cursor.lastrowid or 0)

    def records(self, token: str | None = None) -> list[dict[str, Any]]:
        """The events, of one App or of all, with all that is known about how each came."""
        return read_records(self._database, token)

    def requests(self) -> list[dict[str, Any]]:
        """The requests; the status of one that got no answer is None."""
        return rows(self._database.execute("SELECT * FROM requests ORDER BY number"))

    def counts(self) -> dict[str, int]:
        """How many events and requests there are."""
        tables = ("events", "requests")
        return {table: self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}

    def clear(self) -> None:
        """Forget all events and requests."""
        self._database.executescript("DELETE FROM events; DELETE FROM requests;")


def read_records(database: sqlite3.Connection, token: str | None = None) -> list[dict[str, Any]]:
    """The events in a database, of one App or of all."""
    wanted = "SELECT * FROM events WHERE ? IS NULL OR token = ? ORDER BY number"
    found = rows(database.execute(wanted, (token, token)))
    return [{**row, "headers": json.loads(row["headers"]), "event": json.loads(row["event"])} for row in found]


def rows(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    """The rows of an answer, by the names of their columns."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Where recorded events go: into the spool, from which a child process delivers them, or where people can read them."""

from __future__ import annotations

import os
import typing as t

from ..module_utils._options import Connection
from ._delivery import Delivery
from ._run_events import encode_abandoned
from ._spool import Spool
from ._words import counted, form

#: The folder in the spool of what nothing delivers.
OFFLINE = "offline"


class Sink(t.Protocol):
    """Takes the encoded events of runs. Each method may raise OSError, if the event is not recorded."""

    def prepare(self) -> None:
        """Before the first run."""

    def deliver(self, run_id: str) -> None:
        """Have events sent from now on, those of this run first."""

    def open_run(self, run_id: str, interrupted: t.Mapping[str, t.Any]) -> None:
        """A run has begun. :param interrupted: the event of its end, if nobody lives to record one."""

    def record(self, run_id: str, body: bytes) -> None:
        """An event of a run."""

    def close_run(self, run_id: str, body: bytes) -> None:
        """The event of the run's end."""

    def farewell(self) -> t.Iterator[str]:
        """All runs are over. Yields what the user has to know, in sentences."""

    @property
    def name(self) -> str:
        """Where it records, for people."""

    #: Whether another process records the end of a run that is interrupted.
    watched: bool


class SpoolSink:
    """The spool of a receiver and App, and the child process that delivers what lies there.

    :param adopt: a folder of stranded events to send as well.
    """

    watched = True

    def __init__(self, connection: Connection, spool_dir: str, time_budget: float, adopt: str | None) -> None:
        self._spool = Spool(spool_dir, connection.digest)
        self._delivery = Delivery(connection, spool_dir, time_budget)
        self._time_budget, self._adopt = time_budget, adopt
        self._adopt_trouble = self._start_trouble = ""

    @property
    def name(self) -> str:
        return self._spool.folder

    def prepare(self) -> None:
        self._spool.prepare()
        if self._adopt:
            try:
                self._spool.adopt(self._adopt, encode_abandoned)
            except OSError as exc:
                self._adopt_trouble = f"Events in {self._adopt} could not be adopted ({exc.strerror})."

    def deliver(self, run_id: str) -> None:
        try:
            self._delivery.start()
            self._start_trouble = ""
        except OSError as exc:  # events are recorded all the same
            self._start_trouble = f"The process that delivers could not be started ({exc.strerror})."
        self._delivery.run_begins(run_id)

    def open_run(self, run_id: str, interrupted: t.Mapping[str, t.Any]) -> None:
        self._spool.open_run(run_id, interrupted)

    def record(self, run_id: str, body: bytes) -> None:
        self._spool.record(run_id, body)
        self._delivery.wake()

    def close_run(self, run_id: str, body: bytes) -> None:
        self._spool.close_run(run_id, body)
        self._delivery.wake()

    def farewell(self) -> t.Iterator[str]:
        report = self._delivery.finish(self._time_budget)
        spool = self._spool
        if self._adopt_trouble:
            yield self._adopt_trouble
        waiting = len(spool.due())
        if waiting:
            wait, them = form(waiting, "waits", "wait"), form(waiting, "it", "them")
            why = report.get("trouble") or self._start_trouble or f"There was no time left to deliver {them}."
            yield f"{counted(waiting, 'event')} in {spool.folder} {wait} for the next run. {why}"
        if report.get("rejected"):
            rejected = report["rejected"]
            were = form(rejected, "it was", "they were")
            yield f"The receiver can never accept {counted(rejected, 'event')}; {were} put into {spool.bad}."
        yield from _dropped(spool)
        for folder, number in spool.stranded().items():
            were = f"{counted(number, 'event')} in {folder} {form(number, 'was', 'were')}"
            yield f"{were} recorded under an App token or receiver that was refused."


def _dropped(spool: Spool) -> t.Iterator[str]:
    """What was dropped to keep the bounds, told once."""
    dropped = spool.dropped()
    if dropped:
        why = form(dropped, "was one too many, and was", "were too many, and were")
        yield f"{counted(dropped, 'event')} waited too long or {why} dropped."
        spool.told_dropped()


class OfflineSpool:
    """A spool from which nothing is delivered, until a run with an App adopts it."""

    watched = False

    def __init__(self, spool_dir: str) -> None:
        self._spool = Spool(spool_dir, OFFLINE)
        self.prepare, self.record = self._spool.prepare, self._spool.record
        self.open_run, self.close_run = self._spool.open_run, self._spool.close_run

    @property
    def name(self) -> str:
        return self._spool.folder

    def deliver(self, run_id: str) -> None:
        self._spool.trim()
        self._spool.close_abandoned(encode_abandoned)

    def farewell(self) -> t.Iterator[str]:
        yield from _dropped(self._spool)


class Lines:
    """Writes each event as one line of JSON, and does nothing else.

    :param write: takes a line without its end.
    """

    watched = False

    def __init__(self, name: str, write: t.Callable[[str], None]) -> None:
        self.name = name
        self._write = write

    def prepare(self) -> None:
        pass

    def deliver(self, run_id: str) -> None:
        pass

    def open_run(self, run_id: str, interrupted: t.Mapping[str, t.Any]) -> None:
        pass

    def record(self, run_id: str, body: bytes) -> None:
        self._write(body.decode("utf-8"))

    def close_run(self, run_id: str, body: bytes) -> None:
        self._write(body.decode("utf-8"))

    def farewell(self) -> t.Iterator[str]:
        return iter(())


def lines_of_file(path: str) -> Lines:
    """Appends to a file, which only its owner may read if it is made here."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    def write(line: str) -> None:
        with open(path, "a", encoding="utf-8", opener=opener) as file:
            file.write(f"{line}\n")

    return Lines(path, write)

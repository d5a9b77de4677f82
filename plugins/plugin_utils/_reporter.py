# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Records what happens in the runs of one command, and has it delivered."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ..module_utils._event import EVENT_ID, RUN_ID, encode
from ..module_utils._options import Connection
from . import _run
from ._delivery import Delivery
from ._run_events import About, Result, encode_abandoned
from ._spool import Spool


@dataclasses.dataclass(frozen=True)
class Settings:
    """The callback's options, checked.

    :ivar report: what to report: `start`, `end`, `failures`.
    :ivar time_budget: seconds that the end of the command may wait for delivery.
    :ivar adopt: a folder of stranded events to send to this App, None for none.
    """

    connection: Connection
    spool_dir: str
    report: t.Collection[str]
    time_budget: float
    adopt: str | None = None


class Reporter:
    """One for each process; its runs come one after another."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spool = Spool(settings.spool_dir, settings.connection.digest)
        self._delivery = Delivery(settings.connection, settings.spool_dir, settings.time_budget)
        self._about: About | None = None
        self._end_id = ""
        self._began = 0.0
        self._lost = 0
        self._trouble = ""
        self._adopt_trouble = ""

    @property
    def running(self) -> bool:
        """Whether a run has begun and not ended."""
        return self._about is not None

    def begin(self, about: About) -> None:
        """A run begins."""
        self._about, self._began, _run.current_id = about, time.time(), about.run_id
        interrupted = about.interrupted()
        self._end_id = interrupted[EVENT_ID]
        self._prepare()
        with self._recording(events=0):
            if "end" in self._settings.report:
                self._spool.open_run(about.run_id, interrupted)
        if "start" in self._settings.report:  # after the marker, so that a run that is seen to start has an end
            self._record(about.start())
        with self._recording(events=0):  # what waits can be sent, even if the disk is full
            self._delivery.start()
            self._delivery.run_begins(about.run_id)

    def failure(self, kind: str, host: str, play: str, task: t.Mapping[str, str]) -> None:
        """A host failed, or could not be reached. :param kind: `failed` or `unreachable`."""
        if self._about and "failures" in self._settings.report:
            self._record(self._about.failure(kind, host, play, task))

    def end(self, outcome: str, result: Result | None = None) -> None:
        """The run is over."""
        about, self._about, _run.current_id = self._about, None, None
        if about and "end" in self._settings.report:
            event = about.end(outcome, self._end_id, self._began, result)
            with self._recording():
                self._spool.close_run(about.run_id, encode(event))
            self._delivery.wake()

    def farewell(self) -> list[str]:
        """Wait for delivery, within the time budget. Returns what the user has to know, in sentences."""
        return list(self._remarks(self._delivery.finish(self._settings.time_budget)))

    def _remarks(self, report: t.Mapping[str, t.Any]) -> t.Iterator[str]:
        spool = self._spool
        if self._adopt_trouble:
            yield self._adopt_trouble
        if self._lost:
            yield f"{_events(self._lost)} could not be recorded in {spool.folder}: {self._trouble}."
        waiting = len(spool.due())
        if waiting:
            why = report.get("trouble") or "There was no time left to deliver them."
            yield f"{_events(waiting)} in {spool.folder} wait for the next run. {why}"
        if report.get("rejected"):
            yield f"The receiver can never accept {_events(report['rejected'])}; they were put into {spool.bad}."
        if spool.dropped():
            yield f"{_events(spool.dropped())} waited too long or were too many, and were dropped."
            spool.told_dropped()
        for folder, number in spool.stranded().items():
            yield f"{_events(number)} in {folder} were recorded under an App token or receiver that was refused."

    def _prepare(self) -> None:
        with self._recording(events=0):
            self._spool.prepare()
        if self._settings.adopt:
            try:
                self._spool.adopt(self._settings.adopt, encode_abandoned)
            except OSError as exc:
                self._adopt_trouble = f"Events in {self._settings.adopt} could not be adopted ({exc.strerror})."

    def _record(self, event: t.Mapping[str, t.Any]) -> None:
        with self._recording():
            self._spool.record(event[RUN_ID], encode(event))
        self._delivery.wake()

    @contextlib.contextmanager
    def _recording(self, events: int = 1) -> t.Iterator[None]:
        """Count the events that cannot be recorded, and remember why."""
        try:
            yield
        except OSError as exc:
            self._lost += events
            self._trouble = self._trouble or exc.strerror or type(exc).__name__


def _events(number: int) -> str:
    return f"{number} {'event' if number == 1 else 'events'}"

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Records what happens in the runs of one command, in the order in which it is told."""

from __future__ import annotations

import contextlib
import time
import typing as t

from ..module_utils._event import EVENT_ID, RUN_ID, encode
from . import _host_events, _run
from ._run_events import About, Result
from ._sinks import Sink
from ._words import counted

#: What can be reported.
REPORTS = ("start", "end", "changes", "failures")
#: Seconds that recording may take of a command in all; it takes milliseconds, unless the disk is in trouble.
MAX_RECORDING = 5
#: Outcomes of runs that have changed nothing and failed nothing.
UNEVENTFUL = ("succeeded", "no_hosts")


class Reporter:
    """One for each process; its runs come one after another.

    :param report: what to report, out of REPORTS.
    :param only_if_changed: say nothing of a run before something changes or fails.
    """

    def __init__(self, sink: Sink, report: t.Collection[str], only_if_changed: bool = False) -> None:
        self._sink, self._report, self._only_if_changed = sink, report, only_if_changed
        self._about: About | None = None
        self._start: dict[str, t.Any] = {}
        self._interrupted: dict[str, t.Any] = {}
        self._announced = False
        self._began = 0.0
        self._spent = 0.0
        self._lost = 0
        self._trouble = ""

    @property
    def running(self) -> bool:
        """Whether a run has begun and not ended."""
        return self._about is not None

    def begin(self, about: About) -> None:
        """A run begins."""
        self._about, self._began, _run.current_id = about, time.time(), about.run_id
        self._start, self._interrupted = about.start(), about.interrupted()
        self._announced = False
        with self._recording(events=0):
            self._sink.prepare()
        if not self._only_if_changed:
            self.eventful()
        with self._recording(events=0):  # what waits can be sent, even if the disk is full
            self._sink.deliver(about.run_id)

    def eventful(self) -> None:
        """The run is worth telling: from now on it has a start and an end."""
        if self._announced or self._about is None:
            return
        self._announced = True
        if "end" in self._report:  # before the start, so that a run that is seen to start has an end
            with self._recording(events=0):
                self._sink.open_run(self._about.run_id, self._interrupted)
        if "start" in self._report:
            self._record(self._start)

    def failure(self, kind: str, host: str, play: str, task: t.Mapping[str, str]) -> None:
        """A host failed, or could not be reached. :param kind: `failed` or `unreachable`."""
        self.eventful()
        if self._about and "failures" in self._report:
            self._record(_host_events.failure(self._about, kind, host, play, task))

    def more_failures(self, play: str, hosts: t.Sequence[str], number: int) -> None:
        """Hosts that failed or were unreachable after too many others."""
        if self._about and "failures" in self._report:
            self._record(_host_events.more_failures(self._about, play, hosts, number))

    def changes(self, changed: _host_events.Changed) -> None:
        """A play has changed hosts."""
        if self._about and "changes" in self._report:
            self._record(_host_events.changes(self._about, changed))

    def end(self, outcome: str, result: Result | None = None) -> None:
        """The run is over."""
        if outcome not in UNEVENTFUL:
            self.eventful()
        about, self._about, _run.current_id = self._about, None, None
        if about and self._announced and "end" in self._report:
            event = about.end(outcome, self._interrupted[EVENT_ID], self._began, result)
            with self._recording():
                self._sink.close_run(about.run_id, encode(event))

    def interrupted(self) -> None:
        """The user ends the command. The child, if there is one, tells of it: it sees that there was no farewell."""
        if not self._sink.watched:
            self.end("interrupted")

    def farewell(self) -> list[str]:
        """Wait for delivery, within the time budget. Returns what the user has to know, in sentences."""
        remarks = list(self._sink.farewell())
        if self._lost:
            remarks.append(
                f"{counted(self._lost, 'event')} could not be recorded in {self._sink.name}: {self._trouble}."
            )
        return remarks

    def _record(self, event: t.Mapping[str, t.Any]) -> None:
        if self._spent > MAX_RECORDING:
            self._lost += 1
            self._trouble = self._trouble or f"recording has taken {MAX_RECORDING} s of this run already"
            return
        with self._recording():
            self._sink.record(event[RUN_ID], encode(event))

    @contextlib.contextmanager
    def _recording(self, events: int = 1) -> t.Iterator[None]:
        """Count the events that cannot be recorded, and remember why; keep account of the time."""
        began = time.monotonic()
        try:
            yield
        except OSError as exc:
            self._lost += events
            self._trouble = self._trouble or exc.strerror or type(exc).__name__
        finally:
            self._spent += time.monotonic() - began

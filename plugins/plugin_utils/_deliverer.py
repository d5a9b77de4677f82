# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The child process that delivers what ansible-playbook records. It never imports ansible.

It empties the spool over a few connections, watches its parent, and ends when the parent says so or is gone. In the
second case, it records that the run was interrupted. What it is told comes as JSON, a line a message, over its standard
input: first a Task, then {} when there is something new, {"run": ID} when a run begins, at last {"finish": SECONDS}.
Its only message, over standard output, is a Report at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import sys
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ..module_utils._client import Client, backoff
from ..module_utils._errors import EventRejected, LibraryMissing, ReceiverRefused, ReceiverUnavailable, SematextError
from ..module_utils._event import decode
from ..module_utils._options import Connection
from ._run_events import encode_abandoned, encode_interrupted
from ._spool import Spool, run_of

#: One connection delivers 20 events a second at 50 ms; a run may fail on hundreds of hosts at once.
CONNECTIONS = 4
#: Seconds between two looks at the parent, two signs of life, two attempts after a refusal.
WATCH, SIGN_OF_LIFE, REFUSED_PAUSE = 0.5, 10, 60
#: Seconds between two looks at events that another run is sending.
CLAIMED_PAUSE = 0.1
#: How many attempts may fail once the parent waits; a refused connection fails at once and is not worth the whole time.
LAST_ATTEMPTS = 2
#: How often an event of this process's runs may fail before others go ahead of it.
PATIENCE = 5


@dataclasses.dataclass(frozen=True)
class Task:
    """What the parent asks for.

    :ivar time_budget: seconds that the rest may take when the parent is gone.
    """

    connection: dict[str, t.Any]
    root: str
    parent: int
    time_budget: float


@dataclasses.dataclass
class Report:
    """What came of it. :ivar trouble: why events still wait, in a sentence, "" if nothing went wrong."""

    delivered: int = 0
    rejected: int = 0
    trouble: str = ""


class Sender:
    """Sends what is due, attempt after attempt, in a thread of its own."""

    def __init__(self, spool: Spool, client: Client) -> None:
        self.report = Report()
        self.runs: set[str] = set()
        self._spool, self._client = spool, client
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._news = threading.Event()
        self._finishing = threading.Event()
        self._obstacle: SematextError | None = None
        self._unreadable: SematextError | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def wake(self) -> None:
        """There is something new to send."""
        self._news.set()

    def finish(self) -> None:
        """Send what is left, and end when nothing is left or it is no use."""
        with self._lock:
            self._finishing.set()
            self._news.set()

    def _run(self) -> None:
        try:
            failed = last_failed = 0
            while True:
                with self._lock:  # or what finish() says in between is lost
                    finishing = self._finishing.is_set()
                    self._news.clear()
                pause = self._attempt(last_failed if finishing else failed)
                failed = failed + 1 if pause else 0
                last_failed += 1 if finishing and pause else 0
                if finishing and (last_failed == LAST_ATTEMPTS or pause == REFUSED_PAUSE or not self._to_send()):
                    return
                if pause and finishing:
                    time.sleep(pause)
                elif pause:  # what is new may go at once, unless it would fare the same
                    (self._finishing if self._obstacle else self._news).wait(pause)
                else:  # all sent; or another run is just sending what is left
                    self._news.wait(CLAIMED_PAUSE if self._to_send() else WATCH * 10)
        except Exception as exc:  # pylint: disable=broad-except
            self.report.trouble = f"Delivery failed ({type(exc).__name__})."
        finally:
            self.ended.set()

    def _is_refused(self) -> bool:
        return isinstance(self._obstacle, ReceiverRefused)

    def _to_send(self) -> list[str]:
        """What is due, this process's runs first; events that have failed before let the others go ahead, those of
        this process's runs after some patience."""

        def rank(name: str) -> int:
            return self._failures.get(name, 0) // (PATIENCE if run_of(name) in self.runs else 1)

        return sorted(self._spool.due(self.runs), key=rank)

    def _attempt(self, failed: int) -> float:
        """Send what is due, until that fails or there is something new, which may have to go first. Returns the seconds
        to wait before the next attempt."""
        self._obstacle = self._unreadable = None
        list(self._pool.map(self._deliver, self._to_send()))
        obstacle = self._obstacle or self._unreadable
        self.report.trouble = str(obstacle or "")
        if obstacle is None:
            return 0
        if isinstance(obstacle, ReceiverUnavailable):
            return backoff(failed, obstacle.retry_after or None)  # no pause at all would not do
        self._spool.set_refused(self._is_refused())
        return REFUSED_PAUSE

    def _deliver(self, name: str) -> None:
        if self._obstacle is not None or self._news.is_set():
            return
        try:
            try:
                with self._spool.claim(name) as body:
                    if body is None:
                        return
                    decode(body)
                    self._client.send(body)
                    self._spool.done(name)
            except (EventRejected, ValueError):
                self._spool.set_aside(name)
                return self._count("rejected")
            self._count("delivered")
            self.report.trouble = ""
            self._spool.set_refused(False)
        except SematextError as exc:
            self._obstacle = exc
            self._failures[name] = self._failures.get(name, 0) + 1
        except OSError as exc:  # of this event alone: the others may go
            self._unreadable = SematextError(f"The spool cannot be emptied ({exc.strerror}).")

    def _count(self, what: str) -> None:
        with self._lock:
            setattr(self.report, what, getattr(self.report, what) + 1)


def main() -> None:
    """The child's whole life."""
    os.umask(0o077)
    messages = _Messages(sys.stdin.fileno())
    task = Task(**messages.wait_for_first())
    connection = Connection(**task.connection)
    spool = Spool(task.root, connection.digest)
    report, sender = Report(), None
    try:
        spool.trim()
        spool.close_abandoned(encode_abandoned)
        sender = Sender(spool, Client(connection))
        report = sender.report
    except LibraryMissing:
        report.trouble = f"The Python library requests is missing; install it for {sys.executable}."
    except SematextError as exc:
        report.trouble = str(exc)
    except OSError as exc:
        report.trouble = f"The spool cannot be emptied ({exc.strerror})."
    _serve(task, spool, sender, messages)
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), json.dumps(dataclasses.asdict(report)).encode("ascii"))
    os._exit(0)  # requests that hang in threads must not hold the process


def _serve(task: Task, spool: Spool, sender: Sender | None, messages: _Messages) -> None:
    """Follow the parent until it says farewell or is gone."""
    runs: set[str] = set()
    alive = 0.0
    while True:
        for message in messages.next(WATCH):
            if "run" in message:
                runs.add(message["run"])
            if sender:
                sender.runs = runs
                sender.wake()
            if "finish" in message:
                return _finish(sender, message["finish"])
        if os.getppid() != task.parent:
            for run_id in runs:
                spool.close_interrupted(run_id, encode_interrupted)
            return _finish(sender, task.time_budget)
        if time.monotonic() - alive >= SIGN_OF_LIFE:
            alive = time.monotonic()
            for run_id in runs:
                spool.touch_run(run_id)


def _finish(sender: Sender | None, seconds: float) -> None:
    if sender:
        sender.finish()
        sender.ended.wait(seconds)


class _Messages:
    """Lines of JSON from a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._closed = False

    def wait_for_first(self) -> dict[str, t.Any]:
        while b"\n" not in self._rest:
            chunk = os.read(self._descriptor, 65536)
            if not chunk:
                sys.exit(1)
            self._rest += chunk
        line, _newline, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def next(self, seconds: float) -> list[dict[str, t.Any]]:
        """The messages that have come, after waiting for one for some seconds at the most."""
        if self._closed:
            time.sleep(seconds)
        elif b"\n" not in self._rest and select.select([self._descriptor], [], [], seconds)[0]:
            chunk = os.read(self._descriptor, 65536)
            self._closed = not chunk
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""How the spool is laid out: what lies where, in which order it goes out, and what makes an event done, bad or due.

    <spool_dir>/<digest>/     one folder for each receiver and App, 0700; the digest doesn't tell the token
        tmp/                  files that are being written
        events/               due: one complete event a file; the names sort by the time of recording
        bad/                  events that the receiver can never accept, or files that are no event
        runs/                 one marker for each run that has not ended yet
        refused               there if the receiver refused the token or the path at the last attempt
        dropped               how many events were dropped to keep the bounds, until somebody was told

A file gets into events/ by a rename, so it is complete or absent. Who sends an event holds a lock on its file; the
kernel gives the lock back when that process ends, however it ends. Several runs may share a spool.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import os
import tempfile
import time
import typing as t

from ..module_utils._event import EVENT_ID

MAX_EVENTS = 10_000
#: Seconds.
MAX_AGE = 14 * 24 * 3600
#: Seconds without a sign of life after which a run on another host, or in another container, counts as gone.
MAX_SILENCE = 300

_sequence = itertools.count()


class Spool:
    """The folder of one receiver and App.

    :param root: the spool_dir.
    :param digest: Connection.digest.
    """

    def __init__(self, root: str, digest: str) -> None:
        self.root = root
        self.folder = os.path.join(root, digest)
        self._tmp, self.events, self.bad, self.runs = (
            os.path.join(self.folder, name) for name in ("tmp", "events", "bad", "runs")
        )

    def prepare(self) -> None:
        """Make the folders. :raises OSError: if that fails, or if the folder is somebody else's."""
        for folder in (self.root, self.folder, self._tmp, self.events, self.bad, self.runs):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        if self._own_folder().st_mode & 0o077:
            os.chmod(self.folder, 0o700)

    def record(self, run_id: str, body: bytes) -> None:
        """Write an event, complete or not at all. :raises OSError: if it cannot be written."""
        self._publish(body, os.path.join(self.events, f"{_event_name(run_id)}.json"))

    def due(self, run_ids: t.Collection[str] = ()) -> list[str]:
        """The names of the events to send: those of the given runs first, then by their time of recording."""
        with contextlib.suppress(OSError):
            names = [name for name in os.listdir(self.events) if name.endswith(".json")]
            return sorted(names, key=lambda name: (run_of(name) not in run_ids, name))
        return []

    @contextlib.contextmanager
    def claim(self, name: str) -> t.Iterator[bytes | None]:
        """Hold an event while it is being sent. Yields None if it is gone, or held by another process."""
        path = os.path.join(self.events, name)
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open(path, "r+b"))
            except FileNotFoundError:
                yield None
                return
            yield file.read() if self._lock(file, path) else None

    def done(self, name: str) -> None:
        """The receiver has accepted it."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.events, name))

    def set_aside(self, name: str) -> None:
        """The receiver can never accept it."""
        with contextlib.suppress(FileNotFoundError):
            os.rename(os.path.join(self.events, name), os.path.join(self.bad, name))

    def trim(self, max_events: int = MAX_EVENTS, max_age: float = MAX_AGE) -> None:
        """Drop what is too old or too much, the oldest first, and count it. Clean up after writers that died."""
        oldest = f"{int((time.time() - max_age) * 1e6):016d}"
        for folder in (self.events, self.bad):
            names = sorted(os.listdir(folder))
            surplus = max(0, len(names) - max_events)
            dropped = 0
            for position, name in enumerate(names):
                if position < surplus or name < oldest:
                    with contextlib.suppress(OSError):
                        os.unlink(os.path.join(folder, name))
                        dropped += 1
            if dropped and folder == self.events:
                self._count_dropped(dropped)
        for name in os.listdir(self._tmp):
            path = os.path.join(self._tmp, name)
            with contextlib.suppress(FileNotFoundError):
                if time.time() - os.stat(path).st_mtime > 3600:
                    os.unlink(path)

    def dropped(self) -> int:
        """How many events were dropped since told_dropped() was called."""
        try:
            with open(os.path.join(self.folder, "dropped"), encoding="ascii") as file:
                return int(file.read() or 0)
        except (OSError, ValueError):
            return 0

    def told_dropped(self) -> None:
        """Somebody was told of what was dropped."""
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self.folder, "dropped"))

    def set_refused(self, refused: bool) -> None:
        """Remember whether the receiver refused this token or path, so that other runs can name what is stranded."""
        path = os.path.join(self.folder, "refused")
        with contextlib.suppress(OSError):
            if refused:
                self._publish(b"", path)
            elif os.path.exists(path):
                os.unlink(path)

    def stranded(self) -> dict[str, int]:
        """Folders beside this one whose events were refused, with the number of events that wait there."""
        found = {}
        with contextlib.suppress(OSError):
            for name in os.listdir(self.root):
                other = Spool(self.root, name)
                if (
                    other.folder != self.folder
                    and os.path.exists(os.path.join(other.folder, "refused"))
                    and other.due()
                ):
                    found[other.folder] = len(other.due())
        return found

    def adopt(self, folder: str, make_end: t.Callable[[dict[str, t.Any], float], bytes]) -> int:
        """Move the events of another folder of a spool into this one, with the ends of runs that are gone. Runs that go
        on will record theirs where they began.

        :param make_end: as for close_abandoned().
        :returns: the number of events.
        :raises OSError: if the folder is no spool folder of this file system, or cannot be read or emptied.
        """
        other = Spool(*os.path.split(os.path.abspath(folder)))
        if os.path.realpath(other.folder) == os.path.realpath(self.folder):
            return 0
        other.close_abandoned(make_end)
        names = os.listdir(other.events)
        for name in names:
            os.rename(os.path.join(other.events, name), os.path.join(self.events, name))
        other.set_refused(False)
        return len(names)

    # Runs that have not ended. A marker holds who runs, and the event to send if the run ends without saying so.

    def open_run(self, run_id: str, end: t.Mapping[str, t.Any]) -> None:
        """Mark a run as going on. :param end: the event to send if it is interrupted. :raises OSError:"""
        marker = {**_identity(os.getpid()), "end": end}
        self._publish(json.dumps(marker).encode("utf-8"), self._marker(run_id))

    def close_run(self, run_id: str, body: bytes) -> None:
        """Record the end of a run in place of its marker: in two renames, so that no end is lost or written twice."""
        try:
            self._publish(body, self._marker(run_id))
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(self._marker(run_id))  # or a later run would call this one interrupted
            raise
        self._publish_end(run_id)

    def touch_run(self, run_id: str) -> None:
        """A sign of life: the time of the marker's file is when the run was last known to go on."""
        with contextlib.suppress(OSError):
            os.utime(self._marker(run_id))

    def is_open(self, run_id: str) -> bool:
        """Whether no end of the run was recorded."""
        return os.path.exists(self._marker(run_id))

    def close_abandoned(self, make_end: t.Callable[[dict[str, t.Any], float], bytes]) -> None:
        """Record the ends of runs that are gone and didn't say so.

        :param make_end: the encoded event, out of a marker's event and the time at which the run was last known to
            go on, in seconds since the epoch.
        """
        for name in os.listdir(self.runs):
            with contextlib.suppress(OSError):
                self._close_if(os.path.join(self.runs, name), _is_gone, make_end)

    def close_interrupted(self, run_id: str, make_end: t.Callable[[dict[str, t.Any], float], bytes]) -> None:
        """Record the end of a run that was just seen to end without saying so, if nobody else has."""
        with contextlib.suppress(OSError):
            self._close_if(self._marker(run_id), lambda _marker, _seen: True, make_end)

    def _close_if(
        self,
        path: str,
        is_gone: t.Callable[[dict[str, t.Any], float], bool],
        make_end: t.Callable[[dict[str, t.Any], float], bytes],
    ) -> None:
        run_id = os.path.splitext(os.path.basename(path))[0]
        with open(path, "r+b") as file:
            if not self._lock(file, path):
                return
            seen = os.fstat(file.fileno()).st_mtime
            try:
                marker = json.loads(file.read())
                if EVENT_ID in marker:  # close_run() was interrupted between its two renames
                    self._publish_end(run_id)
                elif is_gone(marker, seen):
                    self._publish(make_end(marker["end"], seen), path)
                    self._publish_end(run_id)
            except (ValueError, KeyError, TypeError, RecursionError):
                os.rename(path, os.path.join(self.bad, f"{_event_name(run_id)}.json"))

    def _publish_end(self, run_id: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # another run may finish what it finds half done
            os.rename(self._marker(run_id), os.path.join(self.events, f"{_event_name(run_id)}.json"))

    def _marker(self, run_id: str) -> str:
        return os.path.join(self.runs, f"{run_id}.json")

    def _own_folder(self) -> os.stat_result:
        """The folder's status. :raises PermissionError: if it is somebody else's, who could not read what we write."""
        status = os.lstat(self.folder)
        if status.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to another user", self.folder)
        return status

    def _publish(self, content: bytes, path: str) -> None:
        self._own_folder()
        descriptor, temporary = tempfile.mkstemp(dir=self._tmp)  # containers that share a spool share process ids
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _count_dropped(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._publish(str(self.dropped() + number).encode("ascii"), os.path.join(self.folder, "dropped"))

    @staticmethod
    def _lock(file: t.IO[bytes], path: str) -> bool:
        """Lock a file, if it is still the one at that path and nobody else holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks: an event may then arrive twice, with the same event.id
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
        return False


def run_of(name: str) -> str:
    """The id of the run that has recorded an event, out of the event's name."""
    return name[17:53]


def _event_name(run_id: str) -> str:
    """16 digits of microseconds, the run's id (36 characters), a number: names sort by time and tell their run."""
    return f"{time.time_ns() // 1000:016d}-{run_id}-{os.getpid()}-{next(_sequence)}"


def _identity(pid: int) -> dict[str, t.Any]:
    """What tells a process from a later one with the same number, on this host or another."""
    return {
        "pid": pid,
        "started": _started(pid),
        "boot": _read("/proc/sys/kernel/random/boot_id"),
        "host": os.uname().nodename,
        "pids": _link("/proc/self/ns/pid"),
    }


def _is_gone(marker: t.Mapping[str, t.Any], seen: float) -> bool:
    here = _identity(os.getpid())
    if marker["host"] == here["host"] and marker["boot"] != here["boot"]:
        return True
    if any(marker[key] != here[key] for key in ("host", "boot", "pids")):
        return time.time() - seen > MAX_SILENCE
    if here["boot"]:
        return _started(marker["pid"]) != marker["started"]
    try:
        os.kill(marker["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _started(pid: int) -> str:
    """The start time of a process in ticks since boot, "" if there is no such process or no /proc; a zombie is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""

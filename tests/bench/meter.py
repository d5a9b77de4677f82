# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command costs, with all that it starts: CPU time, wall time and, on wish, the peak of its memory."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
#: Seconds between two looks at the memory of a command.
POLL = 0.02


@dataclass(frozen=True)
class Spent:
    """What a command has cost.

    :ivar code: its exit code; None where it was ended because it took longer than it may.
    :ivar cpu: CPU seconds of it and of all its descendants, also of those that it did not wait for.
    :ivar wall: seconds until it ended by itself.
    :ivar peak: KiB of memory that its own process had at most, 0 where that was not wanted.
    :ivar child_peak: the same of the child process that was named.
    """

    code: int | None
    cpu: float
    wall: float
    peak: int = 0
    child_peak: int = 0


def spend(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    limit: float = 0,
    memory: bool = False,
    child: str = "",
) -> Spent:
    """Run a command in a folder, and meter it. What it prints is in the file `output` there.

    :param limit: seconds after which it is killed, with all that it has started; 0 for never.
    :param memory: whether to look at its memory.
    :param child: text in the command line of the child process whose memory is wanted too.
    """
    reading, writing = os.pipe()
    meter = os.fork()  # a process for each command: what has ended in it is this command's, and nothing else's
    if not meter:
        os.close(reading)
        code = 1
        with contextlib.suppress(OSError):
            spent = _measure(command, folder, environment, limit, (lambda pid: Peaks(pid, child)) if memory else None)
            os.write(writing, json.dumps(asdict(spent)).encode())
            code = 0
        os._exit(code)
    os.close(writing)
    with open(reading) as pipe:
        report = pipe.read()
    if os.waitpid(meter, 0)[1]:
        raise RuntimeError(f"{command[0]} could not be run")
    return Spent(**json.loads(report))


def cpu_seconds(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """CPU seconds of a command and of all its descendants; RuntimeError with its output where it fails."""
    spent = spend(command, folder, environment)
    if spent.code:
        raise RuntimeError((folder / "output").read_text())
    return spent.cpu


class Peaks:
    """Watches the memory of a process until it ends.

    The kernel's own peak is read, again and again: it is gone with the process. That of resource usage would be the
    highest of the process and all its children.
    """

    def __init__(self, pid: int, child: str) -> None:
        self._process, self._wanted = psutil.Process(pid), child
        self._child: int | None = None
        self._over = threading.Event()
        self.own = self.child = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(POLL):
            self.own = max(self.own, _peak(self._process.pid))
            if self._wanted and self._child is None:
                self._child = self._find()
            if self._child is not None:
                self.child = max(self.child, _peak(self._child))

    def _find(self) -> int | None:
        with contextlib.suppress(psutil.Error):
            for each in self._process.children():
                # as long as it is a fork, it has the command line of its parent
                with contextlib.suppress(psutil.Error):
                    if self._wanted in " ".join(each.cmdline()):
                        return each.pid
        return None


def _peak(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def _measure(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    limit: float,
    watch: Callable[[int], Peaks] | None,
) -> Spent:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans become children of this process, and are counted
    begun, wall, late = time.perf_counter(), 0.0, False

    def end_all(*_unused: object) -> None:
        nonlocal late
        late = late or not wall
        for each in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                each.kill()

    signal.signal(signal.SIGALRM, end_all)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    # again and again: children of what has been killed become children of this process only then
    signal.setitimer(signal.ITIMER_REAL, limit, 0.2 if limit else 0)
    peaks = watch(process.pid) if watch else None
    code = process.wait()
    wall = time.perf_counter() - begun
    if peaks:
        peaks.end()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(
        code=None if late else code,
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        peak=peaks.own if peaks else 0,
        child_peak=peaks.child if peaks else 0,
    )

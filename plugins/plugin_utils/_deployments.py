# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What this control node remembers of deployments: which one is under way, what was told of it, what ran before.

    <record_dir>/<digest>.json    the last deployments of one service in one environment, for one receiver and App
    <record_dir>/<digest>.lock    held by the host whose task looks, sends and writes; the others wait

The file is replaced as a whole, so it is complete or the one before. The names tell nothing; the files are for their
owner alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import tempfile
import time
import typing as t
import uuid

from ..module_utils._errors import SematextError

STARTED, SUCCEEDED, FAILED = ("started", "succeeded", "failed")
#: How many deployments are remembered: those that a rollback may go back to.
MAX_DEPLOYMENTS = 50
#: Seconds between two looks at a lock.
_NAP = 0.05


@dataclasses.dataclass
class Deployment:
    """One deployment, as it is remembered.

    :ivar run: the run of ansible-playbook that it was first told by.
    :ivar revision: the full id where git knows it, else as the task named it.
    :ivar named: the revision as the last task that named one did: an id, a branch, a tag.
    :ivar started: its `timestamp`, "" where no start was told.
    :ivar ended: its `timestamp`, "" while it is under way.
    :ivar previous: the revision before it, "" where none is known, None where nobody has looked yet.
    :ivar told: for each state that the receiver has accepted, the step that told it.
    :ivar opened_by: the step that began it.
    :ivar arrived: runs with hosts whose deployment has ended well, or that were in a batch of which it did.
    :ivar refusal: of the last attempt that failed: its `step`, `why`, and the `hosts` that know of it.
    """

    id: str
    run: str
    version: str = ""
    revision: str = ""
    started: str = ""
    ended: str = ""
    outcome: str = ""
    previous: str | None = None
    told: dict[str, str] = dataclasses.field(default_factory=dict)
    opened_by: str = ""
    arrived: list[str] = dataclasses.field(default_factory=list)
    refusal: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    named: str = ""


@dataclasses.dataclass(frozen=True)
class Step:
    """A task that tells a state, whichever host runs it.

    :ivar place: the same for all hosts and batches, another one for another task.
    :ivar id: the deployment's, "" where the task names none.
    """

    state: str
    run: str
    place: str
    id: str = ""
    version: str = ""
    revision: str = ""

    @property
    def key(self) -> str:
        """Tells this step from all others."""
        words = json.dumps([self.state, self.run, self.place, self.id, self.version, self.revision])
        return hashlib.sha256(words.encode()).hexdigest()[:16]


class Record:
    """The deployments of one service in one environment. Use locked() around all that reads and then writes.

    :param digest: Connection.digest.
    """

    def __init__(self, folder: str, digest: str, service: str, environment: str) -> None:
        name = hashlib.sha256(json.dumps([digest, service, environment]).encode()).hexdigest()[:32]
        self._folder, self._path = folder, os.path.join(folder, f"{name}.json")
        self.deployments: list[Deployment] = []
        self._read_as: list[dict[str, t.Any]] = []

    @contextlib.contextmanager
    def locked(self, patience: float) -> t.Iterator[None]:
        """Hold the record and read it.

        :param patience: seconds to wait for another host or run that holds it.
        :raises SematextError: when it is held for longer.
        :raises OSError: when the folder cannot be used.
        """
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        with open(f"{self._path[: -len('.json')]}.lock", "a", opener=_private) as file:
            deadline = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise SematextError(
                            f"Another run tells of a deployment of the same service for more than {patience:.0f} s;"
                            " try again when it is done."
                        ) from None
                    time.sleep(_NAP)
            self.deployments = self._read()
            self._read_as = self._kept()
            yield

    def write(self) -> None:
        """Keep what has changed. :raises OSError: if it cannot be written."""
        kept = self._kept()
        if kept == self._read_as:  # for most hosts of a play there is nothing new
            return
        handle, path = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(path, self._path)
        except BaseException:
            os.unlink(path)
            raise

    def _kept(self) -> list[dict[str, t.Any]]:
        return [dataclasses.asdict(each) for each in self.deployments[-MAX_DEPLOYMENTS:]]

    def _read(self) -> list[Deployment]:
        try:
            with open(self._path, encoding="utf-8") as file:
                return [Deployment(**each) for each in json.load(file)]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, RecursionError):
            # Not ours, or torn by a disk: what it held is unknown now, and no more.
            os.replace(self._path, f"{self._path}.bad")
            return []

    def find(self, step: Step) -> Deployment:
        """The deployment that a step tells of, a new one if there is none."""
        own_first = sorted(reversed(self.deployments), key=lambda each: each.run != step.run)
        for deployment in own_first:
            if deployment.id == step.id if step.id else _tells(step, deployment):
                return deployment
        deployment = Deployment(step.id or str(uuid.uuid4()), step.run, step.version, step.revision)
        deployment.opened_by = step.key
        self.deployments.append(deployment)
        return deployment

    def before(self, deployment: Deployment) -> list[Deployment]:
        """Those that have ended, without this one, the last first."""
        return [each for each in reversed(self.deployments) if each.ended and each.id != deployment.id]


def _tells(step: Step, deployment: Deployment) -> bool:
    """Whether a step without an id can be about this deployment."""
    own = deployment.run == step.run
    if own and (step.key == deployment.opened_by or step.key in deployment.told.values()):
        return True  # another host, or another batch of hosts
    if step.state == STARTED or _contradict(step.version, deployment.version):
        return False
    if not deployment.ended:
        same_revision = step.revision == deployment.named or not _contradict(step.revision, deployment.revision)
        return own or (STARTED in deployment.told and same_revision)
    # of its hosts, some have failed, and some have not
    return own and step.state not in deployment.told and (bool(deployment.started) or _agree(step, deployment))


def _agree(step: Step, deployment: Deployment) -> bool:
    """Whether both name the same. Without that, and without a start, one may be the way back from the other."""
    return bool(
        (step.version and step.version == deployment.version) or (step.revision and step.revision == deployment.named)
    )


def _contradict(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

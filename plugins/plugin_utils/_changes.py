# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Which hosts a play has changed so far, and by which tasks, in bounded memory however many hosts there are."""

from __future__ import annotations

import time
import typing as t

from ._host_events import Changed
from ._words import MAX_LISTED


class Changes:
    """Of one play; what changed apart from what would change in check mode.

    :param play: the play's name.
    :param limit: up to so many hosts are told one by one.
    """

    def __init__(self, play: str, limit: int) -> None:
        self._play, self._limit = play, limit
        self._began = time.monotonic()
        self._sides = {False: _Side(), True: _Side()}

    def add(self, host: t.Any, task: str, pretended: bool) -> None:
        """A task has changed a host. :param host: has a `name`. :param task: as Changed.tasks has it."""
        self._sides[pretended].add(host, task, time.monotonic() - self._began, self._limit)

    def take(self, name_of: t.Callable[[t.Any], str]) -> t.Iterator[Changed]:
        """All that was added. :param name_of: the name by which events know a host."""
        for pretended, side in self._sides.items():
            one_by_one = len(side.hosts) <= self._limit
            for each in [(host,) for host in side.hosts.values()] if one_by_one else [tuple(side.hosts.values())]:
                yield Changed(
                    play=self._play,
                    hosts=[name_of(host.host) for host in each[:MAX_LISTED]],
                    host_count=len(each),
                    tasks=list(each[0].tasks if one_by_one else side.tasks)[:MAX_LISTED],
                    task_count=sum(host.count for host in each),
                    seconds=max(host.seconds for host in each),
                    pretended=pretended,
                )


class _Host:
    """What changed on a host. :ivar tasks: the first of them, in order, each once; none where there are many hosts."""

    __slots__ = ("host", "tasks", "count", "seconds")

    def __init__(self, host: t.Any) -> None:
        self.host = host
        self.tasks: dict[str, None] = {}
        self.count = 0
        self.seconds = 0.0


class _Side:
    """What changed, or what would change."""

    def __init__(self) -> None:
        self.hosts: dict[str, _Host] = {}
        self.tasks: dict[str, None] = {}

    def add(self, host: t.Any, task: str, seconds: float, limit: int) -> None:
        task = _add(self.tasks, task)
        if host.name not in self.hosts:
            self.hosts[host.name] = _Host(host)
            if len(self.hosts) == limit + 1:
                for each in self.hosts.values():
                    each.tasks = {}
        changed = self.hosts[host.name]
        changed.count += 1
        changed.seconds = seconds
        if len(self.hosts) <= limit:
            _add(changed.tasks, task)


def _add(tasks: dict[str, None], task: str) -> str:
    if len(tasks) < MAX_LISTED:
        tasks[task] = None
    return task

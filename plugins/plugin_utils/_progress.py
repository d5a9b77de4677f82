# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What has happened in one playbook so far: its plays, its changes and its failures."""

from __future__ import annotations

import typing as t

from ._changes import Changes
from ._results import Removals, Summary, fit, written_name
from ._run_events import COUNTS, Result
from ._words import MAX_LISTED


class Teller(t.Protocol):
    """Who is told what. Plays, hosts and tasks are ansible-core's."""

    def task(self, task: t.Any) -> str:
        """A task as people find it: `name (path:line)`."""

    def failure(self, kind: str, play: t.Any, host: t.Any, task: t.Any) -> str:
        """A host failed for good, or cannot be reached. Returns the task's name."""

    def more_failures(self, play: t.Any, hosts: t.Sequence[t.Any], number: int) -> None:
        """So many hosts failed besides those that failure() was called for; these are the first of them."""

    def changes(self, play: t.Any, changes: Changes) -> None:
        """A play is over, and this is what it has changed."""


class Progress:
    """Follows the plays of a playbook.

    :param teller: is told of each final failure, and at the end of a play of all else.
    :param limit: hosts of a play up to which each has events of its own.
    :param check_mode: whether all of the run pretends, so that what would change counts as changed.
    """

    def __init__(self, teller: Teller, limit: int, check_mode: bool = False) -> None:
        self._teller, self._limit, self._check_mode = teller, limit, check_mode
        self._play: t.Any = None
        self._unmatched = self._plays = 0
        self._removals = Removals()
        self._failed_tasks: dict[str, None] = {}
        self._told: set[str] = set()
        self._untold: list[t.Any] = []
        self._untold_number = 0
        self._changes: Changes | None = None
        self._pretended: dict[str, int] = {}

    def play_begins(self, play: t.Any) -> None:
        """A play, or the next batch of a play with `serial`, which is the same play."""
        if self._play is None or play._uuid != self._play._uuid:
            self.play_ends()
            self._changes = Changes(written_name(play), self._limit)
        self._play = play
        self._removals = Removals()
        self._plays += 1

    def no_hosts_matched(self) -> None:
        """The play that has just begun found no hosts."""
        self._unmatched += 1

    def fails(self, kind: str, host: t.Any, task: t.Any) -> None:
        """A host fails, or cannot be reached. A failure that a block rescues is none."""
        if not self._removals.is_final(self._play, host):
            return
        if host.name in self._told or len(self._told) < self._limit:
            self._told.add(host.name)
            self._failed_tasks[self._teller.failure(kind, self._play, host, task)] = None
        else:
            self._untold_number += 1
            if len(self._untold) < MAX_LISTED:
                self._untold.append(host)

    def changed(self, host: t.Any, task: t.Any, pretended: bool) -> None:
        """A task has changed a host. :param pretended: it would have, but ran in check mode."""
        if pretended and not self._check_mode:
            self._pretended[host.name] = self._pretended.get(host.name, 0) + 1
        elif self._changes is not None:
            self._changes.add(host, self._teller.task(task), pretended)

    def play_ends(self) -> None:
        """The play is over; tells what was not told at once."""
        if self._untold_number:
            self._teller.more_failures(self._play, self._untold, self._untold_number)
        changes, self._changes = self._changes, None
        if changes is not None and self._play is not None:
            self._teller.changes(self._play, changes)
        self._told, self._untold, self._untold_number = set(), [], 0

    def ends(self, summaries: t.Mapping[str, Summary]) -> Result:
        """The playbook is over. :param summaries: its counters by host."""
        self.play_ends()
        summaries = {
            host: {**summary, "changed": max(0, summary["changed"] - self._pretended.get(host, 0))}
            for host, summary in summaries.items()
        }
        bad = [host for host, summary in summaries.items() if summary["failures"] or summary["unreachable"]]
        hosts = {"total": len(summaries)}
        for key, count in (("changed", "changed"), ("failed", "failures"), ("unreachable", "unreachable")):
            hosts[key] = sum(1 for summary in summaries.values() if summary[count])
        return Result(
            counts={key: sum(summary[key] for summary in summaries.values()) for key in COUNTS},
            hosts=hosts,
            failed_hosts=[fit(host) for host in sorted(bad)],
            failed_tasks=list(self._failed_tasks),
            matched=not self._plays or self._plays > self._unmatched,
        )

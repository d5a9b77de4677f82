# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What has happened in one playbook so far: its plays and its failures."""

from __future__ import annotations

import typing as t

from ._results import Removals, Summary, fit
from ._run_events import COUNTS, Result


class Progress:
    """Follows the plays of a playbook.

    :param tell: is called once for each final failure, with its kind, the play, the host and the task.
    """

    def __init__(self, tell: t.Callable[[str, t.Any, t.Any, t.Any], str]) -> None:
        self._tell = tell
        self._play: t.Any = None
        self._unmatched = self._plays = 0
        self._removals = Removals()
        self._failed_tasks: dict[str, None] = {}

    def play_begins(self, play: t.Any) -> None:
        """A play, or the next batch of a play with `serial`."""
        self._play = play
        self._removals = Removals()
        self._plays += 1

    def no_hosts_matched(self) -> None:
        """The play that has just begun found no hosts."""
        self._unmatched += 1

    def fails(self, kind: str, host: t.Any, task: t.Any) -> None:
        """A host fails, or cannot be reached. A failure that a block rescues is none."""
        if self._removals.is_final(self._play, host):
            self._failed_tasks[self._tell(kind, self._play, host, task)] = None

    def ends(self, summaries: t.Mapping[str, Summary]) -> Result:
        """The playbook is over. :param summaries: its counters by host."""
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

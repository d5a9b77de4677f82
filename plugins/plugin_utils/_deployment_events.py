# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What is said of a deployment: its start, or its end, and the commits that it brings or takes back."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ..module_utils._event import escape_markdown, parse_time
from ._deployments import FAILED, STARTED, SUCCEEDED
from ._history import AHEAD, DIVERGED, MAX_NAME, MISSING, ROLLBACK, SAME, Commit, History, plain
from ._repository_pages import commit_page, compare_page, page
from ._run_events import SHORT_COMMIT
from ._words import MAX_LISTED, counted, duration, link, some

TYPE = "deployment"
#: How many commits a message lists.
MAX_SUBJECTS = 10
#: Bytes of `data`, so that the event stays within its own limit.
MAX_DATA = 128 * 1024

_SEVERITIES = {STARTED: "info", SUCCEEDED: "info", FAILED: "error"}
#: Titles by state; {0} is service and version, {1} the environment with its preposition.
_TITLES = {STARTED: "Deploying {0}{1}", SUCCEEDED: "Deployed {0}{1}", FAILED: "Deployment of {0}{1} failed"}
_ROLLBACK_TITLES = {
    STARTED: "Rolling back {0}{1}",
    SUCCEEDED: "Rolled back {0}{1}",
    FAILED: "Rollback of {0}{1} failed",
}


@dataclasses.dataclass(frozen=True)
class Telling:
    """What is known when a state is told.

    :ivar id: the `deployment.id`.
    :ivar hosts: names; [] where the deployment is of no hosts that Ansible knows.
    :ivar failed_hosts: of them, those that it has failed on.
    :ivar started: the `timestamp` of its start, "" where that is not known.
    :ivar now: the `timestamp` of what is told.
    :ivar returns: the version or revision has been deployed before, and another one after it.
    """

    id: str
    state: str
    service: str
    version: str
    environment: str
    url: str
    text: str
    hosts: t.Sequence[str]
    failed_hosts: t.Sequence[str]
    started: str
    now: str
    returns: bool
    history: History

    @property
    def rollback(self) -> bool:
        """Whether this goes back to what was there before: git says so, or, where it doesn't know, the record."""
        known = self.history.relation in (AHEAD, DIVERGED)
        return self.history.relation == ROLLBACK or (self.returns and not known)

    def options(self) -> dict[str, t.Any]:
        """The options of the module `event` that say it."""
        labels = {"service": self.service, "version": self.version, "env": self.environment, "state": self.state}
        titles = _ROLLBACK_TITLES if self.rollback else _TITLES
        revision = self.history.revision[:SHORT_COMMIT]
        what = " ".join(filter(None, [self.service, self.version or revision]))
        into = f" {'in' if self.rollback else 'to'} {self.environment}" if self.environment else ""
        if self.rollback and self.state != FAILED and (self.version or revision):
            what = f"{self.service} to {self.version or revision}"
        title = titles[self.state].format(what, into)
        return {
            "type": TYPE,
            "severity": "warning" if self.failed_hosts and self.state == SUCCEEDED else _SEVERITIES[self.state],
            "title": title,
            "msg": self._message(title),
            "tags": [f"{key}:{value}" for key, value in labels.items() if value],
            "data": _data(self.history),
        }

    def fields(self) -> dict[str, t.Any]:
        """The fields besides those that have an option."""
        history = self.history
        fields: dict[str, t.Any] = {
            "service.name": self.service,
            "deployment.id": self.id,
            "deployment.state": self.state,
            "deployment.version": self.version,
            "deployment.environment": self.environment,
            "deployment.url": self.url,
            "deployment.rollback": self.rollback,
            "deployment.started": self.started,
            "deployment.hosts": list(self.hosts[:MAX_LISTED]),
            "deployment.host_count": len(self.hosts),
            "deployment.failed_hosts": list(self.failed_hosts[:MAX_LISTED]),
            "repository.url": page(history.remote),
            "commit.id": history.revision,
            "commit.branch": history.branch,
            "commit.url": commit_page(history.remote, history.revision),
            "commit.previous": plain(history.previous, MAX_NAME),
            "commit.relation": history.relation if history.revision else "",
            "commit.authors": list(history.authors),
            "commit.compare_url": self._compare_url(),
            "commit.problem": history.problem,
        }
        if self.state != STARTED:
            fields["deployment.ended"] = self.now
            if self.started:
                fields["deployment.duration"] = self._seconds()
        fields = {name: value for name, value in fields.items() if value}
        if history.count is not None:
            fields.update({"commit.count": history.count, "commit.count_exact": history.exact})
        if history.removed:
            fields["commit.removed"] = history.removed
        if history.dirty is not None:
            fields["commit.dirty"] = history.dirty
        return fields

    def _seconds(self) -> float:
        return round(max(0.0, (parse_time(self.now) - parse_time(self.started)).total_seconds()), 3)

    def _compare_url(self) -> str:
        """The page that shows what is gained, or, of a rollback, what is taken back."""
        history = self.history
        if not history.previous or history.relation == SAME:
            return ""
        ends = (history.previous, history.revision)
        return compare_page(history.remote, *(reversed(ends) if history.relation == ROLLBACK else ends))

    def _message(self, title: str) -> str:
        took = f" ({duration(self._seconds())})" if self.state != STARTED and self.started else ""
        sentence = escape_markdown(title) + self._where() + self._what() + took
        more = [self.text] if self.text.strip() else []
        if self.history.commits:
            more.append(self._subjects())
        return "\n\n".join([sentence, *more])

    def _where(self) -> str:
        if not self.hosts:
            return ""
        total = counted(len(self.hosts), "host")
        if self.failed_hosts and self.state == SUCCEEDED:
            on = f" on {len(self.hosts) - len(self.failed_hosts)} of {total}"
            return f"{on}, not on {some(self.failed_hosts)}"
        if self.failed_hosts and self.state == FAILED:
            return f" on {len(self.failed_hosts)} of {total}: {some(self.failed_hosts)}"
        return f" on {total}"

    def _what(self) -> str:
        """Which commits, as far as that is known."""
        history = self.history
        if not history.revision:
            return ""
        uncommitted = ", with changes that are not committed" if history.dirty else ""
        at = f" at {self._linked(history.revision)}{uncommitted}"
        if not history.previous:
            return f"{at}; no earlier deployment is known"
        if history.relation == SAME:
            return f"{at}, as before"
        previous = self._linked(history.previous)
        compare = f" ({link('compare', self._compare_url())})" if self._compare_url() else ""
        if history.count is None:
            shallow = ", as it is shallow" if history.shallow else ""
            lacking = f", which this repository does not have{shallow}" if history.relation == MISSING else ""
            return f"{at}; before, it was {previous}{lacking}{compare}"
        number = f"{'' if history.exact else 'at least '}{counted(history.count, 'commit')}"
        authors = f" by {some(history.authors)}" if history.authors else ""
        if history.relation == ROLLBACK:
            return f"{at}: {number}{authors} up to {previous} taken back{compare}"
        if history.relation == DIVERGED:
            without = f", without {counted(history.removed, 'commit')} of it" if history.removed else ""
            return f"{at}: {number}{authors} that {previous} does not have{without}{compare}"
        return f"{at}: {number}{authors} since {previous}{compare}"

    def _subjects(self) -> str:
        """A list of commits, the newest first."""
        history = self.history
        shown = history.commits[:MAX_SUBJECTS]
        lines = [f"- {escape_markdown(each.subject) or 'no subject'} ({self._linked(each.id)})" for each in shown]
        left = (history.count or 0) - len(shown)
        if left > 0:
            lines.append(f"- and {'' if history.exact else 'at least '}{left} more")
        return "\n".join(lines)

    def _linked(self, revision: str) -> str:
        short = revision[:SHORT_COMMIT] if re.fullmatch("[0-9a-f]{40,64}", revision) else plain(revision, MAX_NAME)
        return link(short, commit_page(self.history.remote, revision))


def _data(history: History) -> str | None:
    """All commits as JSON, as many of the newest ones as there is room for."""
    items = [_commit(history.remote, each) for each in history.commits]
    if not items:
        return None
    room, kept = MAX_DATA, 0
    for item in items:
        room -= len(json.dumps(item)) + 1
        if room < 0:
            break
        kept += 1
    return json.dumps({"commits": items[:kept], "left_out": max(0, (history.count or 0) - kept)})


def _commit(remote: str, commit: Commit) -> dict[str, str]:
    item = {**dataclasses.asdict(commit), "url": commit_page(remote, commit.id)}
    return {name: value for name, value in item.items() if value}

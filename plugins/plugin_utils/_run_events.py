# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the callback says of a run: what all its events have in common, its start, and the ways in which it can end."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import typing as t

from ..module_utils._event import OPTION_FIELDS, RUN_ID, build, encode, escape_markdown, format_time, parse_time
from ._context import CI_NAMES
from ._words import MAX_LISTED, counted, duration, link, some

RUN_TYPE = "ansible_run"
#: Digits of a commit's id where people read it.
SHORT_COMMIT = 7
#: The severity of each outcome of a run.
OUTCOMES = {
    "succeeded": "info",
    "changed": "info",
    "failed": "error",
    "unreachable": "error",
    "no_hosts": "warning",
    "interrupted": "warning",
    "aborted": "error",
}
#: The counts of Ansible's statistics, by the names that its recap shows.
COUNTS = {
    "ok": "ok",
    "changed": "changed",
    "unreachable": "unreachable",
    "failures": "failed",
    "skipped": "skipped",
    "rescued": "rescued",
    "ignored": "ignored",
}


@dataclasses.dataclass(frozen=True)
class About:
    """What all events of one run have in common.

    :ivar options: `tags`, `fields` and `creator`, as the user set them.
    :ivar commit: fields of the playbook's commit, {} where there is none.
    :ivar context: further fields: who and what runs the playbook, and what of it.
    """

    run_id: str
    playbook: str
    user: str
    control_host: str
    check_mode: bool
    commit: t.Mapping[str, str]
    options: t.Mapping[str, t.Any]
    context: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def event(
        self, options: t.Mapping[str, t.Any], fields: t.Mapping[str, t.Any], event_id: str | None = None
    ) -> dict[str, t.Any]:
        """One event of this run. :raises OptionError: if the user's own tags or fields make it impossible."""
        own = {
            RUN_ID: self.run_id,
            "ansible.playbook": self.playbook,
            "ansible.user": self.user,
            "ansible.control_host": self.control_host,
            "ansible.check_mode": self.check_mode,
            **self.commit,
            **self.context,
            **fields,
        }
        return build({**self.options, **options}, own, event_id)

    def run_event(
        self, state: str, rest: str, severity: str, fields: t.Mapping[str, t.Any], event_id: str | None = None
    ) -> dict[str, t.Any]:
        """A start or an end. :param state: ends the title. :param rest: follows it in the message."""
        note = " (check mode)" if self.check_mode else ""
        name = self.playbook.rsplit("/", 1)[-1]
        what = "Ad hoc command" if name == "__adhoc_playbook__" else f"Playbook {name}"
        options = {
            "type": RUN_TYPE,
            "severity": severity,
            "title": f"{what} {state}{note}",
            "msg": f"{escape_markdown(what)} {state}{note}{rest}",
            "host": self.control_host,
        }
        return self.event(options, fields, event_id)

    def start(self) -> dict[str, t.Any]:
        """The start of the run."""
        who = f" by {escape_markdown(self.user)} on {escape_markdown(self.control_host)}"
        return self.run_event("started", who + self._job() + self.at_commit(), "info", {"ansible.run.state": "started"})

    def _job(self) -> str:
        """The job that runs the playbook, linked where its page is known."""
        for system, number, url in _JOBS:
            if number in self.context:
                words = f"{CI_NAMES.get(str(self.context.get(system)), 'AWX')} job {self.context[number]}"
                return f" in {link(words, self.context.get(url))}"
        return ""

    def end(self, outcome: str, event_id: str, started: float, result: Result | None = None) -> dict[str, t.Any]:
        """The end of the run, now. :param started: seconds since the epoch."""
        event = self._end(outcome, result, event_id)
        return _ended_at(event, started, time.time(), "{}")

    def interrupted(self) -> dict[str, t.Any]:
        """The end that the run has if nobody lives to tell of it: encode_interrupted() adds the time."""
        return self._end("interrupted")

    def _end(self, outcome: str, result: Result | None = None, event_id: str | None = None) -> dict[str, t.Any]:
        fields = {"ansible.run.state": "ended", "ansible.run.outcome": outcome}
        fields.update(result.fields() if result else {})
        rest = result.words(outcome) if result else ""
        return self.run_event(_STATES[outcome], rest, OUTCOMES[outcome], fields, event_id)

    def at_commit(self) -> str:
        """` at commit 1a2b3c4`, linked where its page is known, "" where there is no commit."""
        commit = self.commit.get("commit.id", "")[:SHORT_COMMIT]
        return f" at commit {link(commit, self.commit.get('commit.url'))}" if commit else ""


@dataclasses.dataclass(frozen=True)
class Result:
    """What a run's statistics and failures say.

    :ivar counts: sums over all hosts, by the keys of COUNTS.
    :ivar hosts: how many hosts were in the run, by `total`, `changed`, `failed`, `unreachable`.
    :ivar matched: whether at least one play found hosts.
    """

    counts: t.Mapping[str, int]
    hosts: t.Mapping[str, int]
    failed_hosts: t.Sequence[str]
    failed_tasks: t.Sequence[str]
    matched: bool

    def outcome(self) -> str:
        """succeeded, changed, failed, unreachable or no_hosts."""
        for outcome in ("failed", "unreachable", "changed"):
            if self.hosts[outcome]:
                return outcome
        return "succeeded" if self.matched else "no_hosts"

    def fields(self) -> dict[str, t.Any]:
        """The fields of the end event."""
        fields: dict[str, t.Any] = {f"ansible.tasks.{COUNTS[key]}": value for key, value in self.counts.items()}
        fields.update({f"ansible.hosts.{key}": value for key, value in self.hosts.items()})
        for key, names in (("hosts", self.failed_hosts), ("tasks", self.failed_tasks)):
            if names:
                fields[f"ansible.failed_{key}"] = list(names[:MAX_LISTED])
        return fields

    def words(self, outcome: str) -> str:
        """What follows the outcome in the message."""
        total = counted(self.hosts["total"], "host")
        if outcome == "succeeded":
            return f": nothing changed on {total}"
        if outcome == "changed":
            return f": {self.hosts['changed']} of {total} changed"
        if outcome in ("failed", "unreachable"):
            tasks = f" at {some(self.failed_tasks)}" if self.failed_tasks else ""
            return (
                f" on {self.hosts['failed'] + self.hosts['unreachable']} of {total}: {some(self.failed_hosts)}{tasks}"
            )
        return ""


def encode_interrupted(end: dict[str, t.Any], _seen: float) -> bytes:
    """The end of a run that is gone since a moment ago. :param end: About.interrupted(), made when the run started."""
    return encode(_ended_at(end, _start_of(end), time.time(), "{}"))


def encode_abandoned(end: dict[str, t.Any], seen: float) -> bytes:
    """The end of a run that nobody has seen. :param seen: seconds since the epoch: its last sign of life."""
    started = _start_of(end)
    return encode(_ended_at(end, started, max(seen, started), "last sign of life after {}"))


def _start_of(end: t.Mapping[str, t.Any]) -> float:
    return parse_time(end["timestamp"]).timestamp()


def _ended_at(event: dict[str, t.Any], started: float, ended: float, words: str) -> dict[str, t.Any]:
    """An end event with its time, and the run's duration in seconds."""
    seconds = round(max(0.0, ended - started), 3)
    message = OPTION_FIELDS["msg"]
    return {
        **event,
        "timestamp": format_time(dt.datetime.fromtimestamp(ended, dt.timezone.utc)),
        message: f"{event[message]} ({words.format(duration(seconds))})",
        "ansible.run.duration": seconds,
    }


#: Fields that name a job: of its system, its number, its page.
_JOBS = (("awx", "awx.job.id", "awx.job.url"), ("ci.system", "ci.run", "ci.url"))
_STATES = {
    "succeeded": "succeeded",
    "changed": "succeeded",
    "failed": "failed",
    "unreachable": "could not reach all hosts",
    "no_hosts": "matched no hosts",
    "interrupted": "was interrupted",
    "aborted": "was aborted by an error",
}

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the callback says of hosts: those that failed, and those that changed."""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils._event import escape_markdown
from ._run_events import About
from ._words import MAX_LISTED, counted, duration, some

FAILURE_TYPE = "ansible_failure"
CHANGE_TYPE = "infrastructure"


@dataclasses.dataclass(frozen=True)
class Changed:
    """What changed, or would change, on one host or on many.

    :ivar hosts: the names of the hosts, MAX_LISTED at the most.
    :ivar host_count: how many hosts there are.
    :ivar tasks: the tasks and handlers that changed them, as `name (path:line)`, MAX_LISTED at the most.
    :ivar task_count: how often a task changed a host.
    :ivar seconds: from the play's start to the last change.
    :ivar pretended: whether nothing was changed, as in check mode.
    """

    play: str
    hosts: t.Sequence[str]
    host_count: int
    tasks: t.Sequence[str]
    task_count: int
    seconds: float
    pretended: bool = False


def failure(about: About, kind: str, host: str, play: str, task: t.Mapping[str, str]) -> dict[str, t.Any]:
    """A host failed, or was unreachable. :param kind: `failed` or `unreachable`. :param task: name, action, path."""
    place = f" ({escape_markdown(task['path'])})" if task["path"] else ""
    options = {
        "type": FAILURE_TYPE,
        "severity": "error",
        "title": f"{host} {_VERBS[kind]}: {task['name']}",
        "msg": f"{escape_markdown(host)} {_VERBS[kind]} at task {escape_markdown(task['name'])}{place}",
        "host": host,
    }
    fields = {"ansible.failure": kind, "ansible.play": play}
    fields.update({f"ansible.task.{key}": value for key, value in task.items() if value})
    return about.event(options, fields)


def more_failures(about: About, play: str, hosts: t.Sequence[str], number: int) -> dict[str, t.Any]:
    """Hosts that failed or were unreachable after so many others that they have no events of their own."""
    what = f"{counted(number, 'more host')} failed or could not be reached"
    options = {
        "type": FAILURE_TYPE,
        "severity": "error",
        "title": f"{what} in play {play}" if play else what,
        "msg": f"{what}{_in_play(play)}: {some(hosts, number)}",
    }
    fields = {"ansible.failure": "failed", "ansible.play": play, "ansible.failed_hosts": list(hosts[:MAX_LISTED])}
    return about.event(options, {**fields, "ansible.hosts.failed": number})


def changes(about: About, changed: Changed) -> dict[str, t.Any]:
    """Hosts that a play has changed: one of them, or many in one event."""
    one = changed.host_count == 1
    verb = "would change" if changed.pretended else "changed"
    note = " (check mode)" if changed.pretended else ""
    tasks = counted(changed.task_count, "change")
    subject = changed.hosts[0] if one else counted(changed.host_count, "host")
    who = escape_markdown(subject) if one else f"{subject} ({some(changed.hosts, changed.host_count)})"
    options = {
        "type": CHANGE_TYPE,
        "severity": "info",
        "title": f"{subject} {verb}: {changed.play or tasks}{note}",
        "msg": (
            f"{who} {verb}{_in_play(changed.play)}{note}: {tasks} by {some(changed.tasks)}"
            f"{about.at_commit()} ({duration(changed.seconds)})"
        ),
        "host": changed.hosts[0] if one else None,
    }
    fields: dict[str, t.Any] = {
        "ansible.play": changed.play,
        "ansible.check_mode": changed.pretended,
        "ansible.changed_tasks": list(changed.tasks),
        "ansible.tasks.changed": changed.task_count,
        "ansible.play.duration": round(changed.seconds, 3),
    }
    if not one:
        fields.update({"ansible.changed_hosts": list(changed.hosts), "ansible.hosts.changed": changed.host_count})
    return about.event(options, fields)


def _in_play(play: str) -> str:
    return f" in play {escape_markdown(play)}" if play else ""


_VERBS = {"failed": "failed", "unreachable": "was unreachable"}

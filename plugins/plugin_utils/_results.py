# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the callback reads of ansible-core's objects, on every supported version. Nothing else touches their insides.

Names are those written in the playbook: core renders `name` and `get_name()` before callbacks see them, for no_log
tasks too, and a rendered name can hold a secret.
"""

from __future__ import annotations

import collections
import typing as t

#: Characters of a name: an event lists hundreds, and has room for 256 KiB.
MAX_NAME = 250
MAX_PATH = 4096
#: The counters of AggregateStats.summarize().
Summary = t.Dict[str, int]


def host_of(result: t.Any) -> t.Any:
    """The play's host of a result: `host` since ansible-core 2.19, `_host` before."""
    return getattr(result, "host", None) or result._host


def task_of(result: t.Any) -> t.Any:
    """The task of a result: `task` since ansible-core 2.19, `_task` before."""
    return getattr(result, "task", None) or result._task


def is_changed(result: t.Any) -> bool:
    """Whether the task has changed something, or says that it would have."""
    return result.is_changed()


def is_pretended(task: t.Any) -> bool:
    """Whether the task ran in check mode, because the run does or because it says so itself."""
    return task.check_mode is True


def changed_host(play: t.Any, result: t.Any) -> t.Any:
    """The host that a task has changed: that of the play, or the one to which it was delegated, if that is one of the
    inventory. What else `delegate_to` was rendered to could be anything, and is not told."""
    target = task_of(result).delegate_to
    inventory = play.get_variable_manager()._inventory
    return (isinstance(target, str) and inventory.hosts.get(target)) or host_of(result)


def fit(name: str, length: int = MAX_NAME) -> str:
    """A name or path as an event can hold it, whatever a playbook, an inventory or a file system calls things."""
    name = name.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
    return name if len(name) <= length else f"{name[: length - 1]}\N{HORIZONTAL ELLIPSIS}"


def written_name(thing: t.Any) -> str:
    """The name of a task, handler or play as the playbook has it, "" if it has none there."""
    source = thing.get_ds()
    name = source.get("name") if isinstance(source, dict) else None
    return fit(str(name)) if name else ""


def describe_task(task: t.Any, folder: str) -> dict[str, str]:
    """A task's `name` (its action if it has none), `action` and `path`, relative to the playbook's folder if in it."""
    path = task.get_path() or ""
    if path.startswith(f"{folder}/"):
        path = path[len(folder) + 1 :]
    action = fit(str(task.action))
    return {"name": written_name(task) or action, "action": action, "path": fit(str(path), MAX_PATH)}


def label_task(task: t.Any, folder: str) -> str:
    """A task as people find it: `name (path:line)`, of MAX_NAME characters at the most; of a long path, the end."""
    described = describe_task(task, folder)
    path = described["path"]
    if len(path) > MAX_NAME // 2:
        path = f"\N{HORIZONTAL ELLIPSIS}{path[1 - MAX_NAME // 2 :]}"
    place = f" ({path})" if path else ""
    return fit(described["name"], MAX_NAME - len(place)) + place


class Removals:
    """Tells which failures are final: core counts the host out of its play, and in again if a block rescues it, before
    the callback is told. What counts is the change, since any_errors_fatal and run_once count hosts out that are then
    rescued, and that have not failed themselves."""

    def __init__(self) -> None:
        self._before: dict[str, int] = {}

    def is_final(self, play: t.Any, host: t.Any) -> bool:
        """Whether the failure of this host, of which the callback is just told, is final."""
        removed = getattr(play, "_removed_hosts", None)
        if removed is None:
            return True
        now = collections.Counter(removed)
        before, self._before = self._before, now
        return now[host.name] > before.get(host.name, 0)


def facts_of(play: t.Any, host: t.Any) -> t.Mapping[str, t.Any]:
    """The facts that are known of a host. Takes milliseconds: not for each result."""
    return play.get_variable_manager().get_vars(play=play, host=host).get("ansible_facts") or {}


def was_interrupted(display: t.Any) -> bool:
    """Whether the user has interrupted ansible-playbook. Core says so to the user and to nobody else, so this looks
    at the errors that were shown; where they can't be seen, the answer is no."""
    return any("User interrupted execution" in str(error) for error in getattr(display, "_errors", ()))


class Statistics:
    """The counters of each playbook, where core's add up over all playbooks of one command."""

    def __init__(self) -> None:
        self._before: dict[str, Summary] = {}

    def since_last(self, stats: t.Any) -> dict[str, Summary]:
        """By host, for those that took part since the last call."""
        now = {host: stats.summarize(host) for host in stats.processed}
        before, self._before = self._before, now
        difference = {
            host: {key: value - before.get(host, {}).get(key, 0) for key, value in summary.items()}
            for host, summary in now.items()
        }
        return {host: summary for host, summary in difference.items() if any(summary.values())}

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbook runs with the callback on: what they report, what they leave in the spool, what they leave running."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import psutil
from receiver.running import Receiver

CALLBACK = "community.sematext.events"
#: In the command line of the child process that delivers.
CHILD = "sematext_plugins"
#: Seconds after which a test gives up waiting for what happens within a second or two.
LONG = 60
#: Seconds that a run waits for its deliveries at its end unless it is told otherwise: option time_budget.
TIME_BUDGET = 5
#: A run that takes so many times what it may is a harm. This is a ceiling, not a measurement: machines may be busy.
HARM = 3
WARNING = re.compile(rf"\[WARNING\]: {re.escape(CALLBACK)}:? (.*?)\n(?=\[|\Z)", re.DOTALL)
#: A connection plugin for hosts that cannot be reached, whatever programs this machine has.
GONE = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = "{name: gone, short_description: none, description: [none], author: none, options: {}}"


class Connection(ConnectionBase):
    transport = "gone"
    has_pipelining = False

    def _connect(self):
        raise AnsibleConnectionFailure("nobody there")

    def exec_command(self, *args, **kwargs):
        self._connect()

    put_file = fetch_file = exec_command

    def close(self):
        pass
"""


class Reporting:
    """Runs playbooks with the callback on.

    :ivar folder: of the playbooks.
    :ivar spool: the spool, where it is by default.
    """

    _silent: ClassVar[dict[str, Any]] = {}

    def __init__(self, playbook: Any, receiver: Receiver, token: str) -> None:
        self._playbook, self.receiver, self.token = playbook, receiver, token
        self.folder: Path = playbook.folder
        self.home: Path = playbook.home
        self.spool: Path = playbook.home / ".ansible" / "sematext"
        (self.folder / "connection_plugins").mkdir()
        (self.folder / "connection_plugins" / "gone.py").write_text(GONE)

    def environment(self, url: str | None = None, token: str | None = None) -> dict[str, str]:
        """What turns the callback on."""
        return {
            "ANSIBLE_CALLBACKS_ENABLED": CALLBACK,
            "SEMATEXT_APP_TOKEN": token or self.token,
            "SEMATEXT_EVENT_RECEIVER_URL": url or self.receiver.url,
            # A healthy receiver gets all events, however busy this machine is.
            "SEMATEXT_TIME_BUDGET": str(LONG),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }

    def start(
        self,
        *plays: Any,
        url: str | None = None,
        token: str | None = None,
        env: Mapping[str, str | None] | None = None,
        **settings: Any,
    ) -> Any:
        """Start a run; the arguments are those of the fixture `playbook`, a variable that is None is not set."""
        merged = {**self.environment(url, token), **(env or {})}
        return self._playbook.start(*plays, env={k: v for k, v in merged.items() if v is not None}, **settings)

    def __call__(self, *plays: Any, **settings: Any) -> Any:
        """Run playbooks and wait for the end."""
        return self.start(*plays, **settings).finish()

    def within(self, *plays: Any, env: Mapping[str, str], **settings: Any) -> Any:
        """The same with the default time budget; HARM of it more than without the callback, and the run is ended."""
        began = time.monotonic()
        self._playbook(*plays, env={"ANSIBLE_LOCALHOST_WARNING": "false"}, **settings)
        silent = time.monotonic() - began
        run = self.start(*plays, env={"SEMATEXT_TIME_BUDGET": None, **env}, **settings)
        return run.finish(silent + HARM * TIME_BUDGET)

    def silent(self, *plays: Any, **settings: Any) -> Any:
        """The same without the callback; what has been run so before is not run again."""
        key = repr((plays, settings))
        if key not in self._silent:
            self._silent[key] = self._playbook(*plays, env={"ANSIBLE_LOCALHOST_WARNING": "false"}, **settings)
        return self._silent[key]

    def events(self, *plays: Any, **settings: Any) -> list[dict[str, Any]]:
        """What a run reports to a healthy receiver, in the order in which it happened."""
        self.receiver.clear()
        result = self(*plays, **settings)
        assert warnings(result) == [], result.output
        assert "DEPRECATION" not in result.output
        assert self.waiting() == []
        return in_order(self.receiver.events())

    def end(self, *plays: Any, **settings: Any) -> dict[str, Any]:
        """The end that a run reports."""
        return self.events(*plays, **settings)[-1]

    def waiting(self) -> list[dict[str, Any]]:
        """The events that lie in the spool, in whichever folder."""
        return [json.loads(path.read_bytes()) for path in sorted(self.spool.glob("*/events/*"))]

    def markers(self) -> list[Path]:
        """The runs that have not ended, as far as the spool knows."""
        return list(self.spool.glob("*/runs/*"))

    def children(self) -> list[psutil.Process]:
        """The processes that deliver for runs of this test."""
        return [process for process in self._processes() if _is_child(process)]

    def workers(self) -> list[psutil.Process]:
        """The other processes of runs of this test."""
        return [process for process in self._processes() if not _is_child(process)]

    def _processes(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _home(process) == str(self.home)]

    def wait_until_idle(self) -> None:
        """Wait until no process delivers any more; TimeoutError if one stays."""
        wait_until(lambda: not self.children(), "the child process ended")


def _home(process: psutil.Process) -> str | None:
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get("HOME")
    return None


def _is_child(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return CHILD in " ".join(process.cmdline())
    return False


def wait_until(condition: Callable[[], Any], what: str, timeout: float = LONG) -> Any:
    """Wait until something is so; TimeoutError if that does not happen."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.02)
    return found


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events by their own times; over several connections, they may come in another order."""
    rank = {"started": 0, "ended": 2}

    def place(event: dict[str, Any]) -> tuple[str, int, str]:
        return event["timestamp"], rank.get(event.get("ansible.run.state", ""), 1), event["event.id"]

    return sorted(events, key=place)


def without_spaces(text: str) -> str:
    return "".join(text.split())


class Warned(str):
    """A warning. Older versions of ansible-core break it into lines, within words too, so spaces don't count."""

    def __contains__(self, text: object) -> bool:
        return without_spaces(str(text)) in without_spaces(self)


def warnings(result: Any) -> list[Warned]:
    """The callback's warnings."""
    return [Warned(found) for found in WARNING.findall(result.stderr)]


def other_errors(result: Any) -> str:
    """What stands on standard error besides the callback's warnings."""
    return without_folder(WARNING.sub("", result.stderr).strip())


def without_folder(text: str) -> str:
    """Text without the folder of the run, which is each test's own."""
    return re.sub(r"[^\s'\"]*/run/", "", text)


def story(result: Any) -> list[list[str]]:
    """Standard output by tasks, the lines of each sorted: hosts finish in any order."""
    parts = re.split(r"\n(?=TASK |PLAY |RUNNING )", without_folder(result.stdout))
    return [sorted(line for line in part.splitlines() if line) for part in parts]


def assert_harmless(result: Any, silent: Any) -> Warned:
    """A run went as it does without the callback, but for one warning at the most: that one, or ""."""
    assert result.rc == silent.rc
    assert story(result) == story(silent), (result.stdout, silent.stdout)
    assert other_errors(result) == other_errors(silent)
    found = warnings(result)
    assert len(found) <= 1, found
    return found[0] if found else Warned()


def play(*tasks: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    """A play without facts."""
    return {"name": "A play", "hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}


def debug(name: str = "Say something", **keywords: Any) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.debug": {"msg": "Hello"}, **keywords}


def change(name: str = "Change something", **keywords: Any) -> dict[str, Any]:
    return debug(name, changed_when=True, **keywords)


def fail(name: str = "Fail here", **keywords: Any) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.fail": {"msg": "no reason"}, **keywords}


def pause(seconds: float, name: str = "Take a while") -> dict[str, Any]:
    """A task that takes its time, in a worker of its own."""
    return {"name": name, "ansible.builtin.raw": f"sleep {seconds}", "changed_when": False}


def unreachable(name: str = "Reach out", **keywords: Any) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.raw": "true", "vars": {"ansible_connection": "gone"}, **keywords}


def only(host: str) -> dict[str, Any]:
    """Keywords of a task that runs on one host."""
    return {"when": f"inventory_hostname == '{host}'"}


def failures(events: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Host and task of the failure events."""
    return [(event["os.host"], event["ansible.task.name"]) for event in events if event["type"] == "ansible_failure"]


@contextlib.contextmanager
def leaves_nothing_running(reporting: Reporting) -> Iterator[None]:
    """Whatever happens in a test, its child processes end by themselves."""
    try:
        yield
        reporting.wait_until_idle()
    finally:
        for each in (*reporting.children(), *reporting.workers()):  # what core's own workers have left
            with contextlib.suppress(psutil.Error):
                each.kill()

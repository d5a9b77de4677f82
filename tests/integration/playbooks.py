# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of ansible-playbook, with the collection as it was installed from its artifact, against a real receiver.

`make install` installs it. ANSIBLE_PLAYBOOK names another ansible-playbook to test with than that of this Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = Path((os.environ.get("ANSIBLE_COLLECTIONS_PATH") or str(ROOT / "build" / "collections")).split(":")[0])
PROGRAM = os.environ.get("ANSIBLE_PLAYBOOK") or str(Path(sys.executable).with_name("ansible-playbook"))
#: An App token that is easy to search for.
TOKEN = "SECRET-token_4d5c"
#: An API key that is, too.
API_KEY = "SECRET-key_9f01"

sys.path.insert(0, str(ROOT / "tests"))


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    rc: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """All that was shown."""
        return self.stdout + self.stderr


class Run:
    """A run of ansible-playbook that has been started."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._output = [tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") for _unused in range(2)]  # noqa: SIM115
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=self._output[0], stderr=self._output[1], start_new_session=True,
        )  # fmt: skip

    def finish(self, timeout: float = 120) -> Result:
        """Wait for the run to end. A run that doesn't is killed, with all that it has started, and fails the test."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"ansible-playbook was still running after {timeout} s:\n{self.output()}", pytrace=False)
        stdout, stderr = self._read()
        return Result(self.process.returncode, stdout, stderr)

    def output(self) -> str:
        """What has been shown so far."""
        return "".join(self._read())

    def kill(self) -> None:
        """End the run and its children at once."""
        if self.process.poll() is None:
            family = psutil.Process(self.process.pid)
            for each in (*family.children(recursive=True), family):
                each.kill()
        self.process.wait()

    def _read(self) -> tuple[str, str]:
        for each in self._output:
            each.seek(0)
        return self._output[0].read(), self._output[1].read()


class Playbooks:
    """Runs playbooks in a folder of its own, in an environment that holds nothing of the tester's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self._runs: list[Run] = []

    def __call__(self, *playbooks: Any, timeout: float = 120, **settings: Any) -> Result:
        """Run playbooks and wait for the end; the arguments are those of start()."""
        return self.start(*playbooks, **settings).finish(timeout)

    def start(
        self,
        *playbooks: Any,
        hosts: int | Sequence[str] = 1,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cfg: str = "",
    ) -> Run:
        """Start ansible-playbook.

        :param playbooks: each the text of a playbook, its list of plays, or the path of one.
        :param hosts: names of the hosts, or their number for host1, host2, ...: they are all this machine.
        :param args: more words of the command line.
        :param env: more environment variables.
        :param cfg: content of ansible.cfg.
        """
        write(self.folder / "ansible.cfg", cfg)
        names = [f"host{number + 1}" for number in range(hosts)] if isinstance(hosts, int) else hosts
        inventory = self.folder / "hosts.yml"
        write(inventory, json.dumps({"all": {"hosts": {name: LOCAL for name in names}}}))
        paths = [str(self._path(number, playbook)) for number, playbook in enumerate(playbooks)]
        command = [PROGRAM, "-i", str(inventory), *args, *paths]
        run = Run(command, self.folder, {**self.environment(), **(env or {})})
        self._runs.append(run)
        return run

    def environment(self) -> dict[str, str]:
        """The environment of a run."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_NOCOWS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            # `make coverage` measures what runs start, too.
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        }

    def close(self) -> None:
        """Leave nothing running."""
        for run in self._runs:
            run.kill()

    def _path(self, number: int, playbook: Any) -> Path:
        if isinstance(playbook, Path):
            return playbook
        path = self.folder / f"playbook{number}.yml"
        write(path, playbook if isinstance(playbook, str) else yaml.safe_dump(playbook, sort_keys=False))
        return path


def write(path: Path, text: str) -> None:
    """Write a file, unless another run that has just been started reads the same from it."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}

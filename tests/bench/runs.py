# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metered runs of ansible-playbook, of a collection as `make install` has installed it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from meter import Spent, spend

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = os.environ.get("ANSIBLE_COLLECTIONS_PATH") or str(ROOT / "build" / "collections")
PROGRAM = os.environ.get("ANSIBLE_PLAYBOOK") or str(Path(sys.executable).with_name("ansible-playbook"))
FORKS = 10
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def base_environment(folder: Path) -> dict[str, str]:
    """The environment of a run: nothing in it is the user's own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
        "ANSIBLE_FORKS": str(FORKS),
    }


def version() -> str:
    """The first line of `ansible-playbook --version`, the Python and the number of cores."""
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return f"{done.stdout.splitlines()[0]}, Python {platform.python_version()}, {os.cpu_count()} cores"


class Runs:
    """Runs playbooks in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ansible.cfg").write_text("")

    def __call__(
        self,
        plays: Sequence[Any],
        hosts: int | Sequence[str],
        environment: Mapping[str, str],
        name: str = "playbook",
        home: Path | None = None,
        args: Sequence[str] = (),
        **metering: Any,
    ) -> Spent:
        """Run a playbook.

        :param hosts: names of hosts, or their number: they are all this machine.
        :param name: of the playbook and, with `-hosts`, of the inventory.
        :param home: the home of the run, which holds the spool; a fresh one by default, so that nothing is left to the
            next run.
        :param metering: arguments of `meter.spend`.
        """
        names = [f"host{number + 1}" for number in range(hosts)] if isinstance(hosts, int) else hosts
        inventory = self.folder / f"{name}-hosts.yml"
        inventory.write_text(json.dumps({"all": {"hosts": dict.fromkeys(names), "vars": LOCAL}}))
        (self.folder / f"{name}.yml").write_text(yaml.safe_dump(list(plays), sort_keys=False))
        with tempfile.TemporaryDirectory(prefix="home-", dir=self.folder) as fresh:
            merged = {
                **base_environment(self.folder),
                "HOME": str(home or fresh),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_NOCOWS": "1",
                **environment,
            }
            return spend([PROGRAM, "-i", inventory.name, *args, f"{name}.yml"], self.folder, merged, **metering)

    def output(self) -> str:
        """What the last run has printed."""
        return (self.folder / "output").read_text(errors="replace")

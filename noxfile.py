# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests on each ansible-core that is supported, run by `make compat` and `make test-all`.

nox -s core-2.16   what is most likely to break, on one version (core-2.16 to core-2.21, core-pre-release, core-devel)
nox -s all-2.16    sanity, units, and the runs of `make test` of the callback, the modules and the roles, on one version
nox -t some        core-* of the oldest and the newest two
nox -t all         all-* of every one but devel, which is ansible-core's branch of that name

An interpreter that is missing is named, and its session is skipped; --error-on-missing-interpreters makes it fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.envdir = "build/nox"
nox.options.tags = ["some"]
# pyenv's commands such as python3.12 work only for the versions that are chosen.
if shutil.which("pyenv"):
    versions = subprocess.run(
        ["pyenv", "versions", "--bare"], capture_output=True, text=True, check=True
    ).stdout.split()
    os.environ.setdefault("PYENV_VERSION", ":".join(reversed(versions)))

ROOT = Path(__file__).resolve().parent
COLLECTIONS = ROOT / "build" / "collections"
#: The versions, each with a Python that it supports. tests/unit/test_workflows.py compares them with the workflows'.
CORES = {
    "2.16": "3.10",
    "2.18": "3.11",
    "2.19": "3.11",
    "2.20": "3.12",
    "2.21": "3.12",
    "pre-release": "3.13",
    "devel": "3.13",
}
#: What pip installs of those that are no released version.
SOURCES = {
    "pre-release": ["--pre", "ansible-core"],
    "devel": ["https://github.com/ansible/ansible/archive/devel.tar.gz"],
}
PYTEST = ["python", "-m", "pytest", f"--numprocesses={os.environ.get('WORKERS', 'auto')}", "--dist=loadgroup"]
SOME = ("2.16", "2.20", "2.21")
#: What has depended on the version of core: what it tells callbacks, how it renders, how it runs roles.
TELLING = [
    "tests/unit",
    "tests/integration/callback/test_truth_table.py",
    "tests/integration/callback/test_changes.py",
    "tests/integration/callback/test_other_commands.py",
    "tests/integration/callback/test_run_secrets.py",
    "tests/integration/event",
    "tests/integration/build/test_build_event.py",
    "tests/integration/nodes/test_events.py",
    "tests/integration/nodes/test_examples.py",
]
ALL = [
    "tests/unit",
    "tests/integration/callback",
    "tests/integration/event",
    "tests/integration/build/test_build_event.py",
    "tests/integration/nodes",
]


def prepare(session: nox.Session, core: str) -> None:
    """Install a version of core, what the tests need, and the collection where they look for it."""
    wanted = SOURCES.get(core, [f"ansible-core~={core}.0"])
    session.install(*wanted, "-r", "tests/requirements-run.txt", silent=True)
    session.run("ansible", "--version", external=False)
    # Other collections come from the environment that `make` has made.
    others = os.environ.get("OTHER_COLLECTIONS", "")
    session.env["ANSIBLE_COLLECTIONS_PATH"] = f"{COLLECTIONS}:{others}" if others else str(COLLECTIONS)
    session.env["PYTHONPATH"] = "tests"
    session.env["PYTHONDONTWRITEBYTECODE"] = "1"


def add_sessions(core: str) -> None:
    """The two sessions of a version of core."""

    @nox.session(name=f"core-{core}", python=CORES[core], tags=["some"] if core in SOME else [])
    def telling(session: nox.Session) -> None:
        prepare(session, core)
        session.run(*PYTEST, "-m", "", *(session.posargs or TELLING))

    @nox.session(name=f"all-{core}", python=CORES[core], tags=[] if core == "devel" else ["all"])
    def everything(session: nox.Session) -> None:
        prepare(session, core)
        session.run("tests/checks/sanity", external=True)
        session.run(*PYTEST, "--hypothesis-profile=new examples", *(session.posargs or ALL))


for version in CORES:
    add_sessions(version)

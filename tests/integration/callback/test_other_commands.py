# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that are run by other commands than ansible-playbook."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .reporting import Reporting, change, in_order, play

PROGRAMS = Path(os.environ.get("ANSIBLE_PLAYBOOK") or Path(sys.executable).with_name("ansible-playbook")).parent
PLAYS = [play(change(), hosts="localhost", connection="local")]


def run(reporting: Reporting, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    playbook = reporting._playbook
    found = {**playbook.environment(), **reporting.environment(), **environment}
    found["PATH"] = f"{PROGRAMS}:{found['PATH']}"
    done = subprocess.run(
        command,
        cwd=reporting.folder,
        env=found,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def told(reporting: Reporting) -> list[tuple[Any, ...]]:
    return [
        (event["ansible.playbook"], event.get("ansible.run.state", event["type"]), event.get("ansible.run.outcome"))
        for event in in_order(reporting.receiver.events())
    ]


def test_an_ad_hoc_command_is_reported_where_core_loads_callbacks_for_it(reporting: Reporting) -> None:
    (reporting.folder / "ansible.cfg").write_text("")
    words = ["ansible", "localhost", "-m", "ansible.builtin.ping", "-e", "ansible_python_interpreter=" + sys.executable]
    run(reporting, *words)
    assert told(reporting) == []
    run(reporting, *words, ANSIBLE_LOAD_CALLBACK_PLUGINS="true")
    assert told(reporting) == [
        ("__adhoc_playbook__", "started", None),
        ("__adhoc_playbook__", "ended", "succeeded"),
    ]


def test_ansible_pull_reports_the_playbook_it_runs(reporting: Reporting) -> None:
    source = reporting.folder / "source"
    source.mkdir()
    (source / "local.yml").write_text(yaml.safe_dump(PLAYS))
    (reporting.folder / "ansible.cfg").write_text("")
    identity = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=source, check=True, env={**os.environ, **identity})
    run(reporting, "ansible-pull", "-U", f"file://{source}", "-d", str(reporting.folder / "checkout"), "local.yml")
    assert told(reporting) == [
        ("local.yml", "started", None),
        ("local.yml", "infrastructure", None),
        ("local.yml", "ended", "changed"),
    ]
    assert {len(event["commit.id"]) for event in reporting.receiver.events()} == {40}


@pytest.mark.skipif(not importlib.util.find_spec("ansible_runner"), reason="ansible-runner is not installed")
def test_ansible_runner_is_no_obstacle(reporting: Reporting) -> None:
    """It sets a callback of its own, and takes the settings from its folder."""
    private = reporting.folder / "private"
    for name, text in {
        "project/site.yml": yaml.safe_dump(PLAYS),
        "env/envvars": json.dumps(reporting.environment()),
    }.items():
        (private / name).parent.mkdir(parents=True)
        (private / name).write_text(text)
    run(reporting, sys.executable, "-m", "ansible_runner", "run", str(private), "-p", "site.yml")
    assert told(reporting) == [
        ("site.yml", "started", None),
        ("site.yml", "infrastructure", None),
        ("site.yml", "ended", "changed"),
    ]

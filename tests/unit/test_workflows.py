# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workflows run nothing but targets of the Makefile and sessions of noxfile.py that there are."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: What needs root has this before it: sudo alone would forget the PATH of the job.
AS_ROOT = 'sudo env "PATH=$PATH" '
PINNED = re.compile(r"actions/[\w-]+@[0-9a-f]{40}")
MAKEFILE = (ROOT / "Makefile").read_text().replace("\\\n", "")
RULES = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
#: Without a rule, make would have nothing to do for these; not among these, a file of its name stands in for a rule.
PHONY = {name for names in re.findall(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE) for name in names.split()}
JOBS = {
    f"{path.name}:{name}": job for path in WORKFLOWS for name, job in yaml.safe_load(path.read_text())["jobs"].items()
}


def cores():
    """The versions of ansible-core in noxfile.py, each with its Python."""
    for node in ast.parse((ROOT / "noxfile.py").read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CORES":
            return ast.literal_eval(node.value)
    raise AssertionError("noxfile.py has no CORES")


def combinations(job):
    """What the matrix of a job stands for; a job without one is run once."""
    matrix = job.get("strategy", {}).get("matrix", {})
    values = matrix.get("include") or [{name: each} for name, values in matrix.items() for each in values]
    return values or [{}]


def commands(job):
    """The words of each step's command, in each combination."""
    for step in job["steps"]:
        for values in combinations(job) if "run" in step else []:
            line = step["run"]
            assert "\n" not in line.strip() and "${{" not in line, line
            for variable, value in step.get("env", {}).items():
                for name, each in values.items():
                    value = value.replace(f"${{{{ matrix.{name} }}}}", each)
                line = line.replace(f"${variable}", value)
            yield shlex.split(line.removeprefix(AS_ROOT))


def dry_run(*words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "-n", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_step_runs_a_target_of_the_makefile(job):
    found = list(commands(job))
    assert found
    for command, target, *variables in found:
        assert command == "make"
        assert target in RULES & PHONY, f"make {target}"
        assert all(re.match(r"[A-Z_]+=", word) for word in variables), variables
        done = dry_run(target, *variables)
        # Such as a circle that make leaves out, where a target has the name of a folder that another one needs.
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_an_action_is_github_s_own_and_pinned(job):
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert [name for name in used if not PINNED.fullmatch(name)] == []


def test_a_pinned_action_has_one_version_in_all_workflows():
    lines = {line for path in WORKFLOWS for line in re.findall(r"uses: (.*)", path.read_text())}
    names = [re.match(r"(\S+)@\S+ # v\d+\.\d+\.\d+$", line)[1] for line in lines]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("kind, workflow", [("core", "tests"), ("all", "nightly")])
def test_each_ansible_core_of_the_noxfile_is_tested_with_its_python(kind, workflow):
    job = yaml.safe_load((ROOT / f".github/workflows/{workflow}.yml").read_text())["jobs"]["compat"]
    assert {each["core"]: each["python"] for each in combinations(job)} == cores()
    sessions = [re.search(r"-s (\S+)", " ".join(words))[1] for words in commands(job)]
    assert sessions == [f"{kind}-{core}" for core in cores()]

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recipes for CI systems: their own scripts, read out of their files, run as each system's runner runs them.

They make environments of their own, with packages from PyPI. The collection comes from the artifact in build/dist, as
`make install` leaves it. No test has GitHub, GitLab and Jenkins themselves: expressions are filled in, and Groovy is
not run.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest
import yaml
from ci_environments import GITHUB, GITLAB, JENKINS, SHA

from playbooks import ROOT, TOKEN

# Each makes a virtual environment from PyPI; what the recipes hold, `make lint` looks at.
pytestmark = pytest.mark.full
RECIPES = ROOT / "docs" / "recipes"
PR_HEAD = "2" * 40
#: What every part of a job has, and how pip finds packages on this machine.
BASE = {
    "PATH": os.environ["PATH"],
    "LC_ALL": "C.UTF-8",
    **{name: os.environ[name] for name in os.environ if re.match(r"PIP_|SSL_CERT|REQUESTS_CA|\w+_proxy$", name, re.I)},
}
NOWHERE = "http://127.0.0.1:1"
NO_PACKAGES = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nowhere", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture(scope="module")
def artifact():
    (path,) = (ROOT / "build" / "dist").glob("*.tar.gz")
    return str(path)


def hostile(folder):
    """A branch that would leave a file there, if it were more than a name."""
    touch = f'touch "{folder / "proof"}"'
    return f"{{{{ lookup('pipe', '{touch}') }}}}$({touch})`{touch}`"


def is_name_of(event, branch):
    """Whether the event names the branch as it is called, as far as there is room."""
    return event["ci.branch"][:200] == branch[:200]


@pytest.fixture
def checkout(tmp_path):
    """The sources that are built. Whoever wrote them would like to run something with the token."""
    folder = tmp_path / "checkout of a build"
    folder.mkdir()
    proof = folder / "proof"
    for module in ("venv", "pip", "ensurepip", "requests", "ansible", "sitecustomize"):
        (folder / f"{module}.py").write_text(f"open({str(proof)!r}, 'w')\n")
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "thief.py").write_text(f"open({str(proof)!r}, 'w')\n")
    (folder / "ansible.cfg").write_text("[defaults]\ncallback_plugins = plugins\ncallbacks_enabled = thief\n")
    yield folder
    assert not proof.exists()


def run(command, environment, folder):
    """The end of a script that shows no token, and the exit code."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        command, cwd=folder, env={**BASE, "HOME": str(home), **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert TOKEN not in done.stdout
    return done


# -- GitHub Actions ---------------------------------------------------------------------------------------------------

WORKFLOW = yaml.safe_load((RECIPES / "github-actions" / "workflow.yml").read_text())
ACTION = yaml.safe_load((RECIPES / "github-actions" / "action.yml").read_text())


def filled(text, context):
    """A text with its expressions, each of which must be one that GitHub would have a value for."""
    return re.sub(r"\$\{\{ *(.+?) *\}\}", lambda match: context[match.group(1)], str(text))


class Runner:
    """Runs the action as GitHub's runner does, in one job."""

    def __init__(self, folder, checkout):
        self._temp = folder
        self._checkout = checkout
        self._temp.mkdir(exist_ok=True)

    def __call__(self, values, environment=None):
        """Use the action with these inputs. Gives its outputs, the steps' exit code, and what they have shown."""
        unknown = set(values) - set(ACTION["inputs"])
        assert not unknown
        inputs = {f"inputs.{name}": values.get(name, about.get("default")) for name, about in ACTION["inputs"].items()}
        assert None not in inputs.values(), "a required input is missing"
        context = {**inputs, "github.event.pull_request.head.sha": PR_HEAD}
        shown, code = "", 0
        for number, step in enumerate(ACTION["runs"]["steps"]):
            output = self._temp / f"output{number}"
            output.write_text("")
            script = self._temp / f"step{number}.sh"
            assert "${{" not in step["run"]
            script.write_text(step["run"])
            given = {name: filled(value, context) for name, value in step.get("env", {}).items()}
            files = {"RUNNER_TEMP": str(self._temp), "GITHUB_OUTPUT": str(output)}
            # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
            done = run(command, {**GITHUB, **files, **(environment or {}), **given}, self._checkout)
            shown, code = shown + done.stdout, done.returncode
            for line in output.read_text().splitlines():
                name, _equals, value = line.partition("=")
                context[f"steps.{step.get('id')}.outputs.{name}"] = value
            if code:
                break
        outputs = {name: filled(about["value"], context) for name, about in ACTION.get("outputs", {}).items()}
        return outputs, code, shown


def used(job, context):
    """The inputs with which a job of the workflow uses the action."""
    steps = [step for step in WORKFLOW["jobs"][job]["steps"] if step.get("uses", "").startswith("./")]
    (step,) = steps
    assert step["uses"] == "./.github/actions/sematext-build-event"
    return {name: filled(value, context) for name, value in step["with"].items()}


@pytest.fixture(scope="module")
def ready_folder(tmp_path_factory):
    """A runner's temporary folder that one test after the other uses, as the steps of one job do."""
    return tmp_path_factory.mktemp("job") / "temp of a runner"


def test_a_workflow_reports_its_start_and_its_end(receiver, artifact, checkout, ready_folder, tmp_path):
    more = {"collection": artifact, "event-receiver-url": receiver.url}
    branch = hostile(checkout)
    environment = {"GITHUB_REF_NAME": branch, "GITHUB_HEAD_REF": ""}
    secrets = {"secrets.SEMATEXT_APP_TOKEN": TOKEN}
    outputs, code, shown = Runner(tmp_path / "temp", checkout)({**used("started", secrets), **more}, environment)
    assert code == 0, shown
    assert "::warning" not in shown
    context = {**secrets, "needs.started.outputs.started": outputs["started"], "needs.build.result": "failure"}
    _outputs, code, shown = Runner(ready_folder, checkout)({**used("ended", context), **more}, environment)
    assert code == 0, shown
    start, end = receiver.events()
    assert (start["build.state"], end["build.state"]) == ("started", "failed")
    for event in (start, end):
        assert is_name_of(event, branch)
        assert (event["ci.commit"], event["commit.id"]) == (SHA, PR_HEAD)
        assert event["ci.url"] == "https://github.com/octocat/hello-world/actions/runs/1658821493"
    assert end["build.duration"] > 0
    assert end["build.started"] == outputs["started"].replace("Z", ".000Z")


@pytest.mark.parametrize("strict", ["false", "true"])
def test_an_action_that_cannot_send_fails_only_if_it_is_strict(receiver, artifact, checkout, ready_folder, strict):
    values = {"state": "success", "app-token": TOKEN, "collection": artifact, "strict": strict}
    _outputs, code, shown = Runner(ready_folder, checkout)({**values, "event-receiver-url": NOWHERE})
    assert bool(code) is (strict == "true"), shown
    assert "The event of the build was not sent" in shown


@pytest.mark.parametrize("strict", ["false", "true"])
def test_an_action_that_cannot_install_fails_only_if_it_is_strict(checkout, tmp_path, strict):
    values = {"state": "success", "app-token": TOKEN, "strict": strict}
    _outputs, code, shown = Runner(tmp_path / "temp", checkout)(values, NO_PACKAGES)
    assert bool(code) is (strict == "true"), shown
    assert ("::warning::" in shown) is (strict == "false")


def test_a_fork_has_no_secret_and_its_build_goes_on(receiver, artifact, checkout, ready_folder):
    values = {"state": "success", "app-token": "", "collection": artifact, "event-receiver-url": receiver.url}
    _outputs, code, shown = Runner(ready_folder, checkout)(values)
    assert code == 0, shown
    assert "Option 'app_token' is not set" in shown


def test_the_token_is_given_to_the_one_step_that_sends():
    names = [step["name"] for step in ACTION["runs"]["steps"] if "inputs.app-token" in str(step)]
    assert names == ["Send the event"]


def test_the_end_is_reported_whatever_happens():
    assert WORKFLOW["jobs"]["ended"]["if"] == "always()"


# -- GitLab CI --------------------------------------------------------------------------------------------------------


PIPELINE = yaml.safe_load((RECIPES / "gitlab" / ".gitlab-ci.yml").read_text())
BUILD = {**PIPELINE[PIPELINE["build"]["extends"]], **PIPELINE["build"]}


class GitLabJob:
    """Runs the recipe's job as GitLab's runner does: before_script and script in one shell, after_script in another."""

    def __init__(self, receiver, checkout, artifact, **variables):
        self._checkout = checkout
        self._environment = {
            **PIPELINE["variables"],
            **GITLAB,
            "CI_PROJECT_DIR": str(checkout),
            "CI_PROJECT_URL": "https://gitlab.example.com/group/sub/shop",
            "CI_JOB_STARTED_AT": "2024-05-30T09:58:43Z",
            "SEMATEXT_APP_TOKEN": TOKEN,
            "SEMATEXT_EVENT_RECEIVER_URL": receiver,
            "SEMATEXT_COLLECTION": artifact,
            **variables,
        }

    def __call__(self, *parts, status, make="true"):
        words = [line for part in parts for line in BUILD[part]]
        script = "\n".join(["set -eo pipefail", *(make if word == "make" else word for word in words)])
        return run(["bash", "-c", script], {**self._environment, "CI_JOB_STATUS": status}, self._checkout)


@pytest.fixture(scope="module")
def gitlab_checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gitlab") / "group of shops"
    folder.mkdir()
    return folder


def test_a_gitlab_job_reports_its_start_and_its_end(receiver, artifact, gitlab_checkout):
    job = GitLabJob(receiver.url, gitlab_checkout, artifact, CI_COMMIT_BRANCH=hostile(gitlab_checkout))
    first = job("before_script", "script", status="running", make="exit 3")
    assert first.returncode == 3, first.stdout
    second = job("after_script", status="failed")
    assert second.returncode == 0, second.stdout
    start, end = receiver.events()
    assert (start["build.state"], end["build.state"]) == ("started", "failed")
    assert "build.duration" not in start
    assert end["build.started"] == "2024-05-30T09:58:43.000Z"
    assert end["commit.url"] == f"https://gitlab.example.com/group/sub/shop/-/commit/{SHA}"
    assert is_name_of(end, hostile(gitlab_checkout))
    assert not list(gitlab_checkout.iterdir())


@pytest.mark.parametrize("strict", ["false", "true"])
def test_a_gitlab_job_that_cannot_report_fails_only_if_it_is_strict(artifact, gitlab_checkout, strict):
    job = GitLabJob(NOWHERE, gitlab_checkout, artifact, SEMATEXT_BUILD_STRICT=strict)
    done = job("before_script", "script", status="running", make="echo built")
    assert bool(done.returncode) is (strict == "true"), done.stdout
    assert ("built" in done.stdout) is (strict == "false")


def test_a_gitlab_job_without_packages_goes_on(receiver, artifact, checkout):
    job = GitLabJob(receiver.url, checkout, artifact, **NO_PACKAGES)
    done = job("before_script", "script", status="running", make="echo built")
    assert done.returncode == 0
    assert "The event of the build is not sent." in done.stdout
    assert "built" in done.stdout


# -- Jenkins ----------------------------------------------------------------------------------------------------------

JENKINSFILE = (RECIPES / "jenkins" / "Jenkinsfile").read_text()


def jenkins(environment, checkout):
    """The script of the recipe, as the step `sh` runs it: with -xe, so that commands are shown."""
    (script,) = re.findall(r"sh '''(.*?)'''", JENKINSFILE, re.DOTALL)
    given = dict(re.findall(r"(SEMATEXT_\w+) = '(.*)'", JENKINSFILE))
    return run(["sh", "-xe", "-c", script], {**given, **JENKINS, **environment}, checkout)


def test_a_jenkins_build_reports_its_start_and_its_end(receiver, artifact, checkout, tmp_path):
    environment = {
        "WORKSPACE_TMP": str(tmp_path / "workspace@tmp"),
        "SEMATEXT_APP_TOKEN": TOKEN,
        "SEMATEXT_EVENT_RECEIVER_URL": receiver.url,
        "SEMATEXT_COLLECTION": artifact,
        "SEMATEXT_BUILD_STARTED": "1717063123000",
        "GIT_BRANCH": hostile(checkout),
    }
    for state in ("started", "UNSTABLE"):
        done = jenkins({**environment, "SEMATEXT_BUILD_STATE": state}, checkout)
        assert done.returncode == 0, done.stdout
    start, end = receiver.events()
    assert (start["build.state"], end["build.state"]) == ("started", "failed")
    assert is_name_of(end, hostile(checkout))
    assert end["commit.id"] == SHA
    assert end["build.started"] == "2024-05-30T09:58:43.000Z"
    strict = {
        "SEMATEXT_EVENT_RECEIVER_URL": NOWHERE,
        "SEMATEXT_BUILD_STATE": "SUCCESS",
        "SEMATEXT_BUILD_STRICT": "true",
    }
    assert jenkins({**environment, **strict}, checkout).returncode != 0


def test_groovy_puts_nothing_into_the_script():
    """Between double quotes, Groovy would."""
    assert '"""' not in JENKINSFILE
    assert re.findall(r'sh "', JENKINSFILE) == []

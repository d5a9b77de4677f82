# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook build_event, as a CI job runs it by its name."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from ci_environments import GITHUB, GITLAB, SHA

from playbooks import LOCAL, TOKEN

PLAYBOOK = Path("community.sematext.build_event")
NOT_SENT = "The event of the build was not sent."


class Job:
    """A CI job that reports to a receiver."""

    def __init__(self, playbook, receiver):
        self._playbook, self.receiver = playbook, receiver
        self.folder = playbook.folder

    def __call__(self, env=None, args=("-i", "localhost,"), **settings):
        """Run the playbook; nothing of it may show the token."""
        environ = {"SEMATEXT_APP_TOKEN": TOKEN, "SEMATEXT_EVENT_RECEIVER_URL": self.receiver.url, **(env or {})}
        run = self._playbook(PLAYBOOK, env=environ, args=args, **settings)
        assert TOKEN not in run.output
        assert "Traceback" not in run.output
        return run

    def event(self, env=None, **settings):
        """The one event of a run that is as quiet as it can be."""
        run = self(env, **settings)
        assert run.rc == 0, run.output
        assert run.stderr == ""
        assert "WARNING" not in run.stdout
        assert "DEPRECAT" not in run.output
        (event,) = self.receiver.events()
        return event


@pytest.fixture
def job(playbook, receiver):
    return Job(playbook, receiver)


def line(run):
    """What the job is told, without the line breaks of some cores."""
    return " ".join(run.output.split())


def test_the_event_of_a_build(job):
    event = job.event({**GITHUB, "SEMATEXT_BUILD_STATE": "success", "SEMATEXT_BUILD_STARTED": str(time.time() - 60)})
    assert event["type"] == "build"
    assert event["title"] == "Build of octocat/hello-world succeeded"
    assert event["message"].startswith("[Run 3](https://github.com/octocat/hello-world/actions/runs/1658821493) of ")
    assert (event["creator"], event["os.host"]) == ("GitHub Actions", socket.gethostname())
    assert (event["build.state"], event["commit.id"], event["commit.branch"]) == ("succeeded", SHA, "main")
    assert isinstance(event["build.duration"], float)
    assert event["build.duration"] >= 60
    assert "tags" not in event


@pytest.mark.parametrize(
    ("word", "state", "severity"),
    [
        ("started", "started", "info"),
        ("FAILURE", "failed", "error"),
        ("cancelled", "cancelled", "warning"),
        ("0", "succeeded", "info"),
    ],
)
def test_states(job, word, state, severity):
    event = job.event({**GITLAB, "SEMATEXT_BUILD_STATE": word})
    assert (event["build.state"], event["severity"]) == (state, severity)


def test_tags_and_fields(job):
    more = {
        "SEMATEXT_BUILD_TAGS": "env:ci, team:web",
        "SEMATEXT_BUILD_FIELDS": '{"service.name": "shop", "attempt": 2}',
    }
    event = job.event({"SEMATEXT_BUILD_STATE": "succeeded", **more})
    assert event["tags"] == ["env:ci", "team:web"]
    assert (event["service.name"], event["attempt"]) == ("shop", 2)


# -- hostile values ---------------------------------------------------------------------------------------------------

TEMPLATES = [
    "{{{{ lookup('pipe', 'touch {}') }}}}",
    "{{% set x = lookup('pipe', 'touch {}') %}}",
    "$(touch {})",
    "`touch {}`",
    "'; touch {}; '",
    "{{'a': \"{{{{ lookup('pipe', 'touch {}') }}}}\"}}",
    "[\"{{{{ lookup('pipe', 'touch {}') }}}}\"]",
    "#jinja2:variable_start_string:'[%'\n[% lookup('pipe', 'touch {}') %]",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_a_ci_system_says_is_never_run(job, template):
    proof = job.folder / "proof"
    value = template.format(proof)
    names = ("GITHUB_REF_NAME", "GITHUB_WORKFLOW", "GITHUB_TRIGGERING_ACTOR", "GITHUB_RUN_NUMBER", "GITHUB_REPOSITORY")
    given = ("NAME", "BRANCH", "JOB", "ACTOR", "TAGS")
    environ = {**GITHUB, "SEMATEXT_BUILD_STATE": "failed", "SEMATEXT_BUILD_FIELDS": '{"a": "{{ 1 + 1 }}"}'}
    job({**environ, **dict.fromkeys(names, value)})
    job({**environ, **{f"SEMATEXT_BUILD_{name}": value for name in given}}, args=["-i", "localhost,", "-vvvv"])
    assert not proof.exists()
    first, second = job.receiver.events()
    assert first["ci.branch"] == second["ci.branch"] == value.replace("\n", "\N{REPLACEMENT CHARACTER}")
    assert second["title"] == f"Build of {value} failed".replace("\n", "\N{REPLACEMENT CHARACTER}")
    assert first["a"] == "{{ 1 + 1 }}"


def test_bytes_that_are_no_text(job):
    environ = {**{name: value.encode() for name, value in GITHUB.items()}, "GITHUB_REF_NAME": b"a\xff\xfeb"}
    event = job.event({**environ, "SEMATEXT_BUILD_STATE": "0"})
    assert event["ci.branch"] == "a??b"


# -- when it cannot be sent -------------------------------------------------------------------------------------------

FAULTS = {
    "broken": {"status": 500},
    "hangs": {"hang": True},
    "drips": {"drip": 0.2},
    "refuses": {"status": 403},
    "rejects": {"status": 400, "body": '{"error": "{{ 1 + 1 }}"}'},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_the_receiver_fails_a_build(job, fault):
    job.receiver.fault(**FAULTS[fault])
    run = job({"SEMATEXT_BUILD_STATE": "0", "SEMATEXT_TIMEOUT": "0.3"}, timeout=60)
    assert run.rc == 0
    assert run.stderr == ""
    assert line(run).count(NOT_SENT) == 1
    assert f"{NOT_SENT} The event was not accepted by {job.receiver.url.partition('//')[2]}: " in line(run)


@pytest.mark.parametrize("strict", ["true", "YES", "1"])
def test_a_strict_report_fails_the_build(job, strict):
    env = {
        "SEMATEXT_BUILD_STATE": "0",
        "SEMATEXT_EVENT_RECEIVER_URL": "http://127.0.0.1:1",
        "SEMATEXT_BUILD_STRICT": strict,
    }
    run = job(env)
    assert run.rc == 2
    assert "the connection was refused" in line(run)


def test_a_strict_report_that_is_sent_succeeds(job):
    job.event({"SEMATEXT_BUILD_STATE": "0", "SEMATEXT_BUILD_STRICT": "true"})


#: What is set wrongly, and what the job is told.
WRONG = {
    "no token": ({"SEMATEXT_APP_TOKEN": ""}, "Option 'app_token' is not set"),
    "no token file": ({"SEMATEXT_APP_TOKEN": "", "SEMATEXT_APP_TOKEN_FILE": "/nowhere"}, "cannot be read"),
    "bad region": ({"SEMATEXT_REGION": "DE", "SEMATEXT_EVENT_RECEIVER_URL": ""}, "Option 'region' must be one of US"),
    "bad receiver": ({"SEMATEXT_EVENT_RECEIVER_URL": "x"}, "Option 'event_receiver_url' must be a URL"),
    "bad timeout": ({"SEMATEXT_TIMEOUT": "soon"}, "timeout"),
    "bad flag": ({"SEMATEXT_VALIDATE_CERTS": "perhaps"}, "validate_certs"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("strict", [False, True])
def test_wrong_settings_fail_a_build_only_if_it_is_strict(job, case, strict):
    env, why = WRONG[case]
    run = job({"SEMATEXT_BUILD_STATE": "0", "SEMATEXT_BUILD_STRICT": str(strict), **env})
    assert run.rc == (2 if strict else 0)
    told = line(run).rpartition(NOT_SENT)
    assert told[1]
    assert why in told[2]
    assert job.receiver.requests() == []


#: Values that are left out of the event.
LEFT_OUT = {
    "STATE": "dancing",
    "STARTED": "yesterday",
    "COMMIT": "HEAD",
    "URL": "x",
    "FIELDS": "x",
    "STRICT": "perhaps",
}


def test_an_event_goes_without_what_cannot_be_used(job):
    run = job({**GITHUB, **{f"SEMATEXT_BUILD_{name}": value for name, value in LEFT_OUT.items()}})
    assert run.rc == 0
    for name in LEFT_OUT:
        assert line(run).count(f"Option 'SEMATEXT_BUILD_{name}'") == 1
    assert NOT_SENT not in run.output
    (event,) = job.receiver.events()
    assert event["title"] == "Build of octocat/hello-world was reported"


@pytest.mark.parametrize("name", [name for name in LEFT_OUT if name != "STRICT"])
def test_a_strict_report_wants_all_that_is_given_to_be_right(job, name):
    env = {"SEMATEXT_BUILD_STATE": "0", "SEMATEXT_BUILD_STRICT": "true", f"SEMATEXT_BUILD_{name}": LEFT_OUT[name]}
    run = job(env)
    assert run.rc == 2
    assert f"Option 'SEMATEXT_BUILD_{name}'" in line(run)
    assert job.receiver.requests() == []


def test_without_requests_the_build_goes_on(job, tmp_path):
    (tmp_path / "requests.py").write_text("raise ImportError('as if it were not installed')\n")
    run = job({"SEMATEXT_BUILD_STATE": "0", "PYTHONPATH": str(tmp_path)})
    assert run.rc == 0
    assert "required Python library (requests)" in line(run).rpartition(NOT_SENT)[2]


# -- what is around it ------------------------------------------------------------------------------------------------


def test_an_inventory_with_a_localhost_of_its_own(job):
    """Whatever that says, the event goes out from here."""
    inventory = job.folder / "own.yml"
    inventory.write_text("all: {hosts: {localhost: {ansible_connection: ssh, ansible_host: 192.0.2.1}}}\n")
    job.event({"SEMATEXT_BUILD_STATE": "0"}, args=["-i", str(inventory)], hosts=["other"])


def test_the_callback_is_kept_quiet(job):
    env = {"SEMATEXT_BUILD_STATE": "0", "SEMATEXT_REPORT": "", "ANSIBLE_CALLBACKS_ENABLED": "community.sematext.events"}
    event = job.event(env)
    assert event["type"] == "build"


def test_check_mode_sends_nothing_and_shows_what_would_be_sent(job):
    run = job({"SEMATEXT_BUILD_STATE": "0"}, args=["-i", "localhost,", "--check", "--diff"])
    assert run.rc == 0
    assert '"title":"Build succeeded"' in run.stdout
    assert job.receiver.requests() == []


def test_the_example_of_the_lookup(job):
    options = ["type", "title", "msg", "severity", "creator", "host", "tags", "fields"]
    task = {
        "name": "Tell of a build",
        "community.sematext.event": {option: f"{{{{ build.{option} }}}}" for option in options},
        "vars": {
            "build": "{{ lookup('community.sematext.build_event', state='failed', run='42', repository='acme/shop') }}"
        },
    }
    play = [{"name": "Play", "hosts": "all", "gather_facts": False, "vars": LOCAL, "tasks": [task]}]
    env = {"SEMATEXT_APP_TOKEN": TOKEN, "SEMATEXT_EVENT_RECEIVER_URL": job.receiver.url}
    run = job._playbook(play, env=env)
    assert run.rc == 0, run.output
    (event,) = job.receiver.events()
    assert (event["title"], event["message"]) == ("Build of acme/shop failed", "Run 42 of acme/shop failed")

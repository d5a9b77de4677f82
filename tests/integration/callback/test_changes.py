# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run reports of the hosts that it changes, and what of a run is reported at all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .reporting import Reporting, change, debug, fail, in_order, only, pause, play, wait_until, warnings

CHECKED = {"SEMATEXT_REPORT_CHECK_MODE": "true"}


def changes(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == "infrastructure"]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event.get("ansible.run.state", event["type"]) for event in events]


def test_a_host_that_changed_is_told_with_the_tasks(reporting: Reporting) -> None:
    events = reporting.events(
        [play(change("Install nginx", notify="Restart nginx"), debug(), handlers=[change("Restart nginx")])]
    )
    (event,) = changes(events)
    assert (event["severity"], event["os.host"], event["title"]) == ("info", "host1", "host1 changed: A play")
    assert event["ansible.changed_tasks"][0].startswith("Install nginx (playbook0.yml:")
    assert event["ansible.changed_tasks"][1].startswith("Restart nginx (playbook0.yml:")
    assert event["ansible.tasks.changed"] == 2
    assert event["ansible.play"] == "A play"
    assert event["message"].startswith("host1 changed in play A play: 2 changes by Install nginx (playbook0.yml:")
    assert event["ansible.run.id"] == events[0]["ansible.run.id"]
    assert events[0]["timestamp"] <= event["timestamp"] <= events[-1]["timestamp"]


def test_more_hosts_than_the_limit_are_one_event(reporting: Reporting) -> None:
    events = reporting.events([play(change())], hosts=5, env={"SEMATEXT_HOST_EVENT_LIMIT": "4"})
    (event,) = changes(events)
    assert event["title"] == "5 hosts changed: A play"
    assert sorted(event["ansible.changed_hosts"]) == [f"host{number}" for number in range(1, 6)]
    assert "os.host" not in event


def test_more_failures_than_the_limit_are_one_more_event(reporting: Reporting) -> None:
    events = reporting.events([play(fail())], hosts=5, env={"SEMATEXT_HOST_EVENT_LIMIT": "2"})
    *single, rest = [event for event in events if event["type"] == "ansible_failure"]
    assert len(single) == 2
    assert rest["title"] == "3 more hosts failed or could not be reached in play A play"
    told = {*rest["ansible.failed_hosts"], *(event["os.host"] for event in single)}
    assert told == {f"host{number}" for number in range(1, 6)}


def test_a_serial_play_over_the_limit_is_one_event(reporting: Reporting) -> None:
    events = reporting.events([play(change(), serial=1)], hosts=3, env={"SEMATEXT_HOST_EVENT_LIMIT": "2"})
    assert [event["ansible.hosts.changed"] for event in changes(events)] == [3]


def test_names_of_hosts_are_those_of_the_facts_if_asked(reporting: Reporting) -> None:
    facts = {"ansible.builtin.set_fact": {"ansible_hostname": "web-1", "cacheable": True}, "name": "Know it"}
    events = reporting.events([play(facts, change())], env={"SEMATEXT_HOST_SOURCE": "ansible_hostname"})
    assert [event["os.host"] for event in changes(events)] == ["web-1"]


def test_an_event_that_is_sent_changes_no_host(reporting: Reporting) -> None:
    task = {"name": "Tell", "community.sematext.event": {"type": "deployment", "msg": "Deployed"}}
    assert changes(reporting.events([play(task)])) == []


def test_check_mode_says_what_would_change(reporting: Reporting) -> None:
    plays = [play(change("Pretend"), change("Really", check_mode=False))]
    events = reporting.events(plays, args=["--check"], env=CHECKED)
    really, pretend = sorted(changes(events), key=lambda event: event["ansible.check_mode"])
    assert (really["title"], pretend["title"]) == (
        "host1 changed: A play",
        "host1 would change: A play (check mode)",
    )
    assert "Really" in really["message"] and "Pretend" in pretend["message"]


def test_changes_of_a_run_that_is_aborted_are_told(reporting: Reporting) -> None:
    result = reporting([play(change()), play(debug(), hosts="{{ undefined_variable }}")])
    assert result.rc not in (0, 2)
    assert kinds(in_order(reporting.receiver.events())) == ["started", "infrastructure", "ended"]


class TestOnlyIfChanged:
    ENV = {"SEMATEXT_ONLY_IF_CHANGED": "true"}

    @pytest.mark.parametrize("tasks", [[debug()], [fail(ignore_errors=True)], [change(check_mode=True)]])
    def test_a_run_that_changes_nothing_says_nothing(self, reporting: Reporting, tasks: list[Any]) -> None:
        assert reporting.events([play(*tasks)], env=self.ENV) == []
        assert reporting.markers() == []

    @pytest.mark.parametrize(
        ("task", "told"),
        [
            (change(), ["started", "infrastructure", "ended"]),
            (fail(), ["started", "ansible_failure", "ended"]),
        ],
    )
    def test_if_something_happens_the_start_keeps_its_time(
        self, reporting: Reporting, task: dict[str, Any], told: list[str]
    ) -> None:
        events = reporting.events([play(pause(1.2), task)], env=self.ENV)
        assert kinds(events) == told
        assert events[-1]["ansible.run.duration"] > 1
        assert events[0]["timestamp"] < events[1]["timestamp"]

    def test_a_change_counts_also_where_changes_are_not_reported(self, reporting: Reporting) -> None:
        events = reporting.events([play(change())], env={**self.ENV, "SEMATEXT_REPORT": "start,end"})
        assert kinds(events) == ["started", "ended"]

    def test_a_run_in_check_mode_that_would_change_something(self, reporting: Reporting) -> None:
        events = reporting.events([play(change())], args=["--check"], env={**self.ENV, **CHECKED})
        assert kinds(events) == ["started", "infrastructure", "ended"]

    def test_an_aborted_run_is_told(self, reporting: Reporting) -> None:
        reporting([play(debug()), play(debug(), hosts="{{ undefined_variable }}")], env=self.ENV)
        assert kinds(in_order(reporting.receiver.events())) == ["started", "ended"]

    def test_a_run_that_is_killed_after_a_change_is_told(self, reporting: Reporting) -> None:
        run = reporting.start([play(change(), pause(60))], env=self.ENV)
        wait_until(reporting.receiver.events, "the start has arrived")
        run.process.kill()
        wait_until(lambda: len(reporting.receiver.events()) == 2, "the end has arrived")
        assert kinds(in_order(reporting.receiver.events())) == ["started", "ended"]


class TestOutput:
    """What would be sent, without an account and without a receiver."""

    EVENTFUL = [play(change(), fail(**only("host2")))]

    @staticmethod
    def offline(output: str, **more: str) -> dict[str, str | None]:
        return {"SEMATEXT_OUTPUT": output, "SEMATEXT_APP_TOKEN": None, **more}

    def test_a_file_holds_what_would_be_sent(self, reporting: Reporting) -> None:
        path = reporting.folder / "events.json"
        env = self.offline("file", SEMATEXT_OUTPUT_FILE=str(path))
        for number in (1, 2):
            result = reporting(self.EVENTFUL, hosts=2, env=env)
            assert (result.rc, warnings(result)) == (2, [])
            events = [json.loads(line) for line in path.read_text().splitlines()]
            told = ["started", "ansible_failure", "infrastructure", "infrastructure", "ended"]
            assert kinds(events) == told * number
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert reporting.receiver.requests() == []
        sent = reporting.events(self.EVENTFUL, hosts=2)
        assert [set(event) for event in sent] == [set(event) for event in events[:5]]

    def test_standard_output_shows_what_would_be_sent(self, reporting: Reporting) -> None:
        result = reporting(self.EVENTFUL, hosts=2, env=self.offline("stdout"))
        events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"')]
        assert kinds(events) == ["started", "ansible_failure", "infrastructure", "infrastructure", "ended"]

    def test_an_offline_spool_goes_out_when_a_later_run_adopts_it(self, reporting: Reporting) -> None:
        result = reporting(self.EVENTFUL, hosts=2, env=self.offline("spool"))
        assert (result.rc, warnings(result)) == (2, [])
        waiting = reporting.waiting()
        assert len(waiting) == 5
        assert reporting.receiver.requests() == []
        events = reporting.events([play(debug())], env={"SEMATEXT_ADOPT": str(reporting.spool / "offline")})
        assert {event["event.id"] for event in waiting} < {event["event.id"] for event in events}
        assert len(events) == 7

    def test_an_interrupted_run_says_so_in_the_file(self, reporting: Reporting) -> None:
        path = reporting.folder / "events.json"
        env = self.offline("file", SEMATEXT_OUTPUT_FILE=str(path))
        running = reporting.folder / "running"
        endless = {"name": "Take for ever", "ansible.builtin.raw": f"touch {running}; exec sleep 600"}
        run = reporting.start([play(change()), play(endless)], env=env)
        wait_until(running.exists, "the task runs")
        # As a user does: after the first Ctrl-C, ansible-core sometimes goes on, without any callback too.
        for _time in range(12):
            run.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.process.wait(5)
                break
        run.finish()
        assert kinds([json.loads(line) for line in path.read_text().splitlines()])[-1] == "ended"

    def test_a_file_that_cannot_be_written_is_told_once(self, reporting: Reporting) -> None:
        env = self.offline("file", SEMATEXT_OUTPUT_FILE="/nonexistent/events.json")
        result = reporting(self.EVENTFUL, hosts=2, env=env)
        (warning,) = warnings(result)
        assert result.rc == 2
        assert "5 events could not be recorded in /nonexistent/events.json: No such file or directory." in warning

    def test_a_file_must_be_named(self, reporting: Reporting) -> None:
        (warning,) = warnings(reporting([play(debug())], env=self.offline("file")))
        assert "must name the file that output=file appends to" in warning


class TestContext:
    """Who runs a playbook, and where."""

    def test_a_job_of_github_actions(self, reporting: Reporting) -> None:
        env = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "o/n",
            "GITHUB_RUN_ID": "77",
            "GITHUB_RUN_NUMBER": "5",
            "GITHUB_ACTOR": "octocat",
            "TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        }
        for event in reporting.events([play(change())], env=env):
            assert event["ci.url"] == "https://github.com/o/n/actions/runs/77"
            assert (event["ci.system"], event["ci.actor"]) == ("github_actions", "octocat")
            assert event["trace.id"] == "0af7651916cd43dd8448eb211c80319c"

    def test_a_job_of_awx(self, reporting: Reporting) -> None:
        start, _end = reporting.events(
            [play(debug())],
            args=["-e", json.dumps({"awx_job_id": 5, "awx_user_name": "jane", "password": "SECRET-extra"})],
            env={"AWX_HOST": "https://awx.example.com", "JOB_ID": "5"},
        )
        assert (start["awx.job.id"], start["awx.user"]) == (5, "jane")
        assert start["awx.job.url"] == "https://awx.example.com/#/jobs/playbook/5"
        assert "AWX job 5" in start["message"]
        assert "SECRET-extra" not in json.dumps(reporting.receiver.requests())

    def test_what_the_command_line_selects(self, reporting: Reporting) -> None:
        words = ["--tags", "a,b", "--skip-tags", "c", "--limit", "host1", "-i", "SECRET-host,"]
        start, _end = reporting.events([play(debug())], args=words)
        assert (start["ansible.tags"], start["ansible.skip_tags"]) == (["a", "b"], ["c"])
        assert start["ansible.limit"] == "host1"
        assert start["ansible.inventories"] == ["run/hosts.yml", "inline"]
        assert start["ansible.version"].count(".") >= 2

    def test_the_commit_of_the_playbook_is_linked(self, reporting: Reporting) -> None:
        git(reporting.folder, "init", "--quiet", "--initial-branch=main")
        git(reporting.folder, "commit", "--quiet", "--allow-empty", "--message=first")
        git(reporting.folder, "remote", "add", "origin", "https://user:SECRET-git@github.com/o/n.git")
        commit = git(reporting.folder, "rev-parse", "HEAD")
        events = reporting.events([play(change())])
        for event in events:
            assert event["commit.url"] == f"https://github.com/o/n/commit/{commit}"
        assert f"at commit [{commit[:7]}](https://github.com/o/n/commit/{commit})" in changes(events)[0]["message"]
        assert "SECRET-git" not in json.dumps(reporting.receiver.requests())


def git(folder: Path, *words: str) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    environment = {**os.environ, **identity}
    done = subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()

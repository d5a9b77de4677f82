# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run reports of what happened in it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import subprocess
import uuid
from typing import Any

import pytest
import yaml

from .reporting import Reporting, change, debug, fail, failures, in_order, only, play, unreachable, warnings


def summary(end: dict[str, Any], *keys: str) -> list[Any]:
    return [end.get(f"ansible.{key}") for key in keys]


def outcome(end: dict[str, Any]) -> tuple[str, str]:
    return end["ansible.run.outcome"], end["severity"]


def test_a_run_without_changes(reporting: Reporting) -> None:
    start, end = reporting.events([play(debug())], hosts=2)
    assert (start["ansible.run.state"], end["ansible.run.state"]) == ("started", "ended")
    assert outcome(end) == ("succeeded", "info")
    assert start["title"] == "Playbook playbook0.yml started"
    assert re.fullmatch(r"Playbook playbook0.yml succeeded: nothing changed on 2 hosts \(\d+\.\d s\)", end["message"])


def test_the_fields_of_start_and_end(reporting: Reporting) -> None:
    before = dt.datetime.now(dt.timezone.utc)
    start, end = reporting.events([play(debug())])
    for event in (start, end):
        assert event["type"] == "ansible_run"
        assert event["ansible.playbook"] == "playbook0.yml"
        assert event["ansible.user"] == event_user()
        assert event["ansible.control_host"] == event["os.host"] == socket.gethostname()
        assert event["ansible.check_mode"] is False
        assert event["creator"] == "Ansible"
        assert str(uuid.UUID(event["event.id"])) == event["event.id"]
        moment = dt.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
        assert before - dt.timedelta(seconds=1) <= moment <= dt.datetime.now(dt.timezone.utc)
    assert start["ansible.run.id"] == end["ansible.run.id"]
    assert start["event.id"] != end["event.id"]
    assert end["ansible.run.duration"] > 0
    counts = {"ok": 1, "changed": 0, "unreachable": 0, "failed": 0, "skipped": 0, "rescued": 0, "ignored": 0}
    assert {key: end[f"ansible.tasks.{key}"] for key in counts} == counts
    assert summary(end, "hosts.total", "hosts.changed", "hosts.failed", "hosts.unreachable") == [1, 0, 0, 0]


def event_user() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


def test_changes(reporting: Reporting) -> None:
    end = reporting.end([play(debug(), change(**only("host2")))], hosts=3)
    assert outcome(end) == ("changed", "info")
    assert "succeeded: 1 of 3 hosts changed" in end["message"]
    assert summary(end, "hosts.changed", "tasks.changed", "tasks.skipped") == [1, 1, 2]


def test_a_failed_host(reporting: Reporting) -> None:
    start, failure, end = reporting.events([play(debug(), fail(**only("host2")))], hosts=2)
    assert outcome(end) == ("failed", "error")
    assert summary(end, "failed_hosts", "failed_tasks") == [["host2"], ["Fail here"]]
    assert "failed on 1 of 2 hosts: host2 at Fail here" in end["message"]
    assert failure["type"] == "ansible_failure"
    assert failure["severity"] == "error"
    assert failure["os.host"] == "host2"
    assert failure["ansible.failure"] == "failed"
    assert failure["ansible.play"] == "A play"
    assert failure["ansible.task.name"] == "Fail here"
    assert failure["ansible.task.action"] == "ansible.builtin.fail"
    assert re.fullmatch(r"playbook0\.yml:\d+", failure["ansible.task.path"])
    assert failure["ansible.run.id"] == start["ansible.run.id"]
    assert failure["title"] == "host2 failed: Fail here"
    assert failure["message"] == f"host2 failed at task Fail here ({failure['ansible.task.path']})"


def test_a_failure_tells_nothing_of_arguments_and_results(reporting: Reporting) -> None:
    _start, failure, _end = reporting.events([play(fail())])
    assert "no reason" not in json.dumps(failure)


def test_an_unreachable_host(reporting: Reporting) -> None:
    _start, failure, end = reporting.events([play(unreachable(**only("host1")))], hosts=2)
    assert outcome(end) == ("unreachable", "error")
    assert summary(end, "failed_hosts", "hosts.unreachable", "hosts.failed") == [["host1"], 1, 0]
    assert "could not reach all hosts on 1 of 2 hosts: host1 at Reach out" in end["message"]
    assert failure["ansible.failure"] == "unreachable"
    assert failure["title"] == "host1 was unreachable: Reach out"


def test_a_host_that_cannot_be_reached_for_its_facts(reporting: Reporting) -> None:
    """The task is none that the playbook has."""
    _start, failure, end = reporting.events([play(debug(), gather_facts=True, vars={"ansible_connection": "gone"})])
    assert failures([failure]) == [("host1", "gather_facts")]
    assert "()" not in failure["message"]
    assert outcome(end) == ("unreachable", "error")


def test_failed_and_unreachable_is_failed(reporting: Reporting) -> None:
    events = reporting.events([play(fail(**only("host1")), unreachable(**only("host2")))], hosts=3)
    assert outcome(events[-1]) == ("failed", "error")
    assert sorted(failures(events)) == [("host1", "Fail here"), ("host2", "Reach out")]
    assert events[-1]["ansible.failed_hosts"] == ["host1", "host2"]


@pytest.mark.parametrize(
    "task", [fail(ignore_errors=True), unreachable(ignore_unreachable=True)], ids=["failure", "unreachable"]
)
def test_what_is_ignored_is_no_failure(reporting: Reporting, task: dict[str, Any]) -> None:
    start, end = reporting.events([play(task)])
    assert outcome(end) == ("succeeded", "info")
    assert summary(end, "tasks.ignored", "failed_tasks") == [1, None]


def test_a_rescued_failure_is_none(reporting: Reporting) -> None:
    start, end = reporting.events([play({"block": [fail()], "rescue": [debug()]})])
    assert outcome(end) == ("succeeded", "info")
    assert end["ansible.tasks.rescued"] == 1


def test_a_rescue_that_fails_is_the_failure(reporting: Reporting) -> None:
    events = reporting.events([play({"block": [fail()], "rescue": [fail("Fail again")], "always": [debug()]})])
    assert failures(events) == [("host1", "Fail again")]
    assert outcome(events[-1]) == ("failed", "error")
    assert events[-1]["ansible.failed_tasks"] == ["Fail again"]


def test_a_failure_in_an_inner_block_that_the_outer_one_rescues(reporting: Reporting) -> None:
    inner = {"block": [fail()], "always": [debug()]}
    start, end = reporting.events([play({"block": [inner], "rescue": [debug()]})])
    assert outcome(end) == ("succeeded", "info")


def test_a_failure_after_a_rescued_one(reporting: Reporting) -> None:
    events = reporting.events([play({"block": [fail("First")], "rescue": [debug()]}, fail("Second"))])
    assert failures(events) == [("host1", "Second")]


def test_a_rescued_failure_stays_one_when_another_host_ends_the_play(reporting: Reporting) -> None:
    """any_errors_fatal marks all hosts as failed, those too whose failure was rescued long before."""
    tasks = [{"block": [fail("Rescued", **only("host1"))], "rescue": [debug()]}, fail("Fatal", **only("host2"))]
    events = reporting.events([play(*tasks, any_errors_fatal=True)], hosts=2)
    assert failures(events) == [("host2", "Fatal")]
    assert events[-1]["ansible.failed_hosts"] == ["host2"]


def test_any_errors_fatal_with_a_rescue(reporting: Reporting) -> None:
    block = {"block": [fail(**only("host1")), debug()], "rescue": [debug("Save it")]}
    start, end = reporting.events([play(block, any_errors_fatal=True)], hosts=2)
    assert outcome(end) == ("succeeded", "info")


def test_run_once_with_a_rescue(reporting: Reporting) -> None:
    """run_once marks all hosts as failed, and they are rescued; each may be rescued once more."""
    once = {"block": [fail("Once", run_once=True)], "rescue": [debug()]}
    again = {"block": [fail("Again", **only("host2"))], "rescue": [debug()]}
    start, end = reporting.events([play(once, again)], hosts=2)
    assert outcome(end) == ("succeeded", "info")


def test_run_once(reporting: Reporting) -> None:
    events = reporting.events([play(fail(run_once=True))], hosts=3)
    assert failures(events) == [("host1", "Fail here")]
    assert summary(events[-1], "hosts.total", "failed_hosts") == [1, ["host1"]]


def test_a_failing_handler(reporting: Reporting) -> None:
    handler = fail("Restart it")
    events = reporting.events([play(change(notify="Restart it"), handlers=[handler])])
    assert failures(events) == [("host1", "Restart it")]


def test_a_failing_loop_is_one_failure(reporting: Reporting) -> None:
    events = reporting.events([play(fail(loop=[1, 2, 3]))])
    assert failures(events) == [("host1", "Fail here")]


def test_retries_are_one_failure(reporting: Reporting) -> None:
    task = fail(until=False, retries=2, delay=0)
    assert failures(reporting.events([play(task)])) == [("host1", "Fail here")]


def test_no_hosts_matched(reporting: Reporting) -> None:
    start, end = reporting.events([play(debug(), hosts="nobody")])
    assert outcome(end) == ("no_hosts", "warning")
    assert "matched no hosts" in end["message"]


def test_a_play_without_hosts_beside_one_with_hosts(reporting: Reporting) -> None:
    end = reporting.end([play(debug(), hosts="nobody"), play(debug())])
    assert outcome(end) == ("succeeded", "info")


def test_a_play_without_tasks(reporting: Reporting) -> None:
    start, end = reporting.events([play()])
    assert outcome(end) == ("succeeded", "info")


def test_a_second_playbook_has_counts_of_its_own(reporting: Reporting) -> None:
    events = reporting.events([play(change(), change())], [play(change())])
    starts, ends = [events[0], events[3]], [events[2], events[5]]
    assert [end["ansible.playbook"] for end in ends] == ["playbook0.yml", "playbook1.yml"]
    assert [end["ansible.tasks.changed"] for end in ends] == [2, 1]
    assert [start["ansible.run.id"] for start in starts] == [end["ansible.run.id"] for end in ends]
    assert len({event["ansible.run.id"] for event in events}) == 2


def test_a_serial_play_is_one_story(reporting: Reporting) -> None:
    events = reporting.events([play(change(), fail(**only("host2")), serial=1)], hosts=3)
    types = ["ansible_run", "ansible_failure", *["infrastructure"] * 2, "ansible_run"]
    assert [event["type"] for event in events] == types
    assert outcome(events[-1]) == ("failed", "error")


def test_a_free_strategy(reporting: Reporting) -> None:
    block = {"block": [fail("Rescued")], "rescue": [debug()]}
    events = reporting.events([play(block, fail("Not rescued", **only("host2")), strategy="free")], hosts=3)
    assert failures(events) == [("host2", "Not rescued")]


def test_included_tasks(reporting: Reporting) -> None:
    (reporting.folder / "tasks").mkdir()
    (reporting.folder / "tasks" / "more.yml").write_text(yaml.safe_dump([fail("Deep inside")]))
    events = reporting.events([play({"name": "Include", "ansible.builtin.include_tasks": "tasks/more.yml"})])
    assert failures(events) == [("host1", "Deep inside")]
    assert events[1]["ansible.task.path"] == "tasks/more.yml:1"


def test_a_role(reporting: Reporting) -> None:
    tasks = reporting.folder / "roles" / "shop" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text(yaml.safe_dump([fail("In a role")]))
    events = reporting.events([play(roles=["shop"])])
    assert failures(events) == [("host1", "In a role")]
    assert events[1]["ansible.task.path"] == "roles/shop/tasks/main.yml:1"


def test_a_task_without_a_name_is_called_by_its_action(reporting: Reporting) -> None:
    events = reporting.events([play({"ansible.builtin.fail": {"msg": "SECRET-argument"}})])
    assert failures(events) == [("host1", "ansible.builtin.fail")]


@pytest.mark.parametrize("no_log", [False, True])
def test_names_are_sent_as_they_are_written(reporting: Reporting, no_log: bool) -> None:
    """Core renders names before it hands them to callbacks, for no_log tasks too."""
    name = "Log in with {{ password }}"
    keywords = {"vars": {"password": "SECRET-1"}}
    plays = [
        play(change(notify=name), handlers=[fail(name, no_log=no_log)], **keywords, name=f"{name} a"),
        play(fail(name, no_log=no_log), hosts="host2", **keywords, name=f"{name} b"),
    ]
    events = reporting.events(plays, hosts=2)
    assert {event["ansible.task.name"] for event in events if event["type"] == "ansible_failure"} == {name}
    assert events[1]["ansible.play"] == f"{name} a"
    assert "SECRET-1" not in json.dumps(reporting.receiver.requests())


def test_names_that_no_event_can_hold_are_made_to_fit(reporting: Reporting) -> None:
    names = ["x" * 300_000, "a\0b", "two\nlines"]
    tasks = [fail("NAME", **only(f"host{number}")) for number in (1, 2, 3)]
    text = json.dumps([play(*tasks)])
    for name in names:
        text = text.replace('"NAME"', json.dumps(name), 1)
    events = reporting.events(text, hosts=3)
    assert failures(events) == [
        ("host1", "x" * 249 + "…"),
        ("host2", "a\N{REPLACEMENT CHARACTER}b"),
        ("host3", names[2]),
    ]
    assert events[-1]["ansible.failed_hosts"] == ["host1", "host2", "host3"]


def test_check_mode_is_mute(reporting: Reporting) -> None:
    assert reporting.events([play(fail())], args=["--check"]) == []


def test_check_mode_is_marked_where_it_is_wanted(reporting: Reporting) -> None:
    events = reporting.events([play(change())], args=["--check"], env={"SEMATEXT_REPORT_CHECK_MODE": "true"})
    assert [event["ansible.check_mode"] for event in events] == [True, True, True]
    assert all("(check mode)" in event["title"] and "(check mode)" in event["message"] for event in events)


@pytest.mark.parametrize("word", ["--syntax-check", "--list-tasks", "--list-hosts"])
def test_what_runs_nothing_reports_nothing(reporting: Reporting, word: str) -> None:
    assert reporting.events([play(change())], args=[word]) == []


def test_a_run_that_ends_itself_without_statistics_was_aborted(reporting: Reporting) -> None:
    plays = [play(debug()), play(debug(), hosts="{{ undefined_variable }}")]
    result = reporting(plays)
    assert result.rc not in (0, 2)
    start, end = in_order(reporting.receiver.events())
    assert outcome(end) == ("aborted", "error")
    assert "was aborted by an error" in end["message"]
    assert start["ansible.run.id"] == end["ansible.run.id"]
    assert warnings(result) == []


@pytest.mark.parametrize(("value", "reported"), [("true", True), ("1", True), ("false", False), (None, False)])
def test_a_variable_of_the_environment_can_enable(reporting: Reporting, value: str | None, reported: bool) -> None:
    events = reporting.events([play(debug())], env={"SEMATEXT_ENABLED_FROM_ENVIRONMENT": "CI", "CI": value})
    assert bool(events) is reported


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("start", ["started"]),
        ("end", ["ended"]),
        ("failures", ["failed"]),
        (" end , failures ", ["failed", "ended"]),
        ("", []),
    ],
)
def test_what_to_report(reporting: Reporting, report: str, expected: list[str]) -> None:
    events = reporting.events([play(fail())], env={"SEMATEXT_REPORT": report})
    assert [event.get("ansible.run.state") or event["ansible.failure"] for event in events] == expected
    assert reporting.markers() == []


def test_tags_fields_and_creator(reporting: Reporting) -> None:
    cfg = (
        "[callback_sematext_events]\ntags = env:production, team:search\n"
        'fields = {"service.name": "shop", "attempt": 3, "canary": true}\ncreator = CI\n'
    )
    events = reporting.events([play(fail())], cfg=cfg)
    assert len(events) == 3
    for event in events:
        assert event["tags"] == ["env:production", "team:search"]
        assert (event["service.name"], event["attempt"], event["canary"]) == ("shop", 3, True)
        assert event["creator"] == "CI"


def test_fields_of_the_user_do_not_replace_those_of_the_run(reporting: Reporting) -> None:
    fields = {"ansible.run.state": "nonsense", "ansible.playbook": "nonsense"}
    start, end = reporting.events([play(debug())], env={"SEMATEXT_FIELDS": json.dumps(fields)})
    assert (start["ansible.run.state"], end["ansible.playbook"]) == ("started", "playbook0.yml")


@pytest.mark.parametrize(("source", "expected"), [("ansible_fqdn", "one.example"), ("ansible_nodename", "host1")])
def test_the_source_of_host_names(reporting: Reporting, source: str, expected: str) -> None:
    """The name in the inventory where the fact is not known."""
    known = {"name": "Know", "ansible.builtin.include_vars": {"file": "facts.yml"}}
    (reporting.folder / "facts.yml").write_text(json.dumps({"ansible_facts": {"fqdn": "one.example"}}))
    events = reporting.events([play(known, fail())], env={"SEMATEXT_HOST_SOURCE": source})
    assert events[1]["os.host"] == expected


def test_all_goes_over_the_keep_alive_connections_of_one_client(reporting: Reporting) -> None:
    reporting.events([play(fail(loop=[1]))], hosts=12)
    records = reporting.receiver.records()
    assert len(records) == 14
    assert len({record["connection"] for record in records}) <= 4
    assert {record["path"] for record in records} == {f"/{reporting.token}/event"}


def git(folder: Any, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_of_the_playbooks_repository(reporting: Reporting) -> None:
    git(reporting.folder.parent, "init", "--quiet")
    git(reporting.folder.parent, "commit", "--quiet", "--allow-empty", "--message", "one")
    commit = git(reporting.folder.parent, "rev-parse", "HEAD")
    start, failure, end = reporting.events([play(fail())])
    for event in (start, failure, end):
        assert (event["commit.id"], event["commit.branch"]) == (commit, "main")
        assert event["ansible.playbook"] == "run/playbook0.yml"


def test_without_a_repository_there_is_no_commit(reporting: Reporting) -> None:
    start, _end = reporting.events([play(debug())])
    assert not [name for name in start if name.startswith("commit.")]

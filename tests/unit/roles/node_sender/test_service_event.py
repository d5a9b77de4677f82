# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a hook makes of the words that systemd gives it, and how it is recorded."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
from shell import BOOT, UNIT, Node

RUN = "5ea1ab1e"
HOOK = {"INVOCATION_ID": RUN}


def recorded(node: Node) -> list[dict[str, Any]]:
    """The events in the spool, as they are recorded."""
    return [json.loads(file.read_text().splitlines()[1]) for file in node.files("new")]


def told(node: Node) -> list[tuple[str, str, str]]:
    return [(event["type"], event["severity"], event["message"]) for event in recorded(node)]


def stopped(result: str, code: str = "", status: str = "") -> dict[str, str]:
    """The environment of ExecStopPost=."""
    return {**HOOK, "SERVICE_RESULT": result, "EXIT_CODE": code, "EXIT_STATUS": status}


@pytest.mark.parametrize(
    ("hook", "message"),
    [("start", "Starting Probe"), ("started", "Started Probe"), ("stopping", "Stopping Probe")],
)
def test_a_hook_records_its_event(hook: str, message: str, node: Node) -> None:
    done = node.run("service-event", hook, UNIT, **HOOK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert recorded(node) == [
        {
            "type": f"server_{hook}",
            "severity": "info",
            "systemd.unit": UNIT,
            "message": message,
            "event.id": f"{RUN}-{hook}",
        }
    ]


def test_a_stop_tells_how_the_service_ended(node: Node) -> None:
    node.run("service-event", "stop", UNIT, **stopped("success", "exited", "0"))
    (event,) = recorded(node)
    assert (event["type"], event["severity"], event["message"]) == ("server_stop", "info", "Stopped Probe")
    assert event["systemd.result"] == "success"
    assert (event["systemd.exit_code"], event["systemd.exit_status"]) == ("exited", "0")
    assert event["event.id"] == f"{RUN}-stop"


REASONS = {
    "exit code": (("exit-code", "exited", "3"), "exit code 3"),
    "an exit code like one of systemd, but above them": (("exit-code", "exited", "250"), "exit code 250"),
    "signal": (("signal", "killed", "KILL"), "signal KILL"),
    "core dump": (("core-dump", "dumped", "SEGV"), "core dump, signal SEGV"),
    "watchdog": (("watchdog", "dumped", "ABRT"), "watchdog timeout"),
    "time-out": (("timeout", "killed", "KILL"), "timeout"),
    "out of memory": (("oom-kill", "killed", "KILL"), "out of memory"),
    "a result that systemd has not had yet": (("new-result", "exited", "1"), "new-result"),
    "a result that is no word": (('"} x', "exited", "1"), "unknown"),
    "no result": (("", "", ""), ""),
}


@pytest.mark.parametrize(("words", "reason"), REASONS.values(), ids=REASONS)
def test_a_service_that_failed_is_told_with_its_reason(words: tuple[str, ...], reason: str, node: Node) -> None:
    node.systemd_says(ActiveEnterTimestampMonotonic=200, InactiveExitTimestampMonotonic=100)
    node.run("service-event", "stop", UNIT, **stopped(*words))
    assert told(node) == [("server_stop", "error", f"Probe failed: {reason}")]
    assert recorded(node)[0]["event.id"] == f"{RUN}-stop"


START_REASONS = {
    "ExecStartPre fails": (("exit-code", "", ""), "a command before it failed"),
    "it ends while it starts": (("exit-code", "exited", "1"), "exit code 1"),
    "time-out": (("timeout", "killed", "TERM"), "timeout"),
    "not ready": (("protocol", "exited", "0"), "it ended before it was ready"),
    "a file is missing": (("resources", "", ""), "a file or a resource that it needs is lacking"),
    "too many starts": (("start-limit-hit", "", ""), "too many starts"),
}


@pytest.mark.parametrize(("words", "reason"), START_REASONS.values(), ids=START_REASONS)
def test_a_service_that_was_not_active_failed_to_start(words: tuple[str, ...], reason: str, node: Node) -> None:
    node.systemd_says(ActiveEnterTimestampMonotonic=50, InactiveExitTimestampMonotonic=100)
    node.run("service-event", "stop", UNIT, **stopped(*words))
    assert told(node) == [("server_start_failed", "error", f"Probe failed to start: {reason}")]


@pytest.mark.parametrize("status", ["200", "203", "249"])
def test_what_could_not_be_executed_failed_to_start(status: str, node: Node) -> None:
    """A Type=simple service is active before systemd executes it."""
    node.systemd_says(ActiveEnterTimestampMonotonic=200, InactiveExitTimestampMonotonic=100)
    node.run("service-event", "stop", UNIT, **stopped("exit-code", "exited", status))
    message = f"Probe failed to start: it could not be executed, exit code {status}"
    assert told(node) == [("server_start_failed", "error", message)]


def test_a_condition_that_is_not_met_records_nothing(node: Node) -> None:
    node.run("service-event", "stop", UNIT, **stopped("exec-condition", "exited", "1"))
    assert recorded(node) == []


GIVEN_UP = {"ActiveState": "failed", "Result": "exit-code", "NRestarts": 4, "InvocationID": RUN}
EXITED = {"ExecMainCode": 1, "ExecMainStatus": 3}
UPS = {
    "an exit code": ({**GIVEN_UP, **EXITED}, "exit code 3"),
    "a signal, by its number": (
        {**GIVEN_UP, "Result": "signal", "ExecMainCode": 2, "ExecMainStatus": 9},
        "signal KILL",
    ),
    "a core dump": (
        {**GIVEN_UP, "Result": "core-dump", "ExecMainCode": 3, "ExecMainStatus": 11},
        "core dump, signal SEGV",
    ),
    "a command before it": ({**GIVEN_UP, "ExecMainCode": 0, "ExecMainStatus": 0}, "a command before it failed"),
    "too many starts by a person": (
        {**GIVEN_UP, **EXITED, "Result": "start-limit-hit", "NRestarts": 0},
        "too many starts",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), UPS.values(), ids=UPS)
def test_that_systemd_gave_up_is_told_with_the_last_result(answer: dict[str, Any], reason: str, node: Node) -> None:
    node.systemd_says(**answer)
    node.run("service-event", "gave_up", UNIT)
    message = f"systemd gave up restarting Probe, last result: {reason}"
    assert told(node) == [("server_gave_up", "error", message)]
    (event,) = recorded(node)
    assert (event["systemd.restarts"], event["event.id"]) == (answer["NRestarts"], f"{RUN}-gave-up")


def test_a_service_that_failed_once_was_not_given_up(node: Node) -> None:
    """Its hook `stop` has told it."""
    node.systemd_says(**{**GIVEN_UP, **EXITED, "NRestarts": 0})
    node.run("service-event", "gave_up", UNIT)
    assert recorded(node) == []


NO_HOOKS = {
    "a file that it needs": (
        {**GIVEN_UP, "Result": "resources", "NRestarts": 0},
        "a file or a resource that it needs is lacking",
        f"{RUN}-stop",
    ),
    "a unit that it needs": (
        {"ActiveState": "inactive", "Result": "success", "NRestarts": 0, "InvocationID": ""},
        "a unit that it needs failed",
        f"{BOOT}-",
    ),
}


@pytest.mark.parametrize(("answer", "reason", "ident"), NO_HOOKS.values(), ids=NO_HOOKS)
def test_what_systemd_ran_no_hook_for_failed_to_start(
    answer: dict[str, Any], reason: str, ident: str, node: Node
) -> None:
    node.systemd_says(**answer, ExecMainCode=0, ExecMainStatus=0)
    node.run("service-event", "gave_up", UNIT)
    assert told(node) == [("server_start_failed", "error", f"Probe failed to start: {reason}")]
    assert recorded(node)[0]["event.id"].startswith(ident)


@pytest.mark.parametrize(
    ("then", "types"),
    [("activating", []), ("active", []), ("failed", ["server_gave_up"])],
    ids=["which it does", "which it has done", "and is given up at that moment"],
)
def test_a_service_that_systemd_is_about_to_restart(then: str, types: list[str], node: Node) -> None:
    """Since systemd 254, OnFailure= comes before each restart, too."""
    node.systemd_says(**{**GIVEN_UP, **EXITED, "ActiveState": "activating"})
    node.systemd_says(folder="systemd/later", **{**GIVEN_UP, **EXITED, "ActiveState": then})
    node.run("service-event", "gave_up", UNIT)
    assert [event["type"] for event in recorded(node)] == types


@pytest.mark.parametrize("hook", ["start", "started", "stopping", "stop", "gave_up"])
def test_a_service_whose_events_were_taken_away_goes_on_without(hook: str, node: Node) -> None:
    (node.settings / "services" / UNIT).unlink()
    done = node.run("service-event", hook, UNIT, **HOOK)
    assert (done.returncode, done.stderr, recorded(node)) == (0, "", [])


@pytest.mark.parametrize(
    ("hook", "without"),
    [("start", ["start"]), ("stop", ["stop", "failed", "start_failed"]), ("gave_up", ["gave_up"])],
    ids=["start", "stop", "gave_up"],
)
def test_a_hook_that_is_turned_off_records_nothing(hook: str, without: list[str], node: Node) -> None:
    node.add_service(without=without)
    node.systemd_says(**GIVEN_UP, **EXITED)
    node.run("service-event", hook, UNIT, **stopped("success"))
    assert recorded(node) == []


@pytest.mark.parametrize("name", ['a "b" \\ %n $x `id` \u00fc', "it's"], ids=["quotes and more", "an apostrophe"])
def test_any_name_is_recorded_as_it_was_written(name: str, node: Node) -> None:
    unit = r"odd\x2dname@1.service"
    node.add_service(unit, name)
    node.run("service-event", "start", unit, **HOOK)
    (event,) = recorded(node)
    assert (event["message"], event["systemd.unit"]) == (f"Starting {name}", unit)


def test_a_record_is_one_file_for_root_alone(node: Node) -> None:
    """Its name sorts by the time since boot; what `deliver` folds by stands in its first line."""
    node.uptime(12345.67)
    node.systemd_says(ActiveEnterTimestampMonotonic=200, InactiveExitTimestampMonotonic=100)
    node.run("service-event", "stop", UNIT, **stopped("signal", "killed", "KILL"))
    (file,) = node.files("new")
    name, _dot, sender = file.name.partition(".")
    boot, uptime, process = name.split("-")
    assert (boot, uptime, sender) == (BOOT, "000001234567", "service_events")
    assert len(process) == 7 and int(process) > 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    header, text, end = file.read_text().split("\n")
    assert header == f"failed {UNIT} {RUN}-stop signal KILL"
    assert (json.loads(text)["event.id"], end) == (f"{RUN}-stop", "")


def test_a_spool_that_was_removed_comes_back(node: Node) -> None:
    (node.spool / "new").rmdir()
    node.spool.rmdir()
    assert node.run("service-event", "start", UNIT, **HOOK).returncode == 0
    assert [event["type"] for event in recorded(node)] == ["server_start"]
    assert stat.S_IMODE(node.spool.stat().st_mode) == 0o700


def test_a_full_disk_is_told_and_leaves_nothing_behind(node: Node) -> None:
    done = node.run("service-event", "start", UNIT, disk="full", **HOOK)
    told = f"<3>community.sematext: an event (start {UNIT} {RUN}-start -) could not be recorded in {node.spool}/new"
    assert done.returncode == 1
    assert told in done.stderr.splitlines()
    assert node.files("new") == []


def test_a_spool_that_takes_no_files_is_told(node: Node) -> None:
    """/proc takes none, whoever asks: like a file system that has become read-only, root or not."""
    (node.spool / "new").rmdir()
    node.spool.rmdir()
    node.spool.symlink_to("/proc")
    done = node.run("service-event", "start", UNIT, **HOOK)
    assert done.returncode == 1
    assert "could not be recorded" in done.stderr


def test_a_delivered_event_has_the_time_of_its_record(node: Node) -> None:
    """What service-event records is what deliver takes."""
    node.run("service-event", "start", UNIT, **HOOK)
    node.set_time(node.files("new")[0], 3600)
    node.deliver("now")
    (event,) = node.queued()
    assert (event["timestamp"], event["message"]) == ("2026-01-01T01:00:00.000Z", "Starting Probe")

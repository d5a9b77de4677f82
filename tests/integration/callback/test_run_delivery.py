# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How what lies in the spool gets to the receiver."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
from receiver.running import running_receiver

from .reporting import (
    CHILD,
    LONG,
    Reporting,
    change,
    debug,
    fail,
    failures,
    in_order,
    play,
    wait_until,
    warnings,
)

QUIET = [play(debug())]
DELIVER = Path("community.sematext.deliver")


def leave(reporting: Reporting, number: int) -> Path:
    """Have many events of an earlier run wait; gives their folder."""
    reporting.receiver.fault(status=503)
    reporting(QUIET, env={"SEMATEXT_TIME_BUDGET": "0", "SEMATEXT_REPORT": "start"})
    (path,) = reporting.spool.glob("*/events/*")
    event = json.loads(path.read_bytes())
    for position in range(1, number):
        name = f"{int(path.name[:16]) + position:016d}{path.name[16:]}"
        path.with_name(name).write_text(json.dumps({**event, "event.id": str(uuid.uuid4())}))
    reporting.receiver.heal()
    reporting.receiver.clear()
    return path.parent


def ids(events: list[dict[str, Any]]) -> list[str]:
    return sorted(event["event.id"] for event in events)


def test_a_backlog_goes_out_over_few_connections(reporting: Reporting) -> None:
    leave(reporting, 500)
    waiting = reporting.waiting()
    result = reporting(QUIET)
    assert warnings(result) == []
    records = reporting.receiver.records()
    assert len(records) == 502
    assert set(ids(waiting)) < set(ids([record["event"] for record in records]))
    assert len({record["event"]["event.id"] for record in records}) == 502
    assert len({record["connection"] for record in records}) <= 4


@pytest.mark.parametrize("faults", [[], [{"status": 503, "times": 6}]], ids=["healthy", "after a fault"])
def test_the_events_of_a_run_go_before_a_backlog(reporting: Reporting, faults: list[dict[str, Any]]) -> None:
    """Those too that are recorded while the backlog is being sent, and those that failed at first."""
    leave(reporting, 1000)
    reporting.receiver.fault(*faults, {"delay": 0.1})
    wait = {"name": "Wait", "ansible.builtin.raw": "sleep 1"}
    result = reporting([play(wait, fail())], env={"SEMATEXT_TIME_BUDGET": "2"})
    reporting.receiver.heal()
    (warning,) = warnings(result)
    assert "wait for the next run. There was no time left to deliver them." in warning
    (run_id,) = {event["ansible.run.id"] for event in reporting.receiver.events() if event["type"] == "ansible_failure"}
    own = [event for event in reporting.receiver.events() if event["ansible.run.id"] == run_id]
    assert sorted(set(ids(own))) == ids(own)
    assert [event["type"] for event in in_order(own)] == [
        "ansible_run",
        "ansible_failure",
        "infrastructure",
        "ansible_run",
    ]
    assert len(reporting.waiting()) > 500


def test_events_that_fail_at_first_go_out_in_the_same_run(reporting: Reporting) -> None:
    """The receiver fails for the first two requests, and takes those events later."""
    leave(reporting, 20)
    reporting.receiver.fault(status=500, times=2)
    assert warnings(reporting(QUIET)) == []
    assert len(set(ids(reporting.receiver.events()))) == 22


def test_many_failures_at_once_all_arrive(reporting: Reporting) -> None:
    env = {"SEMATEXT_HOST_EVENT_LIMIT": "60"}
    events = reporting.events([play(fail())], hosts=60, args=["--forks", "20"], env=env)
    assert len(failures(events)) == 60
    assert len(events) == 62


def test_runs_at_the_same_time_share_a_spool(reporting: Reporting) -> None:
    leave(reporting, 30)
    left = reporting.waiting()
    runs = [reporting.start([play(change(), fail())], hosts=3) for _number in range(6)]
    results = [run.finish() for run in runs]
    assert [result.rc for result in results] == [2] * 6
    assert [warnings(result) for result in results] == [[]] * 6
    events = reporting.receiver.events()
    assert Counter(ids(events)).most_common(1)[0][1] == 1
    assert set(ids(left)) < set(ids(events))
    assert len(events) == 30 + 6 * 8
    stories = Counter(event["ansible.run.id"] for event in events)
    assert sorted(stories.values()) == [8] * 6 + [30]


def test_a_run_waits_for_its_event_that_another_run_is_sending(reporting: Reporting) -> None:
    """And does not warn of it."""
    reporting.receiver.fault({"delay": 0.5})
    runs = [reporting.start(QUIET) for _number in range(3)]
    assert [warnings(run.finish()) for run in runs] == [[]] * 3
    assert len(reporting.receiver.events()) == 6


def test_the_start_is_sent_at_once(reporting: Reporting) -> None:
    run = reporting.start([play({"name": "Wait", "ansible.builtin.raw": "sleep 600"})])
    (start,) = reporting.receiver.wait_for(1)
    assert start["ansible.run.state"] == "started"
    assert run.process.poll() is None
    run.process.kill()
    reporting.receiver.wait_for(2)


def test_a_failure_is_sent_at_once(reporting: Reporting) -> None:
    block = {"block": [fail()], "always": [{"name": "Wait", "ansible.builtin.raw": "sleep 600"}]}
    run = reporting.start([play(block)])
    events = reporting.receiver.wait_for(2)
    assert failures(events) == [("host1", "Fail here")]
    assert run.process.poll() is None
    run.process.kill()
    reporting.receiver.wait_for(3)


def test_over_https(reporting: Reporting) -> None:
    with running_receiver(tokens=[reporting.token], tls=True) as receiver:
        env = {"SEMATEXT_EVENT_RECEIVER_URL": receiver.url, "SEMATEXT_CA_PATH": receiver.ca_path}
        assert warnings(reporting(QUIET, env=env)) == []
        assert len(receiver.events()) == 2
        (warning,) = warnings(reporting(QUIET, env={**env, "SEMATEXT_CA_PATH": None}))
        assert "its TLS certificate is not trusted" in warning


def test_a_task_of_the_module_bears_the_id_of_the_run(reporting: Reporting) -> None:
    task = {"name": "Tell", "community.sematext.event": {"type": "deployment", "msg": "Deployed"}}
    events = reporting.events([play(task)])
    assert len({event["ansible.run.id"] for event in events}) == 1
    assert [event["type"] for event in events] == ["ansible_run", "deployment", "ansible_run"]


class TestDeliver:
    """The playbook community.sematext.deliver."""

    def test_it_sends_what_waits_and_reports_nothing(self, reporting: Reporting) -> None:
        leave(reporting, 10)
        waiting = reporting.waiting()
        result = reporting(DELIVER, env={"SEMATEXT_REPORT": ""})
        assert (result.rc, warnings(result)) == (0, [])
        assert ids(reporting.receiver.events()) == ids(waiting)
        assert (reporting.waiting(), reporting.markers()) == ([], [])

    def test_it_needs_nothing_to_do(self, reporting: Reporting) -> None:
        result = reporting(DELIVER, env={"SEMATEXT_REPORT": ""})
        assert (result.rc, result.stderr) == (0, "")
        assert reporting.receiver.requests() == []

    def test_events_of_a_wrong_token_are_named_and_handed_over(self, reporting: Reporting) -> None:
        (warning,) = warnings(reporting([play(fail())], token="wrong-token"))
        (folder,) = [path.parent for path in reporting.spool.glob("*/refused")]
        assert f"3 events in {folder} wait for the next run." in warning
        assert "App token is not accepted" in warning
        waiting = reporting.waiting()

        (warning,) = warnings(reporting(QUIET))
        assert f"3 events in {folder} were recorded under an App token or receiver that was refused." in warning
        assert len(reporting.receiver.events()) == 2

        reporting.receiver.clear()
        result = reporting(DELIVER, env={"SEMATEXT_REPORT": "", "SEMATEXT_ADOPT": str(folder)})
        assert (result.rc, warnings(result)) == (0, [])
        assert ids(reporting.receiver.events()) == ids(waiting)
        assert {record["token"] for record in reporting.receiver.records()} == {reporting.token}

        again = reporting(DELIVER, env={"SEMATEXT_REPORT": "", "SEMATEXT_ADOPT": str(folder)})
        assert (again.rc, warnings(again)) == (0, [])
        assert warnings(reporting(QUIET)) == []
        assert len(reporting.receiver.events()) == 5

    def test_a_run_that_was_killed_under_a_wrong_token_is_handed_over(self, reporting: Reporting) -> None:
        run = reporting.start([play({"name": "Wait", "ansible.builtin.raw": "sleep 600"})], token="wrong-token")
        wait_until(lambda: list(reporting.spool.glob("*/refused")), "the start was refused")
        (folder,) = [path.parent for path in reporting.spool.glob("*/refused")]
        for child in reporting.children():
            child.kill()
        run.process.kill()
        run.process.wait()
        result = reporting(DELIVER, env={"SEMATEXT_REPORT": "", "SEMATEXT_ADOPT": str(folder)})
        assert warnings(result) == []
        _start, end = in_order(reporting.receiver.events())
        assert end["ansible.run.outcome"] == "interrupted"

    @pytest.mark.parametrize("what", ["missing", "project"])
    def test_what_is_no_folder_of_the_spool_is_named(self, reporting: Reporting, what: str) -> None:
        (reporting.folder / "project").mkdir()
        env = {"SEMATEXT_ADOPT": str(reporting.folder / what)}
        (warning,) = warnings(reporting(QUIET, env=env))
        assert f"Events in {reporting.folder / what} could not be adopted" in warning
        assert len(reporting.receiver.events()) == 2


class TestChild:
    """The process that delivers lives with our modules and the standard library, and requests."""

    def test_a_package_ansible_collections_on_some_root_does_not_matter(self, reporting: Reporting) -> None:
        root = reporting.folder / "root"
        (root / "ansible_collections").mkdir(parents=True)
        (root / "ansible_collections" / "__init__.py").write_text("")
        assert len(reporting.events(QUIET, env={"PYTHONPATH": str(root)})) == 2

    def test_modules_in_the_folder_of_the_playbook_are_not_imported(self, reporting: Reporting) -> None:
        for name in ("json", "requests", "threading", "types", "importlib"):
            (reporting.folder / f"{name}.py").write_text(
                f"open({str(reporting.folder / 'imported')!r}, 'a').write({name!r})"
            )
        assert len(reporting.events(QUIET)) == 2
        assert not (reporting.folder / "imported").exists()

    def test_it_does_not_import_ansible(self, reporting: Reporting) -> None:
        """sitecustomize is Python's own hook: it notes what is imported in the child."""
        root = reporting.folder / "root"
        root.mkdir()
        log = reporting.folder / "imports"
        (root / "sitecustomize.py").write_text(
            "import sys\n"
            "class Finder:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            f"        with open({str(log)!r}, 'a') as file:\n"
            "            file.write(name + '\\n')\n"
            f"if {CHILD!r} in open('/proc/self/cmdline').read():\n"
            "    sys.meta_path.insert(0, Finder())\n"
        )
        assert len(reporting.events(QUIET, env={"PYTHONPATH": str(root)})) == 2
        imported = {name.partition(".")[0] for name in log.read_text().split()}
        assert "requests" in imported
        assert not {name for name in imported if name.startswith("ansible")}

    def test_it_stands_outside_of_the_folder_and_the_session_of_the_run(self, reporting: Reporting) -> None:
        run = reporting.start([play({"name": "Wait", "ansible.builtin.raw": "sleep 600"})])
        reporting.receiver.wait_for(1)
        (child,) = reporting.children()
        assert child.cwd() == "/"
        assert child.ppid() == run.process.pid
        assert child.terminal() is None
        run.process.kill()
        reporting.receiver.wait_for(2)

    def test_a_receiver_that_hangs_holds_a_run_for_its_time_budget_and_no_longer(self, reporting: Reporting) -> None:
        reporting.receiver.fault(hang=True)
        result = reporting.within(QUIET, env={"SEMATEXT_TIMEOUT": "60"})
        assert (result.rc, reporting.children()) == (0, [])
        assert "2 events in" in warnings(result)[0]

    def test_it_is_ended_where_it_does_not_answer(self, reporting: Reporting) -> None:
        wait = {"name": "Wait", "ansible.builtin.raw": f"while [ ! -e {reporting.folder}/go ]; do sleep 0.1; done"}
        run = reporting.start([play(wait)], env={"SEMATEXT_TIME_BUDGET": "1"})
        reporting.receiver.wait_for(1)
        (child,) = reporting.children()
        child.suspend()
        (reporting.folder / "go").touch()
        assert "2 events in" in warnings(run.finish(LONG))[0]
        assert reporting.children() == []

    def test_a_run_whose_child_was_killed_goes_on_and_tells_what_waits(self, reporting: Reporting) -> None:
        wait = {"name": "Wait", "ansible.builtin.raw": f"while [ ! -e {reporting.folder}/go ]; do sleep 0.1; done"}
        run = reporting.start([play(wait, change())])
        reporting.receiver.wait_for(1)
        (child,) = reporting.children()
        child.kill()
        wait_until(lambda: child.status() == psutil.STATUS_ZOMBIE, "the child is dead")
        (reporting.folder / "go").touch()
        result = run.finish()
        assert result.rc == 0
        assert "2 events in" in warnings(result)[0]
        assert warnings(reporting(QUIET)) == []
        assert len(set(ids(reporting.receiver.events()))) == 5

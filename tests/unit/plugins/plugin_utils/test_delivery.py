# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The child process that delivers, as its parent holds it: with real processes, which take a tenth of a second each."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils import _delivery
from ansible_collections.community.sematext.plugins.plugin_utils._delivery import Delivery
from spooled import LONG, OTHER_RUN, RUN, TOKEN, interrupted, listener, record, said, spool_of, wait_until, waiting


@pytest.fixture
def connection(receiver):
    return Connection(TOKEN, receiver.url)


@pytest.fixture
def spool(tmp_path, connection):
    return spool_of(tmp_path / "spool", connection)


@pytest.fixture
def delivery(spool, connection, receiver):
    made = Delivery(connection, spool.root, LONG)
    yield made
    receiver.heal()
    made.finish(0)


def child_of(delivery):
    return psutil.Process(delivery._child.pid)


def is_gone(process):
    """A process that nobody has buried yet is gone, too."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_what_waits_is_delivered_and_reported(spool, delivery, receiver):
    record(spool, "old", run_id=OTHER_RUN)
    delivery.start()
    delivery.run_begins(RUN)
    record(spool, "new")
    delivery.wake()
    assert delivery.finish(LONG) == {"delivered": 2, "rejected": 0, "trouble": ""}
    assert sorted(said(receiver.events())) == ["new", "old"]
    assert waiting(spool) == []


def test_why_events_wait_is_reported(spool, delivery, receiver):
    record(spool, "kept")
    receiver.fault(status=403)
    delivery.start()
    report = delivery.finish(LONG)
    assert "App token is not accepted" in report.pop("trouble")
    assert report == {"delivered": 0, "rejected": 0}


def test_a_child_that_was_not_started_sends_nothing_and_has_nothing_to_report(spool, delivery, receiver):
    record(spool, "kept")
    delivery.run_begins(RUN)
    delivery.wake()
    assert delivery.finish(LONG) == {}
    assert receiver.requests() == []


def test_one_child_serves_all_runs_of_a_command(delivery):
    delivery.start()
    child = child_of(delivery)
    delivery.start()
    assert child_of(delivery) == child


def test_it_is_gone_when_the_command_is(delivery):
    delivery.start()
    child = child_of(delivery)
    delivery.finish(LONG)
    assert not child.is_running()


def test_another_child_may_follow(spool, delivery, receiver):
    for number in range(1, 3):
        record(spool, f"number {number}")
        delivery.start()
        assert delivery.finish(LONG)["delivered"] == 1
    assert said(receiver.events()) == ["number 1", "number 2"]


def test_a_program_that_is_missing_is_an_error_and_the_next_run_may_start_it(delivery, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/missing/python")
        with pytest.raises(FileNotFoundError):
            delivery.start()
    assert delivery.finish(LONG) == {}
    delivery.start()
    assert delivery.finish(LONG)["trouble"] == ""


def test_the_child_is_told_what_happens_at_once(delivery, spool, connection, tmp_path, monkeypatch):
    """A child that notes what it is told stands for ours, which would find what is new by itself, only later."""
    told = tmp_path / "told"
    monkeypatch.setattr(_delivery, "_BOOTSTRAP", listener(told))
    delivery.start()
    delivery.run_begins(RUN)
    delivery.wake()
    delivery.finish(LONG)
    task, *messages = [json.loads(line) for line in told.read_text().splitlines()]
    assert task == {
        "connection": dataclasses.asdict(connection),
        "root": spool.root,
        "parent": os.getpid(),
        "time_budget": LONG,
    }
    assert messages == [{"run": RUN}, {}, {"finish": LONG}]


class TestSurroundings:
    """The child lives apart from the run that started it."""

    @pytest.fixture
    def child(self, delivery, monkeypatch):
        monkeypatch.setenv("SEMATEXT_APP_TOKEN", TOKEN)
        monkeypatch.setenv("SEMATEXT_REGION", "EU")
        delivery.start()
        return child_of(delivery)

    def test_neither_its_command_line_nor_its_environment_tells_the_token(self, child):
        wait_until(lambda: child.environ().get("SEMATEXT_REGION") == "EU", "the kernel knows its environment")
        environment = child.environ()
        assert TOKEN not in "".join([*child.cmdline(), *environment.values()])

    def test_a_signal_from_the_terminal_does_not_reach_it(self, child):
        assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid

    def test_it_holds_no_folder_of_the_run(self, child):
        assert child.cwd() == "/"

    def test_it_imports_nothing_from_the_folder_of_the_run(self, spool, delivery, receiver, tmp_path, monkeypatch):
        for name in ("json", "requests", "importlib"):
            (tmp_path / f"{name}.py").write_text("raise SystemExit")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", ":" + os.environ.get("PYTHONPATH", ""))  # its empty part is the current folder
        record(spool, "sent")
        delivery.start()
        assert delivery.finish(LONG)["delivered"] == 1

    def test_it_looks_for_modules_in_no_current_folder(self, delivery, tmp_path, monkeypatch):
        """Wherever it stands. Its main() is one that reports where it looks."""
        (tmp_path / "plugin_utils").mkdir()
        main = "import json, sys\ndef main():\n    print(json.dumps({'path': sys.path}))\n"
        (tmp_path / "plugin_utils" / "_deliverer.py").write_text(main)
        monkeypatch.setattr(_delivery, "_PLUGINS", str(tmp_path))
        delivery.start()
        path = delivery.finish(LONG)["path"]
        assert path
        assert "" not in path

    def test_a_spool_whose_name_is_no_utf_8_is_emptied(self, tmp_path, connection, receiver):
        spool = spool_of(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")), connection)
        record(spool, "sent")
        delivery = Delivery(connection, spool.root, LONG)
        delivery.start()
        assert delivery.finish(LONG)["delivered"] == 1


class TestTrouble:
    """The run neither fails nor hangs, whatever becomes of the child."""

    @pytest.fixture(autouse=True)
    def no_grace(self, monkeypatch):
        monkeypatch.setattr(_delivery, "GRACE", 0.01)

    def test_a_child_that_does_not_answer_is_ended(self, spool, delivery):
        delivery.start()
        child = child_of(delivery)
        child.suspend()
        record(spool, "kept")
        delivery.wake()
        assert delivery.finish(0.01) == {}
        assert not child.is_running()
        assert said(waiting(spool)) == ["kept"]

    def test_a_child_that_reads_nothing_does_not_hold_up_the_run(self, delivery):
        """More than its pipe holds."""
        delivery.start()
        child_of(delivery).suspend()
        for _number in range(30_000):
            delivery.wake()
        assert delivery.finish(0) == {}

    def test_a_child_that_was_killed_fails_nothing(self, spool, delivery):
        delivery.start()
        delivery._child.kill()
        delivery._child.wait()
        delivery.run_begins(RUN)
        record(spool, "kept")
        delivery.wake()
        assert delivery.finish(LONG) == {}
        assert said(waiting(spool)) == ["kept"]

    @pytest.mark.parametrize("output", ["", "print('No module named json')"], ids=["silent", "babbling"])
    def test_what_is_no_report_counts_as_none(self, delivery, monkeypatch, output):
        """As of a Python whose site-packages are broken."""
        monkeypatch.setattr(_delivery, "_BOOTSTRAP", output)
        delivery.start()
        assert delivery.finish(LONG) == {}


#: A run that has begun, and then hangs.
RUNNING = """
import json, sys, time
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils._delivery import Delivery
from ansible_collections.community.sematext.plugins.plugin_utils._spool import Spool

task = json.loads(sys.stdin.readline())
connection = Connection(**task["connection"])
Spool(task["root"], connection.digest).open_run(task["run"], task["end"])
delivery = Delivery(connection, task["root"], 30)
delivery.start()
delivery.run_begins(task["run"])
print(delivery._child.pid, flush=True)
while True:  # not one long wait: an interrupt that comes just before the system call would not end it
    time.sleep(0.05)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_when_the_run_is_gone_the_child_tells_of_it_and_ends(spool, connection, receiver, number):
    collections = next(iter(sys.modules["ansible_collections"].__path__))
    run = subprocess.Popen(
        [sys.executable, "-c", RUNNING],
        env={**os.environ, "PYTHONPATH": os.path.dirname(collections)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    task = {
        "connection": {"app_token": TOKEN, "receiver": receiver.url},
        "root": spool.root,
        "run": RUN,
        "end": interrupted(),
    }
    with run:
        try:
            run.stdin.write(json.dumps(task).encode() + b"\n")
            run.stdin.flush()
            child = psutil.Process(int(run.stdout.readline()))
            run.send_signal(number)
            run.wait(LONG)
        finally:
            run.kill()
    (end,) = receiver.wait_for(1, LONG)
    assert (end["ansible.run.id"], end["ansible.run.outcome"]) == (RUN, "interrupted")
    wait_until(lambda: is_gone(child), "the child ended")
    assert os.listdir(spool.runs) == []
    assert waiting(spool) == []

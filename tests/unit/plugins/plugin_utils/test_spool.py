# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from ansible_collections.community.sematext.plugins.module_utils._event import EVENT_ID
from ansible_collections.community.sematext.plugins.plugin_utils._spool import MAX_SILENCE, Spool

DIGEST = "0123456789abcdef"
RUN = "11111111-1111-4111-8111-111111111111"
OTHER_RUN = "22222222-2222-4222-8222-222222222222"
#: For what only the kernel can do: locks of other processes, ends of processes.
processes = multiprocessing.get_context("fork")


@pytest.fixture
def spool(tmp_path):
    made = Spool(str(tmp_path / "spool"), DIGEST)
    made.prepare()
    return made


def event(number=0):
    return json.dumps({"type": "test", "message": f"number {number}", EVENT_ID: str(uuid.uuid4())}).encode()


def bodies(spool, run_ids=()):
    """What would be sent, in that order."""
    found = []
    for name in spool.due(run_ids):
        with spool.claim(name) as body:
            found.append(body)
    return found


def ends(spool):
    """The events that wait."""
    return [json.loads(body) for body in bodies(spool)]


def make_end(end, seen):
    return json.dumps({**end, "seen": seen}).encode()


def open_run(spool, run_id=RUN, **identity):
    """A run with a marker, of this process but for what is given; gives the marker's path."""
    spool.open_run(run_id, {EVENT_ID: f"end of {run_id}"})
    path = os.path.join(spool.runs, f"{run_id}.json")
    with open(path, encoding="utf-8") as file:
        marker = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**marker, **identity}, file)
    return path


def silent_since(path, seconds):
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


@contextlib.contextmanager
def holder(spool, name):
    """Another process that holds an event; gives that process."""
    ready = processes.Event()

    def hold():
        with spool.claim(name):
            ready.set()
            time.sleep(600)

    process = processes.Process(target=hold)
    process.start()
    assert ready.wait(10)
    try:
        yield process
    finally:
        process.kill()
        process.join()


class TestFolders:
    def test_all_are_for_the_owner_alone(self, spool, tmp_path):
        folders = [folder for folder, _names, _files in os.walk(tmp_path / "spool")]
        assert {stat.S_IMODE(os.stat(folder).st_mode) for folder in folders} == {0o700}

    def test_files_are_for_the_owner_alone_whatever_the_umask(self, spool):
        before = os.umask(0)
        try:
            spool.record(RUN, event())
        finally:
            os.umask(before)
        (name,) = spool.due()
        assert stat.S_IMODE(os.stat(os.path.join(spool.events, name)).st_mode) == 0o600

    def test_a_folder_that_was_opened_to_others_is_closed_again(self, spool):
        os.chmod(spool.folder, 0o755)
        spool.prepare()
        assert stat.S_IMODE(os.stat(spool.folder).st_mode) == 0o700

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_folder_of_another_user_is_refused(self, spool):
        os.chown(spool.folder, 65534, -1)
        with pytest.raises(PermissionError, match="another user"):
            spool.prepare()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_nothing_is_written_into_a_folder_of_another_user(self, spool):
        os.chown(spool.folder, 65534, -1)
        with pytest.raises(PermissionError, match="another user"):
            spool.record(RUN, event())
        assert spool.due() == []

    def test_one_app_does_not_see_the_events_of_another(self, spool):
        spool.record(RUN, event())
        assert not Spool(spool.root, "fedcba9876543210").due()


class TestOrder:
    def test_events_go_out_in_the_order_of_recording(self, spool):
        expected = [event(number) for number in range(20)]
        for body in expected:
            spool.record(RUN, body)
        assert bodies(spool) == expected

    def test_events_of_the_own_runs_go_first(self, spool):
        recorded = [(OTHER_RUN, event(1)), (RUN, event(2)), (OTHER_RUN, event(3)), (RUN, event(4))]
        for run_id, body in recorded:
            spool.record(run_id, body)
        assert bodies(spool, {RUN}) == [recorded[index][1] for index in (1, 3, 0, 2)]

    def test_what_is_being_written_is_not_due(self, spool):
        with open(os.path.join(spool.folder, "tmp", "torn"), "wb") as file:
            file.write(b'{"type": "te')
        assert spool.due() == []

    def test_a_spool_that_is_not_there_has_nothing_due(self, tmp_path):
        assert Spool(str(tmp_path / "missing"), DIGEST).due() == []

    def test_processes_with_the_same_number_do_not_disturb_each_other(self, spool):
        """Containers that share a spool have the same process ids."""
        script = (
            "import itertools, os, sys; os.getpid = lambda: 7\n"
            "from ansible_collections.community.sematext.plugins.plugin_utils import _spool\n"
            "spool = _spool.Spool(*sys.argv[1:3])\n"
            "for number in range(300): _spool._sequence = itertools.count(); spool.record(sys.argv[3], b'x' * 5000)"
        )
        collections = next(path for path in sys.modules["ansible_collections"].__path__)
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", script, spool.root, DIGEST, run_id],
                env={**os.environ, "PYTHONPATH": os.path.dirname(collections)},
                stderr=subprocess.PIPE,
            )
            for run_id in (RUN, OTHER_RUN)
        ]
        assert [run.communicate()[1] for run in runs] == [b"", b""]
        assert bodies(spool) == [b"x" * 5000] * 600


class TestClaim:
    def test_an_event_is_sent_by_one_process_at_a_time(self, spool):
        spool.record(RUN, event())
        (name,) = spool.due()
        with holder(spool, name), spool.claim(name) as body:
            assert body is None

    def test_the_end_of_a_process_gives_its_event_back(self, spool):
        spool.record(RUN, event(5))
        (name,) = spool.due()
        with holder(spool, name) as process:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            with spool.claim(name) as body:
                assert body and json.loads(body)["message"] == "number 5"

    def test_an_event_that_is_done_cannot_be_claimed(self, spool):
        spool.record(RUN, event())
        (name,) = spool.due()
        spool.done(name)
        with spool.claim(name) as body:
            assert body is None

    def test_an_event_that_was_opened_before_it_was_done_elsewhere_is_not_sent_again(self, spool):
        """The window between open() and flock()."""
        spool.record(RUN, event())
        (name,) = spool.due()
        with open(os.path.join(spool.events, name), "r+b") as file:
            spool.done(name)
            assert not spool._lock(file, os.path.join(spool.events, name))

    def test_a_marker_that_was_opened_before_another_process_replaced_it_is_not_closed_again(self, spool):
        path = open_run(spool)
        with open(path, "r+b") as file:
            spool.open_run(RUN, {})
            assert not spool._lock(file, path)

    def test_many_processes_send_each_event_once(self, spool, tmp_path):
        for number in range(200):
            spool.record(RUN, event(number))

        def drain(log):
            with open(log, "wb") as file:
                while names := spool.due():
                    for name in names:
                        with spool.claim(name) as body:
                            if body is not None:
                                file.write(body + b"\n")
                                spool.done(name)

        logs = [str(tmp_path / f"log{number}") for number in range(4)]
        senders = [processes.Process(target=drain, args=(log,)) for log in logs]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
        sent = [json.loads(line)[EVENT_ID] for log in logs for line in Path(log).read_bytes().splitlines()]
        assert len(sent) == len(set(sent)) == 200

    def test_an_event_that_is_set_aside_is_kept_and_no_longer_due(self, spool):
        spool.record(RUN, b"garbage")
        (name,) = spool.due()
        spool.set_aside(name)
        assert spool.due() == []
        assert os.listdir(spool.bad) == [name]


class TestBounds:
    def test_the_oldest_of_too_many_are_dropped_and_counted(self, spool):
        for number in range(10):
            spool.record(RUN, event(number))
        spool.trim(max_events=7)
        assert [end["message"] for end in ends(spool)] == [f"number {number}" for number in range(3, 10)]
        assert spool.dropped() == 3

    def test_what_is_too_old_is_dropped_and_counted(self, spool):
        spool.record(RUN, event())
        time.sleep(0.01)
        spool.trim(max_age=0)
        assert spool.due() == []
        assert spool.dropped() == 1

    def test_what_is_within_the_bounds_stays(self, spool):
        spool.record(RUN, event())
        spool.trim()
        assert len(spool.due()) == 1
        assert spool.dropped() == 0

    def test_what_cannot_be_dropped_stops_nothing(self, spool):
        os.mkdir(os.path.join(spool.events, "0.json"))
        spool.record(RUN, event())
        spool.trim()
        assert len(spool.due()) == 2

    def test_drops_are_added_up_until_somebody_was_told(self, spool):
        for _time in range(2):
            spool.record(RUN, event())
            spool.record(RUN, event())
            spool.trim(max_events=0)
        assert spool.dropped() == 4
        spool.told_dropped()
        assert spool.dropped() == 0

    def test_what_was_set_aside_is_bounded_too(self, spool):
        for number in range(3):
            spool.record(RUN, event(number))
            spool.set_aside(spool.due()[0])
        spool.trim(max_events=1)
        assert len(os.listdir(spool.bad)) == 1
        assert spool.dropped() == 0

    def test_what_dead_writers_left_is_removed_and_what_is_being_written_is_not(self, spool):
        for name, age in (("old", 7200), ("new", 0)):
            path = os.path.join(spool.folder, "tmp", name)
            with open(path, "wb"):
                pass
            silent_since(path, age)
        spool.trim()
        assert os.listdir(os.path.join(spool.folder, "tmp")) == ["new"]

    def test_a_damaged_counter_counts_as_none(self, spool):
        with open(os.path.join(spool.folder, "dropped"), "wb") as file:
            file.write(b"\xff")
        assert spool.dropped() == 0


class TestStranded:
    @pytest.fixture
    def wrong(self, spool):
        """A folder with two events that were refused."""
        wrong = Spool(spool.root, "fedcba9876543210")
        wrong.prepare()
        wrong.record(RUN, event(1))
        wrong.record(RUN, event(2))
        wrong.set_refused(True)
        return wrong

    def test_refused_events_are_seen_from_another_folder(self, spool, wrong):
        assert spool.stranded() == {wrong.folder: 2}

    def test_a_folder_that_only_waits_is_not_stranded(self, spool, wrong):
        wrong.set_refused(False)
        assert spool.stranded() == {}

    def test_an_empty_folder_is_not_stranded(self, spool, wrong):
        for name in wrong.due():
            wrong.done(name)
        assert spool.stranded() == {}

    def test_adopting_moves_all_events_in_their_order(self, spool, wrong):
        assert spool.adopt(wrong.folder, make_end) == 2
        assert [end["message"] for end in ends(spool)] == ["number 1", "number 2"]
        assert wrong.due() == []
        assert spool.stranded() == {}

    def test_adopting_twice_adopts_once(self, spool, wrong):
        assert spool.adopt(wrong.folder + "/", make_end) == 2
        assert spool.adopt(wrong.folder, make_end) == 0
        assert len(spool.due()) == 2

    def test_adopting_itself_does_nothing(self, spool):
        spool.record(RUN, event())
        assert spool.adopt(spool.folder, make_end) == 0
        assert len(spool.due()) == 1

    @pytest.mark.parametrize("make", [os.mkdir, lambda path: None])
    def test_what_is_no_folder_of_a_spool_is_left_alone(self, spool, tmp_path, make):
        make(tmp_path / "project")
        with pytest.raises(OSError):
            spool.adopt(str(tmp_path / "project"), make_end)

    def test_runs_that_were_killed_are_adopted(self, spool, wrong):
        open_run(wrong, started="1")
        spool.adopt(wrong.folder, make_end)
        spool.close_abandoned(make_end)
        assert f"end of {RUN}" in [end[EVENT_ID] for end in ends(spool)]

    def test_runs_that_go_on_are_left_alone(self, spool, wrong):
        """Their end is still to come, in the folder where they began."""
        path = open_run(wrong)
        spool.adopt(wrong.folder, make_end)
        assert os.path.exists(path)
        wrong.close_run(RUN, event())
        spool.close_abandoned(make_end)
        assert f"end of {RUN}" not in [end[EVENT_ID] for end in ends(spool)]


class TestEnds:
    def test_a_run_that_ends_leaves_its_end_and_no_marker(self, spool):
        open_run(spool)
        assert spool.is_open(RUN)
        spool.close_run(RUN, event(9))
        assert not spool.is_open(RUN)
        assert [end["message"] for end in ends(spool)] == ["number 9"]

    def test_a_run_whose_process_lives_is_going_on(self, spool):
        open_run(spool)
        spool.close_abandoned(make_end)
        assert spool.is_open(RUN)
        assert ends(spool) == []

    def test_a_run_whose_process_is_gone_has_ended_at_its_last_sign_of_life(self, spool):
        gone = subprocess.Popen([sys.executable, "-c", "pass"])
        gone.wait()
        silent_since(path := open_run(spool, pid=gone.pid), 100)
        seen = os.stat(path).st_mtime
        spool.close_abandoned(make_end)
        assert not spool.is_open(RUN)
        assert ends(spool) == [{EVENT_ID: f"end of {RUN}", "seen": seen}]

    def test_a_zombie_is_gone(self, spool):
        zombie = subprocess.Popen([sys.executable, "-c", "pass"])
        while Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        open_run(spool, pid=zombie.pid)
        spool.close_abandoned(make_end)
        assert not spool.is_open(RUN)
        zombie.wait()

    def test_a_process_id_that_was_given_to_another_process_does_not_keep_a_run_alive(self, spool):
        open_run(spool, started="1")
        spool.close_abandoned(make_end)
        assert not spool.is_open(RUN)

    def test_a_reboot_ends_the_runs_of_that_host(self, spool):
        open_run(spool, boot="00000000-0000-4000-8000-000000000000")
        spool.close_abandoned(make_end)
        assert not spool.is_open(RUN)

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"host": "elsewhere", "boot": "00000000-0000-4000-8000-000000000000", "pids": "pid:[1]"},
            {"pids": "pid:[1]", "pid": 1, "started": "1"},
        ],
        ids=["another host", "another container"],
    )
    def test_elsewhere_only_silence_tells_that_a_run_is_gone(self, spool, elsewhere):
        path = open_run(spool, **elsewhere)
        spool.close_abandoned(make_end)
        assert spool.is_open(RUN)
        silent_since(path, MAX_SILENCE + 10)
        spool.touch_run(RUN)
        spool.close_abandoned(make_end)
        assert spool.is_open(RUN)
        silent_since(path, MAX_SILENCE + 10)
        spool.close_abandoned(make_end)
        assert not spool.is_open(RUN)
        assert len(ends(spool)) == 1

    def test_an_end_that_was_written_and_not_yet_published_is_published(self, spool):
        """close_run() was killed between its two renames."""
        path = open_run(spool)
        with open(path, "wb") as file:
            file.write(event(3))
        spool.close_abandoned(make_end)
        assert [end["message"] for end in ends(spool)] == ["number 3"]
        assert not spool.is_open(RUN)

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"{}", b"\xff\xfe"])
    def test_a_damaged_marker_is_set_aside(self, spool, content):
        path = open_run(spool)
        with open(path, "wb") as file:
            file.write(content)
        spool.close_abandoned(make_end)
        assert ends(spool) == []
        assert len(os.listdir(spool.bad)) == 1
        assert not spool.is_open(RUN)

    def test_a_run_that_is_seen_to_end_is_closed_though_its_process_lives(self, spool):
        open_run(spool)
        spool.close_interrupted(RUN, make_end)
        assert [end[EVENT_ID] for end in ends(spool)] == [f"end of {RUN}"]

    def test_a_run_that_said_its_end_is_not_interrupted(self, spool):
        open_run(spool)
        spool.close_run(RUN, event(9))
        spool.close_interrupted(RUN, make_end)
        assert [end["message"] for end in ends(spool)] == ["number 9"]

    def test_an_end_that_cannot_be_written_now_is_written_later(self, spool):
        """A full disk must not lose the end of a run that nobody has told of."""
        open_run(spool, started="1")
        folder = os.path.join(spool.folder, "tmp")
        os.rename(folder, folder + ".away")
        spool.close_abandoned(make_end)
        os.rename(folder + ".away", folder)
        assert spool.is_open(RUN)
        spool.close_abandoned(make_end)
        assert len(ends(spool)) == 1

    def test_an_end_that_the_run_itself_cannot_write_leaves_no_marker(self, spool):
        """A later run would else call it interrupted, and it was not."""
        open_run(spool)
        os.rename(os.path.join(spool.folder, "tmp"), os.path.join(spool.folder, "away"))
        with pytest.raises(OSError):
            spool.close_run(RUN, event())
        assert not spool.is_open(RUN)

    def test_when_several_close_a_run_at_once_it_ends_once(self, spool):
        """Eight processes, sixty runs: all start with the first bit of the same file."""
        run_ids = [str(uuid.uuid4()) for _number in range(60)]
        for run_id in run_ids:
            open_run(spool, run_id, started="1")
        barrier = processes.Barrier(8)

        def close():
            barrier.wait()
            spool.close_abandoned(make_end)

        closers = [processes.Process(target=close) for _number in range(8)]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join(60)
        assert sorted(end[EVENT_ID] for end in ends(spool)) == sorted(f"end of {run_id}" for run_id in run_ids)
        assert os.listdir(spool.runs) == []
        assert os.listdir(spool.bad) == []

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils import _delivery
from ansible_collections.community.sematext.plugins.plugin_utils._sinks import (
    Lines,
    OfflineSpool,
    SpoolSink,
    lines_of_file,
)
from ansible_collections.community.sematext.plugins.plugin_utils._spool import Spool
from spooled import LONG, OTHER_RUN, RUN, TOKEN, event, interrupted, listener, said, set_aside, waiting


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


#: Nothing is sent to it: no child is started.
NOWHERE = Connection(TOKEN, "http://127.0.0.1:9")


def sink_to(connection, root, adopt=None):
    """A sink that is ready to record, and its spool."""
    sink = SpoolSink(connection, str(root), LONG, adopt)
    sink.prepare()
    return sink, Spool(str(root), connection.digest)


def age(spool, number):
    """Make the oldest events of a spool so old that they are dropped."""
    for name in spool.due()[:number]:
        os.rename(os.path.join(spool.events, name), os.path.join(spool.events, "0" * 16 + name[16:]))


def kill(spool, run_id):
    """Make a run look like one whose process is gone."""
    path = Path(spool.runs, f"{run_id}.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": "1"}))


class TestSpoolSink:
    def test_a_run_is_delivered_and_nothing_is_said(self, root, receiver):
        sink, spool = sink_to(Connection(TOKEN, receiver.url), root)
        sink.open_run(RUN, interrupted())
        sink.record(RUN, event("start"))
        sink.deliver(RUN)
        sink.record(RUN, event("failure"))
        sink.close_run(RUN, event("end"))
        assert list(sink.farewell()) == []
        assert sorted(said(receiver.events())) == ["end", "failure", "start"]
        assert (waiting(spool), os.listdir(spool.runs)) == ([], [])

    def test_the_child_is_told_of_each_event_at_once(self, root, tmp_path, monkeypatch):
        """A child that notes what it is told stands for ours, which would find what is new by itself, only later."""
        monkeypatch.setattr(_delivery, "_BOOTSTRAP", listener(tmp_path / "told"))
        sink, _spool = sink_to(NOWHERE, root)
        sink.deliver(RUN)
        sink.record(RUN, event("failure"))
        sink.close_run(RUN, event("end"))
        list(sink.farewell())
        _task, *messages = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
        assert messages == [{"run": RUN}, {}, {}, {"finish": LONG}]

    def test_what_lies_there_from_earlier_is_sent_as_well(self, root, receiver):
        connection = Connection(TOKEN, receiver.url)
        earlier, _spool = sink_to(connection, root)
        earlier.record(OTHER_RUN, event("old"))
        sink, _spool = sink_to(connection, root)
        sink.deliver(RUN)
        assert list(sink.farewell()) == []
        assert said(receiver.events()) == ["old"]

    def test_a_child_watches_the_run(self, root):
        assert SpoolSink(NOWHERE, str(root), LONG, None).watched

    def test_it_is_called_by_the_folder_of_the_receiver_and_app(self, root):
        sink, spool = sink_to(NOWHERE, root)
        assert sink.name == spool.folder == str(root / NOWHERE.digest)

    def test_no_token_gets_into_the_spool(self, root):
        sink, _spool = sink_to(NOWHERE, root)
        sink.open_run(RUN, interrupted())
        sink.record(RUN, event())
        files = [path for path in root.rglob("*") if path.is_file()]
        assert len(files) == 2
        assert not [path for path in files if TOKEN in path.read_text()]
        assert TOKEN not in str([*root.rglob("*")])

    def test_what_cannot_be_recorded_is_an_error(self, root):
        sink, spool = sink_to(NOWHERE, root)
        os.rename(os.path.join(spool.folder, "tmp"), os.path.join(spool.folder, "away"))
        for attempt in (sink.record, sink.close_run):
            with pytest.raises(FileNotFoundError):
                attempt(RUN, event())
        with pytest.raises(FileNotFoundError):
            sink.open_run(RUN, interrupted())


class TestFarewell:
    """What the user is told at the end."""

    def test_nothing_happened(self, root):
        sink, _spool = sink_to(NOWHERE, root)
        assert list(sink.farewell()) == []

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (1, "1 event in {} waits for the next run. There was no time left to deliver it."),
            (2, "2 events in {} wait for the next run. There was no time left to deliver them."),
        ],
        ids=["one", "two"],
    )
    def test_events_wait_and_nobody_knows_why(self, root, number, words):
        sink, spool = sink_to(NOWHERE, root)
        for _number in range(number):
            sink.record(RUN, event())
        assert list(sink.farewell()) == [words.format(spool.folder)]

    def test_events_wait_for_a_reason(self, root, receiver):
        sink, spool = sink_to(Connection(TOKEN, receiver.url), root)
        receiver.fault(status=403)
        for _number in range(2):
            sink.record(RUN, event())
        sink.deliver(RUN)
        (remark,) = sink.farewell()
        assert remark.startswith(f"2 events in {spool.folder} wait for the next run. The event was not accepted by ")
        assert "App token is not accepted" in remark
        assert TOKEN not in remark

    def test_events_wait_as_no_process_could_be_started(self, root, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/missing/python")
        sink, spool = sink_to(NOWHERE, root)
        sink.deliver(RUN)
        sink.record(RUN, event())
        why = f"The process that delivers could not be started ({os.strerror(errno.ENOENT)})."
        assert list(sink.farewell()) == [f"1 event in {spool.folder} waits for the next run. {why}"]

    def test_a_process_that_could_be_started_later_delivers_and_nothing_is_said(self, root, receiver, monkeypatch):
        """As of the second playbook of a command."""
        sink, spool = sink_to(Connection(TOKEN, receiver.url), root)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/missing/python")
            sink.deliver(OTHER_RUN)
        sink.record(RUN, event())
        sink.deliver(RUN)
        assert list(sink.farewell()) == []
        assert waiting(spool) == []

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (1, "The receiver can never accept 1 event; it was put into {}."),
            (2, "The receiver can never accept 2 events; they were put into {}."),
        ],
        ids=["one", "two"],
    )
    def test_events_can_never_be_accepted(self, root, receiver, number, words):
        sink, spool = sink_to(Connection(TOKEN, receiver.url), root)
        receiver.fault(status=400)
        for _number in range(number):
            sink.record(RUN, event())
        sink.deliver(RUN)
        assert list(sink.farewell()) == [words.format(spool.bad)]
        assert len(set_aside(spool)) == number

    def test_events_were_dropped_which_is_told_once(self, root, receiver):
        sink, spool = sink_to(Connection(TOKEN, receiver.url), root)
        for _number in range(3):
            sink.record(RUN, event())
        age(spool, 2)
        sink.deliver(RUN)
        assert list(sink.farewell()) == ["2 events waited too long or were too many, and were dropped."]
        assert len(receiver.events()) == 1
        assert list(sink.farewell()) == []

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (1, "1 event in {} was recorded under an App token or receiver that was refused."),
            (2, "2 events in {} were recorded under an App token or receiver that was refused."),
        ],
        ids=["one", "two"],
    )
    def test_events_lie_where_a_wrong_token_left_them(self, root, number, words):
        wrong, stranded = sink_to(Connection("wrong-token", NOWHERE.receiver), root)
        for _number in range(number):
            wrong.record(RUN, event())
        stranded.set_refused(True)
        sink, _spool = sink_to(NOWHERE, root)
        assert list(sink.farewell()) == [words.format(stranded.folder)]

    def test_everything_at_once(self, root, tmp_path):
        wrong, stranded = sink_to(Connection("wrong-token", NOWHERE.receiver), root)
        wrong.record(RUN, event())
        stranded.set_refused(True)
        sink, spool = sink_to(NOWHERE, root, adopt=str(tmp_path / "missing"))
        for _number in range(2):
            sink.record(RUN, event())
        spool.trim(max_events=1)
        assert [remark.partition(" ")[0] for remark in sink.farewell()] == ["Events", "1", "1", "1"]


class TestAdopt:
    def test_stranded_events_go_out_with_the_own_ones(self, root, receiver):
        wrong, stranded = sink_to(Connection("wrong-token", receiver.url), root)
        wrong.record(OTHER_RUN, event("stranded"))
        wrong.open_run(OTHER_RUN, interrupted(OTHER_RUN))
        kill(stranded, OTHER_RUN)
        stranded.set_refused(True)
        sink, _spool = sink_to(Connection(TOKEN, receiver.url), root, adopt=stranded.folder)
        sink.record(RUN, event("own"))
        sink.deliver(RUN)
        assert list(sink.farewell()) == []
        end = next(each for each in receiver.events() if each["type"] == "ansible_run")
        assert end["ansible.run.outcome"] == "interrupted"
        assert sorted(said(receiver.events())) == sorted(["own", "stranded", end["message"]])

    def test_what_was_recorded_offline_goes_out(self, root, receiver):
        offline = OfflineSpool(str(root))
        offline.prepare()
        offline.record(OTHER_RUN, event("offline"))
        sink, _spool = sink_to(Connection(TOKEN, receiver.url), root, adopt=offline.name)
        sink.deliver(RUN)
        assert list(sink.farewell()) == []
        assert said(receiver.events()) == ["offline"]

    @pytest.mark.parametrize(
        ("make", "why"),
        [(lambda path: None, errno.ENOENT), (Path.mkdir, errno.ENOENT), (Path.touch, errno.ENOTDIR)],
        ids=["missing", "another folder", "a file"],
    )
    def test_what_is_no_folder_of_a_spool_is_named_and_stops_no_recording(self, root, tmp_path, make, why):
        folder = tmp_path / "project"
        make(folder)
        sink, spool = sink_to(NOWHERE, root, adopt=str(folder))
        sink.record(RUN, event("own"))
        told, waits = sink.farewell()
        assert told == f"Events in {folder} could not be adopted ({os.strerror(why)})."
        assert waits.startswith("1 event in")
        assert said(waiting(spool)) == ["own"]


class TestOfflineSpool:
    @pytest.fixture
    def sink(self, root):
        made = OfflineSpool(str(root))
        made.prepare()
        return made

    @pytest.fixture
    def spool(self, root):
        return Spool(str(root), "offline")

    def test_a_run_is_recorded_and_nothing_is_said(self, sink, spool):
        sink.open_run(RUN, interrupted())
        sink.deliver(RUN)
        assert spool.is_open(RUN)
        sink.record(RUN, event("start"))
        sink.close_run(RUN, event("end"))
        assert list(sink.farewell()) == []
        assert said(waiting(spool)) == ["start", "end"]
        assert not spool.is_open(RUN)

    def test_it_is_called_by_its_folder(self, sink, spool):
        assert sink.name == spool.folder

    def test_nobody_watches_the_run(self, sink):
        assert not sink.watched

    def test_a_run_that_was_killed_is_told_by_the_next_one(self, sink, spool):
        sink.open_run(OTHER_RUN, interrupted(OTHER_RUN))
        kill(spool, OTHER_RUN)
        sink.deliver(RUN)
        (end,) = waiting(spool)
        assert (end["ansible.run.id"], end["ansible.run.outcome"]) == (OTHER_RUN, "interrupted")

    def test_it_has_bounds_and_what_is_dropped_is_told_once(self, sink, spool):
        for message in ("old", "new"):
            sink.record(RUN, event(message))
        age(spool, 1)
        sink.deliver(RUN)
        assert list(sink.farewell()) == ["1 event waited too long or was one too many, and was dropped."]
        assert list(sink.farewell()) == []
        assert said(waiting(spool)) == ["new"]


class TestLines:
    def test_each_event_is_one_line_just_as_it_would_be_sent(self):
        lines = []
        sink = Lines("standard output", lines.append)
        bodies = [event("Hello\nworld \N{ROCKET}"), event("end")]
        sink.prepare()
        sink.open_run(RUN, interrupted())
        sink.deliver(RUN)
        assert lines == []
        sink.record(RUN, bodies[0])
        sink.close_run(RUN, bodies[1])
        assert list(sink.farewell()) == []
        assert [line.encode() for line in lines] == bodies
        assert not [line for line in lines if len(line.splitlines()) > 1]
        assert (sink.name, sink.watched) == ("standard output", False)

    def test_a_new_file_is_for_the_owner_alone_whatever_the_umask(self, tmp_path):
        path = tmp_path / "events"
        before = os.umask(0)
        try:
            lines_of_file(str(path)).record(RUN, event())
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_file_is_appended_to_and_keeps_its_mode(self, tmp_path):
        path = tmp_path / "events"
        path.write_text("earlier\n")
        path.chmod(0o644)
        sink, bodies = lines_of_file(str(path)), [event("start \N{ROCKET}"), event("end")]
        sink.record(RUN, bodies[0])
        sink.close_run(RUN, bodies[1])
        assert path.read_bytes().splitlines() == [b"earlier", *bodies]
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert (sink.name, sink.watched) == (str(path), False)

    def test_a_file_that_is_made_anew_meanwhile_gets_the_next_event(self, tmp_path):
        """As logrotate does it."""
        path, sink = tmp_path / "events", lines_of_file(str(tmp_path / "events"))
        sink.record(RUN, event("old"))
        path.rename(tmp_path / "events.1")
        sink.record(RUN, event("new"))
        assert json.loads(path.read_text())["message"] == "new"

    @pytest.mark.parametrize("what", ["record", "close_run"])
    def test_a_file_that_cannot_be_written_is_an_error(self, tmp_path, what):
        with pytest.raises(FileNotFoundError):
            getattr(lines_of_file(str(tmp_path / "missing" / "events")), what)(RUN, event())

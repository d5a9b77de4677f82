# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code of the child process that delivers, in this process; test_delivery.py runs it as a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import stat
import sys
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.community.sematext.plugins.module_utils import _exchange
from ansible_collections.community.sematext.plugins.module_utils._client import Client, backoff
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils import _deliverer
from ansible_collections.community.sematext.plugins.plugin_utils._deliverer import CONNECTIONS, Report, Sender, Task
from spooled import (
    LONG,
    OTHER_RUN,
    RUN,
    TOKEN,
    event,
    interrupted,
    record,
    said,
    set_aside,
    spool_of,
    wait_until,
    waiting,
)


@pytest.fixture
def connection(receiver):
    return Connection(TOKEN, receiver.url, timeout=LONG)


@pytest.fixture
def spool(tmp_path, connection):
    return spool_of(tmp_path / "spool", connection)


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch):
    """Pauses are a thousandth of what they are for users."""
    monkeypatch.setattr(_deliverer, "backoff", lambda attempt, wish: backoff(attempt, wish) / 1000)


@pytest.fixture(autouse=True)
def senders(monkeypatch, no_long_pauses, receiver):
    """All senders of a test; none outlives it and sends into the next one."""
    made = []
    make = Sender.__init__

    def note(sender, *args):
        make(sender, *args)
        made.append(sender)

    monkeypatch.setattr(Sender, "__init__", note)
    yield made
    receiver.heal()
    for sender in made:
        sender.finish()
    assert all(sender.ended.wait(LONG) for sender in made)


@pytest.fixture
def sender(spool, connection):
    """Starts a sender."""
    return lambda: Sender(spool, Client(connection))


@pytest.fixture
def one_connection(monkeypatch):
    """Events go out one after the other, so that their order can be told."""
    monkeypatch.setattr(_deliverer, "CONNECTIONS", 1)


class Pauses:
    """Stands for backoff(): a pause lasts until the test ends it, as no test shall guess how long one must be.

    :ivar asked: for each pause, how many attempts had failed before, and the receiver's wish.
    """

    def __init__(self):
        self.asked = []
        self._over = threading.Semaphore(0)

    def __call__(self, attempt, wish):
        self.asked.append((attempt, wish))
        assert self._over.acquire(timeout=LONG)
        return 0.001

    def wait_for(self, number):
        wait_until(lambda: len(self.asked) >= number, f"pause {number} began")

    def end(self, number=1):
        self._over.release(number)


@pytest.fixture
def pauses(monkeypatch, senders):
    made = Pauses()
    monkeypatch.setattr(_deliverer, "backoff", made)
    yield made
    made.end(1000)


def finish(sender):
    """What a sender reports when its parent waits for it."""
    sender.finish()
    assert sender.ended.wait(LONG)
    return sender.report


def is_refused(spool):
    return os.path.exists(os.path.join(spool.folder, "refused"))


# -- done, bad, due ---------------------------------------------------------------------------------------------------

UNKNOWN, BUSY = "App token is not accepted", "in trouble or busy"


@pytest.mark.parametrize(
    ("fault", "becomes", "told"),
    [
        pytest.param({}, "done", "", id="200"),
        pytest.param({"status": 202}, "done", "", id="202"),
        pytest.param({"status": 204}, "done", "", id="204"),
        pytest.param({"body": "<html>"}, "done", "", id="200 with nonsense"),
        pytest.param({"status": 400}, "bad", "", id="400"),
        pytest.param({"status": 413}, "bad", "", id="413"),
        pytest.param({"status": 415}, "bad", "", id="415"),
        pytest.param({"status": 422}, "bad", "", id="422"),
        pytest.param({"hang": True}, "due", "no complete answer within 0.3 s", id="no answer in time"),
        pytest.param({"close": True}, "due", "closed before an answer came", id="closed early"),
        pytest.param({"status": 408}, "due", BUSY, id="408"),
        pytest.param({"status": 429}, "due", BUSY, id="429"),
        pytest.param({"status": 500}, "due", BUSY, id="500"),
        pytest.param({"status": 503}, "due", BUSY, id="503"),
        pytest.param({"status": 301}, "due and refused", "redirects", id="301"),
        pytest.param({"status": 401}, "due and refused", UNKNOWN, id="401"),
        pytest.param({"status": 403}, "due and refused", UNKNOWN, id="403"),
        pytest.param({"status": 404}, "due and refused", "check event_receiver_url", id="404"),
    ],
)
def test_an_answer_makes_an_event_done_bad_or_due(spool, receiver, fault, becomes, told):
    body = event()
    spool.record(RUN, body)
    receiver.fault(fault)
    report = finish(Sender(spool, Client(Connection(TOKEN, receiver.url, timeout=0.3))))
    left = {"done": (0, 0, 1, 0), "bad": (0, 1, 0, 1)}.get(becomes, (1, 0, 0, 0))
    assert (len(waiting(spool)), len(set_aside(spool)), report.delivered, report.rejected) == left
    assert is_refused(spool) is (becomes == "due and refused")
    assert told in report.trouble if told else report.trouble == ""
    assert TOKEN not in report.trouble
    if becomes == "done":
        assert [each["raw"] for each in receiver.records()] == [body.decode()]
    if becomes == "bad":
        assert set_aside(spool) == [body]


@pytest.mark.parametrize(
    "content",
    [b"", b'{"type": "te', b'["no", "event"]', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "torn", "a list", "binary", "deep"],
)
def test_what_is_no_event_is_set_aside_unsent_and_stops_nothing(spool, sender, receiver, content):
    spool.record(OTHER_RUN, content)
    record(spool, "sound")
    assert finish(sender()) == Report(delivered=1, rejected=1)
    assert said(receiver.events()) == ["sound"]
    assert len(receiver.requests()) == 1
    assert set_aside(spool) == [content]


def test_a_bad_event_does_not_keep_the_next_one_from_going_out(spool, sender, receiver, one_connection):
    record(spool, "bad", "good")
    receiver.fault(status=400, times=1)
    assert finish(sender()) == Report(delivered=1, rejected=1)
    assert said(receiver.events()) == ["good"]


def obstruct(spool):
    """A folder in the place of an event, the oldest one: the only thing that not even root can read."""
    Path(spool.events, "0.json").mkdir()


UNREADABLE = "The spool cannot be emptied (Is a directory)."


def test_an_event_that_cannot_be_read_holds_up_neither_the_others_nor_the_end_of_the_run(spool, sender, receiver):
    obstruct(spool)
    record(spool, "one", "two")
    assert finish(sender()) == Report(delivered=2, trouble=UNREADABLE)


def test_an_event_that_cannot_be_read_does_not_delay_what_is_recorded_later(spool, sender, receiver):
    obstruct(spool)
    begun = sender()
    for number in range(1, 3):
        wait_until(lambda: begun.report.trouble == UNREADABLE, "an attempt failed")
        record(spool, f"number {number}")
        begun.wake()
        receiver.wait_for(number)
    assert finish(begun) == Report(delivered=2, trouble=UNREADABLE)


def test_an_event_that_cannot_be_set_aside_stops_no_other(spool, sender, receiver):
    """As on a disk in trouble; that the folder is none is what can be had of it."""
    os.rmdir(spool.bad)
    Path(spool.bad).touch()
    spool.record(RUN, b"garbage")
    begun = sender()
    wait_until(lambda: begun.report.trouble, "an attempt failed")
    record(spool, "sound")
    assert finish(begun) == Report(delivered=1, trouble="The spool cannot be emptied (Not a directory).")
    assert said(receiver.events()) == ["sound"]


def test_a_trouble_that_passes_is_not_told(spool, sender, receiver):
    record(spool, "late")
    receiver.fault(status=503, times=1)
    assert finish(sender()) == Report(delivered=1)


def test_a_token_that_is_accepted_again_is_no_longer_called_refused(spool, sender, receiver):
    record(spool, "late")
    receiver.fault(status=403)
    begun = sender()
    wait_until(lambda: is_refused(spool), "the token was refused")
    receiver.heal()
    assert finish(begun) == Report(delivered=1)
    assert not is_refused(spool)


def test_a_bug_ends_the_delivery_and_is_told(spool, receiver):
    class Broken:
        """Stands for a client with a bug, which cannot be had otherwise."""

        def send(self, body):
            raise ZeroDivisionError

    record(spool, "kept")
    assert finish(Sender(spool, Broken())) == Report(trouble="Delivery failed (ZeroDivisionError).")
    assert said(waiting(spool)) == ["kept"]


# -- when an attempt is made ------------------------------------------------------------------------------------------


def test_what_is_recorded_during_the_run_is_sent_at_once(spool, sender, receiver, monkeypatch):
    monkeypatch.setattr(_deliverer, "WATCH", LONG)  # no look at the spool by itself
    begun = sender()
    for number in range(1, 4):
        record(spool, f"number {number}")
        begun.wake()
        assert len(receiver.wait_for(number)) == number
    assert finish(begun) == Report(delivered=3)


def test_events_go_out_once_each_over_few_connections(spool, sender, receiver):
    messages = [f"number {number}" for number in range(40)]
    record(spool, *messages)
    assert finish(sender()) == Report(delivered=40)
    assert sorted(said(receiver.events())) == sorted(messages)
    assert len({request["connection"] for request in receiver.requests()}) <= CONNECTIONS


def test_a_receiver_in_trouble_is_asked_again_after_growing_pauses(spool, sender, receiver, pauses):
    record(spool, "late")
    receiver.fault({"status": 503, "times": 2}, {"status": 429, "retry_after": 3, "times": 1})
    begun = sender()
    pauses.end(3)
    receiver.wait_for(1)
    receiver.fault(status=500, times=1)
    record(spool, "later")
    begun.wake()
    pauses.end(1)
    receiver.wait_for(2)
    assert pauses.asked == [(0, None), (1, None), (2, 3.0), (0, None)]


def test_two_failed_attempts_are_enough_once_the_parent_waits(spool, sender, receiver, pauses):
    record(spool, "kept")
    receiver.fault(status=503)
    begun = sender()
    pauses.wait_for(1)
    begun.finish()
    pauses.end(3)
    assert begun.ended.wait(LONG)
    assert len(receiver.requests()) == 3
    assert said(waiting(spool)) == ["kept"]


@pytest.mark.parametrize("wish", ["0", "Mon, 02 Jan 2006 15:04:05 GMT"], ids=["no pause", "a time that is past"])
def test_a_receiver_in_trouble_is_left_in_peace_even_if_it_asks_for_no_pause(spool, sender, receiver, wish):
    record(spool, "kept")
    receiver.fault(status=503, retry_after=wish)
    assert BUSY in finish(sender()).trouble


def test_a_parent_that_waits_from_just_now_on_is_heard(sender, monkeypatch):
    """Between the sender's look at whether its parent waits and its look at what is new."""
    monkeypatch.setattr(_deliverer, "WATCH", LONG)  # no look at the spool by itself
    begun = sender()
    says = threading.Thread(target=begun.finish)

    class Late(threading.Event):
        def is_set(self):
            found = super().is_set()
            with contextlib.suppress(RuntimeError):  # said already
                says.start()
                says.join(0.1)
            return found

    begun._finishing = Late()
    begun.wake()
    assert begun.ended.wait(LONG)


def test_a_refusal_ends_the_attempt_and_the_last_one_too(spool, sender, receiver, one_connection):
    """The next event would fare the same."""
    record(spool, "one", "two", "three")
    receiver.fault(status=403)
    begun = sender()
    wait_until(lambda: is_refused(spool), "the token was refused")
    finish(begun)
    assert len(receiver.requests()) == 2
    assert len(waiting(spool)) == 3


def test_an_event_that_another_run_is_sending_is_waited_for_and_not_sent_twice(spool, sender, receiver):
    record(spool, "held")
    (held,) = spool.due()
    with spool.claim(held):
        begun = sender()
        begun.finish()
        record(spool, "free")
        receiver.wait_for(1)
        assert not begun.ended.is_set()
    assert begun.ended.wait(LONG)
    assert begun.report == Report(delivered=2)
    assert said(receiver.events()) == ["free", "held"]


def test_an_event_that_another_run_has_sent_meanwhile_is_not_missed(spool, sender, receiver):
    record(spool, "held")
    (held,) = spool.due()
    with spool.claim(held):
        begun = sender()
        begun.finish()
        spool.done(held)
    assert begun.ended.wait(LONG)
    assert begun.report == Report()
    assert receiver.requests() == []


# -- which event goes first -------------------------------------------------------------------------------------------


def test_events_of_the_own_run_go_before_a_backlog_and_what_has_failed_goes_last(
    spool, sender, receiver, pauses, one_connection
):
    record(spool, "old 1", "old 2", "old 3", run_id=OTHER_RUN)
    receiver.fault(status=503, times=1)
    begun = sender()
    pauses.wait_for(1)
    record(spool, "own 1", "own 2")
    begun.runs = {RUN}
    pauses.end()
    finish(begun)
    assert said(receiver.events()) == ["own 1", "own 2", "old 2", "old 3", "old 1"]


@pytest.mark.parametrize(
    ("times", "order"), [(4, ["own", "old"]), (5, ["old", "own"])], ids=["within patience", "beyond patience"]
)
def test_an_own_event_that_fails_again_and_again_lets_others_go_first(
    spool, sender, receiver, pauses, one_connection, times, order
):
    record(spool, "own")
    receiver.fault(status=503, times=times)
    begun = sender()
    pauses.wait_for(1)
    record(spool, "old", run_id=OTHER_RUN)
    begun.runs = {RUN}
    pauses.end(times)
    receiver.wait_for(2)
    assert said(receiver.events()) == order


def test_what_is_recorded_while_a_backlog_is_being_sent_goes_before_the_rest(spool, sender, receiver, one_connection):
    record(spool, "old 1", "old 2", "old 3", run_id=OTHER_RUN)
    receiver.fault(delay=LONG, times=1)  # until it is healed
    begun = sender()
    receiver.wait_for_requests(1)
    record(spool, "own")
    begun.runs = {RUN}
    begun.wake()
    receiver.heal()
    assert finish(begun) == Report(delivered=4)
    assert said(receiver.events()) == ["old 1", "own", "old 2", "old 3"]


# -- the whole life ---------------------------------------------------------------------------------------------------


class Ended(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def live(monkeypatch, spool, connection):
    """Runs main() on real pipes until it ends its process, which this one must survive: so only that is a stand-in.
    Gives the report, and takes what is to be different."""
    umask = os.umask(0o022)
    with contextlib.ExitStack() as stack:

        def run(*messages, readable=True, **different):
            task = Task(dataclasses.asdict(connection), spool.root, os.getppid(), LONG)
            lines = [{**dataclasses.asdict(task), **different}, *messages]
            (theirs, ours), (output, report) = os.pipe(), os.pipe()
            with open(ours, "wb") as file:
                file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
            monkeypatch.setattr(sys, "stdin", stack.enter_context(open(theirs, "rb")))
            told = stack.enter_context(open(output, "rb"))
            if not readable:
                told.close()
            with open(report, "wb") as file:
                monkeypatch.setattr(sys, "stdout", file)
                with pytest.raises(Ended) as end:
                    _deliverer.main()
            assert end.value.args == (0,)
            return json.loads(told.read()) if readable else None

        def leave(status):
            raise Ended(status)

        monkeypatch.setattr(os, "_exit", leave)
        yield run
    os.umask(umask)


FINISH = {"finish": LONG}
RUNS = {"run": RUN}
SOUND = {"delivered": 0, "rejected": 0, "trouble": ""}


def test_what_waits_is_delivered_and_reported(spool, live, receiver):
    record(spool, "old", run_id=OTHER_RUN)
    record(spool, "new")
    assert live(RUNS, {}, FINISH) == {**SOUND, "delivered": 2}
    assert sorted(said(receiver.events())) == ["new", "old"]
    assert spool.due() == []


def test_a_run_with_nothing_to_send_sends_nothing(live, receiver):
    assert live(FINISH) == SOUND
    assert receiver.requests() == []


def test_what_is_refused_and_set_aside_is_reported(spool, live, receiver, one_connection):
    record(spool, "bad", "due")
    receiver.fault({"status": 400, "times": 1}, {"status": 403})
    report = live(FINISH)
    assert (report["delivered"], report["rejected"]) == (0, 1)
    assert "App token is not accepted" in report["trouble"]


def test_what_is_too_old_is_dropped_before_anything_is_sent(spool, live, receiver):
    record(spool, "old", "new")
    name = spool.due()[0]
    os.rename(os.path.join(spool.events, name), os.path.join(spool.events, "0" * 16 + name[16:]))
    assert live(FINISH) == {**SOUND, "delivered": 1}
    assert said(receiver.events()) == ["new"]
    assert spool.dropped() == 1


@pytest.fixture
def gone(spool):
    """A run whose process is gone; gives the marker's path."""
    spool.open_run(OTHER_RUN, interrupted(OTHER_RUN))
    path = Path(spool.runs, f"{OTHER_RUN}.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": "1"}))
    return path


def test_a_run_that_was_killed_with_its_child_is_told_by_the_next_one(live, gone, receiver):
    assert live(FINISH) == {**SOUND, "delivered": 1}
    (end,) = receiver.events()
    assert (end["ansible.run.id"], end["ansible.run.outcome"]) == (OTHER_RUN, "interrupted")
    assert "last sign of life after" in end["message"]


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000], ids=["torn", "deep"])
def test_a_damaged_marker_of_a_run_stops_no_delivery(spool, live, gone, receiver, content):
    gone.write_bytes(content)
    record(spool, "sound")
    assert live(FINISH) == {**SOUND, "delivered": 1}
    assert set_aside(spool) == [content]


def test_its_files_are_for_the_owner_alone_whatever_the_umask(spool, live, receiver):
    record(spool, "kept")
    receiver.fault(status=403)
    live(FINISH)
    assert stat.S_IMODE(os.stat(os.path.join(spool.folder, "refused")).st_mode) == 0o600
    assert os.umask(0) == 0o077


class TestTrouble:
    """Where nothing can be sent, the child lives on to tell why, and to tell of the run's end."""

    def test_without_requests(self, spool, live, monkeypatch):
        monkeypatch.setattr(_exchange, "requests", None)  # the tests need it themselves
        record(spool, "kept")
        trouble = f"The Python library requests is missing; install it for {sys.executable}."
        assert live(RUNS, FINISH) == {**SOUND, "trouble": trouble}
        assert said(waiting(spool)) == ["kept"]

    def test_without_certificates(self, tmp_path, live):
        missing = Connection(TOKEN, "https://127.0.0.1:9", ca_path=str(tmp_path / "missing.pem"))
        report = live(FINISH, connection=dataclasses.asdict(missing), root=spool_of(tmp_path, missing).root)
        assert "Option 'ca_path' names no readable certificates" in report["trouble"]

    def test_without_a_spool(self, tmp_path, live):
        report = live(FINISH, root=str(tmp_path / "missing"))
        assert report == {**SOUND, "trouble": "The spool cannot be emptied (No such file or directory)."}

    def test_an_interrupted_run_is_recorded_all_the_same(self, spool, live, monkeypatch):
        monkeypatch.setattr(_exchange, "requests", None)  # the tests need it themselves
        spool.open_run(RUN, interrupted())
        live(RUNS, parent=-1)
        assert [end["ansible.run.outcome"] for end in waiting(spool)] == ["interrupted"]


class TestParentGone:
    """No process has the number -1; test_delivery.py kills a real parent."""

    def test_the_run_is_told_as_interrupted(self, spool, live, receiver):
        spool.open_run(RUN, interrupted())
        record(spool, "start")
        assert live(RUNS, parent=-1) == {**SOUND, "delivered": 2}
        (end,) = [each for each in receiver.events() if each["type"] == "ansible_run"]
        assert (end["ansible.run.id"], end["ansible.run.outcome"]) == (RUN, "interrupted")
        assert os.listdir(spool.runs) == []

    def test_a_run_that_has_ended_is_not_told_as_interrupted(self, spool, live, receiver):
        spool.open_run(RUN, interrupted())
        spool.close_run(RUN, event("over"))
        assert live(RUNS, parent=-1) == {**SOUND, "delivered": 1}
        assert said(receiver.events()) == ["over"]

    def test_runs_of_other_processes_go_on(self, spool, live, receiver):
        spool.open_run(OTHER_RUN, interrupted(OTHER_RUN))
        assert live(RUNS, parent=-1) == SOUND
        assert spool.is_open(OTHER_RUN)

    def test_a_receiver_that_hangs_holds_it_no_longer_than_the_time_budget(self, spool, live, receiver):
        record(spool, "kept")
        receiver.fault(hang=True)
        assert live(RUNS, parent=-1, time_budget=0.01) == SOUND
        assert said(waiting(spool)) == ["kept"]

    def test_nobody_needs_to_read_the_report(self, spool, live, receiver):
        record(spool, "start")
        live(RUNS, parent=-1, readable=False)
        assert said(receiver.events()) == ["start"]


def test_a_receiver_that_hangs_holds_the_end_of_the_run_no_longer_than_granted(spool, live, receiver):
    record(spool, "kept")
    receiver.fault(hang=True)
    assert live({"finish": 0.01}) == SOUND
    assert said(waiting(spool)) == ["kept"]


def test_a_run_that_goes_on_gives_signs_of_life(spool, monkeypatch):
    """By which a run on another host, or in another container, knows."""
    monkeypatch.setattr(_deliverer, "WATCH", 0.001)
    spool.open_run(RUN, interrupted())
    marker = os.path.join(spool.runs, f"{RUN}.json")
    os.utime(marker, (0, 0))
    theirs, ours = os.pipe()
    task = Task({}, spool.root, os.getppid(), LONG)
    with open(theirs, "rb"), open(ours, "wb", buffering=0) as file:
        served = threading.Thread(target=_deliverer._serve, args=(task, spool, None, _deliverer._Messages(theirs)))
        served.start()
        file.write(b'{"run": "%s"}\n' % RUN.encode())
        wait_until(lambda: os.stat(marker).st_mtime, "a sign of life")
        file.write(b'{"finish": 0}\n')
        served.join(LONG)
        assert not served.is_alive()
    assert spool.is_open(RUN)


# -- messages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pipe():
    """Messages that are read, and a file to write them to."""
    theirs, ours = os.pipe()
    with open(theirs, "rb"), open(ours, "wb", buffering=0) as file:
        yield _deliverer._Messages(theirs), file


@pytest.mark.parametrize(
    ("chunks", "messages"),
    [
        ([b"{}\n"], [[{}]]),
        ([b'{"run": "a"}\n{}\n{"finish": 5}\n'], [[{"run": "a"}, {}, {"finish": 5}]]),
        ([b'{"fin', b'ish": ', b"5}\n"], [[], [], [{"finish": 5}]]),
        ([b'{}\n{"run"', b': "a"}\n'], [[{}], [{"run": "a"}]]),
        ([b"", b"{}\n"], [[], [{}]]),
    ],
    ids=["one", "several at once", "in pieces", "one and a half", "none at first"],
)
def test_messages_are_read_when_they_are_complete(pipe, chunks, messages):
    reader, file = pipe
    found = []
    for chunk in chunks:
        file.write(chunk)
        found.append(reader.next(0))
    assert found == messages


def test_what_follows_the_task_at_once_is_not_lost(pipe):
    reader, file = pipe
    file.write(b'{"root": "/spool"}\n{}\n{"finish"')
    assert reader.wait_for_first() == {"root": "/spool"}
    assert reader.next(0) == [{}]
    file.write(b": 5}\n")
    assert reader.next(0) == [{"finish": 5}]


def test_a_task_may_be_longer_than_what_a_pipe_holds(pipe):
    reader, file = pipe
    task = {"root": "/" + "x" * 200_000}
    writer = threading.Thread(target=file.write, args=(json.dumps(task).encode() + b"\n",))
    writer.start()
    assert reader.wait_for_first() == task
    writer.join(LONG)


def test_a_parent_that_is_gone_before_it_gave_a_task_ends_the_child(pipe):
    reader, file = pipe
    file.write(b'{"root"')
    file.close()
    with pytest.raises(SystemExit):
        reader.wait_for_first()


def test_a_parent_that_closes_the_pipe_says_nothing_more(pipe, monkeypatch):
    """A closed pipe is always readable: the child must not spin until it sees that its parent is gone."""
    reader, file = pipe
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    file.write(b"{}\n")
    file.close()
    assert [reader.next(0.5) for _time in range(4)] == [[{}], [], [], []]
    assert slept == [0.5, 0.5]

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand, above the level of HTTP."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from receiver.running import Receiver
from receiver.tests.conftest import EVENT, Post


def test_a_status_is_answered_as_often_as_asked_for_and_nothing_is_stored(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=503, times=2, retry_after=1)
    answers = [post() for _time in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["1", "1", None]
    assert len(receiver.events()) == 1
    assert [request["status"] for request in receiver.requests()] == [503, 503, 200]


def test_faults_can_follow_one_another(receiver: Receiver, post: Post) -> None:
    receiver.fault({"status": 429, "times": 1}, {"status": 500, "times": 2})
    assert [post().status_code for _time in range(4)] == [429, 500, 500, 200]


def test_a_new_fault_takes_the_place_of_the_old_one(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=503)
    receiver.fault(status=429)
    assert post().status_code == 429


def test_healing_ends_a_fault_that_has_no_number_of_times(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=500)
    assert post().status_code == 500
    receiver.heal()
    assert post().status_code == 200


def test_a_redirect_carries_its_location(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=301, location="http://127.0.0.1:1/elsewhere")
    answer = post(allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, "http://127.0.0.1:1/elsewhere")
    assert receiver.events() == []


def test_a_body_replaces_the_answer_to_an_event_that_is_stored(receiver: Receiver, post: Post) -> None:
    receiver.fault(body="<html>nonsense")
    answer = post()
    assert (answer.status_code, answer.text) == (200, "<html>nonsense")
    assert receiver.events() == [EVENT]


def test_a_success_without_a_body_stores_the_event(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=204)
    answer = post()
    assert (answer.status_code, answer.content) == (204, b"")
    assert receiver.events() == [EVENT]


def test_an_event_can_be_stored_although_the_answer_says_otherwise(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=500, store=True)
    assert post().status_code == 500
    assert receiver.events() == [EVENT]


def test_a_closed_connection_gives_no_answer(receiver: Receiver, post: Post) -> None:
    receiver.fault(close=True, times=1)
    with pytest.raises(requests.ConnectionError):
        post()
    assert [request["status"] for request in receiver.requests()] == [None]
    assert receiver.events() == []
    assert post().status_code == 200


def test_an_answer_can_get_lost_after_the_event_was_stored(receiver: Receiver, post: Post) -> None:
    receiver.fault(close=True, store=True, times=1)
    with pytest.raises(requests.ConnectionError):
        post()
    post()
    assert receiver.events() == [EVENT, EVENT]


def test_a_hanging_request_is_recorded_and_closed_when_healed(receiver: Receiver, post: Post) -> None:
    receiver.fault(hang=True)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(post)
        assert receiver.wait_for_requests(1)[0]["status"] is None
        assert not pending.done()
        receiver.heal()
        assert isinstance(pending.exception(10), requests.ConnectionError)
    assert receiver.events() == []


def test_a_client_gives_up_on_a_request_that_hangs(receiver: Receiver, post: Post) -> None:
    receiver.fault(hang=True)
    with pytest.raises(requests.Timeout):
        requests.post(receiver.url + "/demo-token/event", json=EVENT, timeout=0.2)
    receiver.heal()
    assert post().status_code == 200


def test_a_delayed_answer_comes_at_last(receiver: Receiver, post: Post) -> None:
    receiver.fault(delay=0.05)
    assert post().status_code == 200
    assert receiver.events() == [EVENT]


def test_healing_cuts_a_delay_short(receiver: Receiver, post: Post) -> None:
    receiver.fault(delay=3600)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(post)
        receiver.wait_for(1)
        receiver.heal()
        assert pending.result(10).status_code == 200


def test_a_dripping_answer_comes_from_its_first_byte_a_byte_at_a_time(receiver: Receiver) -> None:
    receiver.fault(drip=3600)
    address = ("127.0.0.1", urlsplit(receiver.url).port or 0)
    body = b'{"type": "a", "message": "b"}'
    with socket.create_connection(address, timeout=10) as connection:
        head = f"POST /demo-token/event HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        assert connection.recv(100) == b"H"
        receiver.heal()
        rest = b"".join(iter(lambda: connection.recv(1000), b""))
    assert rest.startswith(b"TTP/1.1 200 OK\r\n")
    assert len(receiver.events()) == 1


def test_a_dripping_answer_is_a_whole_one_in_the_end(receiver: Receiver, post: Post) -> None:
    receiver.fault(drip=0.0001)
    assert post().json()["accepted"] is True


def test_a_fault_can_be_kept_to_some_paths(receiver: Receiver, post: Post) -> None:
    receiver.fault(status=503, path="^/other-token/")
    assert post().status_code == 200
    assert post(path="/other-token/event").status_code == 503


@pytest.mark.parametrize(
    "fault",
    [
        {"nonsense": 1},
        {"status": 99},
        {"status": "x"},
        {"path": "("},
        {"times": 0},
        {"delay": -1},
        {"drip": "x"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(receiver: Receiver, fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        receiver.fault(**fault)


def test_the_control_api_is_not_hurt_by_faults_and_not_recorded(receiver: Receiver) -> None:
    receiver.fault(status=503)
    assert receiver.requests() == []

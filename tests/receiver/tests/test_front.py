# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults below the level of HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from receiver.front import Front, tcp_front
from receiver.running import POLL, Receiver
from receiver.tests.conftest import EVENT, Post


@pytest.fixture
def front(receiver: Receiver) -> Iterator[Front]:
    """A front of the receiver."""
    with tcp_front(receiver) as front:
        yield front


def test_passing_forwards_requests_and_answers(receiver: Receiver, front: Front, post: Post) -> None:
    assert post(url=front.url).status_code == 200
    assert (receiver.events(), front.accepted) == ([EVENT], 1)


def test_keep_alive_works_through_the_front(receiver: Receiver, front: Front) -> None:
    with requests.Session() as session:
        for _time in range(3):
            session.post(front.url + "/demo-token/event", json=EVENT, timeout=10)
    assert (len(receiver.events()), front.accepted) == (3, 1)


def test_refusing_closes_the_port_and_passing_opens_the_same_one(front: Front, post: Post) -> None:
    for _time in range(3):
        front.mode("refuse")
        with pytest.raises(requests.ConnectionError, match="refused"):
            post(url=front.url)
        front.mode("pass")
        assert post(url=front.url).status_code == 200


def test_hanging_accepts_and_never_answers(receiver: Receiver, front: Front) -> None:
    front.mode("hang")
    with pytest.raises(requests.ReadTimeout):
        requests.post(front.url + "/demo-token/event", json=EVENT, timeout=0.2)
    assert (receiver.requests(), front.accepted) == ([], 1)


def test_a_connection_that_hung_is_closed_by_the_next_mode(front: Front, post: Post) -> None:
    front.mode("hang")
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(post, url=front.url)
        while front.accepted == 0:
            time.sleep(POLL)
        front.mode("pass")
        assert post(url=front.url).status_code == 200
        assert pending.exception(10) is None or isinstance(pending.exception(), requests.ConnectionError)


def test_resetting_ends_connections_with_rst(receiver: Receiver, front: Front, post: Post) -> None:
    front.mode("reset")
    with pytest.raises(requests.ConnectionError, match="reset|Reset"):
        post(url=front.url)
    assert receiver.requests() == []


def test_cutting_closes_between_the_request_and_its_answer(receiver: Receiver, front: Front, post: Post) -> None:
    front.mode("cut")
    with pytest.raises(requests.ConnectionError):
        post(url=front.url)
    assert receiver.wait_for(1) == [EVENT]


def test_dropping_closes_within_the_request(receiver: Receiver, front: Front, post: Post) -> None:
    front.mode("drop", after=20)
    with pytest.raises(requests.ConnectionError):
        post(url=front.url)
    front.mode("drop", after=250)
    with pytest.raises(requests.ConnectionError):
        post(url=front.url, json={**EVENT, "title": "long" * 1000})
    assert receiver.wait_for_requests(1)[0]["status"] is None
    assert receiver.events() == []


def test_a_mode_takes_hold_of_connections_that_are_open(receiver: Receiver, front: Front) -> None:
    with requests.Session() as session:
        session.post(front.url + "/demo-token/event", json=EVENT, timeout=10)
        front.mode("hang")
        with pytest.raises(requests.ReadTimeout):
            session.post(front.url + "/demo-token/event", json=EVENT, timeout=0.2)
    assert (len(receiver.requests()), front.accepted) == (1, 1)


def test_an_unknown_mode_is_refused(front: Front) -> None:
    with pytest.raises(ValueError, match="pass, refuse"):
        front.mode("explode")

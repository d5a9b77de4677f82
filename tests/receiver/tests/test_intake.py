# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is accepted, and what is refused, when events come in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from receiver.running import Receiver, running_receiver
from receiver.tests.conftest import EVENT, Post

FULL = {
    "timestamp": "2024-05-30T09:58:43.455Z",
    "creator": "Jenkins",
    "os.host": "jenkins-host",
    "title": "Starting deployment",
    "message": "Started deployment of Test v1.23 to production",
    "severity": "info",
    "type": "deployment",
    "tags": ["version:1.23", "env:prod"],
    "data": "{}",
    "event.id": "an id of ours",
    "custom": {"deep": [1, 2.5, True, None]},
}


def test_a_full_event_is_kept_as_it_was_sent(receiver: Receiver, post: Post) -> None:
    assert post(FULL).status_code == 200
    assert receiver.events() == [FULL]


def test_the_answer_is_json(post: Post) -> None:
    assert post().json()["accepted"] is True


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain", None])
def test_any_content_type_will_do(receiver: Receiver, post: Post, content_type: Any) -> None:
    assert post(data=json.dumps(EVENT), headers={"Content-Type": content_type}).status_code == 200
    assert receiver.events() == [EVENT]


def test_a_type_in_the_path_is_used_if_the_body_has_none(receiver: Receiver, post: Post) -> None:
    post({"message": "no type"}, "/demo-token/outage")
    post({"message": "own type", "type": "alert"}, "/demo-token/outage")
    assert [event["type"] for event in receiver.events()] == ["outage", "alert"]


def test_event_in_the_path_is_not_a_type(post: Post) -> None:
    assert post({"message": "no type"}, "/demo-token/event").status_code == 400


@pytest.mark.parametrize(
    "stamp",
    ["2014-02-17T21:37:04+0100", "2014-02-17T14:15:01.534471+02:00", "2024-05-30T09:58:43.455Z", "2024-05-30",
     "2024-05-30T09:58", "2024-05-30T09:58:43", "2024-05-30T09:58:43,123456789-05"],
)  # fmt: skip
def test_iso_8601_timestamps_are_accepted(post: Post, stamp: str) -> None:
    assert post({**EVENT, "timestamp": stamp}).status_code == 200


@pytest.mark.parametrize(
    "stamp",
    ["yesterday", "", "2024-13-01", "2024-02-30T00:00:00Z", "2024-05-30 09:58:43", "30.05.2024", 1717063123,
     "2024-05-30T25:00:00Z", "2024-05-30T09:58:43Z ", "2024-05-30T09:58:43+99:00", None],
)  # fmt: skip
def test_other_timestamps_are_refused(post: Post, stamp: Any) -> None:
    answer = post({**EVENT, "timestamp": stamp})
    assert (answer.status_code, "timestamp" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "change",
    [{"type": ""}, {"type": None}, {"type": 1}, {"message": ""}, {"message": "  "}, {"message": ["a"]},
     {"tags": "a"}, {"tags": [1]}, {"tags": {"a": "b"}}, {"data": {"a": 1}}, {"data": None}, {"title": 1},
     {"severity": "warn"}, {"severity": "ERROR"}, {"severity": 1}, {"os.host": None}, {"token": "x"},
     {"measurement": "x"}],
)  # fmt: skip
def test_an_event_against_the_schema_is_refused_with_a_sentence(
    receiver: Receiver, post: Post, change: dict[str, Any]
) -> None:
    answer = post({**EVENT, **change})
    assert answer.status_code == 400
    assert repr(next(iter(change))) in answer.json()["error"]
    assert receiver.events() == []


@pytest.mark.parametrize("field", ["type", "message"])
def test_a_required_field_must_be_there(post: Post, field: str) -> None:
    assert post({key: value for key, value in EVENT.items() if key != field}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"[{}]", b'{"type": "a", "message": "b", "x": NaN}', b"\xff{}",
     b'{"type": "a", "message": "b", "x": -Infinity}', b'{"type": "a", "message": "b", "x": 1e999}',
     b'{"type": "a", "message": "b"} {}', b"[" * 200000, "{}".encode("utf-16"), b"type=a&message=b"],
)  # fmt: skip
def test_a_body_that_is_not_one_json_object_is_refused(receiver: Receiver, post: Post, body: bytes) -> None:
    answer = post(data=body)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert receiver.events() == []


def test_text_of_any_kind_survives(receiver: Receiver, post: Post) -> None:
    event = {**EVENT, "title": "naïve 日本 🚀 \u0000 \ud800"}
    assert post(event).status_code == 200
    assert receiver.events() == [event]


def test_an_unknown_token_is_refused(receiver: Receiver, post: Post) -> None:
    answer = post(path="/unknown-token/event")
    assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert receiver.events() == []


@pytest.mark.parametrize(
    "path",
    ["/", "/demo-token", "/demo-token/", "/demo-token/event/", "/demo-token/a/b", "/demo%20token/event",
     "/_token/event", "/demo-token/_other", "//event"],
)  # fmt: skip
def test_a_malformed_path_is_not_found(post: Post, path: str) -> None:
    answer = post(path=path)
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


def test_an_event_cannot_be_put_or_got(receiver: Receiver) -> None:
    assert requests.get(receiver.url + "/demo-token/event", timeout=10).status_code == 405
    assert requests.put(receiver.url + "/demo-token/event", timeout=10).status_code == 405


def test_a_body_up_to_the_limit_is_accepted_and_one_byte_more_is_not() -> None:
    body = json.dumps(EVENT)
    with running_receiver(max_body=len(body)) as receiver:
        url = receiver.url + "/demo-token/event"
        statuses = [requests.post(url, data=text, timeout=10).status_code for text in (body, body + " ")]
        assert statuses == [200, 413]
        assert len(receiver.events()) == 1


def test_a_body_far_above_the_limit_is_refused_and_the_connection_lives_on(receiver: Receiver) -> None:
    with requests.Session() as session:
        for body in (b" " * 3_000_000, json.dumps(EVENT)):
            session.post(receiver.url + "/demo-token/event", data=body, timeout=10)
    seen = receiver.requests()
    assert [request["status"] for request in seen] == [413, 200]
    assert len({request["connection"] for request in seen}) == 1


def test_a_chunked_body_is_accepted(receiver: Receiver, post: Post) -> None:
    assert post(data=iter([b'{"type": "a",', b' "message": "b"}'])).status_code == 200
    assert receiver.events() == [{"type": "a", "message": "b"}]


def test_each_record_says_how_the_event_came(receiver: Receiver, post: Post) -> None:
    post(path="/other-token/event", headers={"User-Agent": "a test"})
    (record,) = receiver.records()
    assert (record["token"], record["path"]) == ("other-token", "/other-token/event")
    assert record["headers"]["user-agent"] == "a test"
    assert record["headers"]["content-type"] == "application/json"
    assert json.loads(record["raw"]) == record["event"] == EVENT
    assert record["connection"] == receiver.requests()[0]["connection"]


def test_all_requests_are_recorded_with_their_status(receiver: Receiver, post: Post) -> None:
    post()
    post({})
    post(path="/unknown-token/event")
    post(path="/nowhere")
    assert [(each["method"], each["path"], each["status"]) for each in receiver.requests()] == [
        ("POST", "/demo-token/event", 200),
        ("POST", "/demo-token/event", 400),
        ("POST", "/unknown-token/event", 403),
        ("POST", "/nowhere", 404),
    ]


def test_eight_keep_alive_connections_deliver_thousands_of_events_in_their_order(receiver: Receiver) -> None:
    def deliver(worker: int) -> None:
        with requests.Session() as session:
            for number in range(250):
                event = {**EVENT, "worker": worker, "number": number}
                assert session.post(receiver.url + "/demo-token/event", json=event, timeout=30).status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(8)))
    events = receiver.wait_for(2000)
    assert len({record["connection"] for record in receiver.records()}) == 8
    for worker in range(8):
        assert [event["number"] for event in events if event["worker"] == worker] == list(range(250))


def test_clear_forgets_events_and_requests(receiver: Receiver, post: Post) -> None:
    post()
    receiver.clear()
    assert (receiver.events(), receiver.requests()) == ([], [])

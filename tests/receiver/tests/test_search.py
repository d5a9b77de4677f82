# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching events."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from receiver.running import Receiver
from receiver.tests.conftest import Post, Search

EVENTS: list[dict[str, Any]] = [
    {"type": "deployment", "message": "Started deployment of shop", "severity": "info", "os.host": "web-1",
     "timestamp": "2024-05-30T10:00:00Z", "tags": ["version:1.23", "env:prod"], "duration": 12, "id": "a"},
    {"type": "deployment", "message": "Finished deployment of shop", "severity": "info", "os.host": "web-1",
     "timestamp": "2024-05-30T12:05:00+02:00", "tags": ["version:1.23"], "duration": 9, "id": "b"},
    {"type": "outage", "message": "Shop is down", "severity": "error", "os.host": "web-1.example.com",
     "timestamp": "2024-05-31T00:00:00Z", "git": {"commit": "abc"}, "title": "Shop: down!", "id": "c"},
    {"type": "alert", "message": "Disk fills up", "severity": "warning", "timestamp": "2024-06-01T08:00:00Z",
     "ok": False, "id": "d"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _events(post: Post) -> None:
    for event in EVENTS:
        assert post(event).status_code == 200


def ids(answer: dict[str, Any]) -> str:
    return "".join(hit["_source"]["id"] for hit in answer["hits"]["hits"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("*", "abcd"),
        ("*:*", "abcd"),
        ("shop", "abc"),
        ("deployment finished", "ab"),
        ("deployment AND finished", "b"),
        ('"deployment finished"', ""),
        ('"finished deployment"', "b"),
        ("shop AND NOT deployment", "c"),
        ("shop -deployment", "c"),
        ("+shop finished", "abc"),
        ("type:outage OR type:alert", "cd"),
        ("type:(outage OR alert) AND severity:error", "c"),
        ("NOT type:deployment", "cd"),
        ("os.host:web-1", "ab"),
        ('os.host:"web-1.example.com"', "c"),
        ("os.host:web*", "abc"),
        ("os.host:web-?", "ab"),
        ("type:Outage", ""),
        ("title:down", "c"),
        ("dep*", "ab"),
        (r"tags:version\:1.23", "ab"),
        ('tags:"env:prod"', "a"),
        ("git.commit:abc", "c"),
        ("duration:12", "a"),
        ("duration:>=9", "ab"),
        ("duration:[* TO 10]", "b"),
        ("duration:{9 TO 12]", "a"),
        ("ok:false", "d"),
        ("_exists_:os.host", "abc"),
        ("os.host:*", "abc"),
        ("timestamp:[2024-05-30 TO 2024-05-30]", "ab"),
        ("timestamp:2024-05-31", "c"),
        ('timestamp:["2024-05-30T10:05:00Z" TO *]', "bcd"),
        ("timestamp:{2024-05-30T10:05:00Z TO *}", "cd"),
        ('timestamp:["2024-05-30T12:00:00+02:00" TO 2024-05-30T10:00:00.000Z]', "a"),
        ("timestamp:>2024-05-30", "cd"),
        ("timestamp:>now-1d", ""),
        ("type:nothing", ""),
    ],
)
def test_a_lucene_query_finds(search: Search, query: str, found: str) -> None:
    answer = search(q=query)
    assert (ids(answer), answer["hits"]["total"]) == (found, {"value": len(found), "relation": "eq"})


@pytest.mark.parametrize(
    "query",
    ["(shop", "type:", "tags:version:1.23", "AND", "", "timestamp:[yesterday TO now]", "timestamp:soon",
     "/re/", "a~2", '"a b"~3', '"open'],
)  # fmt: skip
def test_a_bad_lucene_query_is_refused_as_elasticsearch_does(search: Search, query: str) -> None:
    answer = search(q=query, status=400)
    assert answer["status"] == 400
    assert answer["error"]["type"] == answer["error"]["root_cause"][0]["type"] == "parsing_exception"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"match_all": {}}, "abcd"),
        ({"query_string": {"query": "type:outage"}}, "c"),
        ({"query_string": {"query": "shop down", "default_operator": "AND"}}, "c"),
        ({"query_string": {"query": "outage", "default_field": "type"}}, "c"),
        ({"term": {"type": "alert"}}, "d"),
        ({"term": {"os.host": {"value": "web-1"}}}, "ab"),
        ({"term": {"ok": False}}, "d"),
        ({"term": {"duration": 9}}, "b"),
        ({"match": {"message": "finished down"}}, "bc"),
        ({"match": {"message": {"query": "shop down", "operator": "and"}}}, "c"),
        ({"match": {"os.host": "web-1"}}, "ab"),
        ({"range": {"timestamp": {"gte": "2024-05-31", "lt": "2024-06-01"}}}, "c"),
        ({"range": {"duration": {"gt": 9}}}, "a"),
        ({"range": {"timestamp": {"gte": 1717113600000, "lte": "1717113600000", "format": "epoch_millis"}}}, "c"),
        (
            {
                "bool": {
                    "must": {"term": {"type": "deployment"}},
                    "must_not": [{"match": {"message": "started"}}],
                }
            },
            "b",
        ),
        ({"bool": {"should": [{"term": {"type": "alert"}}, {"term": {"type": "outage"}}]}}, "cd"),
        ({"bool": {"filter": [{"match_all": {}}], "should": [{"term": {"type": "alert"}}]}}, "abcd"),
        ({"bool": {}}, "abcd"),
    ],
)
def test_an_elasticsearch_query_finds(search: Search, query: dict[str, Any], found: str) -> None:
    assert ids(search({"query": query})) == found


@pytest.mark.parametrize(
    "body",
    [{"query": {"fuzzy": {}}}, {"query": {}}, {"query": []}, {"query": {"term": {}}},
     {"query": {"term": {"a": None}}}, {"aggs": {}},
     {"size": -1}, {"size": 10001}, {"from": "x"}, {"sort": [{"a": "up"}]}, [], "text",
     {"query": {"range": {"timestamp": {"gte": "x"}}}},
     {"query": {"range": {"timestamp": {"from": "2024-01-01"}}}},
     {"query": {"range": {"timestamp": {"gte": "2024-01-01", "format": "epoch_millis"}}}},
     {"query": {"range": {"timestamp": {"gte": "2024-01-01", "format": "yyyy"}}}}, {"track_total_hits": "some"}],
)  # fmt: skip
def test_a_bad_elasticsearch_request_is_refused(search: Search, body: Any) -> None:
    assert search(body, status=400)["error"]["reason"]


def test_hits_are_counted_up_to_a_limit(search: Search) -> None:
    counted = [search({"track_total_hits": count})["hits"].get("total") for count in (True, 4, 3, False)]
    exact = {"value": 4, "relation": "eq"}
    assert counted == [exact, exact, {"value": 3, "relation": "gte"}, None]


def test_times_are_kept_in_milliseconds(search: Search, post: Post) -> None:
    for second, name in (("43.4556Z", "e"), ("43.4551Z", "f")):
        post({"type": "fine", "message": "fine", "timestamp": f"2025-05-30T09:58:{second}", "id": name})
    answer = search(q='type:fine AND timestamp:"2025-05-30T09:58:43.455Z"', sort="timestamp:asc")
    assert ids(answer) == "ef"
    assert [hit["sort"] for hit in answer["hits"]["hits"]] == [[1748599123455]] * 2


def test_results_come_in_pages(search: Search) -> None:
    answer = search(size=2, **{"from": 1})
    assert (ids(answer), answer["hits"]["total"]["value"]) == ("bc", 4)
    assert ids(search({"size": 1, "from": 3})) == "d"
    assert ids(search(size=0)) == ""


@pytest.mark.parametrize(
    ("sort", "found"),
    [("timestamp:desc", "dcba"), ("timestamp", "abcd"), ("duration:asc", "bacd"), ("duration:desc", "abcd"),
     ("type:asc,timestamp:desc", "dbac"), ("nothing:desc", "abcd")],
)  # fmt: skip
def test_results_are_sorted_and_those_without_the_field_come_last(search: Search, sort: str, found: str) -> None:
    assert ids(search(sort=sort)) == found


def test_sort_values_are_given_with_times_as_milliseconds(search: Search) -> None:
    answer = search({"sort": [{"timestamp": {"order": "desc"}}, {"duration": "asc"}], "size": 1})
    assert answer["hits"]["hits"][0]["sort"] == [1717228800000, None]


def test_a_search_keeps_to_the_app_and_to_the_type_in_its_path(search: Search) -> None:
    assert ids(search(path="/other-token/_search")) == ""
    assert ids(search(path="/demo-token/outage/_search", q="shop")) == "c"


def test_an_answer_has_the_shape_of_elasticsearch(search: Search) -> None:
    answer = search(q="outage", path="/demo-token/outage/_search")
    assert set(answer) == {"took", "timed_out", "_shards", "hits"}
    (hit,) = search(q="type:outage")["hits"]["hits"]
    assert set(hit) == {"_index", "_id", "_score", "_source"}
    assert hit["_source"] == EVENTS[2]


def test_an_event_without_a_timestamp_is_found_by_the_time_of_its_receipt(search: Search, post: Post) -> None:
    post({"type": "late", "message": "no time", "id": "e"})
    assert ids(search(q="timestamp:[now-1h TO now]")) == "e"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "apiKey wrong"}, {"Authorization": "Bearer demo-api-key"}])
def test_a_search_needs_the_api_key(receiver: Receiver, headers: dict[str, str]) -> None:
    answer = requests.get(receiver.url + "/demo-token/_search", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_a_search_of_an_unknown_app_is_refused(search: Search) -> None:
    search(path="/unknown-token/_search", status=403)

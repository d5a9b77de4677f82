# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import traceback
import uuid

import pytest
from ansible_collections.community.sematext.plugins.module_utils import _tls
from ansible_collections.community.sematext.plugins.module_utils._errors import SearchError
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils import _query, _search
from ansible_collections.community.sematext.plugins.plugin_utils._query import NEWEST, OLDEST, Order, equal, lucene
from loopback import closed_port, raw_server
from receiver.front import tcp_front
from receiver.running import running_receiver
from receiver.store import Store

TOKEN, KEY = "SECRET-token_4d5c", "SECRET-key_9f01"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    _tls.cached_context.cache_clear()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A receiver, and what writes into its database."""
    path = str(tmp_path_factory.mktemp("receiver") / "events.sqlite")
    with running_receiver(tokens=[TOKEN], api_key=KEY, database=path) as found:
        yield found, Store(path)


@pytest.fixture
def receiver(lasting):
    lasting[0].heal()
    lasting[0].clear()
    return lasting[0]


@pytest.fixture
def fill(lasting, receiver):
    """Puts events into the receiver: one for each given second, named by its place."""

    def do(seconds, **fields):
        for number, second in enumerate(seconds):
            moment = f"2024-05-30T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000Z"
            event = {"timestamp": moment, "type": "test", "message": "filled", "number": number, **fields}
            lasting[1].add_event(TOKEN, "/", "", {}, "", event)

    return do


def search(url, *clauses, size=100, order=NEWEST, **settings):
    return _search.search(Connection(TOKEN, url, **settings), KEY, clauses, size, order)


def numbers(found):
    return [event["number"] for event in found.events]


def failure(url, *clauses, key=KEY, **settings):
    """The error of a search, which is one sentence that names the host and holds no secret."""
    with pytest.raises(SearchError) as caught:
        _search.search(Connection(TOKEN, url, **settings), key, clauses)
    sentence = str(caught.value)
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert TOKEN not in shown
    assert KEY not in shown
    assert sentence.isprintable()
    assert sentence.startswith(f"The search was not answered by {url.partition('//')[2]}: ")
    assert sentence.endswith(".")
    return sentence


# -- what is found ----------------------------------------------------------------------------------------------------


def test_the_newest_events_come_first_or_the_oldest(receiver, fill):
    fill([5, 1, 9])
    found = search(receiver.url)
    assert (numbers(found), found.total, found.total_is_exact, found.gap) == ([2, 0, 1], 3, True, None)
    assert numbers(search(receiver.url, order=OLDEST)) == [1, 0, 2]
    assert found.events == sorted(receiver.events(), key=lambda event: event["timestamp"], reverse=True)


def test_another_order_is_by_a_field_and_then_by_time(receiver, fill):
    fill([5, 1], duration=7)
    fill([9], duration=8)
    assert numbers(search(receiver.url, order=Order("duration", True))) == [0, 0, 1]
    assert numbers(search(receiver.url, order=Order("duration", False))) == [0, 1, 0]


def test_size_is_a_limit_and_total_is_not(receiver, fill):
    fill(range(5))
    for order in (NEWEST, OLDEST, Order("number", True)):
        found = search(receiver.url, size=2, order=order)
        assert (len(found.events), found.total, found.gap) == (2, 5, None)
        found = search(receiver.url, size=0, order=order)
        assert (found.events, found.total, found.gap) == ([], 5, None)


def test_only_what_all_clauses_are_true_of(receiver, fill):
    fill([1, 2], type="deployment")
    fill([3], type="outage")
    found = search(receiver.url, equal("type", "deployment"), lucene("number:1"))
    assert (numbers(found), found.total) == ([1], 1)
    assert search(receiver.url, equal("type", "nothing")).events == []


def test_one_connection_and_one_request_do_for_a_page(receiver, fill):
    fill(range(250))
    search(receiver.url, size=100)
    assert len(receiver.requests()) == 1
    search(receiver.url, size=250)
    assert [request["method"] + request["path"] for request in receiver.requests()] == [f"POST/{TOKEN}/_search"] * 4
    assert len({request["connection"] for request in receiver.requests()[1:]}) == 1


# -- pages ------------------------------------------------------------------------------------------------------------

TIMES = {
    "different": range(250),
    "the same": [7] * 250,
    "blocks": [number // 90 for number in range(250)],
    "pairs": [number // 2 for number in range(250)],
    "a block in the middle": [*range(60), *[60] * 130, *range(61, 121)],
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("order", [NEWEST, OLDEST], ids=["newest", "oldest"])
def test_pages_lose_and_repeat_nothing(receiver, fill, times, order):
    fill(times)
    found = search(receiver.url, size=1000, order=order)
    assert sorted(numbers(found)) == list(range(250))
    moments = [event["timestamp"] for event in found.events]
    assert moments == sorted(moments, reverse=order.descending)
    assert (found.total, found.gap) == (250, None)
    for size in (99, 100, 101, 199, 249):
        assert numbers(search(receiver.url, size=size, order=order)) == numbers(found)[:size]


def test_events_that_are_alike_are_all_found(receiver, lasting, fill):
    event = {"timestamp": "2024-05-30T00:00:00Z", "type": "test", "message": "twice", "event.id": str(uuid.uuid4())}
    for _unused in range(150):
        lasting[1].add_event(TOKEN, "/", "", {}, "", event)
    assert search(receiver.url, size=1000).events == [event] * 150


def test_events_that_arrive_meanwhile_shift_nothing(receiver, fill, monkeypatch):
    fill(range(150))
    page = _search._Searcher.page

    def and_more(self, clauses, size):
        result = page(self, clauses, size)
        fill([5000], number=-1)
        return result

    monkeypatch.setattr(_search._Searcher, "page", and_more)
    assert numbers(search(receiver.url, size=1000)) == list(reversed(range(150)))


def test_a_search_goes_beyond_the_window_of_elasticsearch(receiver, fill, monkeypatch):
    monkeypatch.setattr(_search, "PAGE", 4000)  # with pages of 100, the receiver would take a minute
    fill(number // 2 for number in range(10_500))
    found = search(receiver.url, size=100_000, timeout=60)
    assert sorted(numbers(found)) == list(range(10_500))
    assert (found.total, found.gap) == (10_500, None)


def test_more_events_of_one_moment_than_the_window_is_told(receiver, fill, monkeypatch):
    monkeypatch.setattr(_search, "WINDOW", 300)
    fill([7] * 350)
    found = search(receiver.url, size=1000)
    assert (len(found.events), found.total) == (300, 350)
    assert "has 350 events for this search, and gave no more than 300" in found.gap


# -- answers of other kinds -------------------------------------------------------------------------------------------


def answer(receiver, total, hits, **more):
    receiver.fault(body=json.dumps({"hits": {"total": total, "hits": hits}, **more}))


def hit(number, **more):
    return {"_id": str(number), "_source": {"number": number}, "sort": [number], **more}


def test_the_total_of_older_versions(receiver):
    answer(receiver, 1, [hit(0)])
    found = search(receiver.url)
    assert (numbers(found), found.total, found.total_is_exact) == ([0], 1, True)


def test_a_total_that_is_a_lower_bound_is_said_to_be_one(receiver):
    answer(receiver, {"value": 10_000, "relation": "gte"}, [hit(0)])
    found = search(receiver.url, size=1)
    assert (found.total, found.total_is_exact, found.gap) == (10_000, False, None)


@pytest.mark.parametrize(
    ("more", "gap"),
    [
        ({"timed_out": True}, "ran out of time"),
        ({"_shards": {"total": 5, "failed": 2}}, "2 shards failed"),
    ],
)
def test_an_answer_that_is_not_all_says_so(receiver, more, gap):
    answer(receiver, 1, [hit(0)], **more)
    assert gap in search(receiver.url).gap


def test_a_receiver_that_gives_the_same_page_again_and_again_ends(receiver):
    answer(receiver, 500, [hit(number) for number in range(100)])
    found = search(receiver.url, size=1000)
    assert (len(found.events), len(receiver.requests())) == (100, 2)
    assert "gave no more than 100" in found.gap


@pytest.mark.parametrize("sort", [[None], [9223372036854775807], ["2024"], []])
def test_pages_end_where_events_have_no_time(receiver, sort):
    answer(receiver, 500, [hit(number, sort=sort) for number in range(100)])
    found = search(receiver.url, size=1000)
    assert (len(found.events), len(receiver.requests())) == (100, 1)
    assert "gave no more than 100" in found.gap


def test_no_more_than_was_asked_for_is_given(receiver):
    answer(receiver, 3, [hit(number) for number in range(3)])
    assert numbers(search(receiver.url, size=2)) == [0, 1]


def test_events_are_told_apart_without_an_id_of_theirs(receiver):
    hits = [{"_source": {"number": number}, "sort": [0]} for number in (1, 2)]
    answer(receiver, 2, hits)
    assert numbers(search(receiver.url)) == [1, 2]


def test_what_is_no_character_does_not_get_into_the_result(receiver):
    receiver.fault(body='{"hits": {"total": 1, "hits": [{"_source": {"message": "a\\ud800b \\ud83d\\ude80"}}]}}')
    (event,) = search(receiver.url).events
    assert event == {"message": "a?b \N{ROCKET}"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        "null",
        '{"accepted": true}',
        '{"hits": {"total": "many", "hits": []}}',
        '{"hits": {"total": null, "hits": []}}',
        '{"hits": {"hits": []}}',
        '{"hits": {"total": 1, "hits": [{}]}}',
        '{"hits": {"total": 1, "hits": [{"_source": "text"}]}}',
        '{"hits": {"total": 1, "hits": [1]}}',
        '{"hits": {"total": 1, "hits": 1}}',
        "[" * 60_000,
    ],
    ids=lambda value: value[:40],
)
def test_what_is_no_answer_to_a_search(receiver, body):
    receiver.fault(body=body)
    assert "none that Elasticsearch would give" in failure(receiver.url)


# -- refused ----------------------------------------------------------------------------------------------------------


def test_a_bad_query_is_explained_in_the_receivers_own_words(receiver):
    sentence = failure(receiver.url, lucene("type:(deployment"))
    assert "HTTP 400, it says: Failed to parse query [type:(deployment]" in sentence
    assert sentence.endswith("; correct query or sort.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"root_cause": [{"reason": "the cause"}], "reason": "all shards failed"}, "the cause"),
        ({"root_cause": [], "reason": "the reason"}, "the reason"),
        ({"root_cause": [{}], "reason": "the reason"}, "the reason"),
        ({"reason": "the reason"}, "the reason"),
        ("a text", "a text"),
        (f"cannot search {TOKEN} with {KEY}", "cannot search ... with ..."),
        ("a\r\n\x1b[31mb\u202e", "a   [31mb"),
    ],
)
def test_reasons_of_elasticsearch_are_quoted(receiver, error, said):
    receiver.fault(status=400, body=json.dumps({"error": error}))
    assert f"(HTTP 400, it says: {said})" in failure(receiver.url)


@pytest.mark.parametrize("error", [None, 1, [], {}, {"reason": 1}, {"root_cause": 1}, {"root_cause": [1]}, " "])
def test_other_errors_are_not_quoted(receiver, error):
    receiver.fault(status=400, body=json.dumps({"error": error}))
    assert "(HTTP 400)" in failure(receiver.url)


def test_a_long_reason_is_cut(receiver):
    receiver.fault(status=400, body=json.dumps({"error": "x" * 10_000}))
    assert len(failure(receiver.url)) < 400


def test_a_wrong_key_says_which_secret_it_is(receiver):
    sentence = failure(receiver.url, key="another")
    assert "the API key is not accepted (HTTP 401, it says: missing or wrong API key)" in sentence
    assert "check api_key, which is the account's API key and not the App token" in sentence


def test_a_wrong_token_says_to_check_both(receiver):
    with pytest.raises(SearchError, match="check app_token, which names the App, and api_key") as caught:
        _search.search(Connection("another", receiver.url), KEY, [])
    assert "HTTP 403, it says: The App token is not known" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "check event_receiver_url and region"),
        (302, "redirects"),
        (429, "try again later"),
        (500, "try again later"),
        (503, "in trouble or busy"),
    ],
)
def test_other_refusals_say_what_to_do(receiver, status, words):
    receiver.fault(status=status, location="http://127.0.0.1:1/")
    sentence = failure(receiver.url)
    assert f"HTTP {status}" in sentence
    assert words in sentence
    assert len(receiver.requests()) == 1


def test_a_redirect_does_not_get_the_key(receiver):
    with raw_server(b"") as elsewhere:
        receiver.fault(status=307, location=f"{elsewhere.url}/{TOKEN}/_search")
        failure(receiver.url)
        assert elsewhere.connections == 0


def test_netrc_does_not_take_the_place_of_the_key(receiver, fill, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)
    fill([1])
    assert numbers(search(receiver.url)) == [0]


# -- bounds -----------------------------------------------------------------------------------------------------------


def test_a_receiver_that_hangs(receiver):
    receiver.fault(hang=True)
    assert "no complete answer within 0.3 s" in failure(receiver.url, timeout=0.3)


@pytest.mark.parametrize("drip", [b"", b" "], ids=["hangs", "drips"])
def test_a_good_status_whose_body_does_not_end_in_time(drip):
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{", drip=drip) as server:
        assert "no complete answer within 0.4 s" in failure(server.url, timeout=0.4)


def test_an_answer_that_is_cut():
    with raw_server(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"hits": ', stay=False) as server:
        assert "the connection was closed before the answer was complete" in failure(server.url)


def test_an_answer_that_is_too_large_says_to_ask_for_less(receiver, fill, monkeypatch):
    monkeypatch.setattr(_search, "MAX_ANSWER", 2 * 1024 * 1024)
    fill(range(40), data="x" * 100_000)
    assert "the answer has more than 2 MiB; ask for less" in failure(receiver.url)
    assert len(search(receiver.url, size=10).events) == 10


def test_answers_that_are_too_large_in_all_say_to_ask_for_less(receiver, fill, monkeypatch):
    monkeypatch.setattr(_search, "MAX_ANSWERS", 2 * 1024 * 1024)
    monkeypatch.setattr(_search, "PAGE", 10)
    fill(range(40), data="x" * 100_000)
    assert "more than 2 MiB in all; ask for less" in failure(receiver.url)


def test_a_page_of_the_longest_events_is_within_the_bound(receiver, fill):
    fill(range(100), data="\\" * 125_000)
    assert len(search(receiver.url, timeout=60).events) == 100


def test_no_connection():
    assert "the connection was refused" in failure(f"http://127.0.0.1:{closed_port()}")
    assert "its name cannot be resolved" in failure("https://receiver.invalid", validate_certs=False)


@pytest.mark.parametrize("mode", ["hang", "reset", "cut"])
def test_a_network_that_breaks(receiver, mode):
    with tcp_front(receiver) as front:
        front.mode(mode)
        failure(front.url, timeout=0.5)


def test_tls():
    with running_receiver(tokens=[TOKEN], api_key=KEY, tls=True) as secure:
        assert search(secure.url, ca_path=secure.ca_path).total == 0
        assert "its TLS certificate is not trusted" in failure(secure.url)
        assert len(secure.requests()) == 1


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_an_app_without_events_has_nothing_to_sort_by_yet():
    """Elasticsearch refuses to sort by a field that no event has had, unless it is told the field's type."""
    assert all(order.clauses()[-1]["timestamp"]["unmapped_type"] == "date" for order in (NEWEST, OLDEST, Order("x")))
    assert _query.NEWEST.by_time

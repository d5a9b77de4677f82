# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Searching the events of one App: pages, their answers, and what the answers mean.

Answers have Elasticsearch's shape. One page reaches no further than the first WINDOW hits, so the next page asks from
the last page's last time on, that time included, and what is known already is left out: events that share a time are
neither lost nor repeated.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing as t

from ..module_utils._errors import SearchError
from ..module_utils._exchange import Answer, Exchange, NoAnswer, fit
from ..module_utils._options import Connection
from ._query import NEWEST, Clause, Order, from_time, to_time

#: Events of one page: with the longest events, 256 KiB each, they still are less than MAX_ANSWER.
PAGE = 100
#: Elasticsearch's index.max_result_window: no request reaches further.
WINDOW = 10_000
#: Bytes of one answer, and of all answers of one search.
MAX_ANSWER, MAX_ANSWERS = 32 * 1024 * 1024, 256 * 1024 * 1024
#: Milliseconds until the year 10000. For events without a time, Elasticsearch sorts by a number far beyond.
LAST_TIME = 253_402_300_800_000


@dataclasses.dataclass(frozen=True)
class Found:
    """What a search has found.

    :ivar events: in the order asked for.
    :ivar total: how many events match, though no more than asked for are in `events`.
    :ivar total_is_exact: if not, there are `total` or more.
    :ivar gap: a sentence that says why events may be missing, None if none is.
    """

    events: list[dict[str, t.Any]]
    total: int
    total_is_exact: bool
    gap: str | None


def search(
    connection: Connection, api_key: str, clauses: t.Sequence[Clause], size: int = PAGE, order: Order = NEWEST
) -> Found:
    """The events for which all clauses are true. Each page takes at most `timeout` seconds.

    :param clauses: as _query.py makes them; none finds all events.
    :param size: how many events to give at most. In an order other than that of time, WINDOW is the most.
    :raises SearchError: in a sentence, free of secrets, when there was no usable answer.
    :raises LibraryMissing: without requests.
    :raises OptionError: when `ca_path` cannot be used.
    """
    searcher = _Searcher(connection, api_key, order)
    first = searcher.page(clauses, min(size, PAGE if order.by_time else WINDOW))
    hits, gap = dict(first.hits), first.gap
    wanted = min(size, first.total) if first.total_is_exact else size
    fresh: t.Any = hits
    while fresh and len(hits) < wanted and order.by_time:
        edge = next(reversed(hits.values())).edge
        asked = _known(hits, edge) + min(PAGE, wanted - len(hits))
        if edge is None or asked > WINDOW:
            break
        rest = to_time(edge) if order.descending else from_time(edge)
        page = searcher.page([*clauses, rest], asked)
        fresh = {name: hit for name, hit in page.hits.items() if name not in hits}
        hits.update(fresh)
        gap = gap or page.gap
    if len(hits) < wanted and first.total_is_exact:
        gap = gap or f"The receiver has {first.total} events for this search, and gave no more than {len(hits)}."
    return Found([hit.event for hit in hits.values()][:size], first.total, first.total_is_exact, gap)


@dataclasses.dataclass(frozen=True)
class _Hit:
    """:ivar edge: its time in milliseconds since 1970, None if it cannot be told."""

    event: dict[str, t.Any]
    edge: int | None


@dataclasses.dataclass(frozen=True)
class _Page:
    """:ivar hits: by what tells one from another, in order."""

    hits: dict[str, _Hit]
    total: int
    total_is_exact: bool
    gap: str | None


def _known(hits: dict[str, _Hit], edge: int | None) -> int:
    """How many hits at the end have a time."""
    return sum(1 for _hit in itertools.takewhile(lambda hit: hit.edge == edge, reversed(hits.values())))


class _Searcher:
    """Asks for pages, over one connection."""

    def __init__(self, connection: Connection, api_key: str, order: Order) -> None:
        self._connection, self._api_key, self._order = connection, api_key, order
        self._exchange = Exchange(connection, {"Authorization": f"apiKey {api_key}"})
        self._left = MAX_ANSWERS

    def page(self, clauses: t.Sequence[Clause], size: int) -> _Page:
        """One page. :raises SearchError: when there was no usable answer."""
        body = {
            "query": {"bool": {"filter": list(clauses)}},
            "size": size,
            "sort": self._order.clauses(),
            "track_total_hits": True,
        }
        try:
            answer = self._exchange.post(self._connection.search_url, json.dumps(body).encode(), MAX_ANSWER)
            self._left -= len(answer.body)
            if not 200 <= answer.status < 300:
                raise self._refusal(answer)
            if answer.trouble:
                raise answer.trouble
            if self._left < 0:
                raise NoAnswer(f"the answers have more than {MAX_ANSWERS / 1024**2:g} MiB in all", "ask for less")
        except NoAnswer as exc:
            raise self._error(exc.why, exc.remedy) from None
        try:
            return _read_page(answer.body)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            why = "the answer is none that Elasticsearch would give to a search"
        raise self._error(why, "check event_receiver_url and region")

    def _refusal(self, answer: Answer) -> SearchError:
        status, said = answer.status, self._quote(answer.body)
        if status == 400:
            return self._error(f"the search was not understood (HTTP 400{said})", "correct query or sort")
        why, remedy = f"the receiver answered with HTTP {status}{said}", "check event_receiver_url and region"
        if status == 401:
            why = f"the API key is not accepted (HTTP 401{said})"
            remedy = "check api_key, which is the account's API key and not the App token"
        elif status == 403:
            why = f"the App token or the API key is not accepted by this receiver (HTTP 403{said})"
            remedy = (
                "check app_token, which names the App, and api_key, which is the API key of the account that has this "
                "App, and that region is the one of that account"
            )
        elif 300 <= status < 400:
            why = f"the receiver redirects (HTTP {status}), which is not followed since it would pass the API key on"
        elif status in (408, 429) or status >= 500:
            why, remedy = f"the receiver is in trouble or busy (HTTP {status}{said})", "try again later"
        return self._error(why, remedy)

    def _error(self, why: str, remedy: str) -> SearchError:
        return SearchError(f"The search was not answered by {self._connection.host}: {why}; {remedy}.")

    def _quote(self, body: bytes) -> str:
        """What the receiver says of an error: as Elasticsearch says it, or a text."""
        try:
            error = json.loads(body.decode("utf-8"))["error"]
            if isinstance(error, dict):
                error = (error.get("root_cause") or [error])[0].get("reason") or error["reason"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return ""
        said = fit(error, self._api_key, self._connection.app_token) if isinstance(error, str) else ""
        return f", it says: {said}" if said else ""


def _read_page(body: bytes) -> _Page:
    answer = json.loads(_without_surrogates(body))
    total = answer["hits"]["total"]  # a number before Elasticsearch 7
    count, relation = (total["value"], total["relation"]) if isinstance(total, dict) else (total, "eq")
    hits: dict[str, _Hit] = {}
    for hit in answer["hits"]["hits"]:
        event = hit["_source"]
        if not isinstance(event, dict):
            raise TypeError("_source")
        hits.setdefault(_name(hit), _Hit(event, _edge(hit)))
    return _Page(hits, int(count), relation == "eq", _gap(answer))


def _without_surrogates(body: bytes) -> str:
    """An answer as text that can be shown: \\ud800 alone is no character, and no output would take it."""
    said = body.decode("utf-8")
    if "\\ud" not in said.lower():
        return said
    return json.dumps(json.loads(said), ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def _name(hit: dict[str, t.Any]) -> str:
    """What tells a hit from others. _id is Elasticsearch's; Sematext documents only _source."""
    if isinstance(hit.get("_id"), str):
        return json.dumps([hit.get("_index"), hit["_id"]])
    return json.dumps(hit["_source"], sort_keys=True)


def _edge(hit: dict[str, t.Any]) -> int | None:
    first = (hit.get("sort") or [None])[0]
    is_time = isinstance(first, int) and not isinstance(first, bool)
    return first if is_time and abs(first) < LAST_TIME else None


def _gap(answer: dict[str, t.Any]) -> str | None:
    """Elasticsearch answers with what it has, if a part of it fails."""
    shards = answer.get("_shards") or {}
    if answer.get("timed_out") is True:
        return "The receiver ran out of time and searched only a part of the events."
    if shards.get("failed"):
        return f"The receiver searched only a part of the events: {int(shards['failed'])} shards failed."
    return None

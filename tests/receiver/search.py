# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching events, with answers in Elasticsearch's shape."""

from __future__ import annotations

import hmac
import sys
import time
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from receiver.dsl import dsl, only
from receiver.lucene import lucene
from receiver.ordering import Hit, Sort, order_hits, parse_sort
from receiver.predicate import BadQuery, Predicate, everything
from receiver.responses import JSONAnswer, refusal
from receiver.schema import BadEvent, parse_json
from receiver.store import Store

WINDOW = 10000
SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}


@dataclass(frozen=True)
class Page:
    """Which hits are wanted, and in which order."""

    matches: Predicate
    size: int
    start: int
    sort: Sort
    count: int  # so many hits are counted exactly


@dataclass(frozen=True)
class Search:
    """Answers searches."""

    store: Store
    tokens: frozenset[str]
    api_key: str

    async def answer(self, request: Request) -> Response:
        """One search."""
        token, started = request.path_params["token"], time.monotonic()
        if not hmac.compare_digest(_key_of(request).encode(), self.api_key.encode()):
            return JSONAnswer(failure(401, "security_exception", "missing or wrong API key"), status_code=401)
        if token not in self.tokens:
            return refusal(403, "The App token is not known.")
        try:
            page = parse_page(dict(request.query_params), await request.body())
            hits = self._hits(token, request.path_params.get("type"), page)
        except (BadQuery, BadEvent, RecursionError) as error:
            return JSONAnswer(failure(400, "parsing_exception", str(error)), status_code=400)
        return JSONAnswer(shape(order_hits(hits, page.sort), page, started))

    def _hits(self, token: str, type_: str | None, page: Page) -> list[Hit]:
        found = []
        for record in self.store.records(token):
            source = {"timestamp": record["received"], **record["event"]}
            if type_ in (None, "event", source["type"]) and page.matches(source):
                found.append({"_index": token, "_id": str(record["number"]), "_score": 1.0, "_source": source})
        return found


def _key_of(request: Request) -> str:
    scheme, _blank, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "apikey" else ""


def parse_page(parameters: dict[str, str], body: bytes) -> Page:
    """What a search asks for: the body's wishes go before those of the query string."""
    wanted: dict[str, Any] = {**only(parameters, "search", "q", "size", "from", "sort")}
    if body.strip():
        wanted.update(only(parse_json(body), "search", "query", "size", "from", "sort", "track_total_hits"))
    size, start = _number(wanted, "size", 10), _number(wanted, "from", 0)
    if size + start > WINDOW:
        raise BadQuery(f"Result window is too large, from + size must be at most [{WINDOW}]")
    return Page(_predicate(wanted), size, start, parse_sort(wanted.get("sort")), _count(wanted))


def _predicate(wanted: dict[str, Any]) -> Predicate:
    if "query" in wanted:
        return dsl(wanted["query"])
    return lucene(wanted["q"]) if "q" in wanted else everything


def _number(wanted: dict[str, Any], name: str, default: int) -> int:
    text = str(wanted.get(name, default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise BadQuery(f"[{name}] must be a number that is not negative, not [{text}]")
    return int(text)


def _count(wanted: dict[str, Any]) -> int:
    count = wanted.get("track_total_hits", WINDOW)
    if isinstance(count, bool):
        return sys.maxsize if count else 0
    return _number(wanted, "track_total_hits", WINDOW)


def shape(hits: list[Hit], page: Page, started: float) -> dict[str, Any]:
    """Hits as Elasticsearch lays them out."""
    shown = hits[page.start : page.start + page.size]
    exact = len(hits) <= page.count
    total = {"value": len(hits) if exact else page.count, "relation": "eq" if exact else "gte"}
    return {
        "took": int((time.monotonic() - started) * 1000),
        "timed_out": False,
        "_shards": SHARDS,
        "hits": {
            **({"total": total} if page.count else {}),
            "max_score": 1.0 if hits and not page.sort else None,
            "hits": shown,
        },
    }


def failure(status: int, kind: str, reason: str) -> dict[str, Any]:
    """An error as Elasticsearch lays it out."""
    cause = {"type": kind, "reason": reason}
    return {"error": {"root_cause": [cause], **cause}, "status": status}

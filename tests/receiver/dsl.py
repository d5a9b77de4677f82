# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries in Elasticsearch's own language: the part of it that README.md lists."""

from __future__ import annotations

from typing import Any

from receiver.bounds import in_range
from receiver.fields import words
from receiver.lucene import DEFAULT_FIELD, lucene, matches
from receiver.predicate import BadQuery, Predicate, all_of, at_least, everything, none_of


def dsl(query: Any) -> Predicate:
    """The question that a query object asks."""
    kind, inner = single(query, "query")
    translate = KINDS.get(kind)
    if translate is None:
        raise BadQuery(f"unknown query [{kind}]")
    return translate(inner)


def single(node: Any, what: str) -> tuple[str, Any]:
    """The one key of an object, and its value."""
    if not isinstance(node, dict) or len(node) != 1:
        raise BadQuery(f"[{what}] must be an object with one key")
    return next(iter(node.items()))


def only(node: Any, what: str, *keys: str) -> dict[str, Any]:
    """An object that has no other keys than these."""
    if not isinstance(node, dict):
        raise BadQuery(f"[{what}] must be an object")
    unknown = sorted(set(node) - set(keys))
    if unknown:
        raise BadQuery(f"[{what}] does not support {unknown}")
    return node


def _match_all(inner: Any) -> Predicate:
    only(inner, "match_all", "boost")
    return everything


def _query_string(inner: Any) -> Predicate:
    found = only(inner, "query_string", "query", "default_field", "default_operator")
    every = str(found.get("default_operator", "OR")).upper() == "AND"
    return lucene(str(found.get("query", "")), str(found.get("default_field", DEFAULT_FIELD)), every)


def _term(inner: Any) -> Predicate:
    field, value = single(inner, "term")
    return matches(field, plain(only(value, "term", "value", "boost").get("value")
                                if isinstance(value, dict) else value))  # fmt: skip


def _match(inner: Any) -> Predicate:
    field, value = single(inner, "match")
    options = only(value, "match", "query", "operator") if isinstance(value, dict) else {"query": value}
    text = plain(options.get("query"))
    each = [matches(field, word) for word in words(text)] if field in ("message", "title", "data") else []
    every = str(options.get("operator", "or")).lower() == "and"
    return at_least(len(each) if every else 1, each or [matches(field, text)])


def plain(value: Any) -> str:
    """A value as the text that a query would name it by."""
    if value is None or isinstance(value, (dict, list)):
        raise BadQuery(f"a single value is needed, not [{value}]")
    return str(value)


def _range(inner: Any) -> Predicate:
    field, bounds = single(inner, "range")
    if not isinstance(bounds, dict):
        raise BadQuery("[range] must be an object")
    return in_range(field, bounds)


def _bool(inner: Any) -> Predicate:
    found = only(inner, "bool", "must", "filter", "should", "must_not", "minimum_should_match")
    needed = [*_each(found, "must"), *_each(found, "filter")]
    wanted = _each(found, "should")
    count = found.get("minimum_should_match", 1 if wanted and not needed else 0)
    if not isinstance(count, int):
        raise BadQuery("[minimum_should_match] must be a number")
    return all_of([*needed, none_of(_each(found, "must_not")), at_least(count, wanted)])


def _each(found: dict[str, Any], name: str) -> list[Predicate]:
    clauses = found.get(name, [])
    return [dsl(clause) for clause in (clauses if isinstance(clauses, list) else [clauses])]


KINDS = {
    "match_all": _match_all,
    "query_string": _query_string,
    "term": _term,
    "match": _match,
    "range": _range,
    "bool": _bool,
}

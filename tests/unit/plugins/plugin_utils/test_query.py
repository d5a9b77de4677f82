# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest
from ansible_collections.community.sematext.plugins.module_utils._errors import OptionError
from ansible_collections.community.sematext.plugins.plugin_utils import _query
from hypothesis import example, given
from hypothesis import strategies as st
from receiver.dsl import dsl

NOW = dt.datetime(2024, 5, 30, 12, 0, 0, 123_999, tzinfo=dt.timezone.utc)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)


def finds(clauses, **event):
    """Whether the receiver, with a parser of Lucene's syntax that is not ours, finds an event."""
    return dsl({"bool": {"filter": clauses}})(event)


def ranges(**options):
    return [clause["range"]["timestamp"] for clause in _query.clauses(options, NOW)]


# -- values -----------------------------------------------------------------------------------------------------------


@given(VALUES)
@example('version:1.23" OR type:"other')
@example('\\" OR *:* OR "')
@example("C:\\temp\\")
@example("\\")
@example('"')
@example("a AND b OR NOT (c)")
@example("*")
@example("b?d")
@example("[a TO b]")
@example("/re.*/")
@example("a~2^3")
@example("line\nline")
def test_a_value_is_found_as_it_is_and_nothing_else_with_it(value):
    for option, field in (("type", "type"), ("host", "os.host")):
        clauses = _query.clauses({option: value})
        assert finds(clauses, **{field: value})
        assert not finds(clauses, **{field: value + "x"})
    clauses = _query.clauses({"tags": [value]})
    assert finds(clauses, tags=["other", value])
    assert not finds(clauses, tags=["other", "x" + value])


def test_all_that_is_asked_for_must_be_true():
    clauses = _query.clauses({"query": "down OR up", "type": "outage", "tags": ["a:b", "c"], "host": "web1"})
    event = {"message": "It is down", "type": "outage", "tags": ["c", "a:b"], "os.host": "web1"}
    assert finds(clauses, **event)
    for field, other in {"message": "It is", "type": "alert", "tags": ["c"], "os.host": "web2"}.items():
        assert not finds(clauses, **{**event, field: other})


def test_a_query_cannot_open_the_other_conditions():
    clauses = _query.clauses({"query": "*:* OR severity:error", "type": "outage"})
    assert not finds(clauses, type="alert", severity="error", message="x")


def test_nothing_asked_for_finds_all():
    assert _query.clauses({}) == _query.clauses({"query": None, "tags": []}) == []


# -- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2h", "2024-05-30T10:00:00.123Z"),
        ("30m", "2024-05-30T11:30:00.123Z"),
        ("90 s", "2024-05-30T11:58:30.123Z"),
        ("7d", "2024-05-23T12:00:00.123Z"),
        ("1w", "2024-05-23T12:00:00.123Z"),
        ("0s", "2024-05-30T12:00:00.123Z"),
        ("2024-05-30T11:58:43.4556+02:00", "2024-05-30T09:58:43.455Z"),
        (dt.datetime(2024, 5, 30, tzinfo=dt.timezone.utc), "2024-05-30T00:00:00.000Z"),
    ],
)
def test_a_time_or_a_span_before_now(value, moment):
    assert ranges(since=value) == [{"gte": moment}]
    assert ranges(until=value) == [{"lte": moment}]


def test_a_span_of_time_has_both_ends():
    assert ranges(since="2h", until="1h") == [
        {"gte": "2024-05-30T10:00:00.123Z"},
        {"lte": "2024-05-30T11:00:00.123Z"},
    ]


@pytest.mark.parametrize("option", ["since", "until"])
@pytest.mark.parametrize(
    "value", ["yesterday", "2", "2 years", "-2h", "2h 5m", "", "2024-05-30T10:00:00", 7, "9999999w"]
)
def test_other_times_are_refused_with_what_would_do(option, value):
    with pytest.raises(OptionError, match=f"^Option '{option}' .*[^.]\\.$") as caught:
        _query.clauses({option: value})
    assert caught.value.option == option


def test_times_in_the_wrong_order_are_refused():
    with pytest.raises(OptionError, match="'since' is later than until"):
        _query.clauses({"since": "1h", "until": "2h"})


# -- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["query", "type", "host"])
@pytest.mark.parametrize("value", ["", " ", True, ["a"], {"a": 1}, "a\0b", "\ud800"])
def test_values_that_would_find_something_else_are_refused(option, value):
    with pytest.raises(OptionError) as caught:
        _query.clauses({option: value})
    assert caught.value.option == option


@pytest.mark.parametrize("value", [[""], [None], ["a", True], {"a": 1}])
def test_tags_that_are_none_are_refused(value):
    with pytest.raises(OptionError, match="'tags'"):
        _query.clauses({"tags": value})


# -- the order --------------------------------------------------------------------------------------------------------


def test_orders():
    assert _query.order("sort", "newest") == _query.order("sort", "timestamp:desc") == _query.NEWEST
    assert _query.order("sort", "oldest") == _query.order("sort", "timestamp:asc") == _query.OLDEST
    assert _query.order("sort", "duration:desc") == _query.Order("duration", True)
    assert _query.order("sort", "a:b:asc") == _query.Order("a:b", False)


@pytest.mark.parametrize("value", ["", "duration", "duration:up", ":asc", " :asc", "newest:", "asc"])
def test_other_orders_are_refused(value):
    with pytest.raises(OptionError, match="'sort' must be newest, oldest"):
        _query.order("sort", value)

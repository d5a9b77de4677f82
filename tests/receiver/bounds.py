# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges: what lies between two bounds."""

from __future__ import annotations

import operator
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from receiver.fields import as_number, comparable, values
from receiver.predicate import BadQuery, Predicate
from receiver.timestamps import format_utc, in_milliseconds, is_date_only, parse_timestamp

OPERATORS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_END = timedelta(days=1) - timedelta(microseconds=1)


def in_range(field: str, bounds: dict[str, Any]) -> Predicate:
    """Whether one value of a field lies within all bounds, whose names are gt, gte, lt and lte.

    With the ``format`` epoch_millis, bounds are milliseconds since 1970."""
    bounds = dict(bounds)
    form = bounds.pop("format", None)
    if form == "epoch_millis":
        bounds = {name: _from_millis(bound) for name, bound in bounds.items()}
    elif form is not None:
        raise BadQuery(f"The local receiver does not know the format [{form}]")
    unknown = set(bounds) - set(OPERATORS)
    if unknown:
        raise BadQuery(f"[range] query does not support {sorted(unknown)}")
    limits = [(OPERATORS[name], _limit(field, name, bound)) for name, bound in bounds.items()]
    return lambda event: any(_within(comparable(value), limits) for value in values(event, field))


def _within(value: tuple[int, Any], limits: list[tuple[Any, tuple[int, Any]]]) -> bool:
    return all(value[0] == limit[0] and compare(value[1], limit[1]) for compare, limit in limits)


def _from_millis(bound: Any) -> str:
    try:
        return format_utc(EPOCH + timedelta(milliseconds=int(bound)))
    except (TypeError, ValueError, OverflowError) as error:
        raise BadQuery(f"failed to parse date field [{bound}] with format [epoch_millis]") from error


def _limit(field: str, name: str, bound: Any) -> tuple[int, Any]:
    if field == "timestamp":
        return 1, moment(bound, late=name in ("gt", "lte"))
    number = as_number(bound)
    return comparable(bound) if number is None else (0, number)


def moment(text: Any, late: bool) -> datetime:
    """The moment that a bound names, which can be relative to now; of a whole day the end if ``late``."""
    if not isinstance(text, str):
        raise BadQuery(f"failed to parse date field [{text}]")
    relative = re.fullmatch(r"now((?:[+-]\d{1,6}[smhdw])*)", text)
    try:
        if relative:
            return _from_now(relative[1])
        start = in_milliseconds(parse_timestamp(text))
        return start + DAY_END if late and is_date_only(text) else start
    except (ValueError, OverflowError) as error:
        raise BadQuery(f"failed to parse date field [{text}]") from error


def _from_now(steps: str) -> datetime:
    found = datetime.now(timezone.utc)
    for amount, unit in re.findall(r"([+-]\d+)([smhdw])", steps):
        found += timedelta(**{UNITS[unit]: int(amount)})
    return found

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What is asked for: options and field values as the clauses of a query in Elasticsearch's request form.

Each clause stands alone in the filter of a bool query, so that no clause can change the meaning of another.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import typing as t

from ..module_utils._errors import OptionError
from ..module_utils._event import OPTION_FIELDS, format_time, tags, text, timestamp

Clause = t.Dict[str, t.Any]

TIMESTAMP = "timestamp"
#: A span before now; the units are Elasticsearch's.
SPAN = re.compile(r"(\d{1,9})\s*([smhdw])", re.ASCII)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclasses.dataclass(frozen=True)
class Order:
    """The order of the events found."""

    field: str = TIMESTAMP
    descending: bool = True

    @property
    def by_time(self) -> bool:
        return self.field == TIMESTAMP

    def clauses(self) -> list[Clause]:
        """For `sort`. An App without events has no field timestamp yet, which would be an error."""
        time = {"order": "desc" if self.descending or not self.by_time else "asc", "unmapped_type": "date"}
        if self.by_time:
            return [{TIMESTAMP: time}]
        return [{self.field: {"order": "desc" if self.descending else "asc"}}, {TIMESTAMP: time}]


NEWEST, OLDEST = Order(), Order(descending=False)


def lucene(query: str) -> Clause:
    """What a query in Lucene's syntax finds."""
    return {"query_string": {"query": query}}


def equal(field: str, value: str) -> Clause:
    """What has a value in a field, or the words of it, if the field is a text such as `message`.

    Within quotes, the backslash and the quote are all that means something to Lucene.

    :param field: a name of ours: it is not escaped.
    """
    quoted = re.sub(r'(["\\])', r"\\\1", value)
    return lucene(f'{field}:"{quoted}"')


def from_time(moment: t.Any) -> Clause:
    """What happened at a time or later: text, or milliseconds since 1970."""
    return _time_range("gte", moment)


def to_time(moment: t.Any) -> Clause:
    """What happened at a time or earlier: text, or milliseconds since 1970."""
    return _time_range("lte", moment)


def clauses(options: t.Mapping[str, t.Any], now: dt.datetime | None = None) -> list[Clause]:
    """What the options `query`, `type`, `host`, `tags`, `since` and `until` ask for; all of it must be so.

    :param options: values by option name; None means "not given".
    :param now: the aware time that spans count from.
    :raises OptionError: naming the first option that cannot be used.
    """
    result = [lucene(_filled("query", options["query"]))] if options.get("query") is not None else []
    for option in ("type", "host"):
        if options.get(option) is not None:
            result.append(equal(OPTION_FIELDS[option], _filled(option, options[option])))
    if options.get("tags") is not None:
        result += [equal(OPTION_FIELDS["tags"], tag) for tag in tags("tags", options["tags"])]
    since, until = (
        _moment(option, options[option], now) if options.get(option) is not None else None
        for option in ("since", "until")
    )
    if since and until and since > until:
        raise OptionError("since", f"is later than until ({since} and {until}); exchange them")
    return result + ([from_time(since)] if since else []) + ([to_time(until)] if until else [])


def order(option: str, value: str) -> Order:
    """The order that `newest`, `oldest`, or a field and an order such as `duration:desc` names."""
    if value in ("newest", "oldest"):
        return NEWEST if value == "newest" else OLDEST
    field, _colon, direction = value.rpartition(":")
    if not field.strip() or direction not in ("asc", "desc"):
        raise OptionError(
            option, "must be newest, oldest, or a field and asc or desc with a colon in between, such as duration:desc"
        )
    return Order(field.strip(), direction == "desc")


def _time_range(bound: str, moment: t.Any) -> Clause:
    form = {"format": "epoch_millis"} if isinstance(moment, int) else {}
    return {"range": {TIMESTAMP: {bound: moment, **form}}}


def _moment(option: str, value: t.Any, now: dt.datetime | None) -> str:
    span = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not span:
        try:
            return timestamp(option, value)
        except OptionError as exc:
            raise OptionError(option, f"{exc.reason}; a span before now such as 2h, 30m or 7d will do, too") from None
    try:
        return format_time((now or dt.datetime.now(dt.timezone.utc)) - dt.timedelta(**{UNITS[span[2]]: int(span[1])}))
    except OverflowError:
        raise OptionError(option, "reaches back before the year 1; shorten the span") from None


def _filled(option: str, value: t.Any) -> str:
    result = text(option, value)
    if not result.strip():
        raise OptionError(option, "must not be empty: leave it out, for example with default(omit), to find all")
    return result

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing points in time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

ISO_8601 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?",
    re.ASCII,
)


def parse_timestamp(text: str) -> datetime:
    """The moment that an ISO 8601 text names; UTC without a zone. Raises ValueError if it names none."""
    found = ISO_8601.fullmatch(text)
    if found is None:
        raise ValueError(f"not an ISO 8601 time: {text!r}")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    microsecond = int((found[7] or "0")[:6].ljust(6, "0"))
    return datetime(year, month, day, hour, minute, second, microsecond, _zone(found))


def _zone(found: re.Match[str]) -> timezone:
    offset = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
    return timezone(-offset if found[9] == "-" else offset)


def in_milliseconds(moment: datetime) -> datetime:
    """A moment as Elasticsearch keeps a date: finer parts are cut off."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def is_date_only(text: str) -> bool:
    """Whether a text names a whole day."""
    return "T" not in text


def now() -> str:
    """The present moment, in UTC."""
    return format_utc(datetime.now(timezone.utc))


def format_utc(moment: datetime) -> str:
    """A moment in UTC, with milliseconds."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def try_timestamp(text: object) -> datetime | None:
    """The moment that a text names, or None."""
    try:
        return parse_timestamp(text) if isinstance(text, str) else None
    except ValueError:
        return None

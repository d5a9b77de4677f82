# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking into events: the values of a field, and whether a value matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import Any

from receiver.timestamps import in_milliseconds, try_timestamp

TEXT_FIELDS = ("message", "title", "data")


def values(node: Any, field: str) -> Iterator[Any]:
    """The values of a field. A dot in its name may be part of a key or lead into an object."""
    if isinstance(node, list):
        for item in node:
            yield from values(item, field)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == field:
                yield from leaves(value)
            elif field.startswith(key + "."):
                yield from values(value, field[len(key) + 1 :])


def leaves(value: Any) -> Iterator[Any]:
    """A value, or each of the values of a list."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None and not isinstance(value, dict):
        yield value


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def equals(field: str, value: Any, wanted: str) -> bool:
    """Whether a value is what a query names: of a text some words in this order, of others the whole."""
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, (int, float)):
        return as_number(wanted) == value
    if field in TEXT_FIELDS:
        return contains(words(value), words(wanted))
    return bool(value == wanted)


def contains(have: list[str], wanted: list[str]) -> bool:
    """Whether some words stand in a list of words, side by side."""
    starts = range(len(have) - len(wanted) + 1)
    return bool(wanted) and any(have[start : start + len(wanted)] == wanted for start in starts)


def like(field: str, value: Any, pattern: str) -> bool:
    """Whether a value (of a text: one of its words) matches a pattern with ``*`` and ``?``."""
    if field in TEXT_FIELDS:
        return any(glob(pattern.lower(), word) for word in words(str(value)))
    return glob(pattern, str(value))


def glob(pattern: str, text: str) -> bool:
    """Match ``*`` and ``?``; a bracket or an escaped character stands for itself."""
    safe = re.sub(r"\\(.)", r"\1", pattern.replace("[", "[[]"))
    return re.match(translate(safe), text) is not None


def as_number(text: Any) -> float | None:
    """A number, or None if it is none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def comparable(value: Any) -> tuple[int, Any]:
    """A key that orders values of any kind: numbers, then times, then texts."""
    if isinstance(value, (bool, int, float)):
        return 0, value
    moment = try_timestamp(value)
    return (2, value) if moment is None else (1, in_milliseconds(moment))

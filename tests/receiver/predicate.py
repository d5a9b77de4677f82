# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a query becomes: a question to one event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Predicate = Callable[[dict[str, Any]], bool]


class BadQuery(Exception):
    """A query that cannot be understood; the text says why."""


def all_of(predicates: Sequence[Predicate]) -> Predicate:
    """Each of them; none at all is fine."""
    return lambda event: all(predicate(event) for predicate in predicates)


def at_least(count: int, predicates: Sequence[Predicate]) -> Predicate:
    """So many of them, or more."""
    return lambda event: sum(predicate(event) for predicate in predicates) >= count


def none_of(predicates: Sequence[Predicate]) -> Predicate:
    """Not one of them."""
    return lambda event: not any(predicate(event) for predicate in predicates)


def everything(event: dict[str, Any]) -> bool:
    """Any event."""
    return True

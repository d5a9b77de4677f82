# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of search results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from receiver.bounds import EPOCH
from receiver.dsl import single
from receiver.fields import comparable, values
from receiver.predicate import BadQuery

Sort = list[tuple[str, bool]]
Hit = dict[str, Any]


def parse_sort(wanted: Any) -> Sort:
    """Fields and whether each goes downwards, from ``field:desc,field``, objects, or a list of these."""
    if wanted is None:
        return []
    items = wanted.split(",") if isinstance(wanted, str) else wanted if isinstance(wanted, list) else [wanted]
    return [_parse_item(item) for item in items]


def _parse_item(item: Any) -> tuple[str, bool]:
    if isinstance(item, str):
        field, colon, order = item.rpartition(":")
        field, order = (field, order) if colon else (item, "asc")
    else:
        field, order = single(item, "sort")
        order = order.get("order", "asc") if isinstance(order, dict) else order
    if not field or order not in ("asc", "desc"):
        raise BadQuery(f"[sort] cannot be understood: {item}")
    return field, order == "desc"


def order_hits(hits: list[Hit], sort: Sort) -> list[Hit]:
    """The hits in order, each with its ``sort`` values; a hit without the field comes last."""
    if not sort:
        return hits
    for hit in hits:
        hit["sort"] = [_pick(hit["_source"], field, down) for field, down in sort]
    for position, (_field, down) in reversed(list(enumerate(sort))):
        have = [hit for hit in hits if hit["sort"][position] is not None]
        lack = [hit for hit in hits if hit["sort"][position] is None]
        hits = sorted(have, key=lambda hit: comparable(hit["sort"][position]), reverse=down) + lack  # noqa: B023
    return [{**hit, "_score": None, "sort": [_shown(value) for value in hit["sort"]]} for hit in hits]


def _pick(source: dict[str, Any], field: str, down: bool) -> Any:
    found = list(values(source, field))
    return (max if down else min)(found, key=comparable) if found else None


def _shown(value: Any) -> Any:
    kind, key = comparable(value)
    return (key - EPOCH) // timedelta(milliseconds=1) if kind == 1 else value

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an event must look like."""

from __future__ import annotations

import json
import math
from typing import Any

from receiver.timestamps import parse_timestamp

SEVERITIES = ("error", "info", "warning")
TEXTS = ("type", "message", "title", "creator", "os.host", "data", "severity", "timestamp")
FORBIDDEN = ("token", "measurement")


class BadEvent(Exception):
    """An event that can never be accepted; the text says why, in a sentence."""


def parse_event(body: bytes, path_type: str | None) -> dict[str, Any]:
    """The event in a request's body. ``path_type`` is its type if the body has none."""
    event = parse_json(body)
    if not isinstance(event, dict):
        raise BadEvent("The body must be one JSON object.")
    if path_type is not None:
        event.setdefault("type", path_type)
    check_event(event)
    return event


def parse_json(body: bytes) -> Any:
    """JSON in UTF-8 without NaN and Infinity, which Python would let pass."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"The body is not valid JSON: {error}.") from error


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is out of range")
    return number


def check_event(event: dict[str, Any]) -> None:
    """Raise BadEvent unless the event follows the schema."""
    for key in FORBIDDEN:
        if key in event:
            raise BadEvent(f"The field {key!r} must not be used.")
    for key in TEXTS:
        if key in event and not isinstance(event[key], str):
            raise BadEvent(f"The field {key!r} must be a string.")
    for key in ("type", "message"):
        if not event.get(key, "").strip():
            raise BadEvent(f"The field {key!r} is missing or empty.")
    _check_tags(event.get("tags", []))
    _check_severity(event.get("severity", "info"))
    _check_timestamp(event.get("timestamp"))


def _check_tags(tags: Any) -> None:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadEvent("The field 'tags' must be a list of strings.")


def _check_severity(severity: str) -> None:
    if severity not in SEVERITIES:
        raise BadEvent(f"The field 'severity' must be one of {', '.join(SEVERITIES)}.")


def _check_timestamp(timestamp: str | None) -> None:
    try:
        if timestamp is not None:
            parse_timestamp(timestamp)
    except ValueError as error:
        raise BadEvent(f"The field 'timestamp' must be ISO 8601: {error}.") from error

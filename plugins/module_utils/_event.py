# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What an event is: its fields, their limits, and its JSON form. The only place that knows.

The fields are those of Sematext's common schema, "Events Tags". An event is a flat dictionary; its keys may hold
dots, which mean nothing here.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import typing as t
import uuid

from ._errors import OptionError

#: The field that each option becomes. `message` cannot be an option's name (a rule of Ansible's own tests).
OPTION_FIELDS = {
    "timestamp": "timestamp",
    "type": "type",
    "severity": "severity",
    "title": "title",
    "msg": "message",
    "creator": "creator",
    "host": "os.host",
    "tags": "tags",
    "data": "data",
}
SEVERITIES = ("info", "warning", "error")
EVENT_ID = "event.id"
RUN_ID = "ansible.run.id"
#: Fields that `fields` may not set: the schema forbids the first two, the others are ours, or an option's.
RESERVED_FIELDS = ("token", "measurement", EVENT_ID, RUN_ID, *OPTION_FIELDS.values())
#: Bytes of an encoded event. The receiver's own limit is not documented; this is the largest one of Sematext Logs.
MAX_BYTES = 256 * 1024

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d\d):?(\d\d)?)?", re.ASCII
)
#: What makes a link of a word in extensions of Markdown: https://github.github.com/gfm/#autolinks-extension-
_ADDRESS = re.compile(r"//|@|www\.", re.IGNORECASE)
_KINDS = (
    (bool, lambda value: str(value).lower()),
    (type(None), lambda value: "null"),
    ((list, tuple), lambda value: "a list"),
    (dict, lambda value: "a dictionary"),
)


def build(
    options: t.Mapping[str, t.Any],
    own_fields: t.Mapping[str, t.Any] | None = None,
    event_id: str | None = None,
) -> dict[str, t.Any]:
    """Make an event out of options.

    :param options: values by option name: the keys of OPTION_FIELDS and `fields`. Absent, or None where Ansible means
        "not given" by it, leaves the field out; `type` and `msg` are needed. `timestamp` defaults to now.
    :param own_fields: fields that the collection itself adds; they may bear reserved names.
    :param event_id: an id made earlier; a new UUID otherwise.
    :returns: the event, with `event.id` and a `timestamp` in UTC with milliseconds.
    :raises OptionError: naming the first option that cannot be used.
    """
    event = {"timestamp": now(), **content(options), EVENT_ID: event_id or str(uuid.uuid4()), **(own_fields or {})}
    encode(event)
    return event


def content(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What options say of an event: build() without the parts that make it one occurrence, its time and its id.

    :raises OptionError: naming the first option that cannot be used.
    """
    event: dict[str, t.Any] = {}
    for option, field in OPTION_FIELDS.items():
        value = _READERS.get(option, text)(option, options[option]) if options.get(option) is not None else None
        if value:
            event[field] = value
    for option in ("type", "msg"):
        if not event.get(OPTION_FIELDS[option], "").strip():
            raise OptionError(option, "must not be empty: it needs text")
    if options.get("fields") is not None:
        event.update(custom_fields("fields", options["fields"]))
    return event


def encode(event: t.Mapping[str, t.Any]) -> bytes:
    """The event as it goes over the wire: one JSON object in UTF-8, on one line, of at most MAX_BYTES.

    :raises OptionError: if it is longer, naming the option that takes the most room.
    """
    body = _json(event).encode("utf-8")
    if len(body) > MAX_BYTES:
        names = {field: option for option, field in OPTION_FIELDS.items()}
        room: dict[str, int] = {}
        for field, value in event.items():
            option = names.get(field, "fields")
            room[option] = room.get(option, 0) + len(field) + len(_json(value))
        raise OptionError(
            max(room, key=lambda option: room[option]),
            f"makes the event too long: {len(body)} bytes encoded, where {MAX_BYTES} is the limit; shorten it",
        )
    return body


def decode(body: bytes) -> dict[str, t.Any]:
    """The event out of what encode() made. :raises ValueError: if it is no JSON object."""
    try:
        event = json.loads(body.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(event, dict):
        raise ValueError("not a JSON object")
    return event


def now() -> str:
    """The present time as a `timestamp`."""
    return format_time(dt.datetime.now(dt.timezone.utc))


def format_time(moment: dt.datetime) -> str:
    """An aware time as the schema writes it: UTC, cut to milliseconds, `2024-05-30T09:58:43.455Z`."""
    moment = moment.astimezone(dt.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")


def parse_time(moment: str) -> dt.datetime:
    """The aware time that format_time() wrote. :raises ValueError: if it did not."""
    return dt.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.timezone.utc)


def text(option: str, value: t.Any) -> str:
    """A value as text. Numbers, which templating may have made of text, become text again.

    :raises OptionError: for true, null, lists, dictionaries, NaN, NUL characters and lone surrogates.
    """
    for kinds, describe in _KINDS:
        if isinstance(value, kinds):  # type: ignore[arg-type]
            raise OptionError(option, f"must be text, not {describe(value)}; put quotes around it if it is meant")
    if isinstance(value, float) and not math.isfinite(value):
        raise OptionError(option, "must be text or a finite number, not NaN or infinity")
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if not isinstance(value, (str, int, float)):
        raise OptionError(option, f"must be text, not a value of type {type(value).__name__}")
    try:
        return _sound(option, str(value))
    except ValueError:
        raise OptionError(option, "must be text, not a number of thousands of digits") from None


def tags(option: str, value: t.Any) -> list[str]:
    """A list of texts; a single text holds tags between commas, as everywhere in Ansible."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")] if value.strip() else []
    items = value if isinstance(value, (list, tuple)) else [value]
    result = [text(option, item) for item in items]
    if not all(item.strip() for item in result):
        raise OptionError(option, "must not hold an empty tag; remove it")
    return result


def severity(option: str, value: t.Any) -> str:
    """One of SEVERITIES."""
    result = text(option, value)
    if result not in SEVERITIES:
        raise OptionError(option, f"must be one of {', '.join(SEVERITIES)}")
    return result


def timestamp(option: str, value: t.Any) -> str:
    """ISO 8601 with an offset, or a time that YAML made of it, to UTC with milliseconds."""
    moment = value if isinstance(value, dt.datetime) else _parse_time(option, text(option, value))
    if moment.tzinfo is None:
        raise OptionError(option, "must say its offset from UTC; append Z or, for example, +02:00")
    try:
        return format_time(moment)
    except OverflowError:
        raise OptionError(option, "is no possible time in UTC; correct it") from None


def data(option: str, value: t.Any) -> str:
    """Text as it is, anything else encoded as JSON into text, since the schema wants a string.

    :raises OptionError: if it holds NaN, NUL, lone surrogates, or what JSON cannot express.
    """
    if isinstance(value, str):
        return _sound(option, str(value))
    try:
        _walk(option, value)
        return _json(value)
    except (TypeError, ValueError) as exc:
        raise OptionError(
            option, "cannot be encoded as JSON: NaN, infinity and binary values have no form there"
        ) from exc
    except RecursionError:
        raise OptionError(option, "is nested too deeply to be encoded as JSON") from None


def custom_fields(option: str, value: t.Any) -> dict[str, t.Any]:
    """Further fields: flat dotted keys; values are text, numbers, true, false, or lists of these."""
    if not isinstance(value, dict):
        raise OptionError(option, "must be a dictionary of field names and values")
    result: dict[str, t.Any] = {}
    for key, item in value.items():
        name = text(option, key)
        if name.lower() in RESERVED_FIELDS:
            raise OptionError(option, f"must not hold '{name}': {_why_reserved(name.lower())}")
        if not name.isprintable() or not all(part.strip() for part in name.split(".")):
            raise OptionError(option, "holds a field name with an empty part or with characters that cannot be printed")
        if name in result:
            raise OptionError(option, f"must not hold '{name}' twice, as a text and as a number")
        where = f"{option}.{name}"
        result[name] = (
            [_field_value(where, each) for each in item]
            if isinstance(item, (list, tuple))
            else _field_value(where, item)
        )
    return result


def escape_markdown(value: str) -> str:
    """Text for use inside a message, which is shown as Markdown: it formats nothing and stays on one line.

    Nor does an address in it become a link by itself, or `@name` a mention, where a renderer knows such.
    """
    value = re.sub(r"([\\`*\[\]<>~|&])", r"\\\1", " ".join(value.split()))
    value = re.sub(r"^(\d+(?=[.)](?: |$))|(?=[#+-]))", r"\1\\", value)  # headings and lists
    value = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\_", value)
    return " ".join(
        re.sub(r"[.@]|(?<=/)/", r"\\\g<0>", word) if _ADDRESS.search(word) else word for word in value.split(" ")
    )


def _field_value(option: str, value: t.Any) -> t.Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        raise OptionError(option, "must not be a dictionary; write it as flat dotted names instead")
    if isinstance(value, (int, float)):
        text(option, value)
        return value
    return text(option, value)


def _why_reserved(name: str) -> str:
    for option, field in OPTION_FIELDS.items():
        if name == field:
            return f"use the option '{option}'"
    return "the collection sets it" if name in (EVENT_ID, RUN_ID) else "Sematext does not allow a field of that name"


def _parse_time(option: str, value: str) -> dt.datetime:
    match = _TIMESTAMP.fullmatch(value.strip())
    if match is None:
        raise OptionError(option, "must be an ISO 8601 time with an offset, such as 2024-05-30T09:58:43.455Z")
    *numbers, fraction, utc, sign, hours, minutes = match.groups()
    try:
        year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
        microsecond = int((fraction or "0").ljust(6, "0")[:6])
        moment = dt.datetime(year, month, day, hour, minute, second, microsecond)
        if sign:
            if int(minutes or 0) > 59:
                raise ValueError("minutes")
            offset = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
            return moment.replace(tzinfo=dt.timezone(-offset if sign == "-" else offset))
    except ValueError:
        raise OptionError(option, "is no possible time; correct it") from None
    return moment.replace(tzinfo=dt.timezone.utc) if utc else moment


def _sound(option: str, value: str) -> str:
    if "\0" in value:
        raise OptionError(option, "must not hold a NUL character; remove it")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise OptionError(option, "holds a lone surrogate, which is no character; correct its encoding") from None
    return value


def _walk(option: str, value: t.Any) -> None:
    if isinstance(value, str):
        _sound(option, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _walk(option, key)
            _walk(option, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _walk(option, item)


def _json(value: t.Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_dates)


def _dates(value: t.Any) -> str:
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__}")


_READERS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "severity": severity,
    "tags": tags,
    "timestamp": timestamp,
    "data": data,
}

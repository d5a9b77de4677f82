# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text survives systemd: what goes into the filter comes out of what systemd makes of the word."""

from __future__ import annotations

import json
import re

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.community.sematext.plugins.filter.systemd_event import (
    MAX_BYTES,
    VARIABLES,
    FilterModule,
    systemd_event,
)
from hypothesis import given
from hypothesis import strategies as st

EVENT = {"type": "server_start", "msg": "Starting"}
#: All that is text for an event: no NUL, no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
MESSAGE = TEXT.filter(str.strip)
NASTY = [
    "100% of %n in %h, %% and %Q",
    "$HOME ${HOME} $$ ${SERVICE_RESULT} $",
    "a \"quoted\" word, it's 'quoted'",
    "C:\\temp\\new \\x2d \\\\ \\",
    "line\nline\r\nline\ttab",
    "\x01\x1b[31m\x7f\x85\u2028",
    "Z\u00fcrich \u65e5\u672c \U0001f680 e\u0301",
    "; # \\; && | > /dev/null `id` $(id) *",
    '"}", "type": "other',
    "-+@:!|",
    "   blanks   ",
]

_ESCAPE = re.compile(r"\\(?:([abfnrtvs\\\"'])|x([0-9a-f]{2})|([0-7]{3})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_LETTERS = dict(zip("abfnrtvs\\\"'", "\a\b\f\n\r\t\v \\\"'"))


def as_systemd(word: str, environment: dict[str, str]) -> str:
    """What a command gets of a word: systemd undoes quotes, then specifiers, then variables."""
    assert word.isascii() and word.isprintable(), "one line, without encodings"
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', word), "one word in double quotes"

    def unescape(match: re.Match[str]) -> str:
        letter, hexadecimal, octal, short, long = match.groups()
        if letter:
            return _LETTERS[letter]
        return chr(int(octal, 8) if octal else int(hexadecimal or short or long, 16))

    unquoted = _ESCAPE.sub(unescape, word[1:-1])
    specified = re.sub("%(.)", lambda match: {"%": "%", "n": "unit.service", "h": "/root"}[match[1]], unquoted)
    return re.sub(r"\$(?:\$|\{(\w+)\})", lambda match: environment.get(match[1], "") if match[1] else "$", specified)


def arrived(options: dict, environment: dict[str, str] | None = None, **variables: str) -> dict:
    return json.loads(as_systemd(systemd_event(options, environment), variables))


@pytest.mark.parametrize("text", NASTY)
def test_text_arrives_as_it_was_written(text: str) -> None:
    event = arrived({**EVENT, "msg": text, "title": text, "tags": [text], "data": text, "fields": {"some.field": text}})
    assert [event["message"], event["title"], event["tags"], event["data"], event["some.field"]] == [
        text,
        text,
        [text],
        text,
        text,
    ]


@given(MESSAGE)
def test_any_message_arrives(text: str) -> None:
    assert arrived({**EVENT, "msg": text})["message"] == text


@given(TEXT)
def test_any_text_around_a_variable_arrives(text: str) -> None:
    fixed = text.replace("${", "$")
    event = arrived(EVENT, {"event.id": f"{fixed}${{INVOCATION_ID}}{fixed}"}, INVOCATION_ID="0123abcd")
    assert event["event.id"] == f"{fixed}0123abcd{fixed}"


@given(MESSAGE, st.sampled_from(VARIABLES))
def test_text_cannot_name_a_variable(text: str, variable: str) -> None:
    text = f"{text}${{{variable}}}"
    assert arrived({**EVENT, "msg": text}, **{variable: "gone"})["message"] == text


def test_systemd_fills_in_what_the_environment_names() -> None:
    event = arrived(
        EVENT,
        {"event.id": "${INVOCATION_ID}-stop", "systemd.exit": "${EXIT_CODE}/${EXIT_STATUS}"},
        INVOCATION_ID="0123",
        EXIT_CODE="killed",
        EXIT_STATUS="KILL",
    )
    assert event == {
        "type": "server_start",
        "message": "Starting",
        "event.id": "0123-stop",
        "systemd.exit": "killed/KILL",
    }


def test_numbers_and_truth_keep_their_kind() -> None:
    assert arrived({**EVENT, "fields": {"a": 1, "b": 1.5, "c": True, "d": [1, "x"]}})["d"] == [1, "x"]


@pytest.mark.parametrize(
    "options, environment, said",
    [
        ({**EVENT, "severity": "warn"}, {}, "Option 'severity' must be one of info, warning, error."),
        ({"type": "x"}, {}, "Option 'msg' must not be empty"),
        ({**EVENT, "fields": {"event.id": "1"}}, {}, "Option 'fields' must not hold 'event.id'"),
        (
            {**EVENT, "fields": {"a": 1}},
            {"a": "${EXIT_CODE}"},
            "Option 'fields' must not hold 'a': systemd sets it.",
        ),
        (
            EVENT,
            {"a": "${HOME}"},
            "Option 'environment.a' must not hold the variable 'HOME', but one of INVOCATION_ID",
        ),
        (EVENT, {"token": "${EXIT_CODE}"}, "Option 'environment' must not hold 'token'"),
        (EVENT, {"a": True}, "Option 'environment.a' must be text"),
        (EVENT, ["a"], "Option 'environment' must be a dictionary"),
        ("text", {}, "needs a dictionary"),
        (
            {**EVENT, "msg": "\u65e5" * 30000},
            {},
            f"The event is too long: 180036 bytes encoded, where {MAX_BYTES}",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(options: object, environment: object, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        systemd_event(options, environment)  # type: ignore[arg-type]
    assert said in str(error.value)
    assert str(error.value).endswith(".")


def test_ansible_finds_the_filter() -> None:
    assert FilterModule().filters() == {"systemd_event": systemd_event}

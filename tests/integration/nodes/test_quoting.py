# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text survives the real systemd: what goes into filter or role is what command or receiver gets."""

from __future__ import annotations

import json

import pytest
from ansible_collections.community.sematext.plugins.filter.systemd_event import systemd_event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receiver.running import Receiver
from service_node import Node, Role

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
#: Characters that mean something to systemd, to JSON or to both come often.
TRICKY = st.text(st.sampled_from("%$\\\"'{}nux2d0HOME; \n\t\x7f\u00fc\U0001f680"), min_size=1)
NASTY = [
    "100% of %n in %h, %% and %Q",
    "$HOME ${HOME} $$ ${SERVICE_RESULT} $",
    "a \"quoted\" word, it's 'quoted'",
    "C:\\temp\\new \\x2d \\u0041 \\101 \\\\ \\",
    "line\nline\r\nline\ttab",
    "\x01\x1b[31m\x7f\x85\u2028\ufeff",
    "Z\u00fcrich \u65e5\u672c \U0001f680 e\u0301",
    "; # \\; && | > /dev/null `id` $(id) *",
    '"}", "type": "other',
    "   blanks   ",
]


def passed_on(node: Node, texts: list[str]) -> list[dict]:
    """What a command gets that systemd runs with one event for each text."""
    words = [
        systemd_event({"type": "x", "msg": f".{text}", "fields": {"a": text}}, {"b": "${INVOCATION_ID}"})
        for text in texts
    ]
    node.write(
        "/run/systemd/system/quoting.service",
        "[Service]\nType=oneshot\nStandardOutput=file:/run/quoting\n"
        f"ExecStartPre=-/bin/rm /run/quoting\nExecStart=/usr/bin/printf %%s\\n {' '.join(words)}\n",
    )
    node.sh("systemctl daemon-reload; systemctl start quoting")
    return [json.loads(line) for line in node.sh("cat /run/quoting").splitlines()]


def check(node: Node, texts: list[str]) -> None:
    events = passed_on(node, texts)
    assert [event["message"] for event in events] == [f".{text}" for text in texts]
    assert [event["a"] for event in events] == texts
    assert {len(event["b"]) for event in events} == {32}


def test_every_ascii_character_survives(node: Node) -> None:
    check(node, [chr(code) for code in range(1, 128)] + [f"{chr(code)}n" for code in range(1, 128)])


@pytest.mark.smoke
def test_nasty_text_survives(node: Node) -> None:
    check(node, NASTY)


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXT | TRICKY, min_size=20, max_size=200))
def test_any_text_survives(booted_node: Node, texts: list[str]) -> None:
    check(booted_node, texts)


def test_the_longest_event_fits_into_a_word(node: Node) -> None:
    check(node, ["%" * 60_000])


def test_text_in_variables_of_the_role_arrives_as_it_was_written(node: Node, role: Role, receiver: Receiver) -> None:
    hooks = [
        {"message": text, "title": text, "tags": [text], "type": f"type {text}"}
        for text in ("".join(NASTY[:5]), NASTY[6])
    ]
    services = [{"unit": "elasticsearch", "name": "x", "start": hooks[0], "stop": hooks[1]}]
    everywhere = "".join(NASTY)
    role.apply(services=services, fields={"some.field": everywhere, "number": 1}, creator=NASTY[0], tags=["a"])
    node.sh("systemctl start elasticsearch; systemctl stop elasticsearch")
    for event, hook in zip(receiver.wait_for(2), hooks):
        assert [event["message"], event["title"], event["type"]] == [
            hook["message"],
            hook["title"],
            hook["type"],
        ]
        assert event["tags"] == ["a", *hook["tags"]]
        assert [event["some.field"], event["number"], event["creator"]] == [everywhere, 1, NASTY[0]]

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline printer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from receiver import timeline
from receiver.running import Receiver, running_receiver
from receiver.tests.conftest import Post

EVENTS: list[dict[str, Any]] = [
    {"type": "outage", "message": "late", "timestamp": "2024-05-30T12:00:00Z", "severity": "error"},
    {
        "type": "deployment",
        "message": "m",
        "title": "early",
        "timestamp": "2024-05-30T12:00:00+02:00",
        "os.host": "web-1",
    },
]
EXPECTED = """\
time                      type        severity  os.host  title
2024-05-30T10:00:00.000Z  deployment  -         web-1    early
2024-05-30T12:00:00.000Z  outage      error     -        late
"""


def test_events_are_printed_in_columns_in_the_order_of_time(
    receiver: Receiver, post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    for event in EVENTS:
        post(event)
    timeline.main(["--url", receiver.url])
    assert capsys.readouterr().out == EXPECTED


def test_a_database_is_read_while_the_receiver_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = str(tmp_path / "events.sqlite")
    with running_receiver(database=database) as receiver:
        for event in EVENTS:
            requests.post(receiver.url + "/demo-token/event", json=event, timeout=10)
        timeline.main(["--database", database])
    timeline.main(["--database", database])
    assert capsys.readouterr().out == EXPECTED + EXPECTED


def test_an_event_without_a_time_stands_at_the_time_of_its_receipt(receiver: Receiver, post: Post) -> None:
    post({"type": "a", "message": "now"})
    post(EVENTS[0])
    lines = timeline.render(receiver.records())
    assert [line.split()[-1] for line in lines] == ["title", "late", "now"]
    assert lines[2].startswith(receiver.records()[0]["received"])


def test_a_text_cannot_break_the_line_or_the_terminal(receiver: Receiver, post: Post) -> None:
    post({"type": "a", "message": "one\ntwo\x1b[31mthree"})
    assert timeline.render(receiver.records())[1].endswith("one two [31mthree")


def test_no_events_are_told(receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    timeline.main(["--url", receiver.url])
    assert capsys.readouterr().out == "No events.\n"


def test_a_source_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for source in (["--database", str(tmp_path / "none.sqlite")], ["--url", "http://127.0.0.1:1"]):
        with pytest.raises(SystemExit):
            timeline.main(source)
        assert "cannot read the events" in capsys.readouterr().err

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils import _reporter
from ansible_collections.community.sematext.plugins.plugin_utils._host_events import Changed
from ansible_collections.community.sematext.plugins.plugin_utils._reporter import Reporter
from ansible_collections.community.sematext.plugins.plugin_utils._run_events import About

CHANGED = Changed("play", ["a"], 1, ["Install"], 1, 1.0)


class SlowSink:
    """A disk on which each event takes its time; the clock is the test's, since no test shall wait for it."""

    name = "/slow"
    watched = True

    def __init__(self, clock, seconds):
        self._clock, self._seconds = clock, seconds
        self.recorded = 0

    def record(self, run_id, body):
        self._clock.now += self._seconds
        self.recorded += 1

    def prepare(self, *_args):
        pass

    deliver = open_run = close_run = prepare

    def farewell(self):
        return iter(["Said."])


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_reporter, "time", clock)
    return clock


def run(sink, events):
    reporter = Reporter(sink, _reporter.REPORTS)
    reporter.begin(About("11111111-1111-4111-8111-111111111111", "site.yml", "u", "c", False, {}, {}))
    for _number in range(events):
        reporter.changes(CHANGED)
    return reporter.farewell()


def test_a_disk_in_trouble_slows_no_run_for_long(clock):
    sink = SlowSink(clock, 2)
    remarks = run(sink, 100)
    assert sink.recorded == 3
    assert remarks == [
        "Said.",
        "98 events could not be recorded in /slow: recording has taken 5 s of this run already.",
    ]


def test_a_disk_that_works_records_all(clock):
    sink = SlowSink(clock, 0.01)
    assert run(sink, 100) == ["Said."]
    assert sink.recorded == 101

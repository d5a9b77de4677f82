# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._progress import Progress

NOTHING = {"ok": 0, "changed": 0, "unreachable": 0, "failures": 0, "skipped": 0, "rescued": 0, "ignored": 0}


class Story:
    """A playbook's progress, with what it told."""

    def __init__(self):
        self.told = []
        self.progress = Progress(self._tell)
        self.play()

    def _tell(self, kind, play, host, task):
        self.told.append((kind, play.name, host.name, task))
        return f"task {task}"

    def play(self, name="play"):
        self._play = SimpleNamespace(name=name, _removed_hosts=[])
        self.progress.play_begins(self._play)

    def fails(self, host, task, rescued=False, kind="failed"):
        if not rescued:
            self._play._removed_hosts.append(host)
        self.progress.fails(kind, SimpleNamespace(name=host), task)

    def ends(self, **summaries):
        return self.progress.ends({host: {**NOTHING, **counts} for host, counts in summaries.items()})


@pytest.fixture
def story():
    return Story()


def test_a_final_failure_is_told_at_once(story):
    story.fails("a", 1)
    assert story.told == [("failed", "play", "a", 1)]


def test_a_rescued_failure_is_never_told(story):
    story.fails("a", 1, rescued=True)
    story.play("next")
    assert story.ends(a={"rescued": 1}).outcome() == "succeeded"
    assert story.told == []


def test_a_failure_of_a_later_play_is_told_with_that_play(story):
    story.fails("a", 1)
    story.play("next")
    story.fails("b", 2, kind="unreachable")
    assert story.told == [("failed", "play", "a", 1), ("unreachable", "next", "b", 2)]


def test_a_task_that_fails_on_many_hosts_is_listed_once(story):
    for host in "abc":
        story.fails(host, 1)
    assert story.ends(a={"failures": 1}, b={"failures": 1}, c={"failures": 1}).failed_tasks == ["task 1"]


def test_counts_are_sums_over_hosts(story):
    result = story.ends(a={"ok": 3, "changed": 1}, b={"ok": 2, "failures": 1}, c={"unreachable": 1})
    assert (result.counts["ok"], result.counts["changed"], result.counts["failures"]) == (5, 1, 1)
    assert result.hosts == {"total": 3, "changed": 1, "failed": 1, "unreachable": 1}
    assert result.failed_hosts == ["b", "c"]


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        ({"ok": 1}, "succeeded"),
        ({"ok": 1, "changed": 1}, "changed"),
        ({"changed": 1, "unreachable": 1}, "unreachable"),
        ({"changed": 1, "unreachable": 1, "failures": 1}, "failed"),
        ({"rescued": 1, "ignored": 1}, "succeeded"),
    ],
)
def test_the_outcome(story, counts, outcome):
    assert story.ends(a=counts).outcome() == outcome


def test_plays_that_match_nothing(story):
    story.progress.no_hosts_matched()
    assert story.ends().outcome() == "no_hosts"


def test_one_play_that_matches_is_enough(story):
    story.progress.no_hosts_matched()
    story.play()
    assert story.ends().outcome() == "succeeded"


def test_a_playbook_without_plays_matches_no_less_than_it_asks_for():
    assert Progress(lambda *_args: "").ends({}).outcome() == "succeeded"

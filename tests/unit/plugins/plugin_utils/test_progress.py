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

    def __init__(self, check_mode=False):
        self.told = []
        self.more = []
        self.changed = []
        self._play = None
        self.progress = Progress(self, 2, check_mode)
        self.play()

    def task(self, task):
        return f"task {task}"

    def failure(self, kind, play, host, task):
        self.told.append((kind, play.name, host.name, task))
        return f"task {task}"

    def more_failures(self, play, hosts, number):
        self.more.append((play.name, [host.name for host in hosts], number))

    def changes(self, play, changes):
        self.changed += [
            (each.play, each.hosts, each.host_count, each.tasks, each.task_count, each.pretended)
            for each in changes.take(lambda host: host.name)
        ]

    def play(self, name="play", again=False):
        uuid = self._play._uuid if again else object()
        self._play = SimpleNamespace(name=name, _uuid=uuid, _removed_hosts=[], get_ds=lambda: {"name": name})
        self.progress.play_begins(self._play)

    def changes_host(self, host, task, pretended=False):
        self.progress.changed(SimpleNamespace(name=host), task, pretended)

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
    assert Progress(None, 1).ends({}).outcome() == "succeeded"


def test_hosts_over_the_limit_fail_in_one_event_at_the_end_of_the_play(story):
    for host in "abcd":
        story.fails(host, 1)
    assert [host for _kind, _play, host, _task in story.told] == ["a", "b"]
    assert story.more == []
    story.play("next")
    assert story.more == [("play", ["c", "d"], 2)]
    story.fails("e", 1)
    assert story.told[-1] == ("failed", "next", "e", 1)
    story.ends()
    assert len(story.more) == 1


def test_the_hosts_that_a_play_changes_are_told_at_its_end(story):
    story.changes_host("a", 1)
    story.changes_host("b", 1)
    story.changes_host("a", 2)
    story.changes_host("a", 2)
    assert story.changed == []
    story.play("next")
    assert story.changed == [
        ("play", ["a"], 1, ["task 1", "task 2"], 3, False),
        ("play", ["b"], 1, ["task 1"], 1, False),
    ]
    story.ends()
    assert len(story.changed) == 2


def test_many_hosts_are_told_in_one_event(story):
    for host in "abc":
        story.changes_host(host, 1)
    story.changes_host("b", 2)
    story.ends()
    assert story.changed == [("play", ["a", "b", "c"], 3, ["task 1", "task 2"], 4, False)]


def test_the_batches_of_a_serial_play_are_one_play(story):
    story.changes_host("a", 1)
    story.play(again=True)
    story.changes_host("b", 1)
    story.play(again=True)
    story.changes_host("c", 1)
    story.ends()
    assert [each[2] for each in story.changed] == [3]


def test_a_run_in_check_mode_tells_what_would_change_apart():
    story = Story(check_mode=True)
    story.changes_host("a", 1, pretended=True)
    story.changes_host("a", 2)
    assert story.ends(a={"changed": 2}).outcome() == "changed"
    assert story.changed == [("play", ["a"], 1, ["task 2"], 1, False), ("play", ["a"], 1, ["task 1"], 1, True)]


def test_a_task_that_only_pretends_is_no_change(story):
    story.changes_host("a", 1, pretended=True)
    story.changes_host("a", 2)
    result = story.ends(a={"changed": 2}, b={"changed": 0})
    assert story.changed == [("play", ["a"], 1, ["task 2"], 1, False)]
    assert (result.counts["changed"], result.hosts["changed"], result.outcome()) == (1, 1, "changed")


def test_a_run_that_only_pretends_in_a_task_changes_nothing(story):
    story.changes_host("a", 1, pretended=True)
    assert story.ends(a={"changed": 1}).outcome() == "succeeded"


def test_memory_is_bounded(story):
    for number in range(3000):
        story.changes_host(f"host{number % 1000}", number)
    story.ends()
    ((_play, hosts, host_count, tasks, task_count, _pretended),) = story.changed
    assert (len(hosts), host_count, len(tasks), task_count) == (100, 1000, 100, 3000)

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.executor.stats import AggregateStats
from ansible_collections.community.sematext.plugins.plugin_utils._hosts import host_name
from ansible_collections.community.sematext.plugins.plugin_utils._results import (
    MAX_NAME,
    Removals,
    Statistics,
    describe_task,
    fit,
    host_of,
    task_of,
    was_interrupted,
    written_name,
)


def stats(*counts):
    """Core's own statistics after some (counter, host)."""
    found = AggregateStats()
    for what, host in counts:
        found.increment(what, host)
    return found


class TestStatistics:
    def test_the_first_playbook_has_all_counts(self):
        counts = Statistics().since_last(stats(("ok", "a"), ("changed", "a"), ("failures", "b")))
        assert (counts["a"]["ok"], counts["a"]["changed"], counts["b"]["failures"]) == (1, 1, 1)

    def test_the_second_one_has_the_difference(self):
        statistics, found = Statistics(), stats(("ok", "a"), ("changed", "a"))
        statistics.since_last(found)
        found.increment("ok", "a")
        found.increment("dark", "b")
        counts = statistics.since_last(found)
        assert (counts["a"]["ok"], counts["a"]["changed"], counts["b"]["unreachable"]) == (1, 0, 1)

    def test_hosts_that_took_no_part_are_left_out(self):
        statistics, found = Statistics(), stats(("ok", "a"), ("ok", "b"))
        statistics.since_last(found)
        found.increment("ok", "b")
        assert list(statistics.since_last(found)) == ["b"]


class TestRemovals:
    """What core does to _removed_hosts was read on 2.16, 2.19 and 2.21."""

    @pytest.fixture
    def play(self):
        return SimpleNamespace(_removed_hosts=[])

    @staticmethod
    def host(name):
        return SimpleNamespace(name=name)

    def test_a_host_that_is_out_has_failed(self, play):
        play._removed_hosts.append("a")
        assert Removals().is_final(play, self.host("a"))

    def test_a_host_that_is_still_in_was_rescued(self, play):
        play._removed_hosts.append("b")
        assert not Removals().is_final(play, self.host("a"))

    def test_a_host_that_was_counted_out_for_another_and_then_rescued_has_not_failed(self, play):
        removals = Removals()
        play._removed_hosts.append("b")  # run_once failed on "a" and was rescued: "b" is counted out all the same
        assert not removals.is_final(play, self.host("a"))
        assert not removals.is_final(play, self.host("b"))
        play._removed_hosts.append("b")
        assert removals.is_final(play, self.host("b"))

    def test_without_core_s_own_list_every_failure_counts(self):
        assert Removals().is_final(SimpleNamespace(), self.host("a"))


class TestNames:
    @staticmethod
    def thing(source, action="debug", path="/project/site.yml:3"):
        return SimpleNamespace(get_ds=lambda: source, action=action, get_path=lambda: path)

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ({"name": "Do {{ it }}"}, "Do {{ it }}"),
            ({"name": 42}, "42"),
            ({"name": None}, ""),
            ({}, ""),
            (None, ""),
            ([], ""),
        ],
    )
    def test_as_they_are_written(self, source, name):
        assert written_name(self.thing(source)) == name

    def test_a_task_without_one_is_called_by_its_action(self):
        task = {"name": "debug", "action": "debug", "path": "site.yml:3"}
        assert describe_task(self.thing({}), "/project") == task

    @pytest.mark.parametrize("path", ["/elsewhere/tasks.yml:1", "/project2/tasks.yml:1"])
    def test_a_place_outside_of_the_playbooks_folder_is_whole(self, path):
        assert describe_task(self.thing({}, path=path), "/project")["path"] == path

    @pytest.mark.parametrize("path", [None, ""])
    def test_a_task_of_core_s_own_has_no_place(self, path):
        assert describe_task(self.thing({}, path=path), "/project")["path"] == ""

    @pytest.mark.parametrize(
        ("name", "fitting"), [("a\0b", "a\N{REPLACEMENT CHARACTER}b"), ("a\udcffb", "a?b"), ("é\n", "é\n")]
    )
    def test_what_no_event_can_hold_is_replaced(self, name, fitting):
        assert fit(name) == fitting

    def test_what_is_too_long_is_cut(self):
        assert fit("x" * MAX_NAME) == "x" * MAX_NAME
        assert fit("x" * (MAX_NAME + 1)) == "x" * (MAX_NAME - 1) + "…"


@pytest.mark.parametrize("names", [("host", "task"), ("_host", "_task")])
def test_host_and_task_of_a_result(names):
    """Public since ansible-core 2.19."""
    result = SimpleNamespace(**{names[0]: "host1", names[1]: "task1"})
    assert (host_of(result), task_of(result)) == ("host1", "task1")


def test_a_user_s_interruption_is_known_by_what_core_says_of_it():
    assert was_interrupted(SimpleNamespace(_errors={"[ERROR]: User interrupted execution\n": 1}))
    assert not was_interrupted(SimpleNamespace(_errors={"[ERROR]: another\n": 1}))
    assert not was_interrupted(SimpleNamespace())


@pytest.mark.parametrize(
    ("source", "facts", "name"),
    [
        ("inventory_hostname", {"inventory_hostname": "wrong"}, "web-1"),
        ("ansible_fqdn", {"fqdn": "web-1.example"}, "web-1.example"),
        ("ansible_fqdn", {"fqdn": ""}, "web-1"),
        ("ansible_fqdn", {}, "web-1"),
        ("ansible_hostname", None, "web-1"),
    ],
)
def test_the_name_of_a_host(source, facts, name):
    assert host_name(source, "web-1", facts) == name

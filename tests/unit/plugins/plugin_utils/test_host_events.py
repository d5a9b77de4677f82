# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.module_utils._event import MAX_BYTES, encode
from ansible_collections.community.sematext.plugins.plugin_utils._host_events import (
    Changed,
    changes,
    failure,
    more_failures,
)
from ansible_collections.community.sematext.plugins.plugin_utils._results import MAX_NAME
from ansible_collections.community.sematext.plugins.plugin_utils._run_events import About

RUN = "11111111-1111-4111-8111-111111111111"
TASK = {"name": "Install", "action": "apt", "path": "site.yml:3"}


def about(options=None, commit=None):
    return About(RUN, "site.yml", "user", "ctl", False, commit or {}, options or {"creator": "CI"})


def test_a_failure():
    event = failure(about(), "failed", "web_1", "Deploy {{ it }}", TASK)
    assert (event["type"], event["severity"], event["os.host"]) == ("ansible_failure", "error", "web_1")
    assert event["title"] == "web_1 failed: Install"
    assert event["message"] == "web_1 failed at task Install (site.yml:3)"
    assert (event["ansible.failure"], event["ansible.play"]) == ("failed", "Deploy {{ it }}")
    assert [event[f"ansible.task.{key}"] for key in ("name", "action", "path")] == ["Install", "apt", "site.yml:3"]
    assert (event["ansible.run.id"], event["creator"]) == (RUN, "CI")


def test_a_failure_of_a_task_without_a_place_names_none():
    event = failure(about(), "failed", "a", "play", {**TASK, "path": ""})
    assert event["message"] == "a failed at task Install"
    assert "ansible.task.path" not in event


def test_names_cannot_format_a_message():
    task = {**TASK, "name": "*Install* [x](http://y) <b>`z`\n# new"}
    event = failure(about(), "failed", "a", "play", task)
    assert r"\*Install\* \[x\](http:/\/y) \<b\>\`z\` # new" in event["message"]
    assert event["ansible.task.name"] == task["name"]


def test_hosts_that_failed_after_too_many_others():
    event = more_failures(about(), "Web servers", ["a", "b"], 1980)
    assert event["title"] == "1980 more hosts failed or could not be reached in play Web servers"
    assert event["message"] == (
        "1980 more hosts failed or could not be reached in play Web servers: a, b and 1975 more"
    )
    assert (event["severity"], event["ansible.hosts.failed"], event["ansible.failed_hosts"]) == (
        "error",
        1980,
        ["a", "b"],
    )
    assert "os.host" not in event


def changed(**values):
    return Changed(
        **{
            "play": "Web servers",
            "hosts": ["web_1"],
            "host_count": 1,
            "tasks": ["Install nginx (site.yml:3)", "Restart nginx (site.yml:9)"],
            "task_count": 2,
            "seconds": 65.4321,
            **values,
        }
    )


def test_a_host_that_changed():
    event = changes(about(commit={"commit.id": "0123456789"}), changed())
    assert (event["type"], event["severity"], event["os.host"]) == ("infrastructure", "info", "web_1")
    assert event["title"] == "web_1 changed: Web servers"
    assert event["message"] == (
        "web_1 changed in play Web servers: 2 changes by Install nginx (site.yml:3), Restart nginx (site.yml:9)"
        " at commit 0123456 (1 min 5 s)"
    )
    assert event["ansible.changed_tasks"] == ["Install nginx (site.yml:3)", "Restart nginx (site.yml:9)"]
    assert (event["ansible.tasks.changed"], event["ansible.play.duration"]) == (2, 65.432)
    assert event["ansible.check_mode"] is False


def test_one_change():
    event = changes(about(), changed(tasks=["Install"], task_count=1, seconds=1))
    assert event["message"] == "web_1 changed in play Web servers: 1 change by Install (1.0 s)"


def test_a_play_without_a_name():
    event = changes(about(), changed(play=""))
    assert event["title"] == "web_1 changed: 2 changes"
    assert event["message"].startswith("web_1 changed: 2 changes by ")


def test_many_hosts_that_changed():
    event = changes(about(), changed(hosts=list("abcdefg"), host_count=37, task_count=40))
    assert event["title"] == "37 hosts changed: Web servers"
    assert event["message"].startswith(
        "37 hosts (a, b, c, d, e and 32 more) changed in play Web servers: 40 changes by "
    )
    assert (event["ansible.hosts.changed"], event["ansible.changed_hosts"]) == (37, list("abcdefg"))
    assert "os.host" not in event


def test_what_would_change_says_so():
    event = changes(about(), changed(pretended=True))
    assert event["title"] == "web_1 would change: Web servers (check mode)"
    assert event["message"].startswith("web_1 would change in play Web servers (check mode): 2 changes by ")
    assert event["ansible.check_mode"] is True


@pytest.mark.parametrize("count", [1, 100])
def test_the_longest_names_fit_into_an_event(count):
    name = "\N{ROCKET}" * MAX_NAME
    event = changes(
        about(options={"fields": {"own": "x" * 32_000}}),
        changed(play=name, hosts=[name] * count, host_count=count, tasks=[name] * 100),
    )
    assert len(encode(event)) <= MAX_BYTES

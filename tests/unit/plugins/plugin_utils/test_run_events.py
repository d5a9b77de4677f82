# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.community.sematext.plugins.module_utils._event import MAX_BYTES, encode
from ansible_collections.community.sematext.plugins.plugin_utils._results import MAX_NAME
from ansible_collections.community.sematext.plugins.plugin_utils._run_events import (
    COUNTS,
    OUTCOMES,
    About,
    Result,
    encode_abandoned,
    encode_interrupted,
)
from ansible_collections.community.sematext.plugins.plugin_utils._words import MAX_LISTED

RUN = "11111111-1111-4111-8111-111111111111"


def about(playbook="site.yml", check_mode=False, options=None, context=None):
    commit = {"commit.id": "abc", "commit.branch": "main"}
    return About(RUN, playbook, "deploy_user", "ctl_1", check_mode, commit, options or {"creator": "CI"}, context or {})


def result(total=3, changed=0, failed=(), unreachable=0, tasks=(), matched=True):
    counts = dict.fromkeys(COUNTS, 0)
    hosts = {"total": total, "changed": changed, "failed": len(failed) - unreachable, "unreachable": unreachable}
    return Result(counts, hosts, list(failed), list(tasks), matched)


def end(found, outcome=None, ago=0.0, **keywords):
    return about(**keywords).end(outcome or found.outcome(), "id", time.time() - ago, found)


def test_all_events_have_what_they_share():
    for event in (about().start(), end(result())):
        assert event["ansible.run.id"] == RUN
        assert event["ansible.playbook"] == "site.yml"
        assert event["ansible.user"] == "deploy_user"
        assert event["ansible.control_host"] == "ctl_1"
        assert (event["commit.id"], event["commit.branch"]) == ("abc", "main")
        assert event["creator"] == "CI"


def test_a_start():
    event = about("deploy/site.yml").start()
    assert event["title"] == "Playbook site.yml started"
    assert event["message"] == "Playbook site.yml started by deploy_user on ctl_1 at commit abc"
    assert (event["severity"], event["os.host"]) == ("info", "ctl_1")


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"ci.system": "jenkins", "ci.run": "77"}, " in Jenkins job 77 at"),
        ({"ci.system": "gitlab", "ci.run": "7", "ci.url": "https://x/7"}, r" in [GitLab CI job 7](https://x/7) at"),
        ({"awx.job.id": 5, "ci.system": "jenkins", "ci.run": "77"}, " in AWX job 5 at"),
    ],
)
def test_a_start_names_the_job_that_runs_it(context, words):
    event = about(context=context).start()
    assert words in event["message"]
    assert event.items() >= context.items()


def test_a_commit_is_linked_where_its_page_is_known():
    commit = {"commit.id": "0123456789abcdef", "commit.url": "https://github.com/o/n/commit/0123456789abcdef"}
    found = About(RUN, "site.yml", "u", "c", False, commit, {})
    assert found.start()["message"].endswith(" at commit [0123456](https://github.com/o/n/commit/0123456789abcdef)")


def test_an_ad_hoc_command():
    assert about("__adhoc_playbook__").start()["title"] == "Ad hoc command started"


def test_check_mode_is_marked():
    event = about(check_mode=True).start()
    assert event["title"] == "Playbook site.yml started (check mode)"
    assert event["ansible.check_mode"] is True


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (result(total=1), "Playbook site.yml succeeded: nothing changed on 1 host (0.0 s)"),
        (result(), "Playbook site.yml succeeded: nothing changed on 3 hosts (0.0 s)"),
        (result(changed=2), "Playbook site.yml succeeded: 2 of 3 hosts changed (0.0 s)"),
        (result(failed=["a"], tasks=["Install"]), "Playbook site.yml failed on 1 of 3 hosts: a at Install (0.0 s)"),
        (result(failed=["a", "b"]), "Playbook site.yml failed on 2 of 3 hosts: a, b (0.0 s)"),
        (
            result(failed=["a"], unreachable=1, tasks=["Install"]),
            "Playbook site.yml could not reach all hosts on 1 of 3 hosts: a at Install (0.0 s)",
        ),
        (result(matched=False), "Playbook site.yml matched no hosts (0.0 s)"),
        (
            result(total=9, failed=list("abcdefg"), tasks=["one"]),
            "Playbook site.yml failed on 7 of 9 hosts: a, b, c, d, e and 2 more at one (0.0 s)",
        ),
    ],
)
def test_the_message_of_an_end(found, words):
    assert end(found)["message"] == words


@pytest.mark.parametrize(
    ("ago", "words"), [(3.24, "3.2 s"), (59.2, "59.2 s"), (61, "1 min 1 s"), (3599, "59 min 59 s"), (3725, "1 h 2 min")]
)
def test_the_duration(ago, words):
    event = end(result(), ago=ago)
    assert event["message"].endswith(f"({words})")
    assert ago <= event["ansible.run.duration"] < ago + 0.5


def test_a_clock_that_was_set_back_gives_no_negative_duration():
    assert end(result(), ago=-100)["ansible.run.duration"] == 0


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_has_its_severity_and_words(outcome):
    event = about().end(outcome, "id", time.time())
    assert event["severity"] == OUTCOMES[outcome]
    assert event["ansible.run.outcome"] == outcome
    assert event["title"].startswith("Playbook site.yml ")


def test_lists_of_names_are_bounded():
    found = result(
        total=500, failed=[f"h{number:03}" for number in range(500)], tasks=[str(number) for number in range(500)]
    )
    event = end(found)
    assert len(event["ansible.failed_hosts"]) == len(event["ansible.failed_tasks"]) == MAX_LISTED
    assert event["ansible.hosts.failed"] == 500


def test_the_longest_names_fit_into_an_event():
    name = "\N{ROCKET}" * MAX_NAME
    found = result(total=500, failed=[name] * 500, tasks=[name] * 500)
    fields = {"own": "x" * 32_000}
    assert len(encode(end(found, options={"fields": fields}))) <= MAX_BYTES


def test_an_interrupted_run_ended_now():
    interrupted = about().interrupted()
    event = json.loads(encode_interrupted({**interrupted, "timestamp": "2026-01-02T03:04:05.678Z"}, 0))
    assert event["event.id"] == interrupted["event.id"]
    assert event["ansible.run.outcome"] == "interrupted"
    assert event["severity"] == "warning"
    assert event["timestamp"] > "2026-01-02T03:04:05.678Z"


def test_an_abandoned_run_ended_at_its_last_sign_of_life():
    interrupted = {**about().interrupted(), "timestamp": "2026-01-02T03:04:05.000Z"}
    event = json.loads(encode_abandoned(interrupted, 1767323045 + 61.5))
    assert event["timestamp"] == "2026-01-02T03:05:06.500Z"
    assert event["message"] == "Playbook site.yml was interrupted (last sign of life after 1 min 1 s)"
    assert event["ansible.run.duration"] == 61.5


def test_a_sign_of_life_before_the_start_is_none():
    interrupted = {**about().interrupted(), "timestamp": "2026-01-02T03:04:05.000Z"}
    event = json.loads(encode_abandoned(interrupted, 0))
    assert (event["timestamp"], event["ansible.run.duration"]) == ("2026-01-02T03:04:05.000Z", 0)

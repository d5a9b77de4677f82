# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `deployment` in real playbooks, with real git repositories."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from playbooks import TOKEN

REMOTE = "git@github.com:acme/shop.git"
PAGE = "https://github.com/acme/shop"


class Repository:
    """A git repository with commits that count."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", REMOTE)

    def git(self, *words):
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))},
        }  # fmt: skip
        done = subprocess.run(["git", *words], cwd=self.path, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def commit(self, *subjects):
        """Make commits; gives the id of the last."""
        for subject in subjects:
            self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")


class Lab:
    """Runs tasks that tell of deployments."""

    def __init__(self, playbook, receiver):
        self._playbook, self.receiver, self.folder = playbook, receiver, playbook.folder

    def __call__(self, *tasks, env=None, hosts=1, args=(), cfg="", **keywords):
        play = {"name": "Play", "hosts": "all", "gather_facts": False, **keywords, "tasks": list(tasks)}
        connection = {
            "SEMATEXT_APP_TOKEN": TOKEN,
            "SEMATEXT_EVENT_RECEIVER_URL": self.receiver.url,
            "SEMATEXT_RECORD_DIR": str(self.folder / "record"),
        }
        return self._playbook([play], env={**connection, **(env or {})}, hosts=hosts, args=args, cfg=cfg)

    def event(self, **options):
        """The event of one task."""
        self.receiver.clear()
        run = self(tell(**options))
        assert run.rc == 0, run.output
        (event,) = self.receiver.events()
        return event

    def told(self):
        return [(event["deployment.state"], event["title"]) for event in self.receiver.events()]


@pytest.fixture
def lab(playbook, receiver):
    return Lab(playbook, receiver)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "shop")


def tell(state="succeeded", task=None, **options):
    return {
        "name": f"Tell {state}",
        "community.sematext.deployment": {"state": state, "service": "shop", **options},
        **(task or {}),
    }


WORK = {"name": "Deploy", "ansible.builtin.command": "true"}
BROKEN = {"name": "Deploy", "ansible.builtin.command": "false"}


# -- a deployment is told from its start to its end -------------------------------------------------------------------


def test_a_deployment_is_a_band_with_its_commits_and_a_link_to_compare(lab, repository):
    first = repository.commit("Begin")
    lab.event(version="1.23", environment="production", repo=str(repository.path))
    last = repository.commit("Cache *all* prices", "Fix the cart")

    lab.receiver.clear()
    options = {"version": "1.24", "environment": "production", "repo": str(repository.path)}
    run = lab(tell("started", **options), WORK, tell(**options), hosts=3)
    assert run.rc == 0, run.output

    start, end = lab.receiver.events()
    assert start["deployment.id"] == end["deployment.id"]
    assert start["title"] == "Deploying shop 1.24 to production"
    assert end["title"] == "Deployed shop 1.24 to production"
    for event in (start, end):
        assert event["type"] == "deployment"
        assert event["service.name"] == "shop"
        assert event["deployment.hosts"] == ["host1", "host2", "host3"]
        assert (event["commit.id"], event["commit.previous"], event["commit.count"]) == (last, first, 2)
        assert event["commit.authors"] == ["Ann"]
        assert event["commit.compare_url"] == f"{PAGE}/compare/{first}...{last}"
        assert event["deployment.started"] == start["timestamp"]
        assert [each["subject"] for each in json.loads(event["data"])["commits"]] == [
            "Fix the cart",
            "Cache *all* prices",
        ]
    assert end["deployment.ended"] == end["timestamp"] > start["timestamp"]
    assert end["deployment.duration"] > 0
    assert {"service:shop", "version:1.24", "env:production", "state:succeeded"} == set(end["tags"])
    sentence, _blank, *commits = end["message"].splitlines()
    assert sentence.startswith(
        f"Deployed shop 1.24 to production on 3 hosts at [{last[:7]}]({PAGE}/commit/{last}): 2 commits by Ann since"
        f" [{first[:7]}]({PAGE}/commit/{first}) ([compare]({PAGE}/compare/{first}...{last})) ("
    )
    assert commits[0] == f"- Fix the cart ([{last[:7]}]({PAGE}/commit/{last}))"
    assert commits[1].startswith(r"- Cache \*all\* prices (")


def test_many_commits_are_capped_in_the_message_and_whole_in_data(lab, repository):
    first = repository.commit("Begin")
    repository.commit(*(f"Change {number}" for number in range(47)))
    event = lab.event(repo=str(repository.path), previous_revision=first)
    assert event["message"].endswith("- and 37 more")
    assert event["message"].count("- Change") == 10
    assert len(json.loads(event["data"])["commits"]) == event["commit.count"] == 47


def test_a_rescue_reports_a_failure_and_the_hosts_that_went_well_do_not_call_it_a_success(lab):
    work = {"name": "Deploy", "ansible.builtin.command": "{{ 'false' if inventory_hostname == 'host2' else 'true' }}"}
    block = {
        "name": "Deploy",
        "block": [tell("started", version="2"), work, tell(version="2")],
        "rescue": [tell("failed", version="2")],
    }
    run = lab(block, hosts=3)
    assert run.rc == 0, run.output
    states = [state for state, _title in lab.told()]
    assert sorted(states) in (["failed", "started"], ["failed", "started", "succeeded"])
    last = lab.receiver.events()[-1]
    assert (last["deployment.state"], last["severity"]) == ("failed", "error")
    assert last["title"] == "Deployment of shop 2 failed"
    assert last["deployment.failed_hosts"] == ["host2"]
    assert "on 1 of 3 hosts: host2" in last["message"]
    assert len({event["deployment.id"] for event in lab.receiver.events()}) == 1


@pytest.mark.parametrize("strategy", ["linear", "free"])
@pytest.mark.parametrize("keywords", [{}, {"serial": 2}], ids=["at once", "in batches"])
def test_a_deployment_is_told_once_whatever_its_hosts_batches_and_strategy(lab, strategy, keywords):
    mark = {"name": "Deploy", "ansible.builtin.shell": f"echo >> {lab.folder}/done"}
    count = {
        "name": "Count the hosts that are done when success is told",
        "ansible.builtin.shell": f"wc -l < {lab.folder}/done > {lab.folder}/count",
        "when": "told is changed",
    }
    end = tell(version="3", task={"register": "told"})
    run = lab(tell("started", version="3"), mark, end, count, hosts=5, strategy=strategy, **keywords)
    assert run.rc == 0, run.output
    assert [state for state, _title in lab.told()] == ["started", "succeeded"]
    assert (lab.folder / "count").read_text().strip() == "5"


def test_run_once_tells_once_too(lab):
    task = {"run_once": True}
    run = lab(tell("started", task), WORK, tell("succeeded", task), hosts=3)
    assert run.rc == 0, run.output
    assert [state for state, _title in lab.told()] == ["started", "succeeded"]


def test_hosts_that_have_failed_are_named_where_the_others_have_succeeded(lab):
    work = {"name": "Deploy", "ansible.builtin.command": "{{ 'false' if inventory_hostname == 'host2' else 'true' }}"}
    run = lab(tell("started"), work, tell(), hosts=3)
    assert run.rc == 2, run.output
    end = lab.receiver.events()[-1]
    assert (end["deployment.state"], end["severity"]) == ("succeeded", "warning")
    assert "on 2 of 3 hosts, not on host2" in end["message"]


def test_start_and_end_of_two_runs_are_one_deployment(lab):
    for state in ("started", "succeeded"):
        assert lab(tell(state, version="4")).rc == 0
    start, end = lab.receiver.events()
    assert start["deployment.id"] == end["deployment.id"]
    assert end["deployment.duration"] > 0


def test_one_run_may_deploy_fail_and_go_back(lab):
    assert lab(tell(version="1")).rc == 0
    assert lab(tell(version="2")).rc == 0
    run = lab(
        tell("started", version="3"), tell("failed", version="3"),
        tell("started", version="1"), tell("succeeded", version="1"),
    )  # fmt: skip
    assert run.rc == 0, run.output
    assert lab.told()[2:] == [
        ("started", "Deploying shop 3"),
        ("failed", "Deployment of shop 3 failed"),
        ("started", "Rolling back shop to 1"),
        ("succeeded", "Rolled back shop to 1"),
    ]
    assert len({event["deployment.id"] for event in lab.receiver.events()[2:]}) == 2
    assert lab.receiver.events()[-1]["deployment.rollback"] is True


def test_services_and_environments_are_apart(lab, repository):
    first = repository.commit("Begin")
    lab.event(environment="staging", repo=str(repository.path))
    repository.commit("More")
    event = lab.event(environment="production", repo=str(repository.path))
    assert "commit.previous" not in event
    event = lab.event(environment="staging", repo=str(repository.path))
    assert event["commit.previous"] == first


def test_the_previous_revision_comes_from_the_timeline_where_there_is_an_api_key(lab, repository):
    first = repository.commit("Begin")
    lab.event(environment="production", repo=str(repository.path))
    repository.commit("More")
    run = lab(
        tell(environment="production", repo=str(repository.path), record_dir=str(lab.folder / "another")),
        env={"SEMATEXT_API_KEY": lab.receiver.api_key},
    )
    assert run.rc == 0, run.output
    assert lab.receiver.events()[-1]["commit.previous"] == first
    assert lab.receiver.api_key not in run.output


def test_a_start_that_another_control_node_has_told_is_found_by_its_id(lab):
    for state in ("started", "failed"):
        run = lab(
            tell(state, id="deploy-7", record_dir=str(lab.folder / state)),
            env={"SEMATEXT_API_KEY": lab.receiver.api_key},
        )
        assert run.rc == 0, run.output
    start, end = lab.receiver.events()
    assert end["deployment.started"] == start["timestamp"]
    assert end["deployment.duration"] > 0


def test_a_wrong_api_key_costs_a_warning_and_not_the_event(lab):
    run = lab(tell(), env={"SEMATEXT_API_KEY": "WRONG-key_1"})
    assert run.rc == 0, run.output
    assert "earlier deployments cannot be searched for" in " ".join(run.stderr.split())
    assert "WRONG-key_1" not in run.output
    assert len(lab.receiver.events()) == 1


# -- git situations ---------------------------------------------------------------------------------------------------


def test_going_back_is_called_a_rollback(lab, repository):
    first = repository.commit("Begin")
    second = repository.commit("Break the cart")
    lab.event(repo=str(repository.path), environment="production", version="1.24")
    event = lab.event(repo=str(repository.path), environment="production", version="1.23", revision=first)
    assert event["title"] == "Rolled back shop to 1.23 in production"
    assert event["deployment.rollback"] is True
    assert event["commit.compare_url"] == f"{PAGE}/compare/{first}...{second}"
    assert "1 commit by Ann up to" in event["message"]
    assert "- Break the cart (" in event["message"]


def test_going_back_after_a_failure_tells_what_is_taken_back(lab, repository):
    first = repository.commit("Begin")
    lab.event(version="1", repo=str(repository.path))
    second = repository.commit("Break the cart")
    lab.event(state="failed", version="2", repo=str(repository.path))
    event = lab.event(version="1", repo=str(repository.path), revision=first)
    assert event["title"] == "Rolled back shop to 1"
    assert (event["commit.relation"], event["commit.previous"], event["commit.count"]) == ("rollback", second, 1)
    repository.commit("Mend the cart")
    event = lab.event(version="3", repo=str(repository.path))
    assert (event["commit.relation"], event["commit.previous"], event["commit.count"]) == ("ahead", first, 2)


def test_without_a_checkout_the_ids_and_links_are_told(lab):
    one, other = "1" * 40, "2" * 40
    event = lab.event(revision=other, previous_revision=one, repo_url="https://gitlab.com/acme/web/shop.git")
    assert event["commit.url"] == f"https://gitlab.com/acme/web/shop/-/commit/{other}"
    assert event["commit.compare_url"] == f"https://gitlab.com/acme/web/shop/-/compare/{one}...{other}"
    assert "data" not in event


def test_a_folder_that_is_no_repository_is_no_failure(lab, tmp_path):
    event = lab.event(repo=str(tmp_path / "nothing"), version="5")
    assert event["message"] == "Deployed shop 5 on 1 host"
    assert event["commit.problem"]


def test_uncommitted_changes_are_told(lab, repository):
    (repository.path / "file").write_text("one")
    repository.git("add", "file")
    repository.commit("Begin")
    (repository.path / "file").write_text("another")
    event = lab.event(repo=str(repository.path))
    assert event["commit.dirty"] is True
    assert "with changes that are not committed" in event["message"]


def test_a_hostile_subject_formats_nothing(lab, repository):
    first = repository.commit("Begin")
    repository.commit("[x](http://evil) <script>alert(1)</script> ![i](http://evil) **b** \x1b[31m")
    event = lab.event(repo=str(repository.path), previous_revision=first)
    line = event["message"].splitlines()[-1]
    assert line.startswith(r"- \[x\](")
    assert "<script" not in line.replace(r"\<script", "")
    assert "\x1b" not in event["message"] + event["data"]


# -- faults -----------------------------------------------------------------------------------------------------------


def test_a_receiver_that_refuses_costs_one_attempt_and_fails_all_hosts(lab):
    lab.receiver.fault(status=403)
    run = lab(tell(), hosts=4)
    assert run.rc == 2, run.output
    assert all(f"[{host}]: FAILED" in run.output for host in ("host1", "host2", "host3", "host4"))
    assert len(lab.receiver.requests()) == 1


def test_a_task_that_tries_again_sends_again(lab):
    lab.receiver.fault(status=403, times=1)
    run = lab(tell(task={"register": "told", "until": "told is success", "retries": 2, "delay": 0}))
    assert run.rc == 0, run.output
    assert [state for state, _title in lab.told()] == ["succeeded"]


def test_check_mode_sends_and_records_nothing(lab):
    run = lab(tell(), args=["--check"])
    assert run.rc == 0, run.output
    assert lab.receiver.requests() == []
    assert not any((lab.folder / "record").rglob("*.json"))


def test_a_record_that_is_no_record_is_set_aside(lab):
    assert lab(tell(version="1")).rc == 0
    (path,) = (lab.folder / "record").glob("*.json")
    path.write_text("{not json")
    assert lab(tell(version="2")).rc == 0
    assert (path.with_name(path.name + ".bad")).read_text() == "{not json"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"id": "a b"}, "Option 'id' must be made of letters"),
        ({"url": "javascript:alert(1)"}, "Option 'url' must begin with https://"),
        ({"version": "1\n2"}, "Option 'version' must be one line"),
        ({"environment": ""}, "Option 'environment' must not be empty"),
        ({"record_dir": "/proc/none"}, "Option 'record_dir' names a folder that cannot be used"),
        ({"fields": {"deployment.id": "x"}}, "Option 'fields' must not hold 'deployment.id'"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(lab, options, words):
    run = lab(tell(**options))
    assert run.rc == 2
    assert words in run.output
    assert lab.receiver.requests() == []


def test_nothing_secret_is_shown_or_kept(lab, repository):
    repository.git("remote", "set-url", "origin", "https://bot:SECRET-password@github.com/acme/shop.git")
    repository.commit("Begin")
    run = lab(tell(repo=str(repository.path)), args=["-vvvv", "--diff"], env={"SEMATEXT_API_KEY": "SECRET-key"})
    assert run.rc == 0, run.output
    kept = "".join(path.read_text() for path in (lab.folder / "record").iterdir())
    for place in (run.output, kept, json.dumps(lab.receiver.events())):
        assert "SECRET" not in place
    assert {path.stat().st_mode & 0o077 for path in (lab.folder / "record").iterdir()} == {0}

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which events the tasks of one deployment send, host by host and run by run, to a real receiver."""

from __future__ import annotations

import json

import pytest
from ansible_collections.community.sematext.plugins.module_utils._argspec import deployment_argument_spec
from ansible_collections.community.sematext.plugins.module_utils._errors import (
    DeliveryError,
    OptionError,
    SematextError,
)
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils import _deployments
from ansible_collections.community.sematext.plugins.plugin_utils._deployments import Record, Step
from ansible_collections.community.sematext.plugins.plugin_utils._tell_deployment import Play, tell
from loopback import closed_port, raw_server
from receiver.running import running_receiver
from receiver.store import Store
from repositories import commit, head, make

TOKEN, KEY = "SECRET-token_4d5c", "SECRET-key_9f01"
OPTIONS = {name: spec.get("default") for name, spec in deployment_argument_spec().items()}
ONE, OTHER = "1" * 40, "2" * 40
THREE = ("host1", "host2", "host3")


class ControlNode:
    """Runs the task for one host at a time.

    :ivar warnings: that it has shown.
    :ivar run: tells this run of ansible-playbook from others; the task's place in it is that of its state.
    """

    def __init__(self, receiver, folder):
        self.receiver, self.folder, self.run = receiver, folder, "run 1"
        self.warnings = []

    def __call__(
        self,
        state="succeeded",
        host="host1",
        play=("host1",),
        lost=(),
        batch=(),
        place="",
        check_mode=False,
        run_id=None,
        environ=None,
        **options,
    ):
        """The result for one host. :param play: the hosts of the play. :param lost: those that have failed before."""
        given = {"service": "shop", "app_token": TOKEN, "event_receiver_url": self.receiver.url, "retries": 0}
        options = {**OPTIONS, "state": state, "record_dir": str(self.folder), **given, **options}
        names = (options[name] or "" for name in ("id", "version", "revision"))
        return tell(
            options,
            Step(state, self.run, place or state, *names),
            Play(host, play, [each for each in play if each not in lost], batch),
            environ or {},
            self.warnings.append,
            check_mode,
            run_id,
        )

    def event(self, *arguments, **options):
        """The event that a task sends."""
        return self(*arguments, **options)["event"]

    def states(self):
        """What has been told, in that order."""
        return [event["deployment.state"] for event in self.receiver.events()]

    def kept(self):
        """All that the record holds."""
        return "".join(path.read_text() for path in self.folder.glob("*.json"))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A receiver, and what writes into its database."""
    path = str(tmp_path_factory.mktemp("receiver") / "events.sqlite")
    with running_receiver(tokens=[TOKEN], api_key=KEY, database=path) as found:
        yield found, Store(path)


@pytest.fixture
def receiver(lasting):
    lasting[0].heal()
    lasting[0].clear()
    return lasting[0]


@pytest.fixture
def put(lasting, receiver):
    """Puts an event onto the timeline that something else has sent."""
    return lambda **event: lasting[1].add_event(
        TOKEN, "/", "", {}, "", {"type": "deployment", "message": "put", **event}
    )


@pytest.fixture
def node(receiver, tmp_path):
    return ControlNode(receiver, tmp_path / "record")


@pytest.fixture
def other_node(receiver, tmp_path):
    """Another control node, with a record of its own."""
    return ControlNode(receiver, tmp_path / "other record")


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Three commits."""
    folder = make(tmp_path_factory.mktemp("tell") / "repository")
    for subject in ("one", "two", "three"):
        commit(folder, subject)
    return folder


# -- each state is told once ------------------------------------------------------------------------------------------


def test_start_and_end_are_one_deployment(node):
    start, end = node("started", run_id="the run"), node("succeeded", run_id="the run")
    assert node.receiver.events() == [start["event"], end["event"]]
    assert [each["changed"] for each in (start, end)] == [True, True]
    assert {each["deployment_id"] for each in (start, end)} == {start["event"]["deployment.id"]}
    assert {each["event"]["ansible.run.id"] for each in (start, end)} == {"the run"}
    start, end = start["event"], end["event"]
    assert start["deployment.started"] == start["timestamp"] == end["deployment.started"]
    assert end["deployment.ended"] == end["timestamp"]
    assert "deployment.duration" in end
    assert not {"deployment.ended", "deployment.duration"} & set(start)


def test_an_end_without_a_start_has_neither_a_start_nor_a_duration(node):
    event = node.event()
    assert not {"deployment.started", "deployment.duration", "ansible.run.id"} & set(event)


def test_the_first_host_tells_the_start_and_the_others_are_told_so(node):
    first, *others = [node("started", host, THREE) for host in THREE]
    assert node.states() == ["started"]
    for each in others:
        assert each == {
            "changed": False,
            "deployment_id": first["deployment_id"],
            "msg": "That the deployment has started has been told already.",
        }


def test_the_last_host_tells_the_success(node):
    *early, last = [node("succeeded", host, THREE) for host in THREE]
    assert node.states() == ["succeeded"]
    assert last["event"]["deployment.hosts"] == list(THREE)
    for each in early:
        assert each == {
            "changed": False,
            "deployment_id": last["deployment_id"],
            "msg": "The deployment has not ended on all hosts of the play; the last of them tells it.",
        }


def test_a_host_that_comes_twice_stands_for_no_other(node):
    for host in ("host1", "host1", "host2"):
        assert not node("succeeded", host, THREE)["changed"]


def test_one_host_speaks_for_its_batch(node):
    """As with run_once, with or without serial."""
    hosts = [*THREE, "host4"]
    assert not node("succeeded", "host1", hosts, batch=hosts[:2])["changed"]
    assert node("succeeded", "host3", hosts, batch=hosts[2:])["changed"]


@pytest.mark.parametrize("options", [{}, {"id": "deploy-7"}], ids=["of the same service", "with the same id"])
def test_hosts_of_a_run_that_broke_off_are_waited_for_in_the_next_one(node, options):
    node("started", **options)
    node.run = "run 2"
    assert not any(node("succeeded", host, THREE, **options)["changed"] for host in THREE[:2])
    node.run = "run 3"
    assert [node("succeeded", host, THREE, **options)["changed"] for host in reversed(THREE)] == [False, False, True]


def test_parallel_runs_with_one_id_do_not_disturb_each_other(node):
    results = []
    for host in THREE:
        for node.run, play in (("run 1", THREE), ("run 2", (*THREE, "host4"))):
            results.append(node("succeeded", host, play, id="deploy-7")["changed"])
    assert results == [False] * 4 + [True, False]


def test_hosts_that_have_failed_are_not_waited_for_and_are_named(node):
    node("succeeded", "host1", THREE, lost=["host2"])
    event = node.event("succeeded", "host3", THREE, lost=["host2"])
    assert (event["severity"], event["deployment.failed_hosts"]) == ("warning", ["host2"])


def test_a_failure_is_told_by_the_first_host_that_has_one_and_then_success_no_more(node):
    """In a section `rescue`, the host is not one that has failed."""
    node("started", "host1", THREE)
    event = node.event("failed", "host2", THREE)
    assert (event["severity"], event["deployment.failed_hosts"]) == ("error", ["host2"])
    assert not node("failed", "host3", THREE)["changed"]
    result = node("succeeded", "host1", THREE)
    assert result == {
        "changed": False,
        "deployment_id": event["deployment.id"],
        "msg": "The deployment has been told as failed, so it is not told as succeeded.",
    }
    assert node.states() == ["started", "failed"]


@pytest.mark.parametrize("options", [{"version": "2"}, {"revision": "v2"}], ids=["a version", "a revision"])
def test_without_a_start_too_there_is_no_success_after_a_failure(node, options):
    """As with the strategy free, where the others go on when host1 has failed."""
    failure = node("failed", "host1", THREE, **options)
    for host in THREE[1:]:
        result = node("succeeded", host, THREE, lost=["host1"], **options)
        assert (result["changed"], result["deployment_id"]) == (False, failure["deployment_id"])
    assert node.states() == ["failed"]


@pytest.mark.parametrize(
    ("lost", "named"),
    [((), ["host2"]), (("host1",), ["host1", "host2"]), (("host2",), ["host2"])],
    ids=["none", "another one", "the same one"],
)
def test_a_failure_names_its_host_and_those_that_have_failed_before(node, lost, named):
    assert node.event("failed", "host2", THREE, lost=lost)["deployment.failed_hosts"] == named


def test_another_run_tells_of_a_deployment_of_its_own(node):
    ids = set()
    for node.run in ("run 1", "run 2"):
        ids.add(node("started")["deployment_id"])
        node()
    assert len(ids) == 2
    assert node.states() == ["started", "succeeded"] * 2


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [("main~1", "main~1", True), ("main~1", None, True), ("main~1", "main~2", False)],
    ids=["the same name", "only the start names one", "another name"],
)
def test_start_and_end_of_two_runs_are_one_deployment_unless_they_name_other_revisions(
    node, repository, first, second, joined
):
    """They name no id, but git tells one, which the record holds from the start on."""
    start = node("started", revision=first, repo=str(repository))
    node.run = "run 2"
    end = node("succeeded", revision=second, repo=str(repository))
    assert (start["deployment_id"] == end["deployment_id"]) is joined


def test_services_environments_and_apps_are_told_of_apart(node):
    for environment in (None, "staging", "production"):
        assert node(environment=environment)["changed"]
    assert node(service="cart")["changed"]
    with pytest.raises(DeliveryError):
        node(app_token="ANOTHER-token")


# -- hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("play", "given", "hosts", "host"),
    [
        (["host1"], ["web1"], ["web1"], "web1"),
        (["host1"], ["web1", "web2"], ["web1", "web2"], None),
        (["host1"], [], None, None),
        (["host1"], None, ["host1"], "host1"),
        (["host1", "localhost"], None, ["host1", "localhost"], None),
        (["localhost"], None, None, None),
        (["127.0.0.1"], None, None, None),
        (["localhost"], ["localhost"], ["localhost"], "localhost"),
    ],
    ids=[
        "one is given",
        "two are given",
        "an empty list is given",
        "a play of one host",
        "a play of localhost and another",
        "a play of localhost alone",
        "a play of 127.0.0.1 alone",
        "localhost is given",
    ],
)
@pytest.mark.parametrize("state", ["started", "failed"])
def test_hosts_are_those_given_or_those_of_the_play_unless_it_deploys_elsewhere(node, state, play, given, hosts, host):
    event = node.event(state, play[0], play, hosts=given)
    assert event.get("deployment.hosts") == hosts
    assert event.get("os.host") == host
    failed = [play[0]] if state == "failed" and hosts and given is None else None
    assert event.get("deployment.failed_hosts") == failed


# -- what the task says -----------------------------------------------------------------------------------------------


def test_what_the_task_says_is_in_the_event(node):
    event = node.event(
        version="1.2", environment="production", revision=ONE, repo_url="git@github.com:acme/shop.git",
        url="https://ci.example.com/7", msg="With a migration.", tags=["team:web"], creator="Ann", fields={"ticket": 5},
    )  # fmt: skip
    assert event["title"] == "Deployed shop 1.2 to production"
    assert event["message"].endswith("\n\nWith a migration.")
    assert event["tags"] == ["service:shop", "version:1.2", "env:production", "state:succeeded", "team:web"]
    assert (event["creator"], event["ticket"]) == ("Ann", 5)
    assert event["deployment.url"] == "https://ci.example.com/7"
    assert event["commit.url"] == f"https://github.com/acme/shop/commit/{ONE}"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"service": None}, "Option 'service' must be text, not null; put quotes around it if it is meant."),
        ({"service": " "}, "Option 'service' must not be empty; leave it out, for example with default(omit)."),
        ({"version": ""}, "Option 'version' must not be empty; leave it out, for example with default(omit)."),
        ({"revision": "a\tb"}, "Option 'revision' must be one line of at most 500 characters that can be printed."),
        ({"environment": "x" * 501}, "Option 'environment' must be one line of at most 500 characters that can be"),
        ({"previous_revision": "\udcff"}, "Option 'previous_revision' holds a lone surrogate"),
        ({"id": "deploy 7"}, "Option 'id' must be made of letters, digits, '-' and '_' alone."),
        ({"url": "ftp://example.com"}, "Option 'url' must begin with https:// or http://."),
        ({"fields": {"Deployment.ID": 1}}, "Option 'fields' must not hold 'Deployment.ID': the module sets it."),
        ({"fields": {"commit.sha": 1}}, "Option 'fields' must not hold 'commit.sha': the module sets it."),
        ({"fields": {"service.name": "x"}}, "Option 'fields' must not hold 'service.name': the module sets it."),
        (
            {"fields": {"ansible.run.id": "x"}},
            "Option 'fields' must not hold 'ansible.run.id': the collection sets it.",
        ),
        ({"tags": [""]}, "Option 'tags' must not hold an empty tag; remove it."),
        ({"retries": 11}, "Option 'retries' must be a number from 0 to 10"),
        ({"app_token": "no token"}, "Option 'app_token' holds no App token"),
        ({"api_key": "no key"}, "Option 'api_key' holds no API key"),
    ],
    ids=[
        "no service",
        "a blank service",
        "an empty version",
        "a tab",
        "501 characters",
        "no character",
        "an id of two words",
        "an address of no page",
        "a field of the deployment",
        "a field of the commit",
        "the field of the service",
        "the field of the run",
        "an empty tag",
        "too many retries",
        "no App token",
        "no API key",
    ],
)
def test_an_option_that_cannot_be_used_is_named_and_nothing_is_sent(node, options, sentence):
    with pytest.raises(OptionError) as caught:
        node(**options)
    assert str(caught.value).startswith(sentence)
    assert node.receiver.requests() == []


@pytest.mark.parametrize("name", ["service.namespace", "service.version", "committer", "deployments.today"])
def test_a_field_whose_name_only_resembles_one_of_the_module_is_sent(node, name):
    assert node.event(fields={name: "x"})[name] == "x"


def test_a_length_of_500_characters_is_fine(node):
    assert node.event(version="x" * 500)["deployment.version"] == "x" * 500


def test_once_an_option_is_mended_the_state_is_told(node):
    with pytest.raises(OptionError):
        node(tags=[""])
    assert node()["changed"]


def test_a_folder_that_cannot_be_used_is_named(node):
    node.folder.write_text("a file")
    with pytest.raises(OptionError) as caught:
        node()
    assert str(caught.value) == "Option 'record_dir' names a folder that cannot be used (File exists)."


class Clock:
    """Time that passes only in pauses."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_a_host_waits_as_long_as_all_tries_of_another_can_take(node, monkeypatch):
    """The clock is none, as the real one would take that long: 3 tries, 2 pauses, and 20 seconds for looking."""
    monkeypatch.setattr(_deployments, "time", Clock())
    holder = Record(str(node.folder), Connection(TOKEN, node.receiver.url).digest, "shop", "")
    with holder.locked(0), pytest.raises(SematextError, match=f" for more than {3 * 5 + 2 * 7 + 20} s;"):
        node(retries=2, timeout=5)
    assert node.receiver.requests() == []


# -- check mode -------------------------------------------------------------------------------------------------------


def test_check_mode_returns_the_event_and_sends_and_records_nothing(node):
    for _twice in range(2):
        result = node("started", check_mode=True, version="2")
        assert result["changed"]
        assert result["event"]["title"] == "Deploying shop 2"
        assert result["event"]["deployment.id"] == result["deployment_id"]
    assert node.receiver.requests() == []
    assert node.kept() == ""


def test_check_mode_knows_what_was_told(node):
    told = node("started")
    assert node("started", check_mode=True) == {**node("started"), "deployment_id": told["deployment_id"]}


# -- a receiver that does not accept ----------------------------------------------------------------------------------


def refused(node, *arguments, **options):
    """The sentence that a task fails with."""
    with pytest.raises(DeliveryError) as caught:
        node(*arguments, **options)
    return str(caught.value)


def test_a_refusal_costs_one_request_and_all_hosts_are_told_the_same(node):
    node.receiver.fault(status=403)
    sentences = {refused(node, "failed", host, THREE) for host in THREE}
    assert len(sentences) == 1
    assert len(node.receiver.requests()) == 1


def test_a_host_that_comes_again_tries_again_and_then_the_others_are_told_of_success(node):
    node.receiver.fault(status=403, times=2)
    for host in (*THREE, *THREE):
        refused(node, "started", host, THREE)
    assert len(node.receiver.requests()) == 2
    assert node("started", "host1", THREE)["changed"]
    assert [node("started", host, THREE)["changed"] for host in THREE] == [False] * 3
    assert node.states() == ["started"]


def test_a_refusal_holds_up_no_other_task_and_no_other_run(node):
    node.receiver.fault(status=403, times=1)
    refused(node, "started", "host1", THREE)
    assert node("failed", "host2", THREE)["changed"]
    node.receiver.fault(status=403, times=1)
    refused(node, "started", "host1", THREE, place="again")
    node.run = "run 2"
    assert node("started", "host2", THREE)["changed"]


def test_what_was_refused_is_told_anew_by_the_next_run_by_what_is_deployed_then(node):
    node(revision=ONE)
    node.run = "run 2"
    node.receiver.fault(status=403, times=1)
    refused(node, version="2")
    deploy(node, OTHER, version="3")
    assert deploy(node, "4" * 40, version="2")["commit.previous"] == OTHER


def test_what_was_refused_is_none_of_the_deployments_before(node):
    node(revision=ONE)
    node.run = "run 2"
    node.receiver.fault(status=403, times=1)
    refused(node, revision=OTHER)
    node.run = "run 3"
    assert node.event(revision="3" * 40)["commit.previous"] == ONE


def test_a_receiver_that_is_away_fails_the_task(node):
    url = f"http://127.0.0.1:{closed_port()}"
    assert "127.0.0.1" in refused(node, event_receiver_url=url)


def test_no_secret_is_kept(node):
    node.receiver.fault(status=403, times=2)  # the search, and the event
    refused(node, api_key=KEY)
    node(api_key=KEY)
    assert "SECRET" not in node.kept()


# -- the deployment before --------------------------------------------------------------------------------------------


def deploy(node, *revisions, state="succeeded", **options):
    """Deployments by runs of their own; gives the event of the last one."""
    event = {}
    for revision in revisions:
        node.run += "+"
        event = node.event(state, revision=revision, **options)
    return event


def test_at_first_there_is_none(node):
    assert "commit.previous" not in deploy(node, ONE)


def test_it_is_the_last_that_has_succeeded(node):
    deploy(node, ONE, OTHER)
    deploy(node, "3" * 40, state="failed")
    deploy(node, None)
    assert deploy(node, "4" * 40)["commit.previous"] == OTHER


def test_it_is_of_the_same_environment(node):
    deploy(node, ONE, environment="staging")
    assert "commit.previous" not in deploy(node, OTHER, environment="production")
    assert deploy(node, OTHER, environment="staging")["commit.previous"] == ONE


def test_what_is_given_counts_instead(node):
    deploy(node, ONE)
    event = deploy(node, OTHER, previous_revision="v1")
    assert (event["commit.previous"], event["commit.relation"]) == ("v1", "unknown")
    event = deploy(node, ONE, previous_revision=ONE)
    assert (event["commit.previous"], event["commit.relation"]) == (ONE, "same")


def test_start_and_end_have_the_same_one_whatever_ends_meanwhile(node):
    deploy(node, ONE)
    node.run = "slow"
    start = node.event("started", version="2", revision=OTHER)
    deploy(node, "3" * 40, version="3")
    node.run = "slow"
    end = node.event(version="2", revision=OTHER)
    assert (start["commit.previous"], end["commit.previous"]) == (ONE, ONE)


@pytest.mark.parametrize("way", ["option", "file", "variable", "file in a variable"])
def test_with_an_api_key_it_is_found_on_the_timeline(node, other_node, tmp_path, way):
    deploy(other_node, ONE)
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o600)
    given = {
        "option": {"api_key": KEY},
        "file": {"api_key_file": str(file)},
        "variable": {"environ": {"SEMATEXT_API_KEY": KEY}},
        "file in a variable": {"environ": {"SEMATEXT_API_KEY_FILE": str(file)}},
    }
    assert deploy(node, OTHER, **given[way])["commit.previous"] == ONE
    assert node.warnings == []


def test_without_an_api_key_nothing_is_searched_for(node, other_node):
    deploy(other_node, ONE)
    assert "commit.previous" not in deploy(node, OTHER)
    assert {request["path"] for request in node.receiver.requests()} == {f"/{TOKEN}/event"}


def test_of_the_timeline_only_the_same_service_and_environment_that_succeeded_with_a_commit_counts(node, other_node):
    deploy(other_node, ONE, environment="production")
    deploy(other_node, "3" * 40, environment="production", state="failed")
    deploy(other_node, "3" * 40, environment="production", service="shop 2")
    deploy(other_node, "3" * 40, environment="production 2")
    deploy(other_node, "3" * 40)
    deploy(other_node, None, environment="production")
    assert deploy(node, OTHER, environment="production", api_key=KEY)["commit.previous"] == ONE


def test_of_the_timeline_no_service_counts_that_only_holds_the_same_word(node):
    """The receiver of these tests finds whole values, so this one answers as one that finds words."""
    events = [
        {"service.name": service, "deployment.state": "succeeded", "commit.id": revision}
        for service, revision in (("shop 2", "3" * 40), ("shop", ONE))
    ]
    answer = json.dumps({"hits": {"total": len(events), "hits": [{"_source": event} for event in events]}}).encode()
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)) as server:
        event = node.event(revision=OTHER, api_key=KEY, event_receiver_url=server.url)
    assert event["commit.previous"] == ONE


def test_of_the_timeline_an_environment_counts_only_where_one_is_given(node, other_node):
    deploy(other_node, ONE)
    deploy(other_node, "3" * 40, environment="production")
    assert deploy(node, OTHER, api_key=KEY)["commit.previous"] == ONE


def test_a_deployment_is_not_the_one_before_itself(node, other_node):
    """Its success was told by another control node."""
    deploy(other_node, ONE)
    deploy(other_node, OTHER, id="deploy-7")
    assert deploy(node, OTHER, state="failed", id="deploy-7", api_key=KEY)["commit.previous"] == ONE


def test_what_the_timeline_lacks_this_control_node_may_know(node):
    deploy(node, ONE)
    node.receiver.clear()
    assert deploy(node, OTHER, api_key=KEY)["commit.previous"] == ONE


def test_a_search_that_fails_costs_a_warning_and_this_control_node_may_know(node):
    deploy(node, ONE)
    event = deploy(node, OTHER, api_key="WRONG-key")
    assert event["commit.previous"] == ONE
    (warning,) = node.warnings
    assert warning.startswith("community.sematext.deployment: earlier deployments cannot be searched for. The search")
    assert "WRONG-key" not in warning


# -- a start that was told elsewhere ----------------------------------------------------------------------------------


def test_a_start_of_another_control_node_is_found_by_its_id(node, other_node):
    start = other_node.event("started", id="deploy-7")
    end = node.event(id="deploy-7", api_key=KEY)
    assert end["deployment.started"] == start["timestamp"]
    assert "deployment.duration" in end


@pytest.mark.parametrize(
    "options",
    [{"id": "deploy-7"}, {"api_key": KEY}, {"id": "deploy-8", "api_key": KEY}],
    ids=["no key", "no id", "other"],
)
def test_no_other_start_is_taken_for_it(node, other_node, options):
    other_node("started", id="deploy-7")
    assert "deployment.started" not in node.event(**options)


@pytest.mark.parametrize(
    ("timestamp", "started"),
    [
        ("2024-05-30T09:58:43Z", "2024-05-30T09:58:43.000Z"),
        ("2024-05-30T11:58:43.455123+02:00", "2024-05-30T09:58:43.455Z"),
        ("2024-05-30T09:58:43.455", None),
        ("this morning", None),
        (1717063123455, None),
        (None, None),
    ],
    ids=["whole seconds", "an offset", "no offset", "words", "a number", "null"],
)
def test_a_start_that_something_else_has_sent_counts_if_its_time_can_be_read(node, put, timestamp, started):
    put(**{"timestamp": timestamp, "service.name": "shop", "deployment.id": "deploy-7", "deployment.state": "started"})
    event = node.event(id="deploy-7", api_key=KEY)
    assert event.get("deployment.started") == started
    assert ("deployment.duration" in event) == bool(started)


def test_the_own_start_is_not_searched_for(node):
    node("started", id="deploy-7", previous_revision=ONE, api_key=KEY)
    node(id="deploy-7", previous_revision=ONE, api_key=KEY)
    assert {request["path"] for request in node.receiver.requests()} == {f"/{TOKEN}/event"}


# -- commits ----------------------------------------------------------------------------------------------------------


def test_a_repository_tells_the_commits(node, repository):
    first, last = head(repository, "HEAD~2"), head(repository)
    event = node.event(repo=str(repository), previous_revision=first)
    assert (event["commit.id"], event["commit.relation"], event["commit.count"]) == (last, "ahead", 2)
    node.run = "run 2"
    assert node.event(repo=str(repository))["commit.relation"] == "same"  # what was read is remembered


def test_an_address_that_is_given_counts_more_than_the_remote(node, repository):
    event = node.event(repo=str(repository), repo_url="https://gitlab.com/acme/shop.git")
    assert event["commit.url"] == f"https://gitlab.com/acme/shop/-/commit/{head(repository)}"
    assert event["repository.url"] == "https://gitlab.com/acme/shop"


def test_a_revision_that_the_repository_lacks_is_told_as_given(node, repository):
    event = node.event(repo=str(repository), revision="v7")
    assert (event["commit.id"], event["commit.problem"]) == ("v7", "The revision is not in the repository.")


@pytest.mark.parametrize(
    ("revision", "previous", "relation", "count"),
    [(ONE, OTHER, "unknown", None), (ONE, ONE, "same", 0), (ONE, None, "unknown", None), (None, ONE, None, None)],
    ids=["two", "the same", "no previous one", "no revision"],
)
def test_without_a_repository_the_ids_are_told(node, revision, previous, relation, count):
    event = node.event(revision=revision, previous_revision=previous)
    names = ("commit.id", "commit.previous", "commit.relation", "commit.count")
    assert tuple(event.get(name) for name in names) == (revision, previous, relation, count)


def test_going_back_after_a_failure_takes_back_what_has_failed(node, repository):
    first, second = head(repository, "HEAD~2"), head(repository, "HEAD~1")
    deploy(node, first, repo=str(repository))
    deploy(node, second, repo=str(repository), state="failed")
    event = deploy(node, first, repo=str(repository))
    assert (event["commit.relation"], event["commit.previous"], event["commit.count"]) == ("rollback", second, 1)


def test_the_same_again_after_a_failure_that_named_no_revision_is_the_same(node):
    deploy(node, ONE)
    deploy(node, None, state="failed")
    assert deploy(node, ONE)["commit.relation"] == "same"


# -- rollbacks that git does not tell ---------------------------------------------------------------------------------


def steps(node, *deployments):
    """Deployments, each with options or a state as well; whether the last one is called a rollback."""
    event = {}
    for each in deployments:
        node.run += "+"
        event = node.event(**each)
    return event.get("deployment.rollback", False)


V1, V2, V3 = ({"version": each} for each in "123")
AT1, AT2 = {"revision": ONE}, {"revision": OTHER}
FAILED = {"state": "failed"}


@pytest.mark.parametrize(
    ("deployments", "rollback"),
    [
        ([V1], False),
        ([V1, V1], False),
        ([V1, V2], False),
        ([V1, V2, V1], True),
        ([V1, V2, V3, V1], True),
        ([V1, V2, V2, V1], True),
        ([V1, V2, V1, V1], False),
        ([V1, {**V2, **FAILED}, V1], True),
        ([{**V1, **FAILED}, V2, V1], False),
        ([AT1, AT2, AT1], True),
        ([AT1, AT2, AT2], False),
        ([{**V1, **AT1}, {**V1, **AT2}, {**V1, **AT1}], True),
        ([{**V1, **AT1}, V2, {**V1, **AT2}], False),
        ([V1, V2, {**V1, **AT1}], True),
        ([{}, {}, {}], False),
        ([{"service": "cart", **V1}, V2, V1], False),
    ],
    ids=[
        "the first one",
        "the same again",
        "a new version",
        "the version before",
        "an older version",
        "the version before the last two",
        "the same again after going back",
        "the version before one that failed",
        "a version that had only failed",
        "the revision before",
        "the same revision again",
        "the same version at the revision before",
        "the version before at another revision",
        "the version before, which named no revision",
        "neither versions nor revisions",
        "a version of another service",
    ],
)
def test_what_was_deployed_before_the_last_one_is_a_rollback(node, deployments, rollback):
    assert steps(node, *deployments) is rollback


def test_a_version_that_only_the_start_has_named_is_remembered(node):
    node("started", **V1)
    node()
    assert steps(node, V2, V1) is True

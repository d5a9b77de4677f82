# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections.abc
import json

import pytest
from ansible_collections.community.sematext.plugins.module_utils._event import custom_fields
from ansible_collections.community.sematext.plugins.plugin_utils._context import (
    MAX_SELECTED,
    MAX_URL,
    awx_fields,
    ci_fields,
    selection_fields,
    trace_fields,
)
from ansible_collections.community.sematext.plugins.plugin_utils._results import MAX_NAME
from ci_environments import AZURE, BITBUCKET, BUILDKITE, GITHUB, GITLAB, JENKINS, SHA, SYSTEMS

SECRET = "c4n4ry"
DETECTED = {"GITHUB_ACTIONS", "GITLAB_CI", "BUILD_TAG", "TF_BUILD", "BITBUCKET_BUILD_NUMBER", "BUILDKITE"}
#: What else can be in a job's environment.
CANARIES = {
    **{
        name: SECRET
        for name in (
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "BITBUCKET_STEP_OIDC_TOKEN",
            "BUILDKITE_AGENT_ACCESS_TOKEN",
            "BUILDKITE_MESSAGE",
            "CI_COMMIT_MESSAGE",
            "CI_DEPLOY_PASSWORD",
            "CI_JOB_TOKEN",
            "CI_REGISTRY_PASSWORD",
            "GITHUB_TOKEN",
            "JENKINS_API_TOKEN",
            "SEMATEXT_APP_TOKEN",
            "SYSTEM_ACCESSTOKEN",
            "ci.url",
        )
    },
    "CI_REPOSITORY_URL": f"https://gitlab-ci-token:{SECRET}@gitlab.example.com/group/sub/shop.git",
    "BUILD_REPOSITORY_URI": f"https://user:{SECRET}@dev.azure.com/fabrikamfiber/_git/Scripts",
}
URL_VARIABLES = {
    "github_actions": "GITHUB_SERVER_URL",
    "gitlab": "CI_JOB_URL",
    "jenkins": "BUILD_URL",
    "azure_pipelines": "SYSTEM_COLLECTIONURI",
    "bitbucket": "BITBUCKET_GIT_HTTP_ORIGIN",
    "buildkite": "BUILDKITE_BUILD_URL",
}


class Recorded(collections.abc.Mapping):
    """An environment that knows what was read of it, and that cannot be listed."""

    def __init__(self, values):
        self.values_, self.read = values, set()

    def __getitem__(self, name):
        self.read.add(name)
        return self.values_[name]

    def __iter__(self):
        raise AssertionError("the environment was listed")

    def __len__(self):
        return len(self.values_)


def sound(fields):
    """The fields, once it is sure that an event can hold them."""
    assert custom_fields("fields", fields) == fields
    json.dumps(fields, ensure_ascii=False).encode("utf-8")
    return fields


@pytest.mark.parametrize("system", SYSTEMS)
class TestEachSystem:
    def test_its_documented_variables(self, system):
        environ, fields = SYSTEMS[system]
        assert sound(ci_fields(environ)) == fields

    def test_nothing_else_of_the_environment(self, system):
        environ, fields = SYSTEMS[system]
        others = {name: SECRET for other, _fields in SYSTEMS.values() for name in {*other} - DETECTED}
        found = Recorded({**CANARIES, **others, **environ})
        assert ci_fields(found) == fields
        assert not found.read & {*CANARIES}

    def test_a_field_without_its_variable_is_left_out(self, system):
        environ, _fields = SYSTEMS[system]
        only = {name: value for name, value in environ.items() if name in DETECTED}
        left = {"ci.system": system, **({"ci.run": "5"} if system == "bitbucket" else {})}
        assert ci_fields(only) == left
        assert ci_fields({**dict.fromkeys(environ, " "), **only}) == left

    def test_it_is_not_detected_without_its_variable(self, system):
        environ, _fields = SYSTEMS[system]
        assert ci_fields({name: value for name, value in environ.items() if name not in DETECTED}) == {}

    def test_a_url_says_no_password_and_no_token(self, system):
        environ, fields = SYSTEMS[system]
        name = URL_VARIABLES[system]
        url = environ[name].replace("://", f"://user:{SECRET}@") + f"?token={SECRET}#{SECRET}"
        assert ci_fields({**environ, name: url}) == fields

    @pytest.mark.parametrize(
        "url",
        [
            f"ftp://example.com/{SECRET}",
            f"javascript:{SECRET}",
            f"https:///{SECRET}",
            f"//example.com/{SECRET}",
            f"example.com/{SECRET}",
            f"https://user:pass/{SECRET}@example.com/",
            f"https://user:443/{SECRET}@example.com/",
            f"https://user@{SECRET}:80:80/",
            f"https://[{SECRET}/",
            f"https://example.com/a {SECRET}",
            f"https://example.com/\n{SECRET}",
            f"https://example.com/\x1b[31m{SECRET}",
            f"https://example.com/\udcff{SECRET}",
            f"https://example.com/{SECRET * MAX_URL}",
        ],
    )
    def test_what_is_no_page_s_url_is_left_out(self, system, url):
        environ, fields = SYSTEMS[system]
        found = sound(ci_fields({**environ, URL_VARIABLES[system]: url, "CI_PIPELINE_URL": ""}))
        assert found == {name: value for name, value in fields.items() if name != "ci.url"}

    def test_any_text_becomes_one_that_an_event_can_hold(self, system):
        environ, _fields = SYSTEMS[system]
        kept = {*DETECTED, "GITHUB_REF_TYPE", "BUILDKITE_TAG"}
        text = "refs/heads/a\0b\x1b[31m\r\n\x85\u2028\udcff" + "x" * 1000
        found = sound(ci_fields({name: value if name in kept else text for name, value in environ.items()}))
        assert {"ci.system", "ci.branch", "ci.actor"} <= {*found}
        for field, value in found.items():
            assert len(value) <= (MAX_URL if field == "ci.url" else MAX_NAME)
            assert value.isprintable(), field
        assert found["ci.branch"].endswith("\N{HORIZONTAL ELLIPSIS}")

    def test_an_actor_is_never_an_e_mail_address(self, system):
        environ, fields = SYSTEMS[system]
        changed = {name: "a@b.c" if value == fields["ci.actor"] else value for name, value in environ.items()}
        assert "ci.actor" not in ci_fields({**changed, "CHANGE_AUTHOR": "bob"})


@pytest.mark.parametrize(
    ("base", "changes", "fields"),
    [
        pytest.param(
            GITHUB,
            {"GITHUB_RUN_ATTEMPT": "12"},
            {"ci.url": "https://github.com/octocat/hello-world/actions/runs/1658821493/attempts/12"},
            id="github attempt",
        ),
        pytest.param(GITHUB, {"GITHUB_RUN_ATTEMPT": "x"}, {}, id="github no attempt"),
        pytest.param(
            GITHUB,
            {"GITHUB_HEAD_REF": "fix/7", "GITHUB_REF_NAME": "7/merge"},
            {"ci.branch": "fix/7"},
            id="github pull request",
        ),
        pytest.param(
            GITHUB,
            {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.2"},
            {"ci.branch": None, "ci.tag": "v1.2"},
            id="github tag",
        ),
        pytest.param(GITHUB, {"GITHUB_REF_TYPE": "note"}, {"ci.branch": None}, id="github neither branch nor tag"),
        pytest.param(GITHUB, {"GITHUB_TRIGGERING_ACTOR": ""}, {"ci.actor": "octocat"}, id="github old server"),
        pytest.param(
            GITHUB,
            {"GITHUB_REPOSITORY": "a/b?c#d", "GITHUB_SERVER_URL": "https://ghe.example.com/"},
            {"ci.repository": "a/b?c#d", "ci.url": "https://ghe.example.com/a/b%3Fc%23d/actions/runs/1658821493"},
            id="github odd name",
        ),
        pytest.param(
            GITLAB,
            {"CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix", "CI_JOB_URL": ""},
            {"ci.branch": "fix", "ci.url": "https://gitlab.example.com:8080/group/sub/shop/-/pipelines/1000"},
            id="gitlab merge request",
        ),
        pytest.param(
            GITLAB,
            {"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "v1.2"},
            {"ci.branch": None, "ci.tag": "v1.2"},
            id="gitlab tag",
        ),
        pytest.param(
            JENKINS,
            {"BRANCH_NAME": "PR-24", "CHANGE_BRANCH": "fix", "GIT_BRANCH": "PR-24"},
            {"ci.branch": "fix"},
            id="jenkins change request",
        ),
        pytest.param(JENKINS, {"BRANCH_NAME": "main"}, {"ci.branch": "main"}, id="jenkins multibranch"),
        pytest.param(
            JENKINS,
            {"BRANCH_NAME": "v1.2", "TAG_NAME": "v1.2"},
            {"ci.branch": None, "ci.tag": "v1.2"},
            id="jenkins tag",
        ),
        pytest.param(
            JENKINS, {"BUILD_USER_ID": "", "CHANGE_AUTHOR": "bob"}, {"ci.actor": "bob"}, id="jenkins without a user"
        ),
        pytest.param(
            JENKINS,
            {"BUILD_URL": "", "JENKINS_URL": ""},
            {"ci.url": None},
            id="jenkins that does not know its URL",
        ),
        pytest.param(
            AZURE,
            {"BUILD_SOURCEBRANCH": "refs/tags/v1.2"},
            {"ci.branch": None, "ci.tag": "v1.2"},
            id="azure tag",
        ),
        pytest.param(
            AZURE,
            {"BUILD_SOURCEBRANCH": "refs/pull/1/merge", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/users/raisa/x"},
            {"ci.branch": "users/raisa/x"},
            id="azure pull request",
        ),
        pytest.param(
            AZURE,
            {"BUILD_SOURCEBRANCH": "shelf;u@live.com", "BUILD_SOURCEVERSION": "C12"},
            {"ci.branch": None, "ci.commit": None},
            id="azure TFVC",
        ),
        pytest.param(AZURE, {"SYSTEM_JOBDISPLAYNAME": ""}, {"ci.job": "Shop deployment"}, id="azure without a job"),
        pytest.param(
            BITBUCKET,
            {"BITBUCKET_BRANCH": "", "BITBUCKET_TAG": "v1.2"},
            {"ci.branch": None, "ci.tag": "v1.2"},
            id="bitbucket tag",
        ),
        pytest.param(
            BUILDKITE,
            {"BUILDKITE_BRANCH": "v1.2", "BUILDKITE_TAG": "v1.2", "BUILDKITE_COMMIT": "HEAD", "BUILDKITE_LABEL": ""},
            {"ci.branch": None, "ci.tag": "v1.2", "ci.commit": None, "ci.job": "my-project"},
            id="buildkite tag",
        ),
    ],
)
def test_other_jobs(base, changes, fields):
    whole = {**ci_fields(base), **fields}
    assert ci_fields({**base, **changes}) == {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://git.example.com/a/b/c.git/", "a/b/c"),
        ("https://git.example.com:8443/a/b", "a/b"),
        (f"https://user:{SECRET}@git.example.com/a/b.git", "a/b"),
        (f"https://{SECRET}@git.example.com/a/b.git", "a/b"),
        ("https://dev.azure.com/org/My%20Project/_git/repo", "org/My%20Project/_git/repo"),
        ("ssh://git@git.example.com:22/a/b.git", "a/b"),
        ("git://git.example.com/a/b", "a/b"),
        ("git@git.example.com:a/b.git", "a/b"),
        ("git@git.example.com:/srv/b.git", "srv/b"),
        (f"https://user:pass/{SECRET}@git.example.com/a/b", None),
        (f"user:{SECRET}@git.example.com:a/b", None),
        (f"https://git.example.com/a/b?token={SECRET}", None),
        (f"https://git.example.com/a/b#{SECRET}", None),
        (f"https://git.example.com?token={SECRET}/a", None),
        (f"user:{SECRET}", None),
        (f"/srv/{SECRET}", None),
        (f"https://git.example.com/a/b\n{SECRET}", None),
    ],
)
@pytest.mark.parametrize(("base", "variable"), [(JENKINS, "GIT_URL"), (BUILDKITE, "BUILDKITE_REPO")])
def test_of_a_repository_s_url_only_its_path_is_read(base, variable, url, repository):
    assert ci_fields({**base, variable: url}).get("ci.repository") == repository


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CI": "true"},
        {"GITHUB_ACTIONS": "false"},
        {"GITLAB_CI": ""},
        {"BUILD_TAG": "v1", "JENKINS_URL": "https://ci.example.com/", "BUILD_URL": "https://ci.example.com/1/"},
        {"BUILDKITE": "0", "TF_BUILD": "", "BITBUCKET_BUILD_NUMBER": " "},
    ],
)
def test_outside_of_ci_there_is_nothing(environ):
    assert ci_fields(environ) == {}


AWX_ENVIRON = {
    "JOB_ID": "4711",
    "INVENTORY_ID": "3",
    "PROJECT_REVISION": SHA,
    "AWX_HOST": "https://awx.example.com",
    "AWX_PRIVATE_DATA_DIR": "/tmp/awx_4711",
    "ANSIBLE_NET_PASSWORD": SECRET,
}
AWX_VARIABLES = {
    f"{prefix}_{name}": value
    for prefix in ("awx", "tower")
    for name, value in {
        "job_id": 4711,
        "job_launch_type": "workflow",
        "workflow_job_id": 4700,
        "workflow_job_name": "Nightly",
        "user_id": 47,
        "user_name": "joe",
        "user_email": f"{SECRET}@example.com",
        "user_first_name": SECRET,
        "user_last_name": SECRET,
        "inventory_id": 3,
        "inventory_name": "Production",
        "project_revision": SHA,
        "project_scm_branch": "main",
        "job_template_id": 92,
        "job_template_name": "Deploy shop",
        "execution_node": SECRET,
        "webhook_payload": {"token": SECRET},
    }.items()
}
AWX_FIELDS = {
    "awx.job.id": 4711,
    "awx.job.url": "https://awx.example.com/#/jobs/playbook/4711",
    "awx.job.template": "Deploy shop",
    "awx.job.launch_type": "workflow",
    "awx.user": "joe",
    "awx.workflow.job.id": 4700,
    "awx.inventory": "Production",
    "awx.project.branch": "main",
    "awx.project.revision": SHA,
}


class TestAwx:
    def test_a_job(self):
        variables = Recorded({**AWX_VARIABLES, "db_password": SECRET, "awx_password": SECRET, "awx": SECRET})
        fields = sound(awx_fields(Recorded({**CANARIES, **AWX_ENVIRON}), variables))
        assert fields == AWX_FIELDS
        assert SECRET not in json.dumps(fields)

    def test_an_old_tower_gives_the_twins_only(self):
        variables = {name: value for name, value in AWX_VARIABLES.items() if name.startswith("tower_")}
        assert awx_fields(AWX_ENVIRON, variables) == AWX_FIELDS

    def test_the_environment_alone_tells_the_job(self):
        found = awx_fields(AWX_ENVIRON, {})
        assert found == {name: AWX_FIELDS[name] for name in ("awx.job.id", "awx.job.url")}

    def test_an_ad_hoc_command_has_no_host(self):
        found = awx_fields({"AD_HOC_COMMAND_ID": "4711"}, AWX_VARIABLES)
        assert found == {name: value for name, value in AWX_FIELDS.items() if name != "awx.job.url"}

    def test_a_job_s_own_branch_goes_before_the_project_s(self):
        assert awx_fields(AWX_ENVIRON, {"awx_job_scm_branch": "fix", **AWX_VARIABLES})["awx.project.branch"] == "fix"

    @pytest.mark.parametrize(
        ("environ", "variables"),
        [
            ({}, {}),
            ({"JOB_ID": "4711"}, {}),
            ({"JOB_ID": "", "AWX_HOST": "https://awx.example.com"}, {}),
            ({"JOB_ID": "12a", "AWX_HOST": "https://awx.example.com"}, {}),
            ({"JOB_ID": "1" * 19, "AWX_HOST": "https://awx.example.com"}, {}),
            ({"JOB_ID": "\u0664", "AWX_HOST": "https://awx.example.com"}, {}),
            ({}, {"awx_job_id": "{{ lookup('env', 'X') }}", "awx_user_name": "joe"}),
            ({}, {"awx_job_id": [1]}),
            ({}, {"awx_user_name": "joe", "db_password": SECRET}),
        ],
    )
    def test_elsewhere_there_is_nothing(self, environ, variables):
        assert awx_fields(environ, variables) == {}

    @pytest.mark.parametrize(
        "value", ["{{ db_password }}", "a {{ b", "{% if x %}", {"a": 1}, ["a"], None, 1.5, b"a", "", "  "]
    )
    def test_only_written_text_is_taken(self, value):
        variables = {name: value for name in AWX_VARIABLES if not name.endswith("_job_id")}
        assert {*awx_fields(AWX_ENVIRON, variables)} == {"awx.job.id", "awx.job.url"}

    def test_a_template_does_not_make_room_for_another_variable(self):
        variables = {**AWX_VARIABLES, "awx_user_name": "{{ x }}"}
        assert "awx.user" not in awx_fields(AWX_ENVIRON, variables)

    def test_a_user_is_never_an_e_mail_address(self):
        assert "awx.user" not in awx_fields(AWX_ENVIRON, {**AWX_VARIABLES, "awx_user_name": "joe@example.com"})

    def test_a_host_says_no_password(self):
        environ = {**AWX_ENVIRON, "AWX_HOST": f"https://u:{SECRET}@awx.example.com/?{SECRET}"}
        assert awx_fields(environ, {}) == awx_fields(AWX_ENVIRON, {})

    def test_any_text_becomes_one_that_an_event_can_hold(self):
        text = "a\0\x1b\udcff" + "x" * 1000
        found = sound(awx_fields(AWX_ENVIRON, {**AWX_VARIABLES, "awx_job_template_name": text}))["awx.job.template"]
        assert (len(found), found.isprintable(), found[-1]) == (MAX_NAME, True, "\N{HORIZONTAL ELLIPSIS}")


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class TestTrace:
    @pytest.mark.parametrize("value", [f"00-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what"])
    def test_a_trace(self, value):
        assert sound(trace_fields({"TRACEPARENT": value})) == {"trace.id": TRACE, "span.id": SPAN}

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "00",
            f"ff-{TRACE}-{SPAN}-01",
            f"00-{TRACE}-{SPAN}-01-what",
            f"00-{TRACE}-{SPAN}-01-",
            f"00-{TRACE}-{SPAN}-01\n",
            f"00-{TRACE}-{SPAN}-01.",
            f"cc-{TRACE}-{SPAN}-01.what",
            f"00-{TRACE.upper()}-{SPAN}-01",
            f"00-{TRACE}-{SPAN.upper()}-01",
            f"00-{TRACE[1:]}-{SPAN}-01",
            f"00-{TRACE}0-{SPAN}-01",
            f"00-{TRACE}-{SPAN[1:]}-01",
            f"00-{TRACE}-{SPAN}-1",
            f"00-{TRACE}-{SPAN}",
            f"0-{TRACE}-{SPAN}-01",
            f"0x-{TRACE}-{SPAN}-01",
            f"00-{'0' * 32}-{SPAN}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE[:-1]}g-{SPAN}-01",
            f" 00-{TRACE}-{SPAN}-01",
        ],
    )
    def test_what_is_malformed_is_none(self, value):
        assert trace_fields({"TRACEPARENT": value}) == {}

    def test_outside_of_a_trace_there_is_nothing(self):
        assert trace_fields({"TRACESTATE": SECRET}) == {}


def selection(tags=("all",), skip_tags=(), limit=None, inventories=(), start_at_task=None):
    return sound(selection_fields(tags, skip_tags, limit, inventories, start_at_task))


class TestSelection:
    @pytest.mark.parametrize("tags", [("all",), ["all"], (), None])
    def test_core_s_defaults_are_left_out(self, tags):
        assert selection(tags) == {}
        assert selection_fields(tags, None, None, None, None) == {}
        assert selection(tags, ["", " "], " ", [""], "") == {}

    def test_what_is_selected(self):
        found = selection(["web", "all"], ["slow", "db"], "web*:!web3", ["/srv/infra/production"], "Install nginx")
        assert found == {
            "ansible.tags": ["all", "web"],
            "ansible.skip_tags": ["db", "slow"],
            "ansible.limit": "web*:!web3",
            "ansible.inventories": ["infra/production"],
            "ansible.start_at_task": "Install nginx",
        }

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ("/etc/ansible/hosts", "ansible/hosts"),
            ("/srv/infra/inventories/production/hosts.yml", "production/hosts.yml"),
            ("/srv/infra/inventories/production/", "inventories/production"),
            ("hosts", "hosts"),
            ("/hosts", "hosts"),
            ("/", "other"),
            ("web1,", "inline"),
            (f"web1 ansible_password={SECRET},web2", "inline"),
            (f"https://user:{SECRET}@example.com/hosts", "other"),
            (f"/home/alice/https:/example.com/{SECRET}", "other"),  # what core makes of a URL
            (f"/srv/token={SECRET}", "other"),
            (f"/srv/user@{SECRET}", "other"),
            (f"/srv/a {SECRET}", "other"),
            (f"/srv/a\n{SECRET}", "other"),
        ],
    )
    def test_an_inventory_is_named_and_no_more(self, source, name):
        assert selection(inventories=[source]) == {"ansible.inventories": [name]}

    def test_each_inventory_stands_once_in_its_order(self):
        assert selection(inventories=["b", "x,", "a", "y,", "b"])["ansible.inventories"] == ["b", "inline", "a"]

    def test_lists_and_texts_have_a_limit(self):
        many = [f"{number:05}{'x' * 1000}" for number in range(MAX_SELECTED + 50)]
        found = selection(many, many, many[0], many, many[0])
        for field, value in found.items():
            assert len(value) == (MAX_NAME if isinstance(value, str) else MAX_SELECTED), field
            assert all(len(item) <= MAX_NAME for item in value), field

    def test_any_text_becomes_one_that_an_event_can_hold(self):
        odd = "a\0b\x1b[31m\udcff"
        for value in selection([odd], [odd], odd, [odd], odd).values():
            assert all(item.isprintable() for item in ([value] if isinstance(value, str) else value))

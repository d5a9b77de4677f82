# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event of a build, out of each CI system's environment, and of what is hostile in it."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from ansible_collections.community.sematext.plugins.lookup import build_event
from ansible_collections.community.sematext.plugins.module_utils._event import build
from ansible_collections.community.sematext.plugins.plugin_utils._build_events import OPTIONS, PREFIX, read_build
from ci_environments import BUILDKITE, GITHUB, GITLAB, JENKINS, SHA, SYSTEMS
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[4]
GITHUB_COMMIT = f"https://github.com/octocat/hello-world/commit/{SHA}"


def read(environ, **given):
    """The event of a build that has succeeded, if nothing else is said, and of which nothing is left out."""
    found = read_build(environ, {"state": "succeeded", **given}, "runner-1")
    assert found.problems == []
    return event_of(found)


def event_of(found):
    """The event that the module would send."""
    return build(found.options)


def problems(environ=None, **given):
    return read_build(environ or {}, {"state": "succeeded", **given}, "runner-1").problems


def shown(message):
    """The text of a message as a reader sees it, and where its links lead."""
    texts, links = [], []

    class Page(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag in ("p", "a"), tag
            links.extend(value for name, value in attrs if name == "href")

        def handle_data(self, data):
            texts.append(data)

    Page().feed(MarkdownIt("commonmark").render(message))
    return "".join(texts).strip(), links


# -- what is said -----------------------------------------------------------------------------------------------------


def test_the_whole_event_of_github_actions():
    event = read(GITHUB, started=str(time.time() - 125))
    took = event.pop("build.duration")
    assert 125 <= took < 180
    assert event.pop("build.started") < event.pop("timestamp")
    event.pop("event.id")
    minutes = event["message"].rpartition("(")[2]
    assert minutes.startswith("2 min ")
    assert event == {
        "type": "build",
        "severity": "info",
        "title": "Build of octocat/hello-world succeeded",
        "message": "[Run 3](https://github.com/octocat/hello-world/actions/runs/1658821493) of Deploy / production "
        f"on main at [ffac537]({GITHUB_COMMIT}) by hubot succeeded ({minutes}",
        "creator": "GitHub Actions",
        "os.host": "runner-1",
        **SYSTEMS["github_actions"][1],
        "build.state": "succeeded",
        "commit.id": SHA,
        "commit.branch": "main",
        "commit.url": GITHUB_COMMIT,
        "repository.url": "https://github.com/octocat/hello-world",
    }


WORDS = {
    "gitlab": "Run 1000 of deploy: [production] on main at ffac537 by alice succeeded",
    "jenkins": "Run 15 of ops/deploy on release/2 at ffac537 by alice succeeded",
    "azure_pipelines": "Run 20261123.3 of Shop deployment / Production on feature/tools at ffac537 by "
    "Raisa Pokrovskaya succeeded",
    "bitbucket": "Run 5 of acme/shop on main at ffac537 by {247b8d5e-0b3e-4a04-a4d7-8e5e8d8d3a11} succeeded",
    "buildkite": "Run 1514 of my-project / :hammer: Specs on main at ffac537 by Carol Danvers succeeded",
}


@pytest.mark.parametrize("system", WORDS)
def test_the_sentence_of_each_other_system(system):
    environ, fields = SYSTEMS[system]
    event = read(environ)
    text, links = shown(event["message"])
    assert text == WORDS[system]
    assert links[0] == fields["ci.url"]
    assert {name: event[name] for name in fields} == fields
    assert (event["commit.id"], event["commit.branch"]) == (SHA, fields["ci.branch"])


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({**GITHUB, "GITHUB_SERVER_URL": "https://code.acme.example"}, "https://code.acme.example/octocat/hello-world/commit/"),
        ({**GITLAB, "CI_PROJECT_URL": "https://code.acme.example/a/b"}, "https://code.acme.example/a/b/-/commit/"),
        ({**JENKINS, "GIT_URL": "git@github.com:acme/shop.git"}, "https://github.com/acme/shop/commit/"),
        (SYSTEMS["bitbucket"][0], "http://bitbucket.org/acme/shop/commits/"),
        (BUILDKITE, "https://github.com/acme-inc/my-project/commit/"),
    ],
)  # fmt: skip
def test_the_commit_is_linked_on_servers_of_any_name(environ, url):
    assert read(environ)["commit.url"] == url + SHA


def test_a_server_of_unknown_kind_has_no_page_of_the_commit():
    event = read(JENKINS)
    assert event["repository.url"] == "https://git.example.com/ops/deploy"
    assert "commit.url" not in event


def test_no_credentials_of_a_remote_are_told():
    event = read({**JENKINS, "GIT_URL": "https://alice:s3cret@github.com/acme/shop.git"})
    assert "s3cret" not in json.dumps(event)
    assert event["commit.url"] == f"https://github.com/acme/shop/commit/{SHA}"


def test_a_merge_request_is_known_by_its_own_commit():
    event = read({**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "1" * 40})
    assert (event["commit.id"], event["ci.commit"]) == ("1" * 40, SHA)


def test_a_tag():
    environ = {**GITHUB, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.2"}
    assert "on tag v1.2 at" in read(environ)["message"]


def test_outside_of_ci_with_nothing_but_the_outcome():
    event = read({})
    assert (event["title"], event["message"], event["creator"]) == ("Build succeeded", "Build succeeded", "Ansible")


def test_outside_of_ci_with_all_that_is_given():
    event = read(
        {}, run="7", url="https://ci.example.com/7", job="nightly", repository="acme/shop", branch="main",
        actor="alice", repository_url="git@github.com:acme/shop.git", commit=SHA, name="the shop",
        tags="env:ci, team:web", fields='{"service.name": "shop"}', started="2024-05-30T11:58:43+02:00",
    )  # fmt: skip
    assert event["title"] == "Build of the shop succeeded"
    text, links = shown(event["message"])
    assert text.startswith("Run 7 of nightly on main at ffac537 by alice succeeded (")
    assert links == ["https://ci.example.com/7", f"https://github.com/acme/shop/commit/{SHA}"]
    assert (event["tags"], event["service.name"]) == (["env:ci", "team:web"], "shop")
    assert event["build.started"] == "2024-05-30T09:58:43.000Z"


def test_what_is_given_wins_over_the_ci_system():
    event = read(GITHUB, branch="release", run="9", actor="alice", url="https://ci.example.com/9")
    assert (event["ci.branch"], event["commit.branch"], event["ci.run"]) == ("release", "release", "9")
    assert shown(event["message"])[1][0] == "https://ci.example.com/9"


def test_own_fields_cannot_be_taken_over():
    assert read(GITHUB, fields='{"build.state": "x", "commit.id": "y"}')["build.state"] == "succeeded"


# -- states -----------------------------------------------------------------------------------------------------------

#: By system: its words, in its own spelling.
STATES = {
    "started": ["started", "running", "Started"],
    "succeeded": ["succeeded", "success", "SUCCESS", "SucceededWithIssues", "0"],
    "failed": ["failed", "failure", "FAILURE", "UNSTABLE", "Failed", "1", "137"],
    "cancelled": ["cancelled", "canceled", "canceling", "Canceled", "ABORTED", "NOT_BUILT", "skipped"],
}
SAID = {
    "started": ("info", "Build of a/b started"),
    "succeeded": ("info", "Build of a/b succeeded"),
    "failed": ("error", "Build of a/b failed"),
    "cancelled": ("warning", "Build of a/b was cancelled"),
}


@pytest.mark.parametrize(("state", "word"), [(state, word) for state, words in STATES.items() for word in words])
def test_each_systems_word_for_a_state(state, word):
    event = read({}, state=word, repository="a/b")
    assert event["build.state"] == state
    assert (event["severity"], event["title"]) == SAID[state]


@pytest.mark.parametrize(
    ("system", "variable", "word", "state"),
    [
        ("gitlab", "CI_JOB_STATUS", "running", "started"),
        ("gitlab", "CI_JOB_STATUS", "canceled", "cancelled"),
        ("azure_pipelines", "AGENT_JOBSTATUS", "Succeeded", "succeeded"),
        ("bitbucket", "BITBUCKET_EXIT_CODE", "1", "failed"),
        ("buildkite", "BUILDKITE_COMMAND_EXIT_STATUS", "0", "succeeded"),
    ],
)
def test_systems_that_say_the_state_themselves(system, variable, word, state):
    assert read({**SYSTEMS[system][0], variable: word}, state="")["build.state"] == state


def test_a_state_that_is_given_wins():
    assert read({**GITLAB, "CI_JOB_STATUS": "success"}, state="failed")["build.state"] == "failed"


def test_without_a_state_the_event_says_no_more_than_is_known():
    found = read_build(GITHUB, {"state": None}, "runner-1")
    assert "SEMATEXT_BUILD_STATE" in found.problems[0]
    event = event_of(found)
    assert "build.state" not in event
    assert event["title"] == "Build of octocat/hello-world was reported"


# -- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "started", ["1717063123", "1717063123.0", "1717063123000", "2024-05-30T09:58:43Z", "2024-05-30 11:58:43+02:00"]
)
def test_the_start_in_each_form(started):
    event = read({}, started=started)
    assert event["build.started"] == "2024-05-30T09:58:43.000Z"
    assert event["build.duration"] == pytest.approx(time.time() - 1717063123, abs=60)


def test_the_start_that_gitlab_says():
    event = read({**GITLAB, "CI_JOB_STARTED_AT": "2024-05-30T09:58:43Z"})
    assert event["build.started"] == "2024-05-30T09:58:43.000Z"


def test_a_build_that_starts_has_no_duration():
    assert "build.duration" not in read({}, state="started", started="1717063123")


def test_clocks_that_differ_a_little_make_no_negative_duration():
    assert read({}, started=str(time.time() + 20))["build.duration"] == 0


# -- what cannot be used ----------------------------------------------------------------------------------------------

BAD = {
    "state": ["exploded", "succeeded!", "-1", "1e3"],
    "started": ["yesterday", "2024-05-30T09:58:43", "9999999999999", "1e9", "2024-13-30T09:58:43Z", "99999999999"],
    "url": ["ftp://x/y", "javascript:alert(1)", "https://", "x", "https://a/" + "b" * 3000],
    "repository_url": ["nothing", "/srv/git/shop"],
    "commit": ["HEAD", "main", "--upload-pack=x", "0c9f1", "g" * 40],
    "tags": ["a,,b", [["a"]]],
    "fields": ["service.name=shop", "[]", '{"a": {"b": 1}}', '{"message": "x"}', "[" * 100_000],
    "strict": ["perhaps", "2"],
}


@pytest.mark.parametrize(("option", "value"), [(option, value) for option, values in BAD.items() for value in values])
def test_what_cannot_be_used_is_named_and_left_out(option, value):
    found = read_build(GITHUB, {"state": "failed", option: value}, "runner-1")
    (problem,) = found.problems
    assert f"'SEMATEXT_BUILD_{option.upper()}" in problem
    assert problem.endswith(".")
    assert "\n" not in problem
    event = event_of(found)
    assert event["type"] == "build"
    if option not in ("commit", "state"):
        assert (event["commit.id"], event["build.state"]) == (SHA, "failed")


def test_what_a_system_says_wrongly_is_named_by_the_systems_variable():
    (problem,) = read_build({**GITLAB, "CI_JOB_STATUS": "dancing"}, {}, "runner-1").problems
    assert "'CI_JOB_STATUS'" in problem


def test_empty_texts_are_not_given():
    assert problems(**{option: "  " for option in OPTIONS if option != "state"}) == []


# -- hostile values ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "a\r\n# Heading\n- list",
    "\x1b[31mred\x07\x00",
    "**bold** _under_ `code`",
    "$(id)`id`;id",
    "\u2028\u202e",
    "x" * 100_000,
    "\udc80",
]
PLACES = {
    "GITHUB_REF_NAME": "ci.branch",
    "GITHUB_WORKFLOW": "ci.job",
    "GITHUB_RUN_NUMBER": "ci.run",
    "GITHUB_TRIGGERING_ACTOR": "ci.actor",
    "GITHUB_REPOSITORY": "ci.repository",
}


@pytest.mark.parametrize("variable", PLACES)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_shown_as_text_and_format_nothing(value, variable):
    found = read_build({**GITHUB, variable: value}, {"state": "failed"}, "runner-1")
    event = event_of(found)
    text, links = shown(event["message"])  # fails at any element but a paragraph and a link
    assert text.endswith("failed")
    assert all(link.startswith("https://github.com/") for link in links)
    assert all(len(event.get(field, "")) <= 300 for field in PLACES.values())
    assert not set(json.dumps(event, ensure_ascii=False)) & set("\n\r\x1b\x07\x00\u2028")
    if "lookup" in value and variable != "GITHUB_WORKFLOW":
        assert event[PLACES[variable]] == value


@pytest.mark.parametrize(
    "url", ["https://ci.example.com/a)[x](https://evil.example", "https://ci.example.com/a(b)\\c<d>"]
)
def test_the_address_of_a_run_ends_where_it_ends(url):
    event = read({**JENKINS, "BUILD_URL": url})
    _text, links = shown(event["message"])
    assert [link.startswith("https://ci.example.com/a") for link in links] == [True]


def test_a_mail_address_is_not_told():
    assert "alice" not in json.dumps(read({**JENKINS, "BUILD_USER_ID": "alice@example.com"}))


# -- the lookup -------------------------------------------------------------------------------------------------------


def test_each_option_is_documented_with_its_variable():
    documented = yaml.safe_load(build_event.DOCUMENTATION)["options"]
    assert set(documented) == set(OPTIONS)
    for option, about in documented.items():
        assert [each["name"] for each in about["env"]] == [PREFIX + option.upper()]


def test_the_guide_names_each_variable():
    guide = (ROOT / "docs" / "guide_builds.md").read_text()
    names = {PREFIX[:-1] + suffix for suffix in re.findall(r"`(_[A-Z_]+)`", guide)}
    names.update(re.findall(rf"{PREFIX}[A-Z_]+", guide))
    assert names == {PREFIX + option.upper() for option in OPTIONS}


def test_the_documented_event_is_the_one_that_is_sent():
    page = (ROOT / "docs" / "events.md").read_text()
    documented = json.loads(re.search(r"## `build`.*?```json\n(.*?)```", page, re.DOTALL).group(1))
    sha = documented["commit.id"]
    environ = {
        **GITHUB,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "9001",
        "GITHUB_RUN_NUMBER": "42",
        "GITHUB_WORKFLOW": "CI",
        "GITHUB_JOB": "test",
        "GITHUB_SHA": sha,
        "GITHUB_TRIGGERING_ACTOR": "octocat",
    }
    event = read(environ, started=documented["build.started"])
    passing = ("timestamp", "build.duration", "event.id")  # what differs from build to build
    took = re.compile(r" \([^()]*\)$")
    for each in (event, documented):
        each["message"] = took.sub("", each["message"])
        for name in passing:
            each.pop(name, None)
    assert event == documented


def test_the_playbook_and_the_lookup_agree_on_what_is_strict():
    playbook = (ROOT / "playbooks" / "build_event.yml").read_text()
    assert str(list(build_event.is_strict.__globals__["_TRUE"])) in playbook

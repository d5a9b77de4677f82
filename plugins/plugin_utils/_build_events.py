# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The event of a build, out of the environment of a CI job and what is said beside it. None of it is trusted."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
import typing as t

from ..module_utils._errors import OptionError
from ..module_utils._event import custom_fields, escape_markdown, format_time, tags, timestamp
from ._context import CI_NAMES, COMMIT, MAX_URL, bare_url, ci_fields, plain_text
from ._repository_pages import commit_page, page
from ._run_events import SHORT_COMMIT
from ._words import duration, link

BUILD_TYPE = "build"
#: What comes before an option's name, in capitals, in the name of its environment variable.
PREFIX = "SEMATEXT_BUILD_"
#: By state: the severity, and the end of the sentence.
STATES = {
    "started": ("info", "started"),
    "succeeded": ("info", "succeeded"),
    "failed": ("error", "failed"),
    "cancelled": ("warning", "was cancelled"),
}
#: What systems call a state, beside numbers, which are exit codes:
#: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#job-context and #needs-context
#: https://docs.gitlab.com/ci/variables/predefined_variables/ (CI_JOB_STATUS)
#: https://javadoc.jenkins.io/hudson/model/Result.html
#: https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables (Agent.JobStatus)
_WORDS = {
    "started": ("started", "running"),
    "succeeded": ("succeeded", "success", "succeededwithissues"),
    "failed": ("failed", "failure", "unstable"),
    "cancelled": ("cancelled", "canceled", "canceling", "skipped", "aborted", "not_built"),
}
#: What makes it strict, as in playbooks/build_event.yml, and what doesn't.
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
#: The options whose texts take the place of what the CI system says.
_TEXTS = ("run", "job", "repository", "branch", "git_tag", "actor")
OPTIONS = (
    "state", "started", "name", "url", *_TEXTS, "repository_url", "commit", "tags", "fields", "strict"
)  # fmt: skip
#: As milliseconds this is a time in 1973, as seconds one in 5138.
_MILLISECONDS = 100_000_000_000
#: Seconds by which the clocks of a CI server and its runners may differ.
_CLOCKS_APART = 60


class _Variables(t.NamedTuple):
    """What a system says of a build beside ci_fields(), as its documentation names it.

    :ivar remote: names of variables which, joined by a slash, are the repository's address.
    :ivar commit_page: what follows the repository's page, whatever the server's name is.
    """

    state: str = ""
    started: str = ""
    commit: str = ""
    remote: tuple[str, ...] = ()
    commit_page: str = ""


_SYSTEMS = {
    "github_actions": _Variables(remote=("GITHUB_SERVER_URL", "GITHUB_REPOSITORY"), commit_page="/commit/"),
    "gitlab": _Variables(
        state="CI_JOB_STATUS",
        started="CI_JOB_STARTED_AT",
        commit="CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",  # CI_COMMIT_SHA is then that of a merge which nobody keeps
        remote=("CI_PROJECT_URL",),
        commit_page="/-/commit/",
    ),
    "jenkins": _Variables(remote=("GIT_URL",)),
    "azure_pipelines": _Variables(
        state="AGENT_JOBSTATUS", started="SYSTEM_PIPELINESTARTTIME", remote=("BUILD_REPOSITORY_URI",)
    ),
    "bitbucket": _Variables(
        state="BITBUCKET_EXIT_CODE", remote=("BITBUCKET_GIT_HTTP_ORIGIN",), commit_page="/commits/"
    ),
    "buildkite": _Variables(state="BUILDKITE_COMMAND_EXIT_STATUS", remote=("BUILDKITE_REPO",)),
}


class Build(t.NamedTuple):
    """What is known of a build.

    :ivar options: of the module `event`.
    :ivar problems: sentences: what could not be used, and is left out of the event.
    """

    options: dict[str, t.Any]
    problems: list[str]


def read_build(environ: t.Mapping[str, str], given: t.Mapping[str, t.Any], host: str) -> Build:
    """The event of a build.

    :param environ: the environment of the CI job.
    :param given: values of OPTIONS; None and empty texts mean "not given".
    :param host: the name of this host.
    """
    return _Reader(environ, given).build(host)


def is_strict(value: t.Any) -> bool:
    """Whether the option `strict` has a value that says so."""
    return str(value).strip().lower() in _TRUE


class _Reader:
    """Reads the pieces one by one, so that a bad one doesn't spoil the others."""

    def __init__(self, environ: t.Mapping[str, str], given: t.Mapping[str, t.Any]) -> None:
        self._environ, self._given = environ, given
        self._ci: dict[str, t.Any] = dict(ci_fields(environ))
        self._variables = _SYSTEMS.get(self._ci.get("ci.system", ""), _Variables())
        self._problems: list[str] = []

    def build(self, host: str) -> Build:
        state = self._read("state", _state, self._variables.state)
        if not self._value("state", self._variables.state)[1]:
            self._problem(_error("state", f"is not set: give {', '.join(STATES)}, or an exit code"))
        self._read("strict", _strict)
        for option in _TEXTS:
            text = self._read(option, _text)
            if text:
                self._ci[f"ci.{'tag' if option == 'git_tag' else option}"] = text
        url = self._read("url", _page)
        if url:
            self._ci["ci.url"] = url
        commit = self._commit()
        seconds = self._times(state)
        fields = {**(self._read("fields", _fields) or {}), **self._ci, **commit, **seconds}
        if state:
            fields["build.state"] = state
        severity, end = STATES.get(state or "", ("info", "was reported"))
        name = self._read("name", _text) or self._ci.get("ci.repository") or self._ci.get("ci.job")
        what = f"Build of {name}" if name else "Build"
        took = f" ({duration(seconds['build.duration'])})" if seconds else ""
        options = {
            "type": BUILD_TYPE,
            "severity": severity,
            "title": f"{what} {end}",
            "msg": f"{self._subject(what)}{self._place(commit)} {end}{took}",
            "creator": CI_NAMES.get(self._ci.get("ci.system", ""), "Ansible"),
            "host": host,
            "tags": self._read("tags", tags) or [],
            "fields": fields,
        }
        return Build(options, self._problems)

    def _subject(self, what: str) -> str:
        """`Run 42 of CI / test`, or what is built where runs have no number; linked to the run's page."""
        run, job, url = (self._ci.get(f"ci.{key}") for key in ("run", "job", "url"))
        if not run:
            return link(what, url)
        of = job or self._ci.get("ci.repository")
        return link(f"Run {run}", url) + (f" of {escape_markdown(of)}" if of else "")

    def _place(self, commit: t.Mapping[str, str]) -> str:
        """` on main at 0c9f1e2 by octocat`."""
        branch, tag, actor = (self._ci.get(f"ci.{key}") for key in ("branch", "tag", "actor"))
        words = f" on {escape_markdown(branch)}" if branch else f" on tag {escape_markdown(tag)}" if tag else ""
        if commit:
            words += f" at {link(commit['commit.id'][:SHORT_COMMIT], commit.get('commit.url'))}"
        return words + (f" by {escape_markdown(actor)}" if actor else "")

    def _commit(self) -> dict[str, str]:
        """The fields by which builds, runs and deployments of one commit find each other, and the repository's page."""
        remote = "/".join(self._environ.get(name, "").rstrip("/") for name in self._variables.remote)
        base = self._read("repository_url", _repository) or page(remote)
        fields = {"repository.url": base} if base and len(base) <= MAX_URL else {}
        commit = self._read("commit", _commit, self._variables.commit) or self._ci.get("ci.commit")
        if not commit:
            return fields
        fields["commit.id"] = commit
        if "ci.branch" in self._ci:
            fields["commit.branch"] = self._ci["ci.branch"]
        below = self._variables.commit_page
        url = commit_page(base, commit) or (f"{base}{below}{commit}" if base and below else "")
        if url and len(url) <= MAX_URL:
            fields["commit.url"] = url
        return fields

    def _times(self, state: str | None) -> dict[str, t.Any]:
        """The start of a build that has ended, and the time since then."""
        started = self._read("started", _moment, self._variables.started) if state != "started" else None
        if started is None:
            return {}
        moment = dt.datetime.fromtimestamp(started, dt.timezone.utc)
        return {"build.started": format_time(moment), "build.duration": round(max(0.0, time.time() - started), 3)}

    def _read(self, option: str, reader: t.Callable[[str, t.Any], t.Any], variable: str = "") -> t.Any:
        """A value, None if there is none or it cannot be used. :param variable: where it is if it is not given."""
        name, value = self._value(option, variable)
        try:
            return reader(name, value) if value else None
        except OptionError as exc:
            return self._problem(exc)

    def _value(self, option: str, variable: str) -> tuple[str, t.Any]:
        given = self._given.get(option)
        given = given.strip() if isinstance(given, str) else given
        if given or not self._environ.get(variable, "").strip():
            return PREFIX + option.upper(), given
        return variable, self._environ[variable].strip()

    def _problem(self, exc: OptionError) -> None:
        self._problems.append(str(exc))


def _error(option: str, reason: str) -> OptionError:
    return OptionError(PREFIX + option.upper(), reason)


def _state(name: str, value: t.Any) -> str:
    word = str(value).lower()
    if re.fullmatch("[0-9]{1,3}", word):
        return "failed" if int(word) else "succeeded"
    for state, words in _WORDS.items():
        if word in words:
            return state
    raise OptionError(name, f"must be {', '.join(STATES)}, the CI system's word for one of these, or an exit code")


def _strict(name: str, value: t.Any) -> None:
    if str(value).lower() not in (*_TRUE, *_FALSE):
        raise OptionError(name, "must be true or false")


def _text(_name: str, value: t.Any) -> str:
    return plain_text(str(value))


def _page(name: str, value: t.Any) -> str:
    url = bare_url(str(value))
    if not url or len(url) > MAX_URL:
        raise OptionError(name, f"must be the URL of a web page, of at most {MAX_URL} characters")
    return url


def _repository(name: str, value: t.Any) -> str:
    found = page(str(value))
    if not found:
        raise OptionError(name, "must be the address of a git repository on a server")
    return found


def _commit(name: str, value: t.Any) -> str:
    if not re.fullmatch(COMMIT, str(value)):
        raise OptionError(name, "must be the id of a commit, 7 to 64 hexadecimal digits")
    return str(value)


def _moment(name: str, value: t.Any) -> float:
    """Seconds since the epoch, of these, of milliseconds, or of ISO 8601."""
    text = str(value)
    if re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,9})?", text):
        seconds = float(text)
        seconds = seconds / 1000 if seconds >= _MILLISECONDS else seconds
    else:
        moment = dt.datetime.strptime(timestamp(name, text), "%Y-%m-%dT%H:%M:%S.%fZ")
        seconds = moment.replace(tzinfo=dt.timezone.utc).timestamp()
    if seconds > time.time() + _CLOCKS_APART:
        raise OptionError(name, "is in the future; give the time at which the build has started")
    return seconds


def _fields(name: str, value: t.Any) -> dict[str, t.Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise OptionError(name, 'must be a JSON object, such as {"service.name": "shop"}')
    return custom_fields(name, found)

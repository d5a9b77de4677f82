# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Who runs this and where, as event fields: the CI job, the AWX job, the trace, and what the command line selects.

An environment and extra variables hold secrets. Only the names that stand in this file are ever read, and their values
are not trusted.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ._results import fit

#: Characters of a URL; a longer one is left out, as half a link leads nowhere.
MAX_URL = 2048

#: How many tags or inventories are named, and with how many characters: all events of a run have them.
MAX_SELECTED, MAX_SELECTION = 20, 100

#: Of a variable's name in a template.
_NAME = re.compile(r"\{(\w+)\}")
#: What could move a terminal's cursor or break a line, where a name is shown.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: The characters of an inventory source that says no more than where it is.
_PLAIN_PATH = re.compile(r"[^\s:=@]+")
#: https://www.w3.org/TR/trace-context/#traceparent-header: versions after 00 may append to its 55 characters.
_TRACEPARENT = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
)


class _Read(t.NamedTuple):
    """A value out of variables.

    :ivar template: names of variables in braces. All must be set.
    :ivar pattern: must match the whole; its group is the value.
    """

    template: str
    pattern: str = "(.+)"


class _System(t.NamedTuple):
    """A CI system.

    :ivar detected: what is there in its jobs, and nowhere else.
    :ivar fields: for each field, where it is read, best first.
    """

    name: str
    detected: _Read
    fields: t.Mapping[str, t.Sequence[_Read]]


#: A commit's id. Some variables hold a symbolic name, such as HEAD, or the number of a changeset.
COMMIT = "([0-9a-fA-F]{7,64})"
#: Of the URL of a repository, its path on the server: there is no place for a password, nor for a token.
_REPOSITORY = r"(?:(?:https?|ssh|git)://[^/?#]+/|[\w.-]+@[\w.-]+:/?)([\w.~%/-]+?)(?:\.git)?/?"

#: The variables are those that each system documents:
#: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
#: https://docs.gitlab.com/ci/variables/predefined_variables/
#: /env-vars.html of every Jenkins, which has the variables of its plugins Git, Branch API and Build User Vars too
#: https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
#: https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
#: https://buildkite.com/docs/pipelines/configure/environment-variables
_SYSTEMS = (
    _System(
        "github_actions",
        _Read("{GITHUB_ACTIONS}", "(true)"),
        {
            "ci.url": (
                # without it, the page of a run is that of its last attempt
                _Read(
                    "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}/attempts/{GITHUB_RUN_ATTEMPT}",
                    "(.+/attempts/(?!1$)[1-9][0-9]*)",
                ),
                _Read("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
            ),
            "ci.job": (_Read("{GITHUB_WORKFLOW} / {GITHUB_JOB}"),),
            "ci.run": (_Read("{GITHUB_RUN_NUMBER}"),),
            "ci.repository": (_Read("{GITHUB_REPOSITORY}"),),
            # the name of a pull request's ref is like 7/merge
            "ci.branch": (_Read("{GITHUB_HEAD_REF}"), _Read("{GITHUB_REF_TYPE}:{GITHUB_REF_NAME}", "branch:(.+)")),
            "ci.tag": (_Read("{GITHUB_REF_TYPE}:{GITHUB_REF_NAME}", "tag:(.+)"),),
            "ci.commit": (_Read("{GITHUB_SHA}", COMMIT),),
            "ci.actor": (_Read("{GITHUB_TRIGGERING_ACTOR}"), _Read("{GITHUB_ACTOR}")),
        },
    ),
    _System(
        "gitlab",
        _Read("{GITLAB_CI}", "(true)"),
        {
            "ci.url": (_Read("{CI_JOB_URL}"), _Read("{CI_PIPELINE_URL}")),
            "ci.job": (_Read("{CI_JOB_NAME}"),),
            "ci.run": (_Read("{CI_PIPELINE_ID}"),),
            "ci.repository": (_Read("{CI_PROJECT_PATH}"),),
            "ci.branch": (_Read("{CI_COMMIT_BRANCH}"), _Read("{CI_MERGE_REQUEST_SOURCE_BRANCH_NAME}")),
            "ci.tag": (_Read("{CI_COMMIT_TAG}"),),
            "ci.commit": (_Read("{CI_COMMIT_SHA}", COMMIT),),
            "ci.actor": (_Read("{GITLAB_USER_LOGIN}"),),
        },
    ),
    _System(
        "jenkins",
        # not JENKINS_URL: that is set where people use Jenkins' command line, and not set in every Jenkins
        _Read("{BUILD_TAG}", "(jenkins-.+)"),
        {
            "ci.url": (_Read("{BUILD_URL}"),),
            "ci.job": (_Read("{JOB_NAME}"),),
            "ci.run": (_Read("{BUILD_NUMBER}"),),
            "ci.repository": (_Read("{GIT_URL}", _REPOSITORY),),
            # of a change request, the others are like PR-24
            "ci.branch": (_Read("{CHANGE_BRANCH}"), _Read("{BRANCH_NAME}"), _Read("{GIT_BRANCH}", "(?:origin/)?(.+)")),
            "ci.tag": (_Read("{TAG_NAME}"),),
            "ci.commit": (_Read("{GIT_COMMIT}", COMMIT),),
            "ci.actor": (_Read("{BUILD_USER_ID}"), _Read("{CHANGE_AUTHOR}")),
        },
    ),
    _System(
        "azure_pipelines",
        _Read("{TF_BUILD}", "([Tt]rue)"),
        {
            "ci.url": (_Read("{SYSTEM_COLLECTIONURI}/{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}"),),
            "ci.job": (_Read("{BUILD_DEFINITIONNAME} / {SYSTEM_JOBDISPLAYNAME}"), _Read("{BUILD_DEFINITIONNAME}")),
            "ci.run": (_Read("{BUILD_BUILDNUMBER}"),),
            "ci.repository": (_Read("{BUILD_REPOSITORY_NAME}"),),
            "ci.branch": (
                _Read("{SYSTEM_PULLREQUEST_SOURCEBRANCH}", "(?:refs/heads/)?(.+)"),
                _Read("{BUILD_SOURCEBRANCH}", "refs/heads/(.+)"),
            ),
            "ci.tag": (_Read("{BUILD_SOURCEBRANCH}", "refs/tags/(.+)"),),
            "ci.commit": (_Read("{BUILD_SOURCEVERSION}", COMMIT),),
            "ci.actor": (_Read("{BUILD_REQUESTEDFOR}"),),
        },
    ),
    _System(
        "bitbucket",
        _Read("{BITBUCKET_BUILD_NUMBER}"),
        {
            "ci.url": (_Read("{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}"),),
            "ci.run": (_Read("{BITBUCKET_BUILD_NUMBER}"),),
            "ci.repository": (_Read("{BITBUCKET_REPO_FULL_NAME}"),),
            "ci.branch": (_Read("{BITBUCKET_BRANCH}"),),
            "ci.tag": (_Read("{BITBUCKET_TAG}"),),
            "ci.commit": (_Read("{BITBUCKET_COMMIT}", COMMIT),),
            "ci.actor": (_Read("{BITBUCKET_STEP_TRIGGERER_UUID}"),),
        },
    ),
    _System(
        "buildkite",
        _Read("{BUILDKITE}", "(true)"),
        {
            "ci.url": (_Read("{BUILDKITE_BUILD_URL}"),),
            "ci.job": (_Read("{BUILDKITE_PIPELINE_SLUG} / {BUILDKITE_LABEL}"), _Read("{BUILDKITE_PIPELINE_SLUG}")),
            "ci.run": (_Read("{BUILDKITE_BUILD_NUMBER}"),),
            "ci.repository": (_Read("{BUILDKITE_REPO}", _REPOSITORY),),
            "ci.branch": (_Read("{BUILDKITE_BRANCH}"),),
            "ci.tag": (_Read("{BUILDKITE_TAG}"),),
            "ci.commit": (_Read("{BUILDKITE_COMMIT}", COMMIT),),
            "ci.actor": (_Read("{BUILDKITE_BUILD_CREATOR}"),),
        },
    ),
)

#: The systems, as people call them.
CI_NAMES = {
    "github_actions": "GitHub Actions",
    "gitlab": "GitLab CI",
    "jenkins": "Jenkins",
    "azure_pipelines": "Azure Pipelines",
    "bitbucket": "Bitbucket Pipelines",
    "buildkite": "Buildkite",
}

#: The fields of an AWX job and the extra variables that they are read from, best first, without their prefix.
_AWX_FIELDS = {
    "awx.job.template": ("job_template_name",),
    "awx.job.launch_type": ("job_launch_type",),
    "awx.user": ("user_name",),
    "awx.inventory": ("inventory_name",),
    "awx.project.branch": ("job_scm_branch", "project_scm_branch"),
    "awx.project.revision": ("project_revision",),
}
#: AWX gives each variable under both; an Ansible Tower before AWX gives the second.
_AWX_PREFIXES = ("awx_", "tower_")


def ci_fields(environ: t.Mapping[str, str]) -> dict[str, str]:
    """The CI job that an environment belongs to.

    :returns: `ci.system` and what is known of `ci.url` (the page of the run, or of the job where there is such a
        page), `ci.job`, `ci.run` (as people see it: a number, or Azure's text), `ci.repository` (owner and name, no
        URL), `ci.branch`, `ci.tag`, `ci.commit`, `ci.actor`. All are texts. {} outside of CI.
    """
    for system in _SYSTEMS:
        if _value(system.detected, environ):
            break
    else:
        return {}
    fields = {"ci.system": system.name}
    for field, sources in system.fields.items():
        read = _url_value if field == "ci.url" else _value
        value = next(filter(None, (read(source, environ) for source in sources)), "")
        if value and not _is_address(field, value):
            fields[field] = value if field == "ci.url" else plain_text(value)
    if fields.get("ci.branch") == fields.get("ci.tag"):  # Jenkins and Buildkite name a tag as the branch, too
        fields.pop("ci.branch", None)
    return fields


def awx_fields(environ: t.Mapping[str, str], variables: t.Mapping[str, t.Any]) -> dict[str, str | int]:
    """The job of AWX, or of Ansible Automation Platform, that runs the playbook.

    JOB_ID and AWX_HOST (its setting TOWER_URL_BASE) are set by RunJob.build_env() in awx/main/tasks/jobs.py, for jobs
    and not for ad hoc commands. The variables are those of awx_meta_vars() in awx/main/models/unified_jobs.py and
    awx/main/models/jobs.py, which override the user's own.

    :param variables: the run's extra variables.
    :returns: `awx.job.id` and `awx.workflow.job.id`, numbers, and texts: `awx.job.url`, `awx.job.template`,
        `awx.job.launch_type` (manual, scheduled, workflow, ...), `awx.user`, `awx.inventory`, `awx.project.branch`,
        `awx.project.revision`. {} where AWX does not run.
    """
    host = environ.get("AWX_HOST", "")
    # JOB_ID alone is also what batch systems set
    job = _number(_variable(variables, "job_id") or (environ.get("JOB_ID", "") if host else ""))
    if job is None:
        return {}
    fields: dict[str, str | int] = {"awx.job.id": job}
    # The link of Job.get_ui_url() up to AWX 24.6.1. Later ones put a prefix there that no job is told.
    url = _url_value(_Read("{host}/#/jobs/playbook/{job}"), {"host": host, "job": str(job)})
    if url:
        fields["awx.job.url"] = url
    workflow = _number(_variable(variables, "workflow_job_id"))
    if workflow is not None:
        fields["awx.workflow.job.id"] = workflow
    for field, names in _AWX_FIELDS.items():
        value = plain_text(next(filter(None, (_variable(variables, name) for name in names)), ""))
        if value and not _is_address(field, value):
            fields[field] = value
    return fields


def trace_fields(environ: t.Mapping[str, str]) -> dict[str, str]:
    """The trace in which this runs, by W3C Trace Context.

    The variable is that of https://opentelemetry.io/docs/specs/otel/context/env-carriers/.

    :returns: `trace.id` (32 hexadecimal digits) and `span.id` (16), that of the caller. {} if there is none, or not in
        the header's form.
    """
    match = _TRACEPARENT.fullmatch(environ.get("TRACEPARENT", ""))
    return {"trace.id": match.group(1), "span.id": match.group(2)} if match else {}


def selection_fields(
    tags: t.Iterable[str] | None,
    skip_tags: t.Iterable[str] | None,
    limit: str | None,
    inventories: t.Iterable[str] | None,
    start_at_task: str | None,
) -> dict[str, t.Any]:
    """What the command line selects, as ansible-core's CLIARGS hold it. What is not given is left out.

    :param inventories: sources of inventories, as paths or lists of hosts.
    :returns: lists in `ansible.tags`, `ansible.skip_tags` and `ansible.inventories`, of MAX_SELECTED items at the most,
        and texts in `ansible.limit` and `ansible.start_at_task`.
    """
    wanted = sorted(tags or ())  # core makes a set of them, so they have no order
    fields = {
        "ansible.tags": _texts(wanted if wanted != ["all"] else ()),
        "ansible.skip_tags": _texts(sorted(skip_tags or ())),
        "ansible.limit": plain_text(limit or ""),
        "ansible.inventories": _texts(dict.fromkeys(_inventory(source) for source in inventories or () if source)),
        "ansible.start_at_task": plain_text(start_at_task or ""),
    }
    return {field: value for field, value in fields.items() if value}


def _value(source: _Read, environ: t.Mapping[str, str]) -> str:
    """What a source says, "" if a variable is missing or the pattern does not match."""
    return _filled(source, {name: environ.get(name, "").strip() for name in _NAME.findall(source.template)})


def _url_value(source: _Read, environ: t.Mapping[str, str]) -> str:
    """A URL, "" if there is none. The first variable has its beginning, if not all of it; others are encoded."""
    first, *others = _NAME.findall(source.template)
    start = bare_url(environ.get(first, "").strip())
    values = {name: urllib.parse.quote(environ.get(name, "").strip(), errors="replace") for name in others}
    url = _filled(source, {first: start.rstrip("/") if others else start, **values})
    return url if len(url) <= MAX_URL else ""


def _filled(source: _Read, values: t.Mapping[str, str]) -> str:
    if not all(values.values()):
        return ""
    match = re.fullmatch(source.pattern, _NAME.sub(lambda name: values[name.group(1)], source.template), re.DOTALL)
    return match.group(1) if match else ""


def bare_url(url: str) -> str:
    """A web page's URL without user, password, query and fragment, "" if it is none."""
    if not re.fullmatch("[!-~]+", url):
        return ""
    try:
        parts = urllib.parse.urlsplit(url)
        # of a password with a slash, a part is where the port should be, and the rest before an @ in the path
        is_page = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and "@" not in parts.path
    except ValueError:
        return ""
    if not is_page:
        return ""
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def plain_text(value: str) -> str:
    """A value that is not trusted as a field can hold it: on one line, without controls, of bounded length."""
    return fit(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value.strip()))


def _texts(items: t.Iterable[str]) -> list[str]:
    return [fit(text, MAX_SELECTION) for text in map(plain_text, items) if text][:MAX_SELECTED]


def _is_address(field: str, value: str) -> bool:
    """Whether the value would name a person by an e-mail address."""
    return field in ("ci.actor", "awx.user") and "@" in value


def _variable(variables: t.Mapping[str, t.Any], name: str) -> str:
    """A variable of AWX as text, "" if there is none, or a template: what that would render to can be a secret."""
    value = next((variables[prefix + name] for prefix in _AWX_PREFIXES if prefix + name in variables), None)
    if not isinstance(value, (str, int)) or "{{" in str(value) or "{%" in str(value):
        return ""
    return str(value)


def _number(value: str) -> int | None:
    return int(value) if re.fullmatch("[0-9]{1,18}", value) else None


def _inventory(source: str) -> str:
    """An inventory source as an event names it: the last two parts of a path, as it is mostly a folder that tells one
    hosts file from the other. Plugins take anything as a source, secrets too."""
    if "," in source:
        return "inline"
    parts = [part for part in source.split("/") if part] if _PLAIN_PATH.fullmatch(source) else []
    return "/".join(parts[-2:]) or "other"

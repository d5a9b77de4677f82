# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: build_event
short_description: The event of a build, out of the environment of a CI job
version_added: 0.4.0
author:
  - The community.sematext authors (@ansible-collections)
description:
  - Reads the environment of C(ansible-playbook) and gives the options with which M(community.sematext.event) tells of a
    build, its repository, branch, commit, run, actor and duration.
  - The variables are those that GitHub Actions, GitLab CI, Jenkins, Azure Pipelines, Bitbucket Pipelines and Buildkite
    document. Outside of them, the options below say what there is to say.
  - The playbook C(community.sematext.build_event) sends this event.
  - What a CI system says, such as the name of a branch, is never rendered as a template, and is escaped where Markdown
    is rendered.
options:
  state:
    description:
      - What has become of the build, V(started), V(succeeded), V(failed) or V(cancelled), or what a CI system calls
        this, such as V(success), V(failure), V(UNSTABLE), V(ABORTED) or V(canceled), in any case.
      - A number is an exit code. V(0) means that the build has succeeded.
      - If not given, it is that of the job in GitLab CI, Azure Pipelines, Bitbucket Pipelines (in C(after-script)) and
        Buildkite (after the command). Other systems do not put it into the environment.
    type: str
    env:
      - name: SEMATEXT_BUILD_STATE
  started:
    description:
      - When the build has started, in ISO 8601 with an offset from UTC, or in seconds or milliseconds since the epoch.
        The duration is counted from there.
      - If not given, it is the start of the job in GitLab CI, and of the pipeline in Azure Pipelines.
    type: str
    env:
      - name: SEMATEXT_BUILD_STARTED
  name:
    description:
      - What was built, for the title. By default, the repository, or else the job.
    type: str
    env:
      - name: SEMATEXT_BUILD_NAME
  run:
    description:
      - The number of the run, as people see it.
    type: str
    env:
      - name: SEMATEXT_BUILD_RUN
  url:
    description:
      - The page of the run. User, password, query and fragment are left out.
    type: str
    env:
      - name: SEMATEXT_BUILD_URL
  job:
    description:
      - The name of the workflow or job.
    type: str
    env:
      - name: SEMATEXT_BUILD_JOB
  repository:
    description:
      - Owner and name of the repository, for example V(acme/shop).
    type: str
    env:
      - name: SEMATEXT_BUILD_REPOSITORY
  repository_url:
    description:
      - The address of the repository, from which the pages of the repository and of the commit are made.
    type: str
    env:
      - name: SEMATEXT_BUILD_REPOSITORY_URL
  branch:
    description:
      - The branch that was built.
    type: str
    env:
      - name: SEMATEXT_BUILD_BRANCH
  git_tag:
    description:
      - The tag in git that was built.
    type: str
    env:
      - name: SEMATEXT_BUILD_GIT_TAG
  commit:
    description:
      - The id of the commit that was built. By it, the build and the deployment of a commit find each other.
      - For a pull request, GitHub Actions builds a merge that nobody keeps; give the id of the pull request's head
        then.
    type: str
    env:
      - name: SEMATEXT_BUILD_COMMIT
  actor:
    description:
      - Who has started the build.
    type: str
    env:
      - name: SEMATEXT_BUILD_ACTOR
  tags:
    description:
      - Labels of the event, a list or a text with commas in between.
    type: raw
    env:
      - name: SEMATEXT_BUILD_TAGS
  fields:
    description:
      - Further fields of the event, with flat names, a dictionary or a JSON object.
    type: raw
    env:
      - name: SEMATEXT_BUILD_FIELDS
  strict:
    description:
      - Whether a value that cannot be used is an error, V(true) or V(false). If not, a warning says what is wrong, and
        the event goes without it.
      - The playbook C(community.sematext.build_event) fails if the event is not sent, where E(SEMATEXT_BUILD_STRICT) is
        true.
    type: raw  # of a mistyped bool, ansible-core would make an error that fails a build
    env:
      - name: SEMATEXT_BUILD_STRICT
notes:
  - Of the environment, only the documented variables of the CI systems and those above are read.
seealso:
  - module: community.sematext.event
"""

EXAMPLES = r"""
- name: Tell of a build
  community.sematext.event:
    app_token_file: ~/.sematext/app_token
    type: "{{ build.type }}"
    title: "{{ build.title }}"
    msg: "{{ build.msg }}"
    severity: "{{ build.severity }}"
    creator: "{{ build.creator }}"
    host: "{{ build.host }}"
    tags: "{{ build.tags }}"
    fields: "{{ build.fields }}"
  vars:
    build: "{{ lookup('community.sematext.build_event', state='failed', run='42', repository='acme/shop') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary, with the options of M(community.sematext.event).
  type: list
  elements: dict
  sample:
    - type: build
      severity: info
      title: Build of acme/shop succeeded
      msg: Run 42 of CI / test on main at 0c9f1e2 by octocat succeeded (2 min 5 s)
      creator: GitHub Actions
      host: runner-1
      tags: []
      fields:
        build.state: succeeded
        build.duration: 125.318
        ci.branch: main
        commit.id: 0c9f1e2aa0b1f6c7c2a7f0a3b5b0d1c4519be229
"""

import os
import socket
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.community.sematext.plugins.plugin_utils._build_events import OPTIONS, is_strict, read_build


class LookupModule(LookupBase):
    """The lookup, as Ansible looks for it."""

    def run(
        self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any
    ) -> list[dict[str, t.Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError("The lookup build_event takes no terms: give options, such as state='failed'.")
        given = {option: self.get_option(option) for option in OPTIONS}
        build = read_build(os.environ, given, socket.gethostname())
        for problem in build.problems:
            if is_strict(given["strict"]):
                raise AnsibleLookupError(problem)
            Display().warning(f"{problem} The event goes without it.")
        return [build.options]

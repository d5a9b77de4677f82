#!/usr/bin/python
# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment
short_description: Tell Sematext Cloud of a deployment and its commits
version_added: 0.4.0
description:
  - Puts the start and the end of a deployment onto the event timeline of a Sematext App, with the commits that it
    brings or takes back, so that one can follow a latency spike to a commit.
  - Runs on the control node, and tells each state once, whatever the number of hosts, C(serial), or the strategy. The
    start is told by the first host, success by the last, a failure by the first that has one. Once a failure was
    told, the same deployment is not told as succeeded.
  - The start and the end are of one deployment, with one C(deployment.id), if they are of the same O(service) and
    O(environment), and in the same run, or in two runs on the same control node that do not contradict each other in
    O(version) and O(revision). Otherwise, give O(id).
  - The task fails when the event is not accepted. It never fails for want of a history of commits; the event then
    tells what is known.
author:
  - The community.sematext authors (@ansible-collections)
extends_documentation_fragment:
  - community.sematext._sematext
  - community.sematext._sematext.api_key
  - community.sematext._attributes
  - community.sematext._attributes.actiongroup_sematext
attributes:
  check_mode:
    support: full
    details: Nothing is sent, recorded or marked. The event is returned as it would be sent.
  diff_mode:
    support: full
    details: Shows the exact JSON.
  idempotent:
    support: none
    details: Each run of a playbook tells of a deployment of its own.
  action:
    support: full
  async:
    support: none
options:
  state:
    description:
      - What to tell. For a deployment that is told by one task alone, its end.
    type: str
    choices: [started, succeeded, failed]
    default: succeeded
  service:
    description:
      - What is deployed. The field C(service.name).
    type: str
    required: true
  version:
    description:
      - The version that is deployed, as people call it.
    type: str
  environment:
    description:
      - Where it is deployed, for example V(production).
    type: str
  id:
    description:
      - The C(deployment.id), of letters, digits, C(-) and C(_), for a deployment whose start and end are told by
        different control nodes, or by parallel runs. The same for both.
      - If the start was told elsewhere, it is looked for on the timeline, given an O(api_key).
    type: str
  repo:
    description:
      - Path of a git checkout, or of a bare repository, on the control node, that holds the revision and the one
        before.
      - It is only read. Nothing that the repository configures is run.
    type: path
  revision:
    description:
      - The commit that is deployed. With O(repo), anything that git understands, by default what is checked out.
        Without it, the full id of a commit.
    type: str
  repo_url:
    description:
      - Address of the repository, for links to commits on GitHub, GitLab, Bitbucket, Gitea and Forgejo.
      - If not given, it is that of the remote of O(repo).
    type: str
  previous_revision:
    description:
      - The commit that was deployed before.
      - If not given, it is that of the last deployment of this service and environment that has succeeded, from the
        timeline if there is an O(api_key), or else from the record of this control node.
    type: str
  record_dir:
    description:
      - The folder of the control node where deployments are remembered. It is made with mode 0700 if it is missing.
      - If not given, the environment variable E(SEMATEXT_RECORD_DIR) is used, and after it C(sematext/deployments) in
        the folder that E(ANSIBLE_HOME) names.
    type: path
  hosts:
    description:
      - The hosts that it is deployed to.
      - If not given, they are those of the play, unless that is of C(localhost) alone.
    type: list
    elements: str
  mark_hosts:
    description:
      - Whether events of the host's own services, and of its boot and shutdown, carry the C(deployment.id) while the
        deployment is under way. V(started) marks each host that the task runs for, the other states end that. A mark
        that nobody takes away ends after 4 hours, and with a reboot.
      - It needs C(become), and on the host the role P(community.sematext.service_events#role) with
        O(community.sematext.service_events#role:main:service_events_delivery=spool), or
        P(community.sematext.host_events#role). Where that is lacking, there is a warning.
    type: bool
    default: false
  url:
    description:
      - A page of the deployment.
    type: str
  msg:
    description:
      - Text to add to the message. Markdown is rendered.
      - In a C(rescue) section, do not put results of tasks here, as they can hold secrets.
    type: str
  tags:
    description:
      - Labels, preferably of the form C(key:value), besides C(service), C(version), C(env) and C(state).
    type: list
    elements: str
  creator:
    description:
      - The person, application or component that made the event.
    type: str
    default: Ansible
  fields:
    description:
      - Further fields, as in M(community.sematext.event).
    type: dict
  retries:
    description:
      - How many more times to try when the receiver cannot be reached or is in trouble, from 0 to 10.
    type: int
    default: 2
notes:
  - With a strategy such as P(ansible.builtin.free#strategy), success is told when the task has run for all hosts of the
    play that have not failed. Without one, the task may run for one host of each batch, as with C(run_once).
seealso:
  - module: community.sematext.event
  - module: community.sematext.event_info
  - plugin: community.sematext.events
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Deploy the shop
  hosts: web
  serial: 2
  module_defaults:
    community.sematext.deployment:
      app_token: "{{ sematext_app_token }}"
      service: shop
      version: "{{ version }}"
      environment: production
      repo: "{{ playbook_dir }}/../shop"
      revision: "v{{ version }}"
  tasks:
    - name: Deploy, and tell how it went
      block:
        - name: Tell that the deployment starts
          community.sematext.deployment:
            state: started

        - name: Install the shop
          ansible.builtin.apt:
            name: shop={{ version }}

        - name: Tell that the deployment has succeeded
          community.sematext.deployment:
            state: succeeded
      rescue:
        - name: Tell that the deployment has failed
          community.sematext.deployment:
            state: failed

        - name: Fail all the same
          ansible.builtin.fail:
            msg: The shop was not deployed

- name: Tell of a deployment that something else has done, without a checkout
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Tell that it has succeeded
      community.sematext.deployment:
        service: shop
        version: "1.24"
        environment: production
        revision: 0c9f1e2d4b1a6c7c2a7f0a3b5b0d1c4519be2290
        repo_url: https://github.com/acme/shop
        previous_revision: 519be2290c9f1e2aa0b1f6c7c2a7f0a3b5b0d1c4
"""

RETURN = r"""
deployment_id:
  description: The C(deployment.id).
  returned: success
  type: str
  sample: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff
event:
  description: The event as it was sent, or, in check mode, as it would be sent.
  returned: if the task has told something for this host
  type: dict
  sample:
    timestamp: "2024-05-30T09:58:43.455Z"
    type: deployment
    severity: info
    title: Deployed shop 1.24 to production
    message: >-
      Deployed shop 1.24 to production on 4 hosts at 0c9f1e2: 1 commit by Ann since 519be22 (2 min 5 s)
    creator: Ansible
    tags: [service:shop, version:1.24, env:production, state:succeeded]
    event.id: 0f0d2b54-6f06-4d5d-9c5e-0d7f5d2b7d54
    service.name: shop
    deployment.id: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff
    deployment.state: succeeded
    commit.id: 0c9f1e2d4b1a6c7c2a7f0a3b5b0d1c4519be2290
    commit.count: 1
msg:
  description: Why nothing was sent for this host.
  returned: if the state was told already, or is told by another host later
  type: str
"""

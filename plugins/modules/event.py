#!/usr/bin/python
# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: event
short_description: Send an event to Sematext Cloud
version_added: 0.1.0
description:
  - Puts one event, such as a deployment, a build or an infrastructure change, onto the event timeline of a
    Sematext App.
  - The event is sent from the control node while the task waits, so managed nodes need neither the Python library
    requests nor a way out to the Internet. See O(send_from) for the other way.
  - The task fails when the event is not accepted. By default, it takes at most 30 seconds, that is
    (O(retries) + 1) requests of O(timeout) seconds with pauses of up to 7 seconds in between.
  - Tried again are requests without connection or answer in time, and the answers 408, 429 and 5xx. Redirects are
    not followed.
author:
  - The community.sematext authors (@ansible-collections)
extends_documentation_fragment:
  - community.sematext._sematext
  - community.sematext._attributes
  - community.sematext._attributes.actiongroup_sematext
attributes:
  check_mode:
    support: full
    details: Nothing is sent. The event is checked and returned as it would be sent.
  diff_mode:
    support: full
    details: Shows the exact JSON.
  idempotent:
    support: none
    details: Each run of the task sends an event of its own.
  action:
    support: full
  async:
    support: none
options:
  type:
    description:
      - What kind of event it is. The timeline groups events by it, so use few types, for example V(deployment),
        V(build), V(infrastructure), V(alert) or V(outage).
    type: str
    required: true
  msg:
    description:
      - The text of the event, its field C(message). Markdown is rendered.
      - It must not be empty.
    type: str
    required: true
  title:
    description:
      - A short label.
    type: str
  severity:
    description:
      - How grave the event is.
    type: str
    choices: [info, warning, error]
    default: info
  tags:
    description:
      - Labels, preferably of the form C(key:value).
    type: list
    elements: str
  creator:
    description:
      - The person, application or component that made the event.
    type: str
    default: Ansible
  host:
    description:
      - The host that the event is about, its field C(os.host). For events and metrics to meet, it must be the name
        that the Sematext Agent reports for this host.
      - If not given, O(host_source) says which name is used.
    type: str
  host_source:
    description:
      - Which of a host's names to use if O(host) is not given.
      - Where the facts have not been gathered, the inventory's name is used.
    type: str
    choices: [inventory_hostname, ansible_hostname, ansible_fqdn, ansible_nodename]
    default: inventory_hostname
  timestamp:
    description:
      - When it happened, in ISO 8601 with an offset from UTC. It is sent in UTC with milliseconds.
      - If not given, it is the time at which the task runs.
    type: str
  data:
    description:
      - Anything else worth keeping. What is not text is encoded as JSON into text.
    type: raw
  fields:
    description:
      - Further fields, with flat names that may hold dots. Values are text, numbers, booleans, or lists of these.
      - Refused are C(token), C(measurement), C(event.id), C(ansible.run.id), and the fields that have an option of
        their own.
      - Names that the schema reserves for a meaning, such as C(service.name) or C(trace.id), are for use in that
        meaning.
    type: dict
  retries:
    description:
      - How many more times to try when the receiver cannot be reached or is in trouble, from 0 to 10.
    type: int
    default: 2
  send_from:
    description:
      - Where the request leaves from.
      - V(controller) sends from the control node.
      - V(target) sends from the managed node, with the control node's token. It needs requests there.
    type: str
    choices: [controller, target]
    default: controller
notes:
  - An event has at most 256 KiB when encoded.
  - Proxy variables of the environment are honoured, C(~/.netrc) is not.
  - When the callback P(community.sematext.events#callback) is on, events that are sent from the control node carry
    its C(ansible.run.id).
seealso:
  - plugin: community.sematext.events
    plugin_type: callback
  - name: Sematext Events
    description: What events are and how they are shown.
    link: https://sematext.com/docs/events/
"""

EXAMPLES = r"""
- name: Say that a version was deployed
  community.sematext.event:
    app_token: "{{ sematext_app_token }}"
    type: deployment
    title: Deployed shop 1.23
    msg: Deployed shop 1.23 to production
    tags:
      - version:1.23
      - env:production
    fields:
      service.name: shop
      commit.id: 0c9f1e2
  run_once: true

- name: Report a change that took place earlier, with what it did
  community.sematext.event:
    app_token_file: ~/.sematext/app_token
    region: EU
    type: infrastructure
    msg: Resized the volume group of the database
    host: db1.example.com
    timestamp: "2024-05-30T11:58:43+02:00"
    data:
      volume_group: vg0
      gigabytes: 500

- name: Set the connection once for all tasks
  module_defaults:
    group/community.sematext.sematext:
      app_token: "{{ sematext_app_token }}"
      region: EU
  block:
    - name: Say that a host goes into maintenance
      community.sematext.event:
        type: maintenance
        msg: "{{ inventory_hostname }} goes into maintenance"
        severity: warning

- name: Send from the managed node, where the control node has no way out
  community.sematext.event:
    app_token: "{{ sematext_app_token }}"
    type: deployment
    msg: Deployed shop 1.23
    send_from: target
"""

RETURN = r"""
event:
  description: The event as it was sent, or, in check mode, as it would be sent.
  returned: success
  type: dict
  sample:
    timestamp: "2024-05-30T09:58:43.455Z"
    type: deployment
    severity: info
    title: Deployed shop 1.23
    message: Deployed shop 1.23 to production
    creator: Ansible
    os.host: web1
    tags:
      - version:1.23
      - env:production
    event.id: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff
    service.name: shop
    commit.id: 0c9f1e2
"""

import os

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._argspec import event_argument_spec
from ..module_utils._errors import LibraryMissing, SematextError
from ..module_utils._send import send_event


def main() -> None:
    module = AnsibleModule(argument_spec=event_argument_spec(), supports_check_mode=True)
    try:
        result = send_event(module.params, os.environ, module.warn, module.check_mode)
    except LibraryMissing:
        module.fail_json(msg=missing_required_lib("requests"))
    except SematextError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

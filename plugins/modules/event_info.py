#!/usr/bin/python
# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The action plugin of the same name does the work: this file is its documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: event_info
short_description: Search the events of a Sematext App
version_added: 0.4.0
description:
  - Finds events on the timeline of a Sematext App, for example to see whether an event has arrived.
  - All that is asked for must be true of an event. Without anything, all events are found.
  - It runs on the control node. The managed node needs nothing.
  - There is one try for each page of up to 100 events. If the task shall wait for something to pass or to arrive,
    give it C(until) and C(retries).
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
    details: Searching changes nothing, so it is done in check mode, too.
  diff_mode:
    support: N/A
    details: Nothing is changed.
  idempotent:
    support: full
    details: Nothing is changed.
  action:
    support: full
  async:
    support: none
options:
  query:
    description:
      - What to find, in Lucene's syntax, such as V(severity:error AND NOT tags:"env:test").
      - Words without a field are looked for in the C(message). Values with colons need quotes.
      - Where a value comes from somewhere else, use O(type), O(tags) and O(host), which quote it.
    type: str
  type:
    description:
      - The C(type) of the events.
    type: str
  tags:
    description:
      - Tags that the events must have, all of them.
    type: list
    elements: str
  host:
    description:
      - The C(os.host) of the events.
    type: str
  since:
    description:
      - Find events that happened at this time or later.
      - It is an ISO 8601 time with an offset from UTC, or a span before now of seconds, minutes, hours, days or weeks,
        such as V(90s), V(30m), V(2h), V(7d) or V(4w).
    type: str
  until:
    description:
      - Find events that happened at this time or earlier, written as O(since) is.
    type: str
  size:
    description:
      - How many events to return at most, from 0 to 100000, or to 10000 if O(sort) names another order than that of
        time.
      - An answer of 32 MiB or more, or of 256 MiB with all its pages, is refused.
    type: int
    default: 100
  sort:
    description:
      - The order of the events, V(newest) first, V(oldest) first, or a field and V(asc) or V(desc), such as
        V(duration:desc).
      - It also says which events are returned if more are found than O(size) allows.
    type: str
    default: newest
notes:
  - An event that was delivered twice is found twice, with the same C(event.id).
  - Real installations take a moment before a new event is found.
  - Proxy variables of the environment are honoured, C(~/.netrc) is not. Redirects are not followed.
seealso:
  - module: community.sematext.event
  - name: The API for events
    description: How Sematext describes it.
    link: https://sematext.com/docs/events/event-api/
"""

EXAMPLES = r"""
- name: Say that a version was deployed
  community.sematext.event:
    app_token: "{{ sematext_app_token }}"
    type: deployment
    msg: Deployed shop 1.23
  register: sent
  run_once: true

- name: Wait until the event can be found
  community.sematext.event_info:
    app_token: "{{ sematext_app_token }}"
    api_key: "{{ sematext_api_key }}"
    query: event.id:"{{ sent.event['event.id'] }}"
  register: found
  until: found is success and found.total > 0
  retries: 10
  delay: 3
  run_once: true

- name: Find what happened to a host before the alert
  community.sematext.event_info:
    app_token_file: ~/.sematext/app_token
    api_key_file: ~/.sematext/api_key
    region: EU
    host: web1.example.com
    since: 2h
    sort: oldest
  register: story
  run_once: true

- name: Count the failed deployments of a month
  community.sematext.event_info:
    app_token: "{{ sematext_app_token }}"
    api_key: "{{ sematext_api_key }}"
    type: deployment
    query: severity:error
    tags:
      - env:production
    since: "2024-05-01T00:00:00+02:00"
    until: "2024-06-01T00:00:00+02:00"
    size: 0
  register: failures
  run_once: true
"""

RETURN = r"""
events:
  description: The events found, in the order asked for, O(size) of them at most.
  returned: success
  type: list
  elements: dict
  sample:
    - timestamp: "2024-05-30T09:58:43.455Z"
      type: deployment
      severity: info
      message: Deployed shop 1.23
      creator: Ansible
      os.host: web1
      event.id: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff
total:
  description: How many events match, though no more than O(size) of them are returned.
  returned: success
  type: int
  sample: 1
total_is_exact:
  description: Whether RV(total) is the number of events. If not, there are so many or more.
  returned: success
  type: bool
  sample: true
complete:
  description: Whether nothing is missing in RV(events). If not, a warning says what the receiver left out.
  returned: success
  type: bool
  sample: true
"""

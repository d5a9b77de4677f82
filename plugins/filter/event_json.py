# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: event_json
short_description: Write an event as JSON, whole or for a shell script to end it
version_added: 0.2.0
author:
  - The community.sematext authors (@ansible-collections)
description:
  - Checks an event as M(community.sematext.event) does, and gives it as one line of JSON in ASCII.
  - The event has no C(timestamp), so its time is that of its arrival, unless something adds one.
extends_documentation_fragment:
  - community.sematext._event_filter
positional: _input
options:
  unfinished:
    description:
      - Leaves the JSON open at the end of the message, which comes last. A script can go on with text for the
        message that needs no escape in JSON, then a quotation mark, further fields, and a closing brace.
    type: bool
    default: false
seealso:
  - module: community.sematext.event
  - plugin: community.sematext.systemd_event
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Let a script of our own tell how long a backup took
  ansible.builtin.copy:
    dest: /etc/backup/event.sh
    mode: "0644"
    content: |
      event={{ event | community.sematext.event_json(unfinished=true) | quote }}
      event="$event in $SECONDS seconds\",\"backup.seconds\":$SECONDS}"
  vars:
    event: {type: backup, msg: "Backup of /srv ended", severity: info}
"""

RETURN = r"""
_value:
  description: The event in JSON, without a line end.
  type: str
  sample: '{"type":"backup","severity":"info","message":"Backup of /srv ended'
"""

import typing as t

from ansible_collections.community.sematext.plugins.plugin_utils._event_filter import ascii_json, event_of


def event_json(options: t.Mapping[str, t.Any], unfinished: bool = False) -> str:
    """An event as JSON.

    :param options: the event, as _event.content() takes it.
    :param unfinished: leave it open at the end of the message, which comes last.
    """
    event = event_of("event_json", options)
    event["message"] = event.pop("message")
    text = ascii_json(event)
    return text[:-2] if unfinished else text


class FilterModule:
    """The filter, as Ansible looks for it."""

    def filters(self) -> dict[str, t.Callable[..., str]]:
        return {"event_json": event_json}

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: systemd_event
short_description: Write an event as one word of a command in a systemd unit
version_added: 0.1.0
author:
  - The community.sematext authors (@ansible-collections)
description:
  - Makes an event's JSON and quotes it so that it can stand in C(ExecStartPre=) and the like as one word.
  - Whatever text the event holds, the command gets exactly that text, percent and dollar signs, quotes,
    backslashes, line ends and characters outside of ASCII included.
  - No shell is needed, and none may come in between, since the quotes are those of systemd.
  - The event has no C(timestamp), so its time is that of its arrival.
extends_documentation_fragment:
  - community.sematext._event_filter
positional: _input
options:
  environment:
    description:
      - Fields whose value systemd fills in when it runs the command.
      - The keys are names of fields. The values are text that may hold C(${INVOCATION_ID}),
        C(${SERVICE_RESULT}), C(${EXIT_CODE}), C(${EXIT_STATUS}) and C(${MAINPID}), which systemd sets itself.
      - A variable that systemd does not set in a command gives an empty text.
    type: dict
    default: {}
notes:
  - An event of more than 127 KiB is refused, since Linux does not pass longer words to a command.
seealso:
  - module: community.sematext.event
  - name: systemd.service(5)
    description: How systemd reads command lines, and which variables it sets in which command.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
"""

EXAMPLES = r"""
- name: Tell why a backup ended
  ansible.builtin.copy:
    dest: /etc/systemd/system/backup.service.d/60-event.conf
    mode: "0644"
    content: |
      [Service]
      ExecStopPost=-+/usr/bin/curl -q --config /etc/backup/receiver.curl --data-raw {{ event | trim }}
  vars:
    event: >-
      {{
        {'type': 'backup', 'msg': 'The backup ended, 100% of "/srv" read', 'fields': {'backup.path': '/srv'}}
        | community.sematext.systemd_event(
          environment={'event.id': '${INVOCATION_ID}-backup', 'systemd.result': '${SERVICE_RESULT}'}
        )
      }}
"""

RETURN = r"""
_value:
  description: One word in double quotes, in ASCII. It stands in a unit as it is, not quoted again.
  type: str
  sample: '"{\"type\":\"backup\",\"message\":\"50%% done\",\"event.id\":\"${INVOCATION_ID}-backup\"}"'
"""

import re
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.community.sematext.plugins.module_utils._errors import OptionError
from ansible_collections.community.sematext.plugins.module_utils._event import (
    EVENT_ID,
    custom_fields,
    text,
)
from ansible_collections.community.sematext.plugins.plugin_utils._event_filter import ascii_json, event_of

#: Variables that systemd itself sets, with values that need no escape in JSON.
VARIABLES = ("INVOCATION_ID", "SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS", "MAINPID")
#: Bytes of JSON. Linux ends a word at 128 KiB (MAX_ARG_STRLEN); the rest is room for the variables' values.
MAX_BYTES = 127 * 1024

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def systemd_event(options: t.Mapping[str, t.Any], environment: t.Mapping[str, t.Any] | None = None) -> str:
    """An event as one word of a command line of systemd.

    :param options: the event, as _event.content() takes it.
    :param environment: fields whose values hold variables, by name.
    """
    event = event_of("systemd_event", options)
    if not isinstance(environment or {}, dict):
        raise AnsibleFilterError("Option 'environment' must be a dictionary of field names and values.")
    try:
        variable = _variable_fields(environment or {})
    except OptionError as exc:
        raise AnsibleFilterError(str(exc)) from None
    for field in variable:
        if field in event:
            raise AnsibleFilterError(f"Option 'fields' must not hold '{field}': systemd sets it.")
    size = len(ascii_json({**event, **variable}))
    if size > MAX_BYTES:
        raise AnsibleFilterError(f"The event is too long: {size} bytes encoded, where {MAX_BYTES} is the limit.")
    return '"' + ",".join([escape(ascii_json(event)[:-1]), *map(_member, variable.items())]) + '}"'


def escape(value: str) -> str:
    """ASCII text as it has to stand between double quotes in a command of systemd to reach it unchanged.

    A backslash and a quote mean something to the unquoting, % to the specifiers and $ to the variables,
    which systemd replaces in this order.
    """
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")


def _member(field: tuple[str, str]) -> str:
    """A field as it follows others inside of the word, its variables left for systemd to replace."""
    name, value = field
    parts = _VARIABLE.split(value)
    parts[::2] = [escape(ascii_json(fixed)[1:-1]) for fixed in parts[::2]]
    parts[1::2] = [f"${{{variable}}}" for variable in parts[1::2]]
    return escape(f'{ascii_json(name)}:"') + "".join(parts) + escape('"')


def _variable_fields(environment: t.Mapping[str, t.Any]) -> dict[str, str]:
    fields = {text("environment", name): text(f"environment.{name}", value) for name, value in environment.items()}
    custom_fields("environment", {name: value for name, value in fields.items() if name != EVENT_ID})
    for name, value in fields.items():
        for variable in _VARIABLE.findall(value):
            if variable not in VARIABLES:
                reason = f"must not hold the variable '{variable}', but one of {', '.join(VARIABLES)}"
                raise OptionError(f"environment.{name}", reason)
    return fields


class FilterModule:
    """The filter, as Ansible looks for it."""

    def filters(self) -> dict[str, t.Callable[..., str]]:
        return {"systemd_event": systemd_event}

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: event_url
short_description: The URL to which an App's events are posted
version_added: 0.1.0
author:
  - The community.sematext authors (@ansible-collections)
description:
  - Checks the connection options as the plugins of this collection do, and gives the URL they lead to.
  - The App token is part of the URL. Use it only where C(no_log=true) stands, and write it only to
    files that nobody else can read.
  - An empty option counts as not given. Files and environment variables are those of the control node.
positional: _input
options:
  _input:
    description:
      - A dictionary of C(app_token), C(app_token_file), C(region) and C(event_receiver_url), with the
        meaning that they have in M(community.sematext.event).
      - Without a token, E(SEMATEXT_APP_TOKEN) and E(SEMATEXT_APP_TOKEN_FILE) of the control node count.
    type: dict
    required: true
  option_prefix:
    description: What errors put before an option's name, for roles whose variables have a prefix.
    type: str
    default: ""
seealso:
  - module: community.sematext.event
"""

EXAMPLES = r"""
- name: Let a script of our own post events
  ansible.builtin.copy:
    dest: /etc/backup/receiver.curl
    mode: "0600"
    content: |
      url = "{{ {'region': 'EU', 'app_token_file': '~/.sematext_token'} | community.sematext.event_url }}"
      header = "Content-Type: application/json"
  no_log: true
  diff: false
"""

RETURN = r"""
_value:
  description: The URL. It holds the App token, which is a secret.
  type: str
  sample: https://event-receiver.eu.sematext.com/<APP_TOKEN>/event
"""

import os
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible_collections.community.sematext.plugins.module_utils._errors import OptionError
from ansible_collections.community.sematext.plugins.module_utils._options import connection


def event_url(options: t.Mapping[str, t.Any], option_prefix: str = "") -> str:
    """Where the events of an App are posted. The result holds the App token.

    :param options: the connection options, by name.
    """
    if not isinstance(options, dict):
        raise AnsibleFilterError("The filter event_url needs a dictionary of connection options.")
    try:
        return connection(options, os.environ, Display().warning).url
    except OptionError as exc:
        sentence = str(exc).replace(f"'{exc.option}'", f"'{option_prefix}{exc.option}'", 1)
        raise AnsibleFilterError(sentence) from None


class FilterModule:
    """The filter, as Ansible looks for it."""

    def filters(self) -> dict[str, t.Callable[..., str]]:
        return {"event_url": event_url}

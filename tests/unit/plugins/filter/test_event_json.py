# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event as JSON for scripts."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.community.sematext.plugins.filter.event_json import event_json

EVENT = {
    "type": "backup",
    "msg": 'Ended "well"\n100 % \u00fc',
    "title": "Backup",
    "tags": ["env:prod"],
    "severity": "info",
}


def test_is_the_event_in_ascii():
    text = event_json(EVENT)
    assert text.isascii() and "\n" not in text
    assert json.loads(text) == {
        "type": "backup",
        "message": EVENT["msg"],
        "title": "Backup",
        "tags": ["env:prod"],
        "severity": "info",
    }


def test_open_goes_on_in_the_message():
    text = event_json(EVENT, unfinished=True) + ': signal KILL","systemd.result":"signal"}'
    assert json.loads(text) == {
        **json.loads(event_json(EVENT)),
        "message": EVENT["msg"] + ": signal KILL",
        "systemd.result": "signal",
    }


@pytest.mark.parametrize(
    "options", ["text", {"type": "backup"}, {"type": "", "msg": "x"}, {**EVENT, "severity": "bad"}]
)
def test_refuses_what_is_no_event(options):
    with pytest.raises(AnsibleFilterError):
        event_json(options)

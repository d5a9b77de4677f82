# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: hook_obstacles
short_description: What in a systemd unit would keep hooks from sending events
version_added: 0.2.0
author:
  - The community.sematext authors (@ansible-collections)
description:
  - Reads what C(systemctl show) says of a service, and tells which of its settings would keep the hooks of the role
    C(community.sematext.service_events) from working, or would make them hurt the service.
  - A unit that is not there has no obstacles.
positional: _input
options:
  _input:
    description: Lines such as C(RootDirectory=/srv/jail), of one unit, C(Id) and C(LoadState) among them.
    type: str
    required: true
  delivery:
    description: V(direct) for hooks that send, V(spool) for hooks that record.
    type: str
    choices: [direct, spool]
    required: true
  max_time:
    description: How many seconds a hook that sends may take.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Show what would keep the hooks of nginx from recording events
  ansible.builtin.debug:
    msg: "{{ answer.stdout | community.sematext.hook_obstacles(delivery='spool') }}"
"""

RETURN = r"""
_value:
  description: A sentence for each obstacle.
  type: list
  elements: str
"""

import re
import typing as t

#: What hooks read, run or write, besides what every service needs.
PATHS = {
    "direct": ("/etc/community-sematext", "/usr/bin/curl"),
    "spool": (
        "/etc/community-sematext",
        "/usr/local/lib/community-sematext",
        "/var/spool/community-sematext",
        "/bin/sh",
    ),
}
_UNITS = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "min": 60,
    "h": 3600,
    "d": 86400,
    "w": 604800,
    "month": 2629800,
    "y": 31557600,
}


def hook_obstacles(answer: str, delivery: str, max_time: t.Any = 5) -> list[str]:
    """Sentences about settings of a unit that don't go together with hooks.

    :param answer: what `systemctl show` says of the unit.
    :param delivery: "direct" or "spool".
    :param max_time: seconds that a direct hook may take.
    """
    unit = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    if unit.get("LoadState") != "loaded":
        return []
    return [
        f"{unit.get('Id')} has {setting}, {reason}. Leave this service out, or change that setting."
        for setting, reason in [
            *_jails(unit, delivery),
            *(_network(unit, int(max_time)) if delivery == "direct" else []),
        ]
    ]


def _jails(unit: t.Mapping[str, str], delivery: str) -> t.Iterator[tuple[str, str]]:
    for setting in ("RootDirectory", "RootImage"):
        if unit.get(setting, "") not in ("", "/"):
            yield f"{setting}={unit[setting]}", "where hooks don't find their files"
    for setting in ("TemporaryFileSystem", "BindPaths", "BindReadOnlyPaths"):
        for word in unit.get(setting, "").split():
            parts = word.lstrip("-").split(":")
            folder = parts[1] if setting != "TemporaryFileSystem" and len(parts) > 1 else parts[0]
            for path in PATHS[delivery]:
                if f"{path}/".startswith(f"{folder.rstrip('/')}/"):
                    yield f"{setting}={word}", f"which hides {path} from its hooks"
                    break


def _network(unit: t.Mapping[str, str], max_time: int) -> t.Iterator[tuple[str, str]]:
    """What only those mind who send."""
    remedy = "; hooks with service_events_delivery=spool can do with that"
    if unit.get("PrivateNetwork") == "yes":
        yield "PrivateNetwork=yes", f"so its hooks reach no receiver{remedy}"
    if unit.get("IPAddressDeny") and not unit.get("IPAddressAllow"):
        yield f"IPAddressDeny={unit['IPAddressDeny']}", f"so its hooks may reach no receiver{remedy}"
    for setting in ("TimeoutStartUSec", "TimeoutStopUSec"):
        limit = _seconds(unit.get(setting, "infinity"))
        # 0 ends what it is about at once, but hooks of a stop are given a time all the same.
        if limit and limit <= max_time:
            name = setting.replace("USec", "Sec")
            yield f"{name}={limit:g}", f"no more than the {max_time} seconds that a hook may take{remedy}"


def _seconds(span: str) -> float:
    """A time span as systemd prints it, such as "1min 30s"."""
    parts = re.findall(r"([0-9.]+)([a-z]+)", span)
    return sum(float(number) * _UNITS.get(unit, 0) for number, unit in parts)


class FilterModule:
    """The filter, as Ansible looks for it."""

    def filters(self) -> dict[str, t.Callable[..., list[str]]]:
        return {"hook_obstacles": hook_obstacles}

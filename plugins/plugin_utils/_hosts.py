# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The name by which events know a host: `host_source`."""

from __future__ import annotations

import typing as t


def host_name(source: str, inventory_hostname: str, facts: t.Mapping[str, t.Any] | None) -> str:
    """One of a host's names.

    :param source: `inventory_hostname`, or `ansible_` and the name of a fact.
    :param facts: the host's `ansible_facts`, as far as they are known.
    :returns: the inventory's name where the fact is missing.
    """
    fact = (facts or {}).get(source[len("ansible_") :]) if source.startswith("ansible_") else None
    return str(fact or inventory_hostname)

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the filters have in common that take an event."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  _input:
    description:
      - The event, by the option names of M(community.sematext.event), of which C(type) and C(msg) are needed.
      - Other options of that module can be C(title), C(severity), C(tags), C(creator), C(host), C(data)
        and C(fields).
    type: dict
    required: true
"""

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The attributes that Ansible's documentation shows for each module."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
  idempotent:
    description: When run twice with the same arguments outside check mode, the second run indicates no change.
  action:
    description: There is an action plugin of the same name, which runs on the control node.
  async:
    description: Supports being used with the C(async) keyword.
"""

    ACTIONGROUP_SEMATEXT = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/community.sematext.sematext) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - community.sematext.sematext
"""

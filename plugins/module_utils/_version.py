# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

from __future__ import annotations

# The same as `version` in galaxy.yml; a unit test compares them.
VERSION = "0.4.0"

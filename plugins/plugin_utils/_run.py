# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The id of the run that the callback reports. It is set in the process that forks the workers, and so reaches them."""

from __future__ import annotations

#: None while no callback reports.
current_id: str | None = None

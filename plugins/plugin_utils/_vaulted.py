# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Arguments of tasks that stand encrypted in a playbook."""

from __future__ import annotations

import typing as t


def decrypted(value: t.Any) -> t.Any:
    """Values with what is vaulted in them as text: before ansible-core 2.19 such values are objects of their own."""
    if hasattr(value, "__ENCRYPTED__"):
        return str(value)
    if isinstance(value, dict):
        return {key: decrypted(item) for key, item in value.items()}
    return [decrypted(item) for item in value] if isinstance(value, list) else value

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""How a host is told that a deployment is under way on it. What it does with that is in the role node_sender."""

from __future__ import annotations

import shlex

#: The role node_sender installs it.
PROGRAM = "/usr/local/lib/community-sematext/deployment"


def command(deployment_id: str) -> str:
    """The command that marks a host. :param deployment_id: "" takes the mark away."""
    return shlex.join(["/bin/sh", PROGRAM, *([deployment_id] if deployment_id else [])])

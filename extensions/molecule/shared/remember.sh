#!/bin/sh
# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the roles may touch: files, drop-ins and states of units, the process of Elasticsearch.
set -eu
{
    find /etc /usr/local /var/spool -xdev -printf '%p %M %u:%g %l\n' | sort
    find /etc /usr/local -xdev -type f -exec sha256sum {} + | sort -k 2
    systemctl list-units --all --plain --no-legend 'elastic*' 'later*' 'community-sematext*'
    # It fails where there are none.
    systemctl list-unit-files --no-legend 'community-sematext*' || true
    systemctl show --property=MainPID,DropInPaths,NeedDaemonReload elasticsearch.service
} >"$1"

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings of a unit keep its hooks from working."""

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.filter.hook_obstacles import hook_obstacles

UNIT = "Id=redis.service\nLoadState=loaded\nTimeoutStartUSec=1min 30s\nTimeoutStopUSec=infinity\n"


def test_an_ordinary_unit_has_none():
    settings = (
        "RootDirectory=\nRootImage=\nTemporaryFileSystem=/run/x:ro\nBindPaths=/srv /a:/b:rbind\nPrivateNetwork=no\n"
    )
    for delivery in ("direct", "spool"):
        assert hook_obstacles(UNIT + settings, delivery) == []


def test_a_unit_that_is_not_there_has_none():
    assert hook_obstacles("Id=x.service\nLoadState=not-found\nRootDirectory=/srv\n", "spool") == []
    assert hook_obstacles("", "direct") == []


@pytest.mark.parametrize(
    "setting",
    [
        "RootDirectory=/srv",
        "RootImage=/srv/image",
        "TemporaryFileSystem=/var:ro",
        "TemporaryFileSystem=/",
        "BindPaths=/srv:/var/spool",
        "BindReadOnlyPaths=/opt:/usr/local",
        "BindPaths=/etc/community-sematext",
    ],
)
def test_what_hides_the_spool_is_one(setting):
    (sentence,) = hook_obstacles(UNIT + setting, "spool")
    assert sentence.startswith(f"redis.service has {setting.split(':')[0]}")
    assert sentence.endswith("Leave this service out, or change that setting.")


@pytest.mark.parametrize(
    "setting, name",
    [
        ("PrivateNetwork=yes", "PrivateNetwork=yes"),
        ("IPAddressDeny=::/0 0.0.0.0/0", "IPAddressDeny="),
        ("TimeoutStartUSec=4s", "TimeoutStartSec=4"),
        ("TimeoutStopUSec=5s", "TimeoutStopSec=5"),
        ("TimeoutStopUSec=500ms", "TimeoutStopSec=0.5"),
    ],
)
def test_what_only_direct_hooks_mind_is_one_for_them(setting, name):
    (sentence,) = hook_obstacles(UNIT + setting, "direct", 5)
    assert name in sentence and "service_events_delivery=spool" in sentence
    assert hook_obstacles(UNIT + setting, "spool", 5) == []


def test_an_address_that_is_allowed_may_be_the_receivers():
    assert hook_obstacles(UNIT + "IPAddressDeny=::/0 0.0.0.0/0\nIPAddressAllow=10.0.0.0/8\n", "direct") == []

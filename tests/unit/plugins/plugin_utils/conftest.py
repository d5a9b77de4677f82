# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A receiver for what delivers a spool."""

from __future__ import annotations

import pytest
from receiver.running import running_receiver


@pytest.fixture(scope="session")
def running():
    from spooled import TOKEN  # not before tests/unit/conftest.py has made the collection importable

    with running_receiver(tokens=[TOKEN]) as found:
        yield found


@pytest.fixture
def receiver(running, monkeypatch):
    """Without events and faults, and reached by no proxy of the tester's."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    running.heal()
    running.clear()
    return running

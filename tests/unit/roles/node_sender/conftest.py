# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node for each shell, and a receiver for those that send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver.running import Receiver, running_receiver
from shell import TOKEN, Node, each_shell


@pytest.fixture(params=each_shell)
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Node:
    return Node(tmp_path / "node", request.param)


@pytest.fixture(scope="session")
def running() -> Iterator[Receiver]:
    with running_receiver(tokens=[TOKEN]) as found:
        yield found


@pytest.fixture
def receiver(running: Receiver) -> Receiver:
    """A receiver as if it had just been started."""
    running.heal()
    running.clear()
    return running

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from receiver.front import Front, tcp_front
from receiver.running import Receiver

from .reporting import Reporting, leaves_nothing_running


@pytest.fixture
def reporting(playbook: Any, receiver: Receiver) -> Iterator[Reporting]:
    """Runs playbooks with the callback on; no process may be left at the end of the test."""
    reporting = Reporting(playbook, receiver, receiver.token)
    with leaves_nothing_running(reporting):
        yield reporting
        playbook.close()


@pytest.fixture
def front(receiver: Receiver) -> Iterator[Front]:
    """Stands before the receiver and can break what lies below HTTP."""
    with tcp_front(receiver) as front:
        yield front

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the role share. They need `make install`, and a machine that can make a node."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from receiver.front import Front, tcp_front
from receiver.running import Receiver, running_receiver
from service_node import COLLECTIONS, TOKEN, Node, Role
from service_node import node as node_command

if "ansible_collections.community.sematext" not in sys.modules:
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    _AnsibleCollectionFinder(paths=COLLECTIONS.split(":"))._install()

#: What test_hooks.py measures: the fault, and the seconds that it added to a start and to a stop.
DELAYS: list[tuple[str, float, float]] = []

#: What test_spool.py counts: the fault, events that were recorded, that arrived, that arrived again, out of order.
FAULTS: list[tuple[str, int, int, int, int]] = []


@pytest.fixture(scope="session")
def booted_node() -> Iterator[Node]:
    """One node for all tests, with the stand-in of Elasticsearch."""
    if (able := node_command("check", check=False)).returncode == 3:
        pytest.skip(able.stderr.strip())
    name = f"service-events-{os.getpid()}"
    node_command("start", name, "--hostname", "es-node-1")
    try:
        node_command("install-elasticsearch", name)
        yield Node(name)
    finally:
        node_command("stop", name)


@pytest.fixture
def node(booted_node: Node) -> Iterator[Node]:
    """The node as it was made: without the role's work, Elasticsearch stopped and not failed."""
    yield booted_node
    booted_node.clean()


@pytest.fixture(scope="session")
def any_receiver() -> Iterator[Receiver]:
    with running_receiver(tokens=[TOKEN]) as receiver:
        yield receiver


@pytest.fixture
def receiver(any_receiver: Receiver) -> Receiver:
    """A healthy receiver without events."""
    any_receiver.heal()
    any_receiver.clear()
    return any_receiver


@pytest.fixture
def front(receiver: Receiver) -> Iterator[Front]:
    """Stands before the receiver and can break what lies below HTTP."""
    with tcp_front(receiver) as front:
        yield front


@pytest.fixture
def role(node: Node, receiver: Receiver, tmp_path: Path) -> Role:
    return Role(node, receiver.url, tmp_path)


@pytest.fixture(scope="module")
def hooked(booted_node: Node, any_receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The node with the default hooks on Elasticsearch."""
    role = Role(booted_node, any_receiver.url, tmp_path_factory.mktemp("role"))
    del role.variables["service_events_node"]
    role.apply(tags=["env:prod"], fields={"team": "search"})
    yield booted_node
    booted_node.clean()


@pytest.fixture(scope="session")
def delays() -> list[tuple[str, float, float]]:
    """Append to it what the table at the end shall show."""
    return DELAYS


@pytest.fixture(scope="session")
def faults() -> list[tuple[str, int, int, int, int]]:
    """Append to it what the table of faults shall show."""
    return FAULTS


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The delays that hooks added, measured by test_hooks.py, and the events that test_spool.py counted."""
    if FAULTS:
        terminalreporter.section("events of the spool, counted at the receiver")
        terminalreporter.line(f"{'fault':<40} recorded delivered  lost  twice disorder")
        for fault, recorded, delivered, twice, disorder in FAULTS:
            lost = recorded - delivered
            terminalreporter.line(f"{fault:<40} {recorded:>8} {delivered:>9} {lost:>5} {twice:>6} {disorder:>8}")
    if DELAYS:
        terminalreporter.section("seconds that the hooks added (default: two hooks, at most 5 s each)")
        terminalreporter.line(f"{'what is wrong':<44} {'start':>7} {'stop':>7}")
        for fault, start, stop in DELAYS:
            terminalreporter.line(f"{fault:<44} {start:>7.2f} {stop:>7.2f}")
        worst = max(max(start, stop) for _fault, start, stop in DELAYS)
        terminalreporter.line(f"worst added delay of one start or stop: {worst:.2f} s")

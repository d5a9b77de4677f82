# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the role share. They need `make install`, and a machine that can make a node."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from receiver.front import Front, tcp_front
from receiver.running import Receiver, running_receiver
from service_node import COLLECTIONS, TOKEN, Node, Role, running_node
from spooling import Faults

if "ansible_collections.community.sematext" not in sys.modules:
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    _AnsibleCollectionFinder(paths=COLLECTIONS.split(":"))._install()

HERE = Path(__file__).resolve().parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is no smoke test here is for `make test-all`. Tests of a folder stay together in any random order."""
    folders: dict[Path, int] = {}
    for item in items:
        folders.setdefault(item.path.parent, len(folders))
        if HERE in item.path.parents and not item.get_closest_marker("smoke"):
            item.add_marker("full")
        if HERE in item.path.parents:
            # A worker makes a node of its own, and what is applied to it serves a whole file, as a rule.
            alone = item.path.stem == "test_smoke"
            smoke = item.get_closest_marker("smoke")
            item.add_marker(pytest.mark.xdist_group(item.name if alone else "smoke" if smoke else item.path.stem))
    # The folder `spool` has a fixture that takes half a minute. The sort keeps the order within a folder.
    if HERE in folders:
        ours = [item for item in items if HERE in item.path.parents]
        ours.sort(key=lambda item: folders[item.path.parent])
        replacing = iter(ours)
        items[:] = [next(replacing) if HERE in item.path.parents else item for item in items]


@pytest.fixture(scope="session")
def booted_node() -> Iterator[Node]:
    """One node for all tests of a process, with the stand-in of Elasticsearch."""
    with running_node() as node:
        yield node


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
def default_hooks(
    booted_node: Node, any_receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Role]:
    """The default hooks on Elasticsearch, applied once."""
    role = Role(booted_node, any_receiver.url, tmp_path_factory.mktemp("role"))
    del role.variables["service_events_node"]
    role.apply(tags=["env:prod"], fields={"team": "search"})
    yield role
    booted_node.clean()


@pytest.fixture
def hooked(default_hooks: Role, booted_node: Node, receiver: Receiver) -> Iterator[Node]:
    """The node with these hooks, Elasticsearch stopped and not failed."""
    yield booted_node
    receiver.heal()
    booted_node.sh(
        "rm -rf /run/systemd/system/elasticsearch.service.d /etc/default/elasticsearch; systemctl daemon-reload;"
        " systemctl stop elasticsearch; systemctl reset-failed"
    )


@pytest.fixture
def delays(record_property: Callable[[str, object], None]) -> Callable[[tuple[str, float, float]], None]:
    """Call it with what the table of delays shall show: the fault, the seconds that it added to a start, to a stop."""

    def add(row: tuple[str, float, float]) -> None:
        record_property("seconds that hooks added: fault, start, stop", "{:<44} {:>7.2f} {:>7.2f}".format(*row))

    return add


@pytest.fixture
def faults(record_property: Callable[[str, object], None]) -> Faults:
    """Call it with what the table of faults shall show: the fault, events recorded, delivered, twice, in disorder."""

    def add(row: tuple[str, int, int, int, int]) -> None:
        fault, recorded, delivered, twice, disorder = row
        record_property(
            "events of the spool, counted at the receiver: fault, recorded, delivered, lost, twice, in disorder",
            f"{fault:<48} {recorded:>6} {delivered:>6} {recorded - delivered:>6} {twice:>6} {disorder:>6}",
        )

    return add

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node whose services have hooks that record, applied once for all tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from receiver.front import Front, tcp_front
from receiver.running import Receiver
from service_node import Node, Role
from spooling import DELIVER, LIMITS, MARK, SPOOL, begun, waiting


@pytest.fixture(scope="package")
def gate(any_receiver: Receiver) -> Iterator[Front]:
    """Stands before the receiver for the whole module, as the node knows its URL."""
    with tcp_front(any_receiver) as front:
        yield front


@pytest.fixture(scope="package")
def spooling(booted_node: Node, gate: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Role]:
    """The node with hooks that record, on Elasticsearch and on the service `probe`."""
    role = Role(booted_node, gate.url, tmp_path_factory.mktemp("spool"))
    role.variables |= {
        "service_events_delivery": "spool",
        "service_events_tags": ["env:prod"],
        "service_events_services": [
            {"unit": "elasticsearch", "name": "Elasticsearch", "started": True, "stopping": True},
            {"unit": "probe", "name": "Probe"},
            {"unit": r"odd\x2dname@1", "name": 'a "b" \\ %n $x \u00fc'},
        ],
    }
    before = booted_node.files()
    role.apply()
    yield role
    done = role.apply(state="absent")
    assert "could not be delivered, so" not in done.output
    booted_node.sh("rm -rf /run/systemd/system/*.service*; systemctl daemon-reload")
    assert booted_node.files() == before
    booted_node.clean()


@pytest.fixture
def node(spooling: Role, booted_node: Node, gate: Front, receiver: Receiver) -> Iterator[Node]:
    """The node with nothing in its spool, and all services stopped."""
    gate.mode("pass")
    yield booted_node
    gate.mode("pass")
    receiver.heal()
    # Not each test has made each service.
    booted_node.sh("systemctl stop elasticsearch probe 'odd\\x2dname@1' 2>/dev/null || true; systemctl reset-failed")
    begun(booted_node)
    booted_node.sh(
        f"rm -rf /run/systemd/system/*.service*; systemctl daemon-reload; rm -f {SPOOL}/retry.* {SPOOL}/flapping/*"
        f" {MARK}; sed -i 's/^flapping_window=.*/flapping_window=300/; s/^max_events=.*/max_events=10000/' {LIMITS};"
        f"{DELIVER}"
    )
    assert waiting(booted_node) == []
    booted_node.sh(f"rm -f {SPOOL}/bad/*")

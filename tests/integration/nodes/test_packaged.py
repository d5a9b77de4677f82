# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services as Debian packages them, most of them with strict sandboxes, start and stop with hooks that record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver.running import Receiver
from service_node import Node, Role, running_node
from spooling import Faults, count

#: Services, and the packages that bring them.
PACKAGED = {
    "redis-server": "redis-server",
    "nginx": "nginx-light",
    "memcached": "memcached",
    "mosquitto": "mosquitto",
    "haproxy": "haproxy",
    "named": "bind9",
}


@pytest.fixture
def packaged_node() -> Iterator[Node]:
    """A node of its own, as packages leave things behind. No unit may have user namespaces in a container."""
    with running_node("packaged-") as node:
        packages = " ".join(PACKAGED.values())
        node.sh(
            "apt-get update >/dev/null; DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
            f" {packages} >/dev/null; mkdir -p /run/systemd/system/redis-server.service.d;"
            " printf '[Service]\\nPrivateUsers=no\\n' >/run/systemd/system/redis-server.service.d/container.conf;"
            f" systemctl daemon-reload; systemctl reset-failed; systemctl stop {' '.join(PACKAGED)}"
        )
        yield node


@pytest.mark.full
def test_packaged_services_in_their_sandboxes(
    packaged_node: Node, receiver: Receiver, tmp_path: Path, faults: Faults
) -> None:
    role = Role(packaged_node, receiver.url, tmp_path)
    role.apply(delivery="spool", services=[{"unit": unit} for unit in PACKAGED])
    for unit in PACKAGED:
        packaged_node.sh(f"systemctl start {unit}; systemctl is-active {unit}; systemctl stop {unit}")
    events = receiver.wait_for(2 * len(PACKAGED), timeout=60)
    count(faults, "packaged services in their sandboxes", 2 * len(PACKAGED), events)
    assert [(event["systemd.unit"], event["type"]) for event in events] == [
        (f"{unit}.service", kind) for unit in PACKAGED for kind in ("server_start", "server_stop")
    ]

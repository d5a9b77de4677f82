# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks that record work in whatever sandbox a service has, and with whatever POSIX shell a node has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from receiver.running import Receiver
from service_node import Node
from spooling import SPOOL, probe

#: Directives that a "+" lifts off the hook, or that forbid nothing of what it does.
SANDBOXES = (
    "CapabilityBoundingSet=",
    "DevicePolicy=closed",
    "DynamicUser=yes",
    "Environment=LD_PRELOAD=/nonexistent.so",
    "Environment=PATH=/nonexistent",
    "Environment=http_proxy=http://127.0.0.1:1",
    f"InaccessiblePaths={SPOOL} /usr/bin/curl /etc/community-sematext",
    "IPAddressDeny=any",
    "LimitAS=1M",
    "LimitCPU=0",
    "LimitFSIZE=0",
    "LimitNOFILE=3",
    "LimitNPROC=1",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "NoExecPaths=/",
    "NoNewPrivileges=yes",
    "PrivateDevices=yes",
    "PrivateNetwork=yes",
    "PrivateTmp=yes",
    "PrivateUsers=yes",
    "ProcSubset=pid",
    "ProtectHome=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProtectSystem=strict",
    "ReadOnlyPaths=/",
    "RestrictAddressFamilies=AF_UNIX",
    "RestrictAddressFamilies=none",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SecureBits=noroot",
    "SocketBindDeny=any",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@basic-io",
    "SystemCallFilter=~@network-io",
    "UMask=0777",
    "User=nobody",
)


def start_and_stop(node: Node) -> None:
    """Whether the service itself can live in its sandbox does not matter here."""
    node.run("systemctl", "start", "probe")
    node.sh("systemctl stop probe")


@pytest.mark.full
@pytest.mark.parametrize("directive", SANDBOXES)
def test_a_sandbox_binds_the_service_and_not_its_hooks(directive: str, node: Node, receiver: Receiver) -> None:
    probe(node, f"{directive}\n")
    start_and_stop(node)
    assert [event["systemd.unit"] for event in receiver.wait_for(2)] == ["probe.service"] * 2


def test_all_sandboxes_together_bind_the_service_and_not_its_hooks(node: Node, receiver: Receiver) -> None:
    probe(node, "".join(f"{directive}\n" for directive in SANDBOXES))
    start_and_stop(node)
    start, stop = receiver.wait_for(2)
    assert (start["type"], start["os.host"]) == ("server_start", "es-node-1")
    assert stop["systemd.unit"] == "probe.service"


@pytest.fixture(params=["bash", "busybox"])
def other_shell(request: pytest.FixtureRequest, node: Node) -> Iterator[None]:
    """Instead of dash. Both behave as the POSIX shell when they are called sh."""
    was = node.sh("readlink /usr/bin/sh").strip()
    node.sh(f"ln -s $(command -v {request.param}) /usr/bin/sh.new; mv /usr/bin/sh.new /usr/bin/sh")
    yield
    node.sh(f"ln -s {was} /usr/bin/sh.new; mv /usr/bin/sh.new /usr/bin/sh")


@pytest.mark.usefixtures("other_shell")
def test_any_posix_shell_records_and_delivers(node: Node, receiver: Receiver) -> None:
    probe(
        node,
        "ExecStart=\nExecStart=/bin/sh -c 'sleep .4; exit 1'\nRestart=always\nRestartSec=100ms\n"
        "[Unit]\nStartLimitBurst=4\nStartLimitIntervalSec=60\n",
    )
    node.sh(r"systemctl start 'odd\x2dname@1' || true; systemctl start probe elasticsearch")
    node.sh("systemctl stop elasticsearch")
    events = receiver.wait_for(9, timeout=30)
    assert sorted(event["message"] for event in events if "Elasticsearch" in event["message"]) == [
        "Started Elasticsearch on node es-node-1",
        "Starting Elasticsearch on node es-node-1",
        "Stopped Elasticsearch on node es-node-1",
        "Stopping Elasticsearch on node es-node-1",
    ]
    loop = [event for event in events if "Probe" in event["message"]]
    assert [event["type"] for event in loop] == [
        "server_start",
        "server_stop",
        "server_start",
        "server_restarts",
        "server_gave_up",
    ]
    assert loop[3]["systemd.restarts"] == 2

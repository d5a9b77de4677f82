# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role host_events on a host without systemd: boots by /etc/rc.local."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver.running import Receiver
from service_node import TOKEN, Node, Role

RC_LOCAL = "/etc/rc.local"


@pytest.fixture
def role(booted_node: Node, receiver: Receiver, tmp_path: Path) -> Iterator[Role]:
    role = Role(booted_node, receiver.url, tmp_path, "host_events")
    role.variables |= {"host_events_method": "rc_local"}
    yield role
    booted_node.sh(f"rm -rf {RC_LOCAL} /etc/community-sematext; systemctl daemon-reload")


def test_a_boot_is_told_and_the_way_back_is_clean(role: Role, booted_node: Node, receiver: Receiver) -> None:
    before = booted_node.files()
    role.apply()
    assert not role.apply().changed
    assert TOKEN not in booted_node.sh(f"cat {RC_LOCAL}")
    booted_node.reboot("reboot")
    (up,) = receiver.wait_for(1, timeout=30)
    assert (up["type"], up["message"]) == ("host_boot", "Booted node es-node-1")
    assert up["host.kernel"] == booted_node.sh("uname -r").strip()
    assert up["host.uptime"] > 0
    role.apply(state="absent")
    assert booted_node.files() == before


def test_what_is_in_the_file_stays(role: Role, booted_node: Node) -> None:
    """Ours goes before the end of it; a file that somebody keeps from running is refused."""
    booted_node.write(RC_LOCAL, "#!/bin/sh\ntouch /run/own\nexit 0\n")
    run = role.play({"es-node-1": {}})
    assert run.code != 0 and "not executable" in run.output
    booted_node.sh(f"chmod 755 {RC_LOCAL}")
    role.apply()
    text = booted_node.sh(f"cat {RC_LOCAL}")
    assert re.search(r"touch /run/own\n# BEGIN(.|\n)*host_boot(.|\n)*# END.*\nexit 0\n$", text)
    role.apply(state="absent")
    assert booted_node.sh(f"cat {RC_LOCAL}") == "#!/bin/sh\ntouch /run/own\nexit 0\n"

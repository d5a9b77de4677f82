# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role promises, once for each way of delivery, on the examples of its documentation.

To apply the role takes most of the time, so a test goes through one life of it: from check to removal.
"""

from __future__ import annotations

from pathlib import Path

import harm
import pytest
from receiver.front import tcp_front
from receiver.running import Receiver
from service_node import CURL_CONFIG, TOKEN, Node, Role
from spooling import PROBE, SPOOL, ordered

pytestmark = pytest.mark.smoke
REDIS = "redis@6379"


def install_redis(node: Node) -> None:
    node.write("/run/systemd/system/redis@.service", PROBE)
    node.sh("systemctl daemon-reload")


def seen_by_anybody(node: Node, unit: str) -> str:
    """What a user without rights sees of a service, of the node's processes and of our units; and the journal."""
    user = "runuser -u nobody --"
    units = f"{unit} 'community-sematext*'"
    return node.sh(
        f"{user} ps -eww -o args; {user} systemctl show {units}; {user} systemctl cat {units} || :;"
        f" {user} systemctl status {units} || :; cat /proc/[0-9]*/cmdline | tr '\\0' ' ';"
        " journalctl --sync; journalctl --output=verbose --all"
    )


def files_with_token(node: Node, *more: str) -> list[str]:
    """Files that hold the token, as `find` selects them."""
    script = (
        'read -r token; find /etc /root /run /tmp /usr/local /var -xdev -type f "$@" -exec grep -l "$token" {} + || :'
    )
    return node.run("sh", "-uc", script, "sh", *more, text=f"{TOKEN}\n").stdout.split()


def test_direct_hooks_hold_up_no_service_and_show_no_token(node: Node, receiver: Receiver, tmp_path: Path) -> None:
    install_redis(node)
    role = Role(node, receiver.url, tmp_path)
    role.use_example("roles/service_events/README.md")
    before = node.files()
    assert "+ExecStartPre=-+/usr/bin/curl -q --config" in role.apply("--check", "--diff").output
    assert node.files() == before
    first = role.apply("-vvv", "--diff")
    assert first.changed
    again = role.apply()
    assert not again.changed, again.output

    receiver.fault(hang=True)
    node.sh("systemctl start --no-block elasticsearch")
    receiver.wait_for_requests(1)
    seen = seen_by_anybody(node, "elasticsearch")
    harm.start(node, "elasticsearch", harm.DIRECT_HOOK)
    assert node.show("elasticsearch", "ActiveState") == "active"
    receiver.heal()
    receiver.clear()

    assert f"--config {CURL_CONFIG}" in seen
    assert TOKEN not in seen + first.output
    assert files_with_token(node) == [CURL_CONFIG]
    assert node.sh(f"stat -c '%U %a' {CURL_CONFIG} /etc/community-sematext").split() == ["root", "600", "root", "700"]

    harm.stop(node, "elasticsearch", harm.DIRECT_HOOK)
    harm.cycle(node, REDIS, 2 * harm.DIRECT_HOOK)
    assert [(event["type"], event["severity"], event["message"]) for event in receiver.wait_for(4)] == [
        ("server_stop", "info", "Stopped Elasticsearch on node es-node-1"),
        ("server_start", "info", "Starting Redis on node es-node-1"),
        ("server_started", "info", "Started Redis on node es-node-1"),
        ("server_stop", "warning", "Stopped Redis on node es-node-1"),
    ]

    assert role.apply(state="absent").changed
    assert node.files() == before


def test_hooks_that_record_wait_for_nothing_and_lose_nothing(node: Node, receiver: Receiver, tmp_path: Path) -> None:
    install_redis(node)
    with tcp_front(receiver) as gate:
        role = Role(node, gate.url, tmp_path)
        role.use_example("docs/guide_services.md")
        before = node.files()
        first = role.apply("-vvv", "--diff")
        assert first.changed

        gate.mode("hang")
        harm.start(node, REDIS, 2 * harm.SPOOL_HOOK)
        node.sh("until pgrep -x curl; do sleep .05; done")
        seen = seen_by_anybody(node, REDIS)
        assert f"service-event start {REDIS}.service" in seen
        assert TOKEN not in seen + first.output
        assert files_with_token(node) == [CURL_CONFIG]
        assert files_with_token(node, "-perm", "/o+r") == []
        assert node.sh(f"stat -c '%U %a' {CURL_CONFIG} {SPOOL}").split() == ["root", "600", "root", "700"]

        harm.stop(node, REDIS, harm.SPOOL_HOOK)
        harm.start(node, "elasticsearch", harm.SPOOL_HOOK, own=harm.CEILING)
        assert receiver.events() == []
        over = node.sh("date -u +%FT%T.999Z").strip()
        gate.mode("pass")
        events = receiver.wait_for(4, timeout=60)
        assert [event["message"] for event in events] == [
            "Starting Redis on node es-node-1",
            "Started Redis on node es-node-1",
            "Redis went away",
            "Starting Elasticsearch on node es-node-1",
        ]
        assert ordered(events)
        assert all(event["timestamp"] <= over for event in events)

        again = role.apply()
        assert not again.changed, again.output
        harm.stop(node, "elasticsearch", harm.SPOOL_HOOK)
        assert "could not be delivered, so" not in role.apply(state="absent").output
    assert node.files() == before

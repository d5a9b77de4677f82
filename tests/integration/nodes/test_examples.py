# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation of the filters do what they say."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from ansible_collections.community.sematext.plugins.filter import event_url, systemd_event
from service_node import TOKEN, Node, Role, playbook


def test_the_examples_of_the_filters_work(node: Node, role: Role, tmp_path: Path) -> None:
    tasks = [*yaml.safe_load(systemd_event.EXAMPLES), *yaml.safe_load(event_url.EXAMPLES)]
    (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": {"es-node-1": role.host}}}))
    (tmp_path / ".sematext_token").write_text(TOKEN)
    (tmp_path / ".sematext_token").chmod(0o600)
    node.sh("mkdir -p /etc/backup /etc/systemd/system/backup.service.d")
    node.write("/run/systemd/system/backup.service", "[Service]\nExecStart=/bin/true\n")

    run = playbook(tmp_path, HOME=str(tmp_path))
    assert run.code == 0, run.output
    node.sh("systemctl daemon-reload")
    command = node.show("backup", "ExecStopPost")
    assert 'The backup ended, 100% of \\"/srv\\" read' in command
    assert '"systemd.result":"${SERVICE_RESULT}"' in command
    assert f"https://event-receiver.eu.sematext.com/{TOKEN}/event" in node.sh("cat /etc/backup/receiver.curl")
    assert TOKEN not in run.output
    node.sh("rm -r /etc/backup")

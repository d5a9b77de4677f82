# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a newcomer sees first: `make demo`, without the steps before it that made this environment."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^(\d{4}-\d\d-\d\dT\S+Z)\s+(\S+)\s+(?:info|warning|error)\s+(\S+)\s+(\S.*)$", re.MULTILINE)


def test_the_demo_ends_with_a_timeline_of_run_deployment_start_and_stop():
    done = subprocess.run([str(TOP / "tests/demo/demo")], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    events = LINE.findall(done.stdout)
    assert [(kind, title) for _time, kind, _host, title in events] == [
        ("ansible_run", "Playbook site.yml started"),
        ("deployment", "Deployed shop 1.23"),
        ("server_start", "Starting Elasticsearch on node es-node-1"),
        ("server_stop", "Stopped Elasticsearch on node es-node-1"),
        ("infrastructure", "es-node-1 changed: Report the starts and stops of Elasticsearch"),
        ("ansible_run", "Playbook site.yml succeeded"),
    ]
    assert [time for time, *_rest in events] == sorted(time for time, *_rest in events)
    assert {host for _time, kind, host, _title in events if kind.startswith("server_")} == {"es-node-1"}
    nodes = subprocess.run([str(TOP / "tests/node/node"), "list"], capture_output=True, text=True, check=True)
    assert "community-sematext-demo" not in nodes.stdout

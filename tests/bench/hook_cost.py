# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one hook adds to the start of a service, and what it costs to empty a spool.

On a booted node, with the role's own hooks. The starts take turns, in an order that changes from round to round, and
the ratios are those to `+/bin/true`, the least that any hook can cost. It needs `make install`, and a machine that can
make a node.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "integration" / "nodes")]

# After the path is set.
from receiver.front import tcp_front  # noqa: E402
from receiver.running import Receiver, running_receiver  # noqa: E402
from service_node import TOKEN, Node, Role  # noqa: E402
from service_node import node as node_command  # noqa: E402

NAME = "bench-hooks"
SPOOL = "/var/spool/community-sematext"
CONFIG = "/etc/community-sematext/service_events.curl"
UNIT = "[Service]\nExecStart=/bin/sleep infinity\n"
UNITS = ("none", "true", "direct", "spool")
LIMIT = 4
WAITING = 1000
#: Run in the node: one start of each unit a round, in milliseconds.
ROUNDS = """
import json, random, subprocess, sys, time
units, rounds = json.loads(sys.argv[1]), int(sys.argv[2])
taken = {unit: [] for unit in units}
for _round in range(rounds):
    random.shuffle(units)
    for unit in units:
        begun = time.perf_counter()
        subprocess.run(["systemctl", "start", f"bench-{unit}"], check=True)
        taken[unit].append(1000 * (time.perf_counter() - begun))
        subprocess.run(["systemctl", "stop", f"bench-{unit}"], check=True)
print(json.dumps(taken))
"""


def prepare(node: Node, url: str, folder: Path) -> None:
    """Four units: without a hook, with `true`, with the direct hook and with the hook that records."""
    for unit in UNITS:
        node.write(f"/etc/systemd/system/bench-{unit}.service", UNIT)
    node.write("/etc/systemd/system/bench-true.service.d/hook.conf", "[Service]\nExecStartPre=+/bin/true\n")
    role = Role(node, url, folder)
    role.variables |= {"service_events_services": [{"unit": "bench-direct", "stop": False}]}
    role.apply()
    role.variables |= {
        "service_events_services": [{"unit": "bench-spool", "stop": False}],
        "service_events_delivery": "spool",
    }
    role.apply()
    node.sh("systemctl daemon-reload")


def starts(node: Node, rounds: int) -> dict[str, list[float]]:
    done = node.run("python3", "-c", ROUNDS, json.dumps(random.sample(UNITS, len(UNITS))), str(rounds))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def report(title: str, taken: dict[str, list[float]]) -> float:
    """Print what each hook added; gives the ratio of the hook that records to `true`."""
    medians = {unit: statistics.median(times) for unit, times in taken.items()}
    floor = medians["true"] - medians["none"]
    print(f"\nreceiver {title}: start without a hook {medians['none']:.1f} ms")
    for unit in UNITS[1:]:
        added = medians[unit] - medians["none"]
        print(f"  {unit:<8} +{added:8.1f} ms   {added / floor:8.1f} x true")
    return (medians["spool"] - medians["none"]) / floor


def drained(node: Node, receiver: Receiver) -> None:
    """1,000 waiting events, sent by `deliver` and, beside it, by one curl for each."""
    node.sh(
        # Nothing else shall send what is measured.
        "systemctl stop community-sematext-deliver.path community-sematext-deliver.timer;"
        "systemctl mask --runtime --now community-sematext-deliver.service; rm -f /run/event;"
        f"sed -i 's,^url.*/,url = \"{receiver.url}/{TOKEN}/,' {CONFIG}; systemctl start bench-spool;"
        f"tail -n 1 {SPOOL}/new/* | sed '/^==>/d;/^$/d' | tail -n 1 >/run/event; rm -rf {SPOOL}/new/* {SPOOL}/queue/*"
    )
    fill = (
        f"cd {SPOOL}/queue; for i in $(seq 1000 {999 + WAITING});"
        ' do sed "s/-start/-start-$i/" /run/event >"00000000-00000000$i-0000001.service_events"; done'
    )
    ways = {
        "deliver": f"rm -f {SPOOL}/retry.*; sh /usr/local/lib/community-sematext/deliver now",
        "one curl for each": f"cd {SPOOL}/queue; for f in *; do curl -q -K {CONFIG} --data-binary @$f; rm $f; done",
    }
    print(f"\n{WAITING} waiting events:     seconds   CPU seconds   requests   connections   arrived")
    for way, script in ways.items():
        node.sh(fill)
        receiver.clear()
        done = node.sh(f"s=$(date +%s%N); {{ {script}; }} >/run/output 2>&1; echo $(($(date +%s%N) - s)); times").split(
            "\n"
        )
        cpu = sum(60 * float(part.split("m")[0]) + float(part.split("m")[1].rstrip("s")) for part in done[2].split())
        records = receiver.records()
        arrived = len({record["event"]["event.id"] for record in records})
        print(
            f"  {way:<20} {int(done[0]) / 1e9:8.1f} {cpu:13.1f} {len(receiver.requests()):10}"
            f" {len({record['connection'] for record in records}):13}"
            f" {arrived:9}"
        )
        if arrived != WAITING:
            raise RuntimeError(f"{way}: {arrived} of {WAITING} events arrived\n{node.sh('tail -n 5 /run/output')}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50, help="starts of each kind (50; 5 with a hanging receiver)")
    rounds = parser.parse_args().rounds
    node_command("start", NAME, "--hostname", NAME)
    try:
        with contextlib.ExitStack() as stack:
            receiver = stack.enter_context(running_receiver(tokens=[TOKEN]))
            front = stack.enter_context(tcp_front(receiver))
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            node = Node(NAME)
            print(f"# {dt.date.today()}, {node.sh('systemctl --version').splitlines()[0]}, {rounds} rounds")
            prepare(node, front.url, Path(folder))
            ratios = [report("healthy", starts(node, rounds))]
            front.mode("hang")
            ratios.append(report("hanging (a direct hook waits for 5 s)", starts(node, max(3, rounds // 10))))
            node.sh("systemctl stop community-sematext-deliver.service")
            drained(node, receiver)
    finally:
        node_command("stop", NAME)
    print(f"\nrecording adds at most {max(ratios):.2f} times what `true` adds; the limit is {LIMIT}")
    return 0 if max(ratios) <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())

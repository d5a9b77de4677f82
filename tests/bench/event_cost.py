# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module `event` costs, beside `debug` (the floor of a task on the control node) and other ways to send.

Each run of ansible-playbook has one task for 50 hosts, or for as many as --hosts says; its cost is the CPU time of
ansible-playbook and of all that it starts. The runs take turns, and a ratio is the median over the rounds of one
round's ratio, so that what else the machine does weighs on both sides of it. It needs `make install`, and the Python
library datadog for datadog_event and curl for the shell.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import shlex
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
from meter import cpu_seconds
from runs import FORKS, LOCAL, PROGRAM, ROOT, base_environment, version

sys.path.insert(0, str(ROOT / "tests"))

from receiver.running import Receiver, running_receiver  # noqa: E402

#: Hosts by default, for which the limit holds: the fewer they are, the less a task's own cost weighs.
HOSTS = 50
LIMIT = 1.5
TOKEN = "bench-token"
TEXT = "Deployed shop 1.23 to production"


@dataclass(frozen=True)
class Case:
    """One kind of run."""

    name: str
    task: Mapping[str, Any] | None
    receiver: Receiver | None = None
    path: str = ""
    peer: bool = False


def cases(plain: Receiver, secure: Receiver) -> list[Case]:
    """What is measured; `debug` stands twice, which shows the noise."""
    event = {"community.sematext.event": {"type": "deployment", "msg": TEXT}}
    body = {"type": "deployment", "message": TEXT}
    uri = {"url": f"{plain.url}/{TOKEN}/event", "method": "POST", "body_format": "json", "body": body}
    datadog = {"title": TEXT, "text": TEXT, "api_key": TOKEN, "app_key": TOKEN, "api_host": plain.url}
    debug = {"ansible.builtin.debug": {"msg": TEXT}}
    found = [
        Case("an empty play", None),
        Case("`debug`", debug),
        Case("`debug` again", debug),
        Case("`event` over http", event, plain, f"/{TOKEN}/event"),
        Case("`event` over https, default CA bundle", event, secure, f"/{TOKEN}/event"),
        Case("`ansible.builtin.uri` over http", {"ansible.builtin.uri": uri}, plain, f"/{TOKEN}/event", peer=True),
    ]
    if shutil.which("curl"):
        words = ["curl", "--silent", "--show-error", "--fail", "--data", json.dumps(body), f"{plain.url}/{TOKEN}/event"]
        shell = {"ansible.builtin.shell": shlex.join(words)}
        found.append(Case("`ansible.builtin.shell: curl` over http", shell, plain, f"/{TOKEN}/event", peer=True))
    if importlib.util.find_spec("datadog"):
        task = {"community.general.datadog_event": datadog}
        found.append(Case("`community.general.datadog_event` over http", task, plain, "/api/v1/events", peer=True))
    return found


class Bench:
    """Runs playbooks in a folder of its own."""

    def __init__(self, folder: Path, authority: str, hosts: int) -> None:
        self._folder, self._hosts = folder, hosts
        bundle = folder / "bundle.pem"
        bundle.write_text(Path(certifi.where()).read_text() + Path(authority).read_text())
        names = {f"host{number + 1}": None for number in range(hosts)}
        (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": names, "vars": LOCAL}}))
        (folder / "ansible.cfg").write_text("")
        self._environment = {
            **base_environment(folder),
            "SEMATEXT_APP_TOKEN": TOKEN,
            # the certificates that everybody has, and that of the receiver: loading them costs what it always does
            "REQUESTS_CA_BUNDLE": str(bundle),
            "SSL_CERT_FILE": str(bundle),
        }

    def cost(self, case: Case) -> float:
        """CPU seconds of one run, which must have sent an event for each host."""
        play = {"hosts": "all", "gather_facts": False, "strategy": "linear", "tasks": [case.task] if case.task else []}
        (self._folder / "playbook.yml").write_text(json.dumps([play]))
        environment = self._environment
        if case.receiver:
            case.receiver.clear()
            environment = {**environment, "SEMATEXT_EVENT_RECEIVER_URL": case.receiver.url}
        spent = cpu_seconds([PROGRAM, "-i", "hosts.yml", "playbook.yml"], self._folder, environment)
        if case.receiver:
            answered = [each["status"] for each in case.receiver.requests() if each["path"] == case.path]
            if answered.count(200) != self._hosts:
                raise RuntimeError(f"{case.name}: {answered.count(200)} of {self._hosts} events arrived")
        return spent


def measure(bench: Bench, wanted: Sequence[Case], rounds: int, peer_rounds: int) -> dict[str, list[float]]:
    """The costs by the case's name, one for each round."""
    costs: dict[str, list[float]] = {case.name: [] for case in wanted}
    for case in wanted:
        if not case.peer:
            bench.cost(case)  # the first time, files are cold
    for number in range(rounds):
        due = [case for case in wanted if not case.peer or number < peer_rounds]
        for case in due if number % 2 else reversed(due):
            costs[case.name].append(bench.cost(case))
    return costs


def rounds(hosts: int, number: int, peer_number: int) -> dict[str, list[float]]:
    """Measure all cases with so many hosts."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        plain = stack.enter_context(running_receiver(tokens=[TOKEN]))
        secure = stack.enter_context(running_receiver(tokens=[TOKEN], tls=True))
        assert secure.ca_path
        plain.fault(path="^/api/", status=200, body='{"status": "ok"}', store=False)  # as Datadog answers
        return measure(Bench(Path(folder), secure.ca_path, hosts), cases(plain, secure), number, peer_number)


def table(costs: Mapping[str, Sequence[float]], hosts: int) -> dict[str, float]:
    """Print the table; gives the ratios to `debug`."""
    floor, empty, ratios = costs["`debug`"], costs["an empty play"], {}
    print("| task | rounds | CPU s per run | times `debug` (lowest to highest) | CPU ms per host over an empty play |")
    print("|---|---|---|---|---|")
    for name, spent in costs.items():
        pairs = [mine / theirs for mine, theirs in zip(spent, floor)]
        per_host = statistics.median((mine - theirs) / hosts * 1000 for mine, theirs in zip(spent, empty))
        ratios[name] = statistics.median(pairs)
        spread = f"{ratios[name]:.2f} ({min(pairs):.2f} to {max(pairs):.2f})"
        print(f"| {name} | {len(spent)} | {statistics.median(spent):.2f} | {spread} | {per_host:.1f} |")
    return ratios


def main() -> int:
    """Measure, print, and fail if `event` costs more than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="rounds (%(default)s)")
    parser.add_argument("--peer-rounds", type=int, default=2, help="rounds of what is slow (%(default)s)")
    parser.add_argument("--hosts", default=str(HOSTS), help="numbers of hosts, for example 10,50,200 (%(default)s)")
    options = parser.parse_args()
    over: dict[str, float] = {}
    for hosts in map(int, options.hosts.split(",")):
        print(f"{version()}; {hosts} hosts, {FORKS} forks\n")
        ratios = table(rounds(hosts, options.rounds, options.peer_rounds), hosts)
        print(flush=True)
        if hosts == HOSTS:
            over = {name: ratio for name, ratio in ratios.items() if name.startswith("`event`") and ratio > LIMIT}
    for name, there in {"datadog": importlib.util.find_spec("datadog"), "curl": shutil.which("curl")}.items():
        if not there:
            print(f"What needs {name} was not measured: it is not installed.\n")
    for name, ratio in over.items():
        print(f"{name} costs {ratio:.2f} times `debug`, where {LIMIT} is the limit.\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A booted node, the role applied to it by a real ansible-playbook, and what may go wrong around it."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import IO, Any, TypeVar

import harm
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
COLLECTIONS = os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(ROOT / "build" / "collections"))
NODE = str(ROOT / "tests" / "node" / "node")
#: A file for each node that a process of these tests has.
RUNNING = ROOT / "build" / "node" / "running"
#: Seconds in which a node without anything of ours shuts down, even on a busy machine.
OWN_SHUTDOWN = 5
DROP_IN = "/etc/systemd/system/{}.service.d/50-community-sematext.conf"
CURL_CONFIG = "/etc/community-sematext/service_events.curl"
#: Looks like no other text, so that it can be searched for.
TOKEN = "canary-4f1d0c7e"
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """What ansible-playbook did."""

    code: int
    output: str

    @property
    def changed(self) -> bool:
        """Whether any task changed anything."""
        return "changed=0" not in self.output


class Node:
    """A container with a booted systemd."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever its end."""
        return node("exec", self.name, *command, text=text, check=False)

    def sh(self, script: str, text: str | None = None) -> str:
        """The output of a shell script that must succeed."""
        done = self.run("sh", "-euc", script, text=text)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path: str, content: str) -> None:
        """Write a file, in place if it exists."""
        self.sh(f"mkdir -p {quote(os.path.dirname(path))}; cat >{quote(path)}", content)

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.sh(f"systemctl show --value --property={name} -- '{unit}'").strip()

    def moment(self) -> str:
        """The time in the node, for `journal`."""
        return self.sh("date +@%s.%6N").strip()

    def journal(self, unit: str, since: str) -> str:
        """What a unit has logged since a moment."""
        return self.sh(f"journalctl --sync; journalctl --unit={unit} --since={since}")

    def reboot(self, how: str = "reboot") -> None:
        """Shut it down, by systemd's own command or by "kill", and boot it again."""
        if how == "kill":
            self._engine("kill", "--signal", "KILL")
        else:
            # Without logind, systemctl complains and does it nevertheless.
            self.run("systemctl", how)
        ceiling = harm.CEILING * harm.SHUTDOWN_FLUSH + OWN_SHUTDOWN
        try:
            eventually(lambda: self._engine("inspect", "--format", "{{.State.Running}}").strip() == "false", ceiling)
        except AssertionError:
            self._engine("kill", "--signal", "KILL")
            pytest.fail(f"the shutdown took more than {ceiling} s; the last delivery may take {harm.SHUTDOWN_FLUSH} s")
        finally:
            self._engine("start")
            eventually(lambda: self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"), 60)

    def _engine(self, *command: str) -> str:
        words = [engine(), *command, self.name]
        return subprocess.run(words, check=True, capture_output=True, text=True, env=engine_environment()).stdout

    def clean(self) -> None:
        """Undo what tests do."""
        self.sh(
            "systemctl stop elasticsearch 'community-sematext*' || true; systemctl reset-failed;"
            " rm -rf /etc/community-sematext"
            " /etc/default/elasticsearch /etc/systemd/system/*.service.d"
            " /etc/systemd/system/community-sematext* /etc/systemd/system/*.wants/community-sematext*"
            " /usr/local/lib/community-sematext /var/spool/community-sematext /run/systemd/system/*.service*"
            " /run/community-sematext*; systemctl daemon-reload"
        )

    def files(self) -> str:
        """All that the role may touch: names, modes, owners and contents; and what systemd knows of units."""
        return self.sh(
            "find /etc /usr/local /var/spool -xdev ! -name machine-id -printf '%p %M %u:%g %s %l\\n' | sort;"
            "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2;"
            "systemctl list-units --all --plain --no-legend 'elastic*' 'other*' 'community-sematext*';"
            # It fails where there are none.
            "systemctl list-unit-files --no-legend 'community-sematext*' || true;"
            "systemctl show --property=DropInPaths,NeedDaemonReload elasticsearch.service"
        )


def node(*arguments: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NODE, *arguments], input=text or "", capture_output=True, text=True, errors="replace", check=check
    )


@functools.cache
def engine() -> str:
    """podman or docker."""
    return node("engine").stdout.strip()


@functools.cache
def engine_environment() -> dict[str, str]:
    """The environment with what the engine needs on this machine."""
    conf = node("conf", check=False).stdout.strip()
    return {**os.environ, "CONTAINERS_CONF": conf} if conf else dict(os.environ)


@contextlib.contextmanager
def running_node(kind: str = "") -> Iterator[Node]:
    """A node of this process alone, with the stand-in of Elasticsearch.

    The lock on the file of its name goes with this process, however it ends; so what a killed one has left behind is
    known for certain, and removed by the next.
    """
    if (able := node("check", check=False)).returncode == 3:
        pytest.skip(able.stderr.strip())
    RUNNING.mkdir(parents=True, exist_ok=True)
    for leftover in RUNNING.glob("service-events-*"):
        if lock := _lock(leftover, wait=False):
            with lock:
                node("stop", leftover.name)
                leftover.unlink()
    own = RUNNING / f"service-events-{kind}{os.getpid()}"
    lock = _lock(own, wait=True)
    assert lock
    with lock:
        try:
            node("start", own.name, "--hostname", "es-node-1")
            node("install-elasticsearch", own.name)
            yield Node(own.name)
        finally:
            node("stop", own.name)
            own.unlink()


def _lock(path: Path, wait: bool) -> IO[str] | None:
    """The file, open and locked; None if another process has the lock. Who has it may remove the file."""
    while True:
        file = path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.close()
            return None
        if os.fstat(file.fileno()).st_nlink:
            return file
        # Removed before this had the lock.
        file.close()


class Role:
    """Applies a role to the node."""

    def __init__(self, target: Node, url: str, folder: Path, name: str = "service_events") -> None:
        self.folder = folder
        self.name = name
        self.variables: dict[str, Any] = {
            f"{name}_app_token": TOKEN,
            f"{name}_event_receiver_url": url,
            f"{name}_node": "es-node-1",
        }
        self.target = target.name
        #: As in a play; by default the role alone, with the variables above.
        self.roles: list[dict[str, Any]] = []

    def use_example(self, document: str) -> None:
        """Apply it as the first example of a document does; the token is in a variable of the user's there."""
        text = (ROOT / document).read_text()
        (play,) = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
        self.roles = play["roles"]
        token = self.variables.pop(f"{self.name}_app_token")
        # The region is part of the examples; the receiver here has none.
        self.variables |= {"vault_sematext_app_token": token, "sematext_app_token": token}

    @property
    def host(self) -> dict[str, str]:
        """How Ansible gets into the node, which a reboot changes."""
        return dict(word.split("=") for word in node("ansible", self.target).stdout.split())

    def apply(self, *arguments: str, code: int = 0, **variables: Any) -> Run:
        """One run of a playbook with the role.

        :param variables: of the role, without its prefix; of the environment, in capitals; of Ansible.
        """
        environment = {name: variables.pop(name) for name in list(variables) if name.isupper()}
        run = self.play({"es-node-1": variables}, *arguments, **environment)
        assert run.code == code, run.output
        return run

    def play(self, hosts: dict[str, dict[str, Any]], *arguments: str, **environment: str) -> Run:
        """One run with several hosts, all of them the same node, each with variables of its own."""
        roles = self.roles or [{"role": f"community.sematext.{self.name}"}]
        play = {"hosts": "all", "gather_facts": False, "any_errors_fatal": False, "roles": roles}
        inventory = {name: {**self.host, **self.variables, **self._prefixed(own)} for name, own in hosts.items()}
        (self.folder / "play.json").write_text(json.dumps([play]))
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": inventory}}))
        return playbook(self.folder, *arguments, **environment)

    def _prefixed(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {
            name if name.startswith("ansible_") else f"{self.name}_{name}": value for name, value in variables.items()
        }


def playbook(folder: Path, *arguments: str, **more: str) -> Run:
    """Run play.json of a folder on inventory.json there."""
    environment = {name: value for name, value in engine_environment().items() if not name.startswith("SEMATEXT_")}
    environment.update(more)
    environment["ANSIBLE_COLLECTIONS_PATH"] = COLLECTIONS
    program = os.environ.get("ANSIBLE_PLAYBOOK", str(Path(sys.executable).with_name("ansible-playbook")))
    done = subprocess.run(
        [program, "-i", "inventory.json", "play.json", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def eventually(condition: Callable[[], T], timeout: float = 20) -> T:
    """Wait until something is true, and give it."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return result


@contextlib.contextmanager
def name_server(answer: bool) -> Iterator[str]:
    """The address, on loopback, of a name server that knows no name, or never answers. Needs root."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        # resolv.conf knows no port but 53, so each gets an address of its own.
        for number in itertools.count(1):
            address = f"127.0.99.{number}"
            with contextlib.suppress(OSError):
                server.bind((address, 53))
                break
            assert number < 250, "no loopback address has its port 53 free"
        server.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    query, client = server.recvfrom(4096)
                    if answer:
                        server.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:], client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield address
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """A URL, on loopback, to which no connection comes about: with its queue full, it gives no answer."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _time in range(10):
            client = stack.enter_context(socket.socket())
            client.settimeout(0.3)
            try:
                client.connect(server.getsockname())
            except TimeoutError:
                yield f"http://127.0.0.1:{server.getsockname()[1]}"
                return
        raise RuntimeError("the queue does not fill")

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A managed node in a folder: the programs of the role node_sender as they are, under each POSIX shell of this machine.

What they do with a real systemd, as root, on a booted node is tested in tests/integration/nodes.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

FILES = Path(__file__).resolve().parents[4] / "roles" / "node_sender" / "files"
PROGRAMS = ("deliver", "deployment", "flapping", "host-event", "record", "service-event", "systemd")
BOOT = "0b0b0b0b"
UNIT = "probe.service"
TOKEN = "unit-test-token"
#: A process that cannot be: beyond the kernel's largest id.
NO_PROCESS = 9999999

#: /bin/sh is dash on Debian and Ubuntu, bash in its POSIX mode on RedHat and SUSE, ash on Alpine.
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox ash": ["busybox", "ash"]}
each_shell = [
    pytest.param(
        [shutil.which(words[0]), *words[1:]],
        id=name,
        marks=pytest.mark.skipif(not shutil.which(words[0]), reason=f"{words[0]} is not on this machine"),
    )
    for name, words in SHELLS.items()
]

#: The places that the programs know, and what takes their place below the node's folder.
PLACES = {
    "/var/spool/community-sematext": "spool",
    "/etc/community-sematext": "settings",
    "/run/community-sematext-deployment": "deployment",
    "/run/community-sematext-booted": "booted",
    "/proc/uptime": "uptime",
    "/proc/sys/kernel/random/boot_id": "boot_id",
    "/proc/sys/kernel/osrelease": "osrelease",
}
#: These stay: no other place would do.
KEPT = {"/proc/self/fd/9"}
#: Bytes of a file: none, or the names of a few records.
ROOM = {"": -1, "full": 0, "almost full": 200}
SEARCH_PATH = "PATH=/usr/local/sbin:"

# systemd takes seconds to boot, and needs a container: what it would answer is in files, one for each unit, as
# `systemctl show` prints it. It knows one timer, which is active or not.
SYSTEMCTL = r"""#!/bin/sh
cd {root}/systemd
case $* in
"show --property="*" -- "*) cat "${{*##* }}" ;;
"--quiet is-active community-sematext-deliver.timer") [ -e timer ] ;;
"start --no-block community-sematext-deliver.timer") : >timer ;;
"stop --no-block community-sematext-deliver.timer") rm timer ;;
"list-jobs --no-legend") cat jobs ;;
is-system-running) cat state ;;
*) echo "systemctl $*" >>{root}/unexpected ;;
esac
"""
# Windows, ages and further attempts are about minutes and weeks: a test says how late it is.
DATE = r"""#!/bin/sh
read -r now <{root}/now
exec {date} --date="@$now" "$@"
"""
# Nobody waits. What systemd says after that is in systemd/later.
SLEEP = r"""#!/bin/sh
ulimit -S -f unlimited
echo "$1" >>{root}/slept
for file in {root}/systemd/later/*; do [ ! -e "$file" ] || mv "$file" {root}/systemd/; done
"""
# Nothing here outlives a power cut, and a disk may be slow.
SYNC = r"""#!/bin/sh
for file; do [ -f "$file" ] || exit; done
"""


class Node:
    """The programs, settings and spool of a node, the time there, and what its systemd answers."""

    def __init__(self, root: Path, shell: list[str]) -> None:
        assert re.fullmatch(r"[\w./-]+", str(root)), "the programs' own paths hold nothing to quote either"
        self.root, self.shell = root, shell
        self.spool, self.settings = root / "spool", root / "settings"
        self.mark = root / "deployment"
        self.recorded = 0
        for folder in ("bin", "programs", "settings/services", "spool/new", "systemd/later"):
            (root / folder).mkdir(parents=True)
        self._install()
        self.write("boot_id", f"{BOOT}-0000-4000-8000-000000000000\n")
        self.write("osrelease", "6.1.0-test\n")
        self.uptime(1000)
        self.clock(0)
        self.add_service()
        self.limits()

    def _install(self) -> None:
        found = set()
        for name in PROGRAMS:
            text = (FILES / name).read_text()
            for place, ours in {**PLACES, SEARCH_PATH: ""}.items():
                if place in text:
                    found.add(place)
                    other = f"PATH={self.root}/bin:{place[5:]}" if place == SEARCH_PATH else f"{self.root}/{ours}"
                    text = text.replace(place, other)
            code = re.sub(r"(?m)^ *#.*", "", text).replace(str(self.root), "")
            left = set(re.findall(r"/(?:etc|proc|run|srv|sys|var)/[\w./-]*", code)) - KEPT
            assert not left, f"{name} would leave the test's folder for {left}"
            (self.root / "programs" / name).write_text(text)
        assert found == {*PLACES, SEARCH_PATH}, "each place is replaced somewhere"
        for name, stand_in in {"systemctl": SYSTEMCTL, "date": DATE, "sleep": SLEEP, "sync": SYNC}.items():
            self.stand_in(name, stand_in.format(root=self.root, date=shutil.which("date")))

    def stand_in(self, name: str, text: str) -> None:
        """Put a program before all others of its name."""
        path = self.root / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def write(self, path: str, text: str) -> Path:
        (self.root / path).write_text(text)
        return self.root / path

    def uptime(self, seconds: float) -> None:
        self.write("uptime", f"{seconds:.2f} 0.00\n")

    def clock(self, seconds: int) -> None:
        """Set the time, in seconds since midnight of 2026-01-01."""
        self.now = seconds
        self.write("now", f"{moment(seconds)}\n")

    def systemd_says(self, unit: str = UNIT, folder: str = "systemd", **properties: object) -> None:
        self.write(f"{folder}/{unit}", "".join(f"{name}={value}\n" for name, value in properties.items()))

    def add_service(self, unit: str = UNIT, name: str = "Probe", without: Iterable[str] = ()) -> None:
        """What roles/service_events/templates/service.j2 writes for a service with all hooks, or without some."""
        texts = {"unit": unit}
        for hook, (kind, severity, text) in TEXTS.items():
            if hook not in without:
                options = {
                    "type": kind,
                    "severity": severity,
                    "msg": text.format(name),
                    "fields": {"systemd.unit": unit},
                }
                texts[hook] = unfinished(options)
        self.write(f"settings/services/{unit}", "".join(f"{key}={shlex.quote(texts[key])}\n" for key in texts))

    def limits(self, sender: str = "service_events", **limits: int) -> None:
        """What roles/node_sender/templates/sender.spool.j2 writes."""
        values = {"max_events": 10000, "max_age": 1209600, "flapping_window": 300, **limits}
        event = {"type": "server_events_dropped", "severity": "warning", "msg": "Events of node n1 were dropped"}
        text = "".join(f"{key}={value}\n" for key, value in values.items())
        text += f"dropped_event={shlex.quote(unfinished(event))}\n"
        self.write(f"settings/{sender}.spool", text)

    def receiver(self, url: str, sender: str = "service_events", token: str = TOKEN) -> None:
        """What roles/node_sender/templates/sender.curl.j2 writes."""
        self.write(
            f"settings/{sender}.curl",
            f'url = "{url}/{token}/event"\nheader = "Content-Type: application/json"\nheader = "Expect:"\ngloboff\n'
            'output = "/dev/null"\nsilent\nshow-error\nfail\nconnect-timeout = 2\nmax-time = 5\nnoproxy = "*"\n',
        )

    def run(self, program: str, *words: str, disk: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program; `disk` limits what it can write to a file, as root, too: a key of ROOM."""
        room = ROOM[disk]
        return subprocess.run(
            [*self.shell, str(self.root / "programs" / program), *words],
            env=environment,
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
            # Python ignores SIGXFSZ, so that writing is an error and not the end.
            restore_signals=not disk,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY)))
            if disk
            else None,
        )

    def deliver(self, *words: str, disk: str = "") -> str:
        """Have it all delivered as far as that goes; gives what goes to the journal."""
        done = self.run("deliver", *words, disk=disk)
        assert disk or (done.returncode, done.stderr) == (0, ""), done
        assert not (self.root / "unexpected").exists()
        return done.stdout

    def record(
        self,
        kind: str,
        ident: str,
        reason: str = "-",
        unit: str = UNIT,
        sender: str = "service_events",
        boot: str = BOOT,
    ) -> Path:
        """Leave a record as `service-event` does, of now."""
        self.recorded += 1
        text = json.dumps({"type": f"server_{kind}", "message": f"{kind} {ident}", "event.id": ident})
        path = self.spool / "new" / f"{boot}-{self.recorded:012}-{NO_PROCESS}.{sender}"
        path.write_text(f"{kind} {unit} {ident} {reason}\n{text}\n")
        self.set_time(path)
        return path

    def set_time(self, path: Path, at: int | None = None) -> None:
        time = moment(self.now if at is None else at)
        os.utime(path, (time, time))

    def files(self, folder: str) -> list[Path]:
        """The files of a folder of the spool, in their order."""
        return sorted((self.spool / folder).iterdir())

    def queued(self) -> list[dict[str, Any]]:
        """The events that are due, in the order in which they go out."""
        return [json.loads(file.read_text()) for file in self.files("queue")]

    def take_out(self) -> list[dict[str, Any]]:
        """The same, and takes them away as if they were delivered."""
        events = self.queued()
        for file in self.files("queue"):
            file.unlink()
        return events


#: The events of a service: type, severity, and message with a place for the name.
TEXTS = {
    "start": ("server_start", "info", "Starting {}"),
    "started": ("server_started", "info", "Started {}"),
    "stopping": ("server_stopping", "info", "Stopping {}"),
    "stop": ("server_stop", "info", "Stopped {}"),
    "failed": ("server_stop", "error", "{} failed"),
    "start_failed": ("server_start_failed", "error", "{} failed to start"),
    "flapping": ("server_restarts", "error", "{} restarted"),
    "gave_up": ("server_gave_up", "error", "systemd gave up restarting {}"),
}


def unfinished(options: dict[str, Any]) -> str:
    """An event in JSON, open at the end of its message, as the roles write it."""
    # A conftest imports this file, before the collection can be imported.
    from ansible_collections.community.sematext.plugins.filter.event_json import event_json

    return event_json(options, unfinished=True)


def moment(seconds: int) -> int:
    """Seconds since midnight of 2026-01-01, which tests count from, as seconds since 1970."""
    return 1767225600 + seconds

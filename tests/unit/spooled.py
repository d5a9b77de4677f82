# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs and their events in a spool, for the tests of what delivers them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.community.sematext.plugins.module_utils._event import build, encode
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.plugin_utils._run_events import About
from ansible_collections.community.sematext.plugins.plugin_utils._spool import Spool

TOKEN = "SECRET-token_4d5c"
RUN = "11111111-1111-4111-8111-111111111111"
OTHER_RUN = "22222222-2222-4222-8222-222222222222"
#: Seconds after which a test gives up waiting for what happens within milliseconds.
LONG = 30


def event(message: str = "Hello") -> bytes:
    """An event as it is recorded."""
    return encode(build({"type": "test", "msg": message}))


def interrupted(run_id: str = RUN) -> dict[str, Any]:
    """The end that a run has if nobody lives to tell of it."""
    return About(run_id, "site.yml", "alice", "control", False, {}, {}).interrupted()


def spool_of(root: Path, connection: Connection) -> Spool:
    """The spool of a receiver and App, with its folders."""
    spool = Spool(str(root), connection.digest)
    spool.prepare()
    return spool


def record(spool: Spool, *messages: str, run_id: str = RUN) -> None:
    """Record an event for each message."""
    for message in messages:
        spool.record(run_id, event(message))


def waiting(spool: Spool) -> list[dict[str, Any]]:
    """The events that are due, in the order of their recording."""
    return [json.loads(Path(spool.events, name).read_bytes()) for name in spool.due()]


def set_aside(spool: Spool) -> list[bytes]:
    """What can never be accepted."""
    return [Path(spool.bad, name).read_bytes() for name in os.listdir(spool.bad)]


def said(events: list[dict[str, Any]]) -> list[str]:
    """What events say."""
    return [each["message"] for each in events]


def listener(told: Path) -> str:
    """The program of a child that writes what it is told into a file until it is told to finish."""
    return (
        f"import sys\nwith open({str(told)!r}, 'w') as file:\n    for line in sys.stdin:\n"
        "        file.write(line)\n        if 'finish' in line:\n            break\n"
    )


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until something is so; TimeoutError if that does not happen."""
    deadline = time.monotonic() + LONG
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {LONG} s: {what}")
        time.sleep(0.005)
    return found

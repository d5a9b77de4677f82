# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receiver as a child process of a test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from receiver.certificates import Certificates, make_certificates
from receiver.options import DEFAULT_API_KEY, DEFAULT_MAX_BODY, DEFAULT_TOKEN

PACKAGES = str(Path(__file__).resolve().parent.parent)
START_TIMEOUT = 30.0
STOP_TIMEOUT = 5.0
POLL = 0.02


class Receiver:
    """A running receiver, as a test sees it."""

    def __init__(self, url: str, tokens: Sequence[str], api_key: str, ca_path: str | None, pid: int) -> None:
        self.url = url
        self.tokens = tuple(tokens)
        self.token = self.tokens[0]
        self.api_key = api_key
        self.ca_path = ca_path
        self.pid = pid

    def events(self) -> list[dict[str, Any]]:
        """The events, in the order in which they came."""
        return [record["event"] for record in self.records()]

    def records(self) -> list[dict[str, Any]]:
        """The events, each with its token, path, headers, raw text, connection and time."""
        return self._control("GET", "events")

    def requests(self) -> list[dict[str, Any]]:
        """All requests, also refused ones; the status of one that got no answer is None."""
        return self._control("GET", "requests")

    def fault(self, *sequence: dict[str, Any], **fault: Any) -> None:
        """Put one fault (keywords), or several one after the other (dicts), in the place of all others."""
        self._control("PUT", "faults", [*sequence, fault] if fault else list(sequence))

    def heal(self) -> None:
        """End all faults, and close the requests that hang."""
        self._control("DELETE", "faults")

    def clear(self) -> None:
        """Forget all events and requests; faults stay."""
        self._control("DELETE", "events")

    def wait_for(self, count: int, timeout: float = 10) -> list[dict[str, Any]]:
        """The events, once there are ``count`` or more; TimeoutError if there are not in time."""
        self._wait("events", count, timeout)
        return self.events()

    def wait_for_requests(self, count: int, timeout: float = 10) -> list[dict[str, Any]]:
        """The requests, once there are ``count`` or more; TimeoutError if there are not in time."""
        self._wait("requests", count, timeout)
        return self.requests()

    def _wait(self, kind: str, count: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while (have := self._control("GET", "counts")[kind]) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{have} {kind} within {timeout} s, {count} expected")
            time.sleep(POLL)

    def _control(self, method: str, what: str, body: Any = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self.ca_path or True
            answer = session.request(method, f"{self.url}/_control/{what}", json=body, timeout=30)
        if answer.status_code != 200:
            raise ValueError(answer.json()["error"])
        return answer.json()


@contextmanager
def running_receiver(
    tokens: Sequence[str] = (DEFAULT_TOKEN,),
    tls: Certificates | bool | None = None,
    api_key: str = DEFAULT_API_KEY,
    max_body: int = DEFAULT_MAX_BODY,
    port: int = 0,
    database: str | None = None,
) -> Iterator[Receiver]:
    """A receiver that runs as long as the context. ``tls=True`` makes certificates of its own."""
    with tempfile.TemporaryDirectory(prefix="receiver-") as folder:
        certificates = make_certificates(folder) if tls is True else tls or None
        words = ["--api-key", api_key, "--max-body", str(max_body), "--port", str(port)]
        words += [word for token in tokens for word in ("--token", token)]
        words += ["--database", database or str(Path(folder, "events.sqlite"))]
        if certificates:
            words += ["--certificate", certificates.certificate, "--key", certificates.key]
        with running_process(folder, words) as (url, pid):
            yield Receiver(url, tokens, api_key, certificates.ca_path if certificates else None, pid)


@contextmanager
def running_process(folder: str, words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """A child process with this command line; gives its URL and its process id, once it listens."""
    ready, log = Path(folder, "ready"), Path(folder, "log")
    command = [sys.executable, "-m", "receiver", "--ready-file", str(ready), *words]
    environment = {**os.environ, "PYTHONPATH": PACKAGES}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield wait_until_ready(process, ready, log), process.pid
    finally:
        stop(process)
        sys.stderr.write(complaints(log))


def wait_until_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    """The URL that the process serves; RuntimeError with its output if it does not come up."""
    deadline = time.monotonic() + START_TIMEOUT
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The receiver did not start:\n{log.read_text(errors='replace')}")
        time.sleep(POLL)
    return ready.read_text()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process, with force if need be."""
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def complaints(log: Path) -> str:
    """What the process has printed besides its first line: a fault of the receiver itself."""
    return "".join(log.read_text(errors="replace").splitlines(keepends=True)[1:])

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receiver as a process."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import requests
from receiver.certificates import make_certificates
from receiver.front import tcp_front
from receiver.running import PACKAGES, POLL, running_process, running_receiver, stop, wait_until_ready
from receiver.tests.conftest import EVENT

PATH = "/demo-token/event"


def start(folder: Path, *words: str) -> tuple[subprocess.Popen[bytes], str]:
    command = [sys.executable, "-m", "receiver", "--ready-file", str(folder / "ready"), *words]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": PACKAGES}, stdout=log, stderr=log)
    return process, wait_until_ready(process, folder / "ready", folder / "log")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_receiver_while_requests_hang(tmp_path: Path, number: signal.Signals) -> None:
    process, url = start(tmp_path)
    try:
        requests.put(url + "/_control/faults", json={"hang": True}, timeout=10)
        with ThreadPoolExecutor(3) as pool:
            pending = [pool.submit(requests.post, url + PATH, json=EVENT, timeout=60) for _time in range(3)]
            while requests.get(url + "/_control/counts", timeout=10).json()["requests"] < 3:
                time.sleep(POLL)
            process.send_signal(number)
            process.wait(20)
            assert all(isinstance(each.exception(10), requests.ConnectionError) for each in pending)
    finally:
        stop(process)
    assert (tmp_path / "log").read_text() == f"Receiver listens on {url}\n"


def test_a_half_sent_request_does_not_hold_up_the_end(tmp_path: Path) -> None:
    process, url = start(tmp_path)
    try:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
            connection.sendall(b"POST /demo-token/event HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            while requests.get(url + "/_control/counts", timeout=10).json()["requests"] < 1:
                time.sleep(POLL)
            process.terminate()
            process.wait(20)
    finally:
        stop(process)


def test_the_context_leaves_no_process_behind_when_a_test_fails() -> None:
    with pytest.raises(ZeroDivisionError), running_receiver() as receiver:
        pid = receiver.pid
        raise ZeroDivisionError
    assert not psutil.pid_exists(pid)


def test_a_receiver_that_cannot_start_says_why() -> None:
    with running_receiver() as receiver, pytest.raises(RuntimeError, match="in use"):
        port = int(receiver.url.rpartition(":")[2])
        with running_receiver(port=port):
            pass


def test_the_database_outlives_the_receiver(tmp_path: Path) -> None:
    database = str(tmp_path / "events.sqlite")
    for count in (1, 2):
        with running_receiver(database=database) as receiver:
            requests.post(receiver.url + PATH, json=EVENT, timeout=10)
            assert len(receiver.events()) == count
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (2,)


def test_without_a_database_nothing_is_left_on_the_disk(tmp_path: Path) -> None:
    with running_process(str(tmp_path), []) as (url, _process):
        assert requests.post(url + PATH, json=EVENT, timeout=10).status_code == 200
        assert sorted(file.name for file in tmp_path.iterdir()) == ["log", "ready"]


def test_tls_is_served_with_a_certificate_that_the_authority_vouches_for() -> None:
    with running_receiver(tls=True) as receiver:
        assert receiver.url.startswith("https://")
        assert requests.post(receiver.url + PATH, json=EVENT, timeout=10, verify=receiver.ca_path).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.post(receiver.url + PATH, json=EVENT, timeout=10)
        assert receiver.events() == [EVENT]


def test_faults_work_over_tls() -> None:
    with running_receiver(tls=True) as receiver, requests.Session() as session:
        session.trust_env, session.verify = False, receiver.ca_path
        receiver.fault({"close": True, "times": 1}, {"drip": 0.0001, "times": 1})
        with pytest.raises(requests.ConnectionError):
            session.post(receiver.url + PATH, json=EVENT, timeout=10)
        assert session.post(receiver.url + PATH, json=EVENT, timeout=10).json()["accepted"] is True
        assert session.post(receiver.url + PATH, json=EVENT, timeout=10).status_code == 200


def test_the_front_breaks_tls_before_the_handshake() -> None:
    with running_receiver(tls=True) as receiver, tcp_front(receiver) as front:
        assert requests.post(front.url + PATH, json=EVENT, timeout=10, verify=receiver.ca_path).status_code == 200
        for mode in ("reset", "hang"):
            front.mode(mode)
            with pytest.raises((requests.ConnectionError, requests.Timeout)):
                requests.post(front.url + PATH, json=EVENT, timeout=0.5, verify=receiver.ca_path)


def test_a_client_that_never_shakes_hands_does_not_hold_up_the_end() -> None:
    with running_receiver(tls=True) as receiver:
        address = ("127.0.0.1", int(receiver.url.rpartition(":")[2]))
        with socket.create_connection(address):
            process = psutil.Process(receiver.pid)
            process.terminate()
            process.wait(20)


def test_certificates_can_be_made_for_any_name(tmp_path: Path) -> None:
    files = make_certificates(str(tmp_path), "receiver.example")
    context = ssl.create_default_context(cafile=files.ca_path)
    context.load_cert_chain(files.certificate, files.key)
    assert context.cert_store_stats()["x509_ca"] == 1


def test_waiting_in_vain_says_how_many_came() -> None:
    with running_receiver() as receiver, pytest.raises(TimeoutError, match="0 events"):
        receiver.wait_for(1, timeout=POLL)


@pytest.mark.parametrize("words", [["--token", "a b"], ["--certificate", "x"], ["--port", "x"]])
def test_wrong_options_are_refused(words: list[str]) -> None:
    command = [sys.executable, "-m", "receiver", *words]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": PACKAGES}, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, b"error:" in done.stderr) == (2, True)


def test_a_malformed_request_is_answered_with_400() -> None:
    with running_receiver() as receiver:
        with socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2])), 10) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        assert receiver.requests() == []


def test_temporary_files_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with running_receiver():
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())

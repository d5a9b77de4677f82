# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is broken, a run goes as it does without the callback; and what could be recorded arrives later, once."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from receiver.front import Front

from .reporting import Reporting, assert_harmless, change, debug, fail, in_order, only, play, unreachable, warnings

#: A run of which there is much to tell: five events.
EVENTFUL = [play(debug(), change(), fail(**only("host2")), unreachable(**only("host3")), debug(), debug())]
QUIET = [play(debug())]


def heal_and_run(reporting: Reporting, **settings: Any) -> list[dict[str, Any]]:
    """The events at the receiver after one more run, all of them; that the spool is empty is checked."""
    reporting.receiver.heal()
    result = reporting(QUIET, **settings)
    assert warnings(result) == [], result.output
    assert reporting.waiting() == []
    found = reporting.receiver.events()
    ids = [event["event.id"] for event in found]
    assert len(ids) == len(set(ids))
    return in_order(found)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "hangs": ({"hang": True}, "no complete answer within"),
    "403": ({"status": 403, "body": '{"error": "unknown token"}'}, "App token is not accepted"),
    "401": ({"status": 401}, "App token is not accepted"),
    "404": ({"status": 404}, "check event_receiver_url and region"),
    "500": ({"status": 500}, "in trouble or busy (HTTP 500"),
    "429": ({"status": 429, "retry_after": 1}, "in trouble or busy (HTTP 429"),
    "redirects": ({"status": 301, "location": "http://127.0.0.1:9/"}, "redirects"),
    "closes early": ({"close": True}, "connection was closed before an answer came"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_receiver_that_fails(reporting: Reporting, name: str) -> None:
    fault, why = FAULTS[name]
    silent = reporting.silent(EVENTFUL, hosts=3)
    reporting.receiver.fault(fault)
    settings = {"hosts": 3, "env": {"SEMATEXT_TIMEOUT": "1", "SEMATEXT_TIME_BUDGET": "2"}}
    warning = assert_harmless(reporting(EVENTFUL, **settings), silent)
    assert "7 events in" in warning
    assert str(reporting.spool) in warning
    assert why in warning
    assert reporting.token not in warning
    waiting = in_order(reporting.waiting())
    types = ["ansible_run", *["ansible_failure"] * 2, *["infrastructure"] * 3, "ansible_run"]
    assert [event["type"] for event in waiting] == types
    events = heal_and_run(reporting)
    assert events[:7] == waiting
    assert len(events) == 9


def test_a_receiver_that_cannot_be_reached(reporting: Reporting, front: Front) -> None:
    """The connection is refused, or accepted and then nothing comes, before HTTP has begun."""
    silent = reporting.silent(EVENTFUL, hosts=3)
    settings = {"hosts": 3, "env": {"SEMATEXT_TIMEOUT": "0.5", "SEMATEXT_TIME_BUDGET": "1"}, "url": front.url}
    for number, (mode, why) in enumerate(
        {"refuse": "refused", "hang": "no complete answer", "reset": "closed"}.items(), 1
    ):
        front.mode(mode)
        warning = assert_harmless(reporting(EVENTFUL, **settings), silent)
        assert f"{7 * number} events in" in warning
        assert why in warning
    front.mode("pass")
    assert len(heal_and_run(reporting, url=front.url)) == 23


def test_a_name_that_cannot_be_resolved(reporting: Reporting) -> None:
    silent = reporting.silent(EVENTFUL, hosts=3)
    env = {"SEMATEXT_TIME_BUDGET": "2"}
    warning = assert_harmless(reporting(EVENTFUL, hosts=3, url="http://receiver.invalid", env=env), silent)
    assert "7 events in" in warning
    assert "its name cannot be resolved" in warning or "no complete answer" in warning


def test_an_answer_of_nonsense_is_an_answer(reporting: Reporting) -> None:
    reporting.receiver.fault(body="<html>\0 nonsense")
    assert len(reporting.events(EVENTFUL, hosts=3)) == 7


def test_an_event_that_can_never_be_accepted_is_set_aside_and_told(reporting: Reporting) -> None:
    silent = reporting.silent(QUIET)
    reporting.receiver.fault(status=400, times=1)
    warning = assert_harmless(reporting(QUIET), silent)
    left = [event["ansible.run.state"] for event in reporting.receiver.events()]
    assert "can never accept 1 event" in warning
    (aside,) = reporting.spool.glob("*/bad/*")
    assert str(aside.parent) in warning
    assert reporting.waiting() == []
    assert [json.loads(aside.read_bytes())["ansible.run.state"], *left] in (["started", "ended"], ["ended", "started"])
    assert len(heal_and_run(reporting)) == 3


def test_garbage_in_the_spool_is_set_aside_and_stops_nothing(reporting: Reporting) -> None:
    reporting(QUIET)
    (folder,) = reporting.spool.glob("*/events")
    (folder / "torn.json").write_bytes(b'{"type": "ansible_r')
    (folder / "binary.json").write_bytes(b"\xff" * 100)
    for name in ("0", "folder"):  # older and younger than all
        (folder / f"{name}.json").mkdir()
    reporting.receiver.clear()
    result = reporting(QUIET)
    assert len(reporting.receiver.events()) == 2
    assert "can never accept 2 events" in warnings(result)[0]
    for name in ("0", "folder"):
        (folder / f"{name}.json").rmdir()


def test_three_faults_and_then_health_lose_nothing(reporting: Reporting) -> None:
    reporting.receiver.fault({"status": 503, "times": 1}, {"close": True, "times": 1}, {"hang": True, "times": 1})
    result = reporting(EVENTFUL, hosts=3, env={"SEMATEXT_TIMEOUT": "1", "SEMATEXT_TIME_BUDGET": "30"})
    assert warnings(result) == []
    assert len(reporting.receiver.events()) == 7


def test_a_lost_answer_repeats_the_event_with_the_same_id(reporting: Reporting) -> None:
    reporting.receiver.fault(close=True, store=True, times=1)
    assert warnings(reporting(QUIET)) == []
    ids = [event["event.id"] for event in reporting.receiver.events()]
    assert (len(ids), len(set(ids))) == (3, 2)


def test_what_waits_too_long_is_dropped_and_told_once(reporting: Reporting) -> None:
    reporting.receiver.fault(status=503)
    reporting(QUIET, env={"SEMATEXT_TIME_BUDGET": "0"})
    (folder,) = reporting.spool.glob("*/events")
    for path in folder.iterdir():
        path.rename(folder / f"{'0' * 16}{path.name[16:]}")  # recorded in 1970
    reporting.receiver.heal()
    result = reporting(QUIET)
    assert "2 events waited too long or were too many, and were dropped." in warnings(result)[0]
    assert len(heal_and_run(reporting)) == 4


class TestSpool:
    """Where nothing can be recorded, one warning says so, and why."""

    @staticmethod
    def check(reporting: Reporting, folder: Path, why: str, number: str = "7") -> None:
        silent = reporting.silent(EVENTFUL, hosts=3)
        result = reporting(EVENTFUL, hosts=3, env={"SEMATEXT_SPOOL_DIR": str(folder)})
        warning = assert_harmless(result, silent)
        assert f"could not be recorded in {folder}" in warning
        assert re.match(rf"{number} ?event", warning)
        assert why in warning

    def test_a_folder_that_cannot_be_made(self, reporting: Reporting) -> None:
        self.check(reporting, Path("/proc/sematext"), "No such file")

    def test_a_file_in_its_place(self, reporting: Reporting) -> None:
        (reporting.folder / "file").touch()
        self.check(reporting, reporting.folder / "file", "exists")

    def test_a_folder_of_another_user(self, reporting: Reporting) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        reporting(QUIET)
        (folder,) = reporting.spool.iterdir()
        os.chown(folder, 65534, -1)
        self.check(reporting, reporting.spool, "it belongs to another user")

    def test_a_read_only_file_system(self, reporting: Reporting, tmp_path: Path) -> None:
        with small_file_system(tmp_path / "disk", "ro") as disk:
            self.check(reporting, disk / "spool", "Read-only file system")

    def test_a_full_disk(self, reporting: Reporting, tmp_path: Path) -> None:
        """What lies in the spool is sent all the same, which makes room again."""
        with small_file_system(tmp_path / "disk") as disk:
            env = {"SEMATEXT_SPOOL_DIR": str(disk / "spool")}
            reporting.receiver.fault(status=503)
            reporting(QUIET, env={**env, "SEMATEXT_TIME_BUDGET": "0"})
            reporting.receiver.heal()
            fill(disk)
            self.check(reporting, disk / "spool", "No space left on device", "[1-7]")
            assert len(reporting.receiver.events()) >= 2
            (disk / "filler").unlink()
            assert heal_and_run(reporting, env=env)[-1]["ansible.run.outcome"] == "succeeded"

    def test_a_disk_that_fills_up_during_the_run(self, reporting: Reporting, tmp_path: Path) -> None:
        """The end cannot be recorded, and no later run calls this one interrupted."""
        with small_file_system(tmp_path / "disk") as disk:
            filling = {"name": "Fill", "ansible.builtin.raw": f"dd if=/dev/zero of={disk}/filler bs=1k; true"}
            env = {"SEMATEXT_SPOOL_DIR": str(disk / "spool")}
            result = reporting([play(filling)], env=env)
            assert "2 events could not be recorded" in warnings(result)[0]
            (disk / "filler").unlink()
            states = [event["ansible.run.state"] for event in heal_and_run(reporting, env=env)]
            assert states == ["started", "started", "ended"]


@contextmanager
def small_file_system(folder: Path, option: str = "rw") -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size=64k,{option}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    with open(disk / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def test_a_child_without_requests_says_so(reporting: Reporting) -> None:
    modules = reporting.folder / "modules"
    modules.mkdir()
    (modules / "requests.py").write_text("raise ImportError('no requests')\n")
    silent = reporting.silent(EVENTFUL, hosts=3)
    warning = assert_harmless(reporting(EVENTFUL, hosts=3, env={"PYTHONPATH": str(modules)}), silent)
    assert "7 events in" in warning
    assert "The Python library requests is missing; install it for " in warning
    assert len(heal_and_run(reporting)) == 9


def test_certificates_that_cannot_be_read(reporting: Reporting) -> None:
    """Only the child can tell."""
    env = {"SEMATEXT_CA_PATH": "/nonexistent.pem", "SEMATEXT_EVENT_RECEIVER_URL": "https://127.0.0.1:9"}
    warning = assert_harmless(reporting(QUIET, env=env), reporting.silent(QUIET))
    assert "2 events in" in warning
    assert "Option 'ca_path' names no readable certificates" in warning


class TestOptions:
    """Each wrong option is named in one warning, and nothing is recorded."""

    WRONG = (
        ("SEMATEXT_APP_TOKEN", "no token", "'app_token' holds no App token"),
        ("SEMATEXT_APP_TOKEN", "../../etc", "'app_token' holds no App token"),
        ("SEMATEXT_REGION", "APAC", "'region' must be one of US, EU"),
        ("SEMATEXT_EVENT_RECEIVER_URL", "ftp://receiver", "'event_receiver_url' must be a URL"),
        ("SEMATEXT_EVENT_RECEIVER_URL", "http://user:SECRET@receiver", "'event_receiver_url' must be a URL"),
        ("SEMATEXT_VALIDATE_CERTS", "perhaps", "'validate_certs' must be true or false"),
        ("SEMATEXT_TIMEOUT", "soon", "timeout"),
        ("SEMATEXT_TIMEOUT", "0", "'timeout' must be a number of seconds"),
        ("SEMATEXT_TIMEOUT", "nan", "'timeout' must be a number of seconds"),
        ("SEMATEXT_TIME_BUDGET", "-1", "'time_budget' must be a number of seconds"),
        ("SEMATEXT_TIME_BUDGET", "inf", "'time_budget' must be a number of seconds"),
        ("SEMATEXT_REPORT", "start,middle", "'report' must be a list out of start, end, changes, failures"),
        ("SEMATEXT_HOST_SOURCE", "ip", "host_source"),
        ("SEMATEXT_FIELDS", "{", "'fields' must be a JSON object"),
        ("SEMATEXT_FIELDS", "[1]", "'fields' must be a JSON object"),
        ("SEMATEXT_FIELDS", '{"a": {"b": 1}}', "must not be a dictionary"),
        ("SEMATEXT_FIELDS", '{"token": "x"}', "must not hold 'token'"),
        ("SEMATEXT_FIELDS", '{"a": NaN}', "finite number"),
        ("SEMATEXT_FIELDS", json.dumps({"a": "x" * 40_000}), "must not take more than"),
        ("SEMATEXT_FIELDS", '{"a": ' * 5000 + "1" + "}" * 5000, "'fields"),
        ("SEMATEXT_TAGS", "lone\udcffbyte", "'tags' holds a lone surrogate"),
        ("SEMATEXT_CREATOR", "lone\udcffbyte", "'creator' holds a lone surrogate"),
    )

    @pytest.mark.parametrize(("variable", "value", "why"), WRONG, ids=range(len(WRONG)))
    def test_a_wrong_value(self, reporting: Reporting, variable: str, value: str, why: str) -> None:
        result = reporting(QUIET, env={variable: value})
        warning = assert_harmless(result, reporting.silent(QUIET))
        assert "No events of this run are recorded. " in warning
        assert why in warning
        assert "SECRET" not in result.output
        assert not reporting.spool.exists()

    def test_no_token(self, reporting: Reporting) -> None:
        warning = assert_harmless(
            reporting(EVENTFUL, hosts=3, env={"SEMATEXT_APP_TOKEN": None}), reporting.silent(EVENTFUL, hosts=3)
        )
        assert "No events of this run are recorded." in warning
        assert "SEMATEXT_APP_TOKEN and SEMATEXT_APP_TOKEN_FILE" in warning

    @pytest.mark.parametrize(
        ("make", "why"),
        [
            (lambda path: None, "No such file"),
            (os.mkdir, "Is a directory"),
            (lambda path: Path(path).write_bytes(b"\xff\xfe"), "holds no App token"),
            (lambda path: Path(path).write_text(""), "holds no App token"),
        ],
        ids=["missing", "a folder", "binary", "empty"],
    )
    def test_a_token_file_that_cannot_be_used(self, reporting: Reporting, make: Callable[[str], Any], why: str) -> None:
        path = str(reporting.folder / "token")
        make(path)
        env = {"SEMATEXT_APP_TOKEN": None, "SEMATEXT_APP_TOKEN_FILE": path}
        warning = assert_harmless(reporting(QUIET, env=env), reporting.silent(QUIET))
        assert "'app_token_file'" in warning
        assert why in warning

    def test_a_token_file_that_others_may_read_is_used_and_told(self, reporting: Reporting) -> None:
        path = reporting.folder / "token"
        path.write_text(f"{reporting.token}\n")
        path.chmod(0o644)
        env = {"SEMATEXT_APP_TOKEN": None, "SEMATEXT_APP_TOKEN_FILE": str(path)}
        warning = assert_harmless(reporting(QUIET, env=env), reporting.silent(QUIET))
        assert f"The App token in {path} can be read by others; run: chmod 600 {path}" in warning
        assert len(reporting.receiver.events()) == 2

    def test_a_token_file_in_ansible_cfg(self, reporting: Reporting) -> None:
        path = reporting.folder / "token"
        path.write_text(f"{reporting.token}\n")
        path.chmod(0o600)
        cfg = f"[callback_sematext_events]\napp_token_file = {path}\nspool_dir = spool\n"
        assert len(reporting.events(QUIET, cfg=cfg, env={"SEMATEXT_APP_TOKEN": None})) == 2
        assert (reporting.folder / "spool").is_dir()
        assert not reporting.spool.exists()

    def test_no_time_for_delivery(self, reporting: Reporting) -> None:
        reporting.receiver.fault(hang=True)
        warning = assert_harmless(reporting(QUIET, env={"SEMATEXT_TIME_BUDGET": "0"}), reporting.silent(QUIET))
        assert "2 events in" in warning
        assert len(heal_and_run(reporting)) == 4


def test_the_events_of_a_large_run_come_later_each_once_with_its_own_time(reporting: Reporting) -> None:
    """8 tasks on 5 hosts, while the receiver hangs."""
    plays = [play(*(debug(f"Task {number}") for number in range(7)), fail(**only("host3")))]
    silent = reporting.silent(plays, hosts=5)
    reporting.receiver.fault(hang=True)
    result = reporting(plays, hosts=5, env={"SEMATEXT_TIME_BUDGET": "1"})
    assert "3 events in" in assert_harmless(result, silent)
    waiting = in_order(reporting.waiting())
    events = heal_and_run(reporting)
    assert events[:3] == waiting
    assert len(events) == 5
    times = [event["timestamp"] for event in events]
    assert times == sorted(set(times))

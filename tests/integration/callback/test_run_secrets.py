# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing that a playbook handles gets out: not over the wire, not onto the disk, not into the list of processes.

In each place where a secret may stand, there is one that is not like any other, in a task that fails for good, so that
all there is to tell of it is told.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from receiver.running import Receiver

from .reporting import Reporting, change, debug, failures, play, wait_until, warnings

WITNESS = "witness"
CLOSED = "http://127.0.0.1:9"
VAULT_PASSWORD = "CANARY-vault-password-x"


class Vaulted(str):
    """Text that stands encrypted in a playbook."""


yaml.SafeDumper.add_representer(
    Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|")
)  # fmt: skip


def vaulted(text: str) -> Vaulted:
    secret = VaultSecret(VAULT_PASSWORD.encode())
    return Vaulted(VaultLib([("default", secret)]).encrypt(text.encode()).decode())


def canary(place: str) -> str:
    return f"CANARY-{place.replace(' ', '-')}-x"


def task(module: str, arguments: Any = None, **keywords: Any) -> dict[str, Any]:
    return {"name": "A task", f"ansible.builtin.{module}": arguments, **keywords}


#: By place: the tasks of a play, of which the last one fails, with {C} where the secret stands; keywords of the play.
PLACES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "loop item": ([task("fail", {"msg": "{{ item }}"}, loop=["{C}", "b"])], {}),
    "label of a loop": ([task("fail", {}, loop=["a"], loop_control={"label": "{C}"})], {}),
    "environment of a task": ([task("command", "sh -c 'echo $PASSWORD; exit 1'", environment={"PASSWORD": "{C}"})], {}),
    "failed_when": ([task("debug", {}, failed_when="'{C}' != 'x'")], {}),
    "when": ([task("debug", {}, when="'{C}' | no_such_filter")], {}),
    "until": ([task("debug", {}, until="'{C}' == ''", retries=1, delay=0)], {}),
    "templated name of a task": (
        [task("fail", {}) | {"name": "Log in with {{ secret }}"}],
        {"vars": {"secret": "{C}"}},
    ),
    "name of a no_log task": (
        [task("fail", {}, no_log=True) | {"name": "Log in with {{ secret }}"}],
        {"vars": {"secret": "{C}"}},
    ),
    "templated name of a handler": (
        [change(notify="Restart")],
        {
            "handlers": [task("fail", {}) | {"name": "Restart {{ secret }}", "listen": "Restart"}],
            "vars": {"secret": "{C}"},
        },
    ),
    "templated name of a play": ([task("fail", {})], {"name": "Play {{ secret }}", "vars": {"secret": "{C}"}}),
    "templated name of a block": (
        [{"name": "Block {{ secret }}", "block": [task("fail", {})], "vars": {"secret": "{C}"}}],
        {},
    ),
    "password in a URL": ([task("uri", {"url": CLOSED.replace("//", "//user:{C}@")})], {}),
    "query of a URL": ([task("uri", {"url": f"{CLOSED}/?token={{C}}"})], {}),
    "body": ([task("uri", {"url": CLOSED, "method": "POST", "body": "{C}"})], {}),
    "header Authorization": ([task("uri", {"url": CLOSED, "headers": {"Authorization": "Bearer {C}"}})], {}),
    "url_password": (
        [task("uri", {"url": CLOSED, "url_username": "u", "url_password": "{C}", "force_basic_auth": True})],
        {},
    ),
    "diff": ([task("copy", {"content": "{C}", "dest": "/nonexistent/folder/file"}, diff=True)], {}),
    "diff of a change": (
        [task("copy", {"content": "{C}", "dest": "{FOLDER}/file"}, diff=True), task("fail", {})],
        {},
    ),
    "stdout": ([task("command", "sh -c 'echo {C}; exit 1'")], {}),
    "stderr": ([task("command", "sh -c 'echo {C} >&2; exit 1'")], {}),
    "raw command": ([task("raw", "echo {C}; exit 1")], {}),
    "argument of a module": ([task("stat", {"path": "{C}", "no_such_option": "{C}"})], {}),
    "message of fail": ([task("fail", {"msg": "{C}"})], {}),
    "fail_msg": ([task("assert", {"that": ["'{C}' == ''"], "fail_msg": "{C}"})], {}),
    "debug": ([task("debug", {"msg": "{C}"}), task("fail", {})], {}),
    "set_fact": ([task("set_fact", {"fact": "{C}"}), task("fail", {"msg": "{{ fact }}"})], {}),
    "registered result": (
        [task("debug", {"msg": "{C}"}, register="found"), task("fail", {"msg": "{{ found }}"})],
        {},
    ),
    "variable of a play": ([task("fail", {"msg": "{{ secret }}"})], {"vars": {"secret": "{C}"}}),
    "variable of a task": ([task("fail", {"msg": "{{ secret }}"}, vars={"secret": "{C}"})], {}),
    "undefined variable": ([task("debug", {"msg": "{{ {'{C}': 1}.missing }}"})], {}),
    "exception in a template": ([task("debug", {"msg": "{{ ('{C}' | int) / 0 }}"})], {}),
    "exception in a lookup": ([task("debug", {"msg": "{{ lookup('file', '/nonexistent/{C}') }}"})], {}),
    "crash of a module": ([{"name": "A task", "crash": {"password": "{C}"}}], {}),
    "exit of a module with an exception": ([{"name": "A task", "crash": {"password": "{C}", "tell": True}}], {}),
    "extra variable": ([task("fail", {"msg": "{{ extra_secret }}"})], {}),
    "variable of a host": ([task("fail", {"msg": "{{ host_secret }}"})], {}),
    "variable of a delegated host": (
        [task("command", "sh -c 'echo {{ hostvars.witness.host_secret }}; exit 1'", delegate_to=WITNESS)],
        {},
    ),
    "become password": (
        [task("command", "id", become=True, become_user="nobody")],
        {"vars": {"ansible_become_password": "{C}", "ansible_become_exe": "false {C}"}},
    ),
    "password of the connection": (
        [task("raw", "true")],
        {"vars": {"ansible_password": "{C}", "ansible_connection": "gone"}},
    ),
    "error of the connection": ([task("raw", "true")], {"vars": {"ansible_host": "{C}", "ansible_connection": "gone"}}),
    "vault": ([task("fail", {"msg": "{{ secret }}"})], {"vars": {"secret": "{V}"}}),
    "no_log": ([task("command", "sh -c 'echo {C}; exit 1'", no_log=True)], {}),
    "environment of ansible-playbook": ([task("fail", {"msg": "{{ lookup('env', 'OWN_SECRET') }}"})], {}),
    "file of variables": (
        [task("include_vars", {"file": "secrets.yml"}), task("fail", {"msg": "{{ file_secret }}"})],
        {},
    ),
    "name of a templated module": ([{"name": "A task", "action": "{{ 'fail' if '{C}' else '' }} msg={C}"}], {}),
    "facts": ([task("fail", {"msg": "{{ ansible_facts.secret }}"})], {"vars": {"ansible_facts": {"secret": "{C}"}}}),
    "name of a missing program": ([task("command", {"argv": ["/nonexistent/{C}"]}, register="found")], {}),
    "argument of an async task": ([task("command", "sh -c 'echo {C}; exit 1'", **{"async": 20, "poll": 1})], {}),
}
CRASH = """
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec={"password": {"type": "str"}, "tell": {"type": "bool"}})
try:
    raise ValueError(module.params["password"])
except ValueError:
    if not module.params["tell"]:
        raise
    import traceback
    module.fail_json(msg=module.params["password"], exception=traceback.format_exc())
"""


def plant(value: Any, place: str, folder: Path) -> Any:
    """Put the place's canary where {C} stands."""
    if isinstance(value, dict):
        return {key: plant(item, place, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [plant(item, place, folder) for item in value]
    if value == "{V}":
        return vaulted(canary(place))
    return value.replace("{C}", canary(place)).replace("{FOLDER}", str(folder)) if isinstance(value, str) else value


def planted_run(folder: Path) -> dict[str, Any]:
    """The arguments of a run in a folder, in which each place has a play and a host of its own."""
    (folder / "library").mkdir()
    (folder / "library" / "crash.py").write_text(CRASH)
    (folder / "secrets.yml").write_text(f"file_secret: {canary('file of variables')}\n")
    (folder / "vault-password").write_text(VAULT_PASSWORD)
    plays = []
    hosts = {WITNESS: canary("variable of a delegated host")}
    for number, (place, (tasks, keywords)) in enumerate(PLACES.items(), 1):
        hosts[f"host{number}"] = canary("variable of a host")
        whole = play({"block": tasks, "when": f"inventory_hostname != '{WITNESS}'"}, **keywords)
        plays.append({**plant(whole, place, folder), "hosts": f"host{number},{WITNESS}"})
    (folder / "host_vars").mkdir()
    for name, secret in hosts.items():
        (folder / "host_vars" / f"{name}.yml").write_text(f"host_secret: {secret}\n")
    return {
        "plays": plays,
        "hosts": list(hosts),
        "args": ["-e", f"extra_secret={canary('extra variable')}", "--vault-password-file", "vault-password", "-vvvv"],
        "env": {"OWN_SECRET": canary("environment of ansible-playbook"), "ANSIBLE_TIMEOUT": "1"},
    }


@pytest.fixture
def planted(reporting: Reporting) -> dict[str, Any]:
    """What `planted_run` gives, for the callback."""
    return planted_run(reporting.folder)


def forms(secret: str) -> Iterator[bytes]:
    """A text as it may be written: itself, and within a longer text in base64."""
    yield secret.encode()
    for shift in range(3):
        encoded = base64.b64encode(b"." * shift + secret.encode()).rstrip(b"=")
        yield encoded[4:-4]


def found_in(where: bytes, secrets: dict[str, str]) -> list[str]:
    return [place for place, secret in secrets.items() if any(form in where for form in forms(secret))]


def all_secrets() -> dict[str, str]:
    return {"password of the vault": VAULT_PASSWORD, **{place: canary(place) for place in PLACES}}


def wire(receiver: Receiver, token: str) -> bytes:
    """All that came, but for the token in the path."""
    requests = receiver.requests()
    assert {request["path"] for request in requests} == {f"/{token}/event"}
    return json.dumps([{**request, "path": "", "token": ""} for request in requests], ensure_ascii=False).encode()


def disk(*folders: Path) -> bytes:
    """The names and contents of all files."""
    files = [path for folder in folders for path in folder.rglob("*")]
    return b"\n".join(str(path).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"") for path in files)


def processes(reporting: Reporting, run: Any) -> bytes:
    """What the list of processes shows of the child, again and again until the run is over; with its environment."""
    seen = set()
    while run.process.poll() is None:
        for child in reporting.children():
            for file in ("cmdline", "environ"):
                try:
                    content = Path(f"/proc/{child.pid}/{file}").read_bytes()
                except OSError:
                    continue
                seen.add(content.replace(canary("environment of ansible-playbook").encode(), b"inherited"))
    assert any(b"sematext_plugins" in content for content in seen)
    return b"\n".join(seen)


def check_story(events: list[dict[str, Any]]) -> None:
    """The places were reached: each host's failure is told, in a task of that place."""
    told = failures(events)
    assert sorted(host for host, _task in told) == sorted(f"host{number}" for number in range(1, len(PLACES) + 1))


def test_no_secret_gets_out(reporting: Reporting, planted: dict[str, Any]) -> None:
    """With a receiver that fails at first, so that all of it lies on the disk for a while."""
    plays = planted.pop("plays")
    planted["env"]["SEMATEXT_TIME_BUDGET"] = "0"
    secrets = {**all_secrets(), "App token": reporting.token}
    reporting.receiver.fault(status=503)
    run = reporting.start(plays, **planted)
    seen = processes(reporting, run)
    result = run.finish()
    check_story(reporting.waiting())
    assert found_in(seen, secrets) == []
    assert found_in(disk(reporting.spool), secrets) == []
    assert found_in("".join(warnings(result)).encode(), secrets) == []
    assert reporting.token not in result.output
    assert reporting.token.encode() not in disk(reporting.home, reporting.folder)
    # the places were real: of most of them, core's own output holds the secret
    assert len(found_in(result.output.encode(), all_secrets())) > 30

    reporting.receiver.heal()
    assert warnings(reporting([play(debug())], hosts=planted["hosts"], env={"SEMATEXT_TIME_BUDGET": "30"})) == []
    check_story(reporting.receiver.events())
    assert found_in(wire(reporting.receiver, reporting.token), secrets) == []


@pytest.mark.parametrize("fault", [{"status": 403, "body": '{"error": "TOKEN"}'}, {"close": True}, {"hang": True}])
def test_the_token_shows_in_no_output_and_no_file(reporting: Reporting, fault: dict[str, Any]) -> None:
    """Not with -vvvv, not when the receiver says it, not in what a killed run leaves."""
    reporting.receiver.fault(
        {key: str(value).replace("TOKEN", reporting.token) if key == "body" else value for key, value in fault.items()}
    )
    env = {"SEMATEXT_TIME_BUDGET": "2", "SEMATEXT_TIMEOUT": "1"}
    wait = {"name": "Wait", "ansible.builtin.raw": f"touch {reporting.folder}/running; sleep 600"}
    shown = reporting([play(debug())], env=env, args=["-vvvv"])
    assert len(warnings(shown)) == 1
    run = reporting.start([play(wait)], env=env, args=["-vvvv"])
    wait_until((reporting.folder / "running").exists, "the task runs")
    (child,) = reporting.children()
    assert reporting.token not in " ".join(child.cmdline())
    assert reporting.token not in json.dumps(child.environ())
    assert reporting.token.encode() not in disk(reporting.home, reporting.folder)
    child.kill()
    run.process.kill()
    assert reporting.token not in shown.output + run.finish().output
    assert reporting.token.encode() not in disk(reporting.home, reporting.folder)


def test_the_token_of_a_file_stays_in_that_file(reporting: Reporting) -> None:
    path = reporting.folder / "token"
    path.write_text(reporting.token)
    path.chmod(0o600)
    env = {"SEMATEXT_APP_TOKEN": None, "SEMATEXT_APP_TOKEN_FILE": str(path), "SEMATEXT_TIME_BUDGET": "0"}
    reporting.receiver.fault(status=503)
    result = reporting([play(debug())], env=env, args=["-vvvv"])
    assert reporting.token not in result.output
    os.unlink(path)
    assert reporting.token.encode() not in disk(reporting.home, reporting.folder)

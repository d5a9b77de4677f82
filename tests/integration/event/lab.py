# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the tasks of a test in one playbook, with a receiver, and gives their results."""

from __future__ import annotations

import ast
import json

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from playbooks import API_KEY, COLLECTIONS, TOKEN

SECRETS = (TOKEN, API_KEY)
LEAST = {"type": "deployment", "msg": "Deployed shop 1.23"}


class Vaulted(str):
    """Text that stands encrypted in a playbook."""


def vaulted(text, password=b"vault-password"):
    return Vaulted(VaultLib([("default", VaultSecret(password))]).encrypt(text.encode()).decode())


yaml.SafeDumper.add_representer(
    Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|")
)  # fmt: skip


def event(options=None, **keywords):
    """A task; keywords are those of a task, `options` are the module's besides type and msg."""
    return {"name": "Send an event", "community.sematext.event": {**LEAST, **(options or {})}, **keywords}


def play(*tasks, **keywords):
    return [{"name": "Play", "hosts": "all", "gather_facts": False, **keywords, "tasks": list(tasks)}]


class Lab:
    """Runs tasks with a receiver and looks at their results."""

    def __init__(self, playbook, receiver):
        self._playbook, self.receiver = playbook, receiver
        self.folder, self.home = playbook.folder, playbook.home

    def __call__(self, *plays, env=None, **settings):
        """Run plays."""
        environment = {**self.environment(), **(env or {})}
        return self._playbook([part for each in plays for part in each], env=environment, **settings)

    def environment(self):
        """The variables that lead to the receiver."""
        return {
            "SEMATEXT_APP_TOKEN": TOKEN,
            "SEMATEXT_API_KEY": API_KEY,
            "SEMATEXT_EVENT_RECEIVER_URL": self.receiver.url,
        }

    def results(self, *tasks, env=None, args=(), **keywords):
        """The results of tasks, whether they fail or not, in one run."""
        tasks = [{**task, "register": f"r{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
        names = ", ".join(f"r{number}" for number in range(len(tasks)))
        path = self.folder / "results.json"
        keep = {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(path), "mode": "0600"}
        tasks.append({"name": "Keep the results", "ansible.builtin.copy": keep, "check_mode": False, "diff": False})
        run = self(play(*tasks, **keywords), env=env, args=args)
        assert run.rc == 0, run.output
        assert not [secret for secret in SECRETS if secret in run.output]
        return json.loads(path.read_text())

    def result(self, options=None, **settings):
        """The result of one task."""
        return self.results(event(options), **settings)[0]


def sentence(result):
    """What a failed task says: one sentence, without traceback and token."""
    assert result["failed"]
    assert "Traceback" not in json.dumps(result)  # ansible-core says "(traceback unavailable)" of its own
    assert "\n" not in result["msg"]
    assert not [secret for secret in SECRETS if secret in json.dumps(result)]
    return result["msg"]


def examples(module):
    """The tasks of a module's examples."""
    source = (COLLECTIONS / f"ansible_collections/community/sematext/plugins/modules/{module}.py").read_text()
    (found,) = [
        node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES"
    ]
    return yaml.safe_load(found)

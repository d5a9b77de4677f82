# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t
import uuid

from ansible import constants
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._argspec import deployment_argument_spec
from ..module_utils._errors import LibraryMissing, SematextError
from ..plugin_utils import _run
from ..plugin_utils._arguments import arguments
from ..plugin_utils._deployments import STARTED, Step
from ..plugin_utils._marks import command
from ..plugin_utils._tell_deployment import Play, tell

#: This run of ansible-playbook. The file is imported once, by the process that forks a worker for each host.
_RUN = str(uuid.uuid4())


class ActionModule(ActionBase):
    """Tells of a deployment from the control node: once, whatever the number of hosts that the task runs for."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        options: dict[str, t.Any] = {"mark_hosts": False}
        try:
            _unused, options = arguments(self._task, deployment_argument_spec())
            result.update(self._tell(options, task_vars))
        except LibraryMissing:
            result.update(failed=True, msg=missing_required_lib("requests"))
        except SematextError as exc:
            result.update(failed=True, msg=str(exc))
        if not self._task.diff:
            result.pop("diff", None)
        if options["mark_hosts"] and result.get("deployment_id") and not self._task.check_mode:
            self._mark(options["state"], result, task_vars)
        return result

    def _tell(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        options["record_dir"] = options["record_dir"] or os.path.join(constants.ANSIBLE_HOME, "sematext", "deployments")
        step = Step(
            options["state"],
            _RUN,
            self._task.get_path() or "",
            *(options[option] or "" for option in ("id", "version", "revision")),
        )
        return tell(
            options,
            step,
            self._play(task_vars),
            os.environ,
            Display().warning,
            self._task.check_mode,
            _run.current_id,
        )

    def _play(self, task_vars: dict[str, t.Any]) -> Play:
        hosts, active, batch = (
            list(task_vars.get(f"ansible_play_{name}") or ()) for name in ("hosts_all", "hosts", "batch")
        )
        play = getattr(getattr(self._task, "_parent", None), "_play", None)
        in_step = str(getattr(play, "strategy", "linear")).rpartition(".")[2] in ("linear", "debug")
        return Play(task_vars["inventory_hostname"], hosts, active, batch if in_step else [])

    def _mark(self, state: str, result: dict[str, t.Any], task_vars: dict[str, t.Any]) -> None:
        """Have this host's own events carry the deployment's id, or no longer."""
        done = self._low_level_execute_command(command(result["deployment_id"] if state == STARTED else ""))
        if done["rc"] != 0:
            Display().warning(
                f"community.sematext.deployment: {task_vars['inventory_hostname']} cannot be marked, so its own events"
                " do not tell of the deployment; the task needs become, and the host one of the roles service_events"
                " (with service_events_delivery: spool) and host_events."
            )

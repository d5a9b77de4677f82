# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._argspec import event_argument_spec
from ..module_utils._errors import LibraryMissing, OptionError, SematextError
from ..module_utils._event import OPTION_FIELDS, RUN_ID, build
from ..module_utils._send import check, send_event
from ..plugin_utils import _run
from ..plugin_utils._arguments import arguments
from ..plugin_utils._hosts import host_name

# This file is imported once, by the process that forks a worker for each host. What it imports, the default
# certificates above all, is there for all workers; the rehearsal loads them, and fills the caches that a first event
# fills.
with contextlib.suppress(SematextError):
    send_event({"type": "rehearsal", "msg": "rehearsal", "app_token": "none"}, {}, Display().warning, check_mode=True)


class ActionModule(ActionBase):
    """Sends an event from the control node, or has the module of the same name send it."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            options = self._options(task_vars)
            send = self._send_from_target if options["send_from"] == "target" else self._send_from_here
            result.update(send(options, task_vars))
        except LibraryMissing:
            result.update(failed=True, msg=missing_required_lib("requests"))
        except SematextError as exc:
            result.update(failed=True, msg=str(exc))
        if not self._task.diff:
            result.pop("diff", None)
        return result

    def _options(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The task's options, checked. Those of the event stay as they were written: the argument specification would
        make text of true, null, lists and dictionaries."""
        given, options = arguments(self._task, event_argument_spec())
        for option, value in given.items():
            if value is None and option in (*OPTION_FIELDS, "fields"):
                raise OptionError(option, "must not be null; leave it out, for example with default(omit)")
            if option in OPTION_FIELDS:
                options[option] = value
        facts = task_vars.get("ansible_facts")
        if options.get("host") in (None, ""):
            options["host"] = host_name(options["host_source"], task_vars["inventory_hostname"], facts)
        return options

    def _send_from_here(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        own_fields = {RUN_ID: _run.current_id} if _run.current_id else None
        return send_event(options, os.environ, Display().warning, self._task.check_mode, own_fields)

    def _send_from_target(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        event = build(options)
        connection, _retries = check(options, os.environ, Display().warning)
        arguments = {option: event[field] for option, field in OPTION_FIELDS.items() if field in event}
        arguments.update(
            {option: options[option] for option in ("fields", "retries") if options.get(option) is not None},
            app_token=connection.app_token,
            event_receiver_url=connection.receiver,
            validate_certs=connection.validate_certs,
            timeout=connection.timeout,
        )
        if self._task.args.get("ca_path"):  # an option names a file of the target, SEMATEXT_CA_PATH one of this host
            arguments["ca_path"] = options["ca_path"]
        return self._execute_module("community.sematext.event", module_args=arguments, task_vars=task_vars)

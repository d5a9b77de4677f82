# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._argspec import event_info_argument_spec
from ..module_utils._errors import LibraryMissing, OptionError, SematextError
from ..module_utils._options import api_key, connection
from ..plugin_utils._arguments import arguments
from ..plugin_utils._query import clauses, order
from ..plugin_utils._search import WINDOW, search

#: Events in one result. They are held in memory, and shown where a result is shown.
MAX_SIZE = 100_000
#: Options that say what is wanted. They stay as they were written: the argument specification would make text of true,
#: null, lists and dictionaries.
WANTED = ("query", "type", "tags", "host", "since", "until")


class ActionModule(ActionBase):
    """Searches events from the control node, in check mode, too."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            result.update(self._search())
        except LibraryMissing:
            result.update(failed=True, msg=missing_required_lib("requests"))
        except SematextError as exc:
            result.update(failed=True, msg=str(exc))
        return result

    def _search(self) -> dict[str, t.Any]:
        options = self._options()
        warn = Display().warning
        wanted, sort = clauses(options), order("sort", options["sort"])
        if not 0 <= options["size"] <= (MAX_SIZE if sort.by_time else WINDOW):
            raise OptionError("size", f"must be from 0 to {MAX_SIZE}, or to {WINDOW} if sort names another order")
        settings, key = connection(options, os.environ, warn), api_key(options, os.environ, warn)
        if key == settings.app_token:
            raise OptionError("api_key", "holds the App token; the API key is another secret, of the account")
        found = search(settings, key, wanted, options["size"], sort)
        if found.gap:
            warn(found.gap)
        return {
            "changed": False,
            "events": remove_values(found.events, [key, settings.app_token]),
            "total": found.total,
            "total_is_exact": found.total_is_exact,
            "complete": found.gap is None,
        }

    def _options(self) -> dict[str, t.Any]:
        given, options = arguments(self._task, event_info_argument_spec())
        for option in WANTED:
            if option in given:
                if given[option] is None:
                    raise OptionError(option, "must not be null; leave it out, for example with default(omit)")
                options[option] = given[option]
        return options

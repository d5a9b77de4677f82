# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the filters have in common that take an event. The doc fragment of the same name describes their input."""

from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import OptionError
from ..module_utils._event import content


def event_of(name: str, options: t.Any) -> dict[str, t.Any]:
    """The event that a filter was given.

    :param name: the filter.
    :param options: the event, as _event.content() takes it.
    :raises AnsibleFilterError: if it is none.
    """
    if not isinstance(options, dict):
        raise AnsibleFilterError(f"The filter {name} needs a dictionary with an event's options.")
    try:
        return content(options)
    except OptionError as exc:
        raise AnsibleFilterError(str(exc)) from None


def ascii_json(value: t.Any) -> str:
    """JSON in printable ASCII, so that neither a file's nor a machine's encoding matters."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))

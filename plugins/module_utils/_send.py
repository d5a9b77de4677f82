# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the module `event` does, wherever it runs: check the options, send, and say what was sent."""

from __future__ import annotations

import typing as t

from ._client import MAX_PAUSE, Client
from ._errors import OptionError
from ._event import build, encode
from ._options import Connection, connection

MAX_RETRIES = 10


def send_event(
    options: t.Mapping[str, t.Any],
    environ: t.Mapping[str, str],
    warn: t.Callable[[str], None],
    check_mode: bool,
    own_fields: t.Mapping[str, t.Any] | None = None,
) -> dict[str, t.Any]:
    """Send one event while the caller waits.

    :param options: values by option name, as event_argument_spec() names them.
    :param environ: environment variables, for the App token.
    :param warn: is told what works but should be mended.
    :param check_mode: send nothing, and return what would be returned.
    :param own_fields: fields that the collection adds.
    :returns: the task's result: `changed`, `event` as sent, `diff` with the exact JSON.
    :raises SematextError: when an option cannot be used or the event was not accepted.
    """
    event = build(options, own_fields)
    body = encode(event)
    settings, retries = check(options, environ, warn)
    client = Client(settings)
    if not check_mode:
        client.deliver(body, retries)
    return {"changed": True, "event": event, "diff": {"before": "", "after": body.decode("utf-8") + "\n"}}


def check(
    options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], warn: t.Callable[[str], None]
) -> tuple[Connection, int]:
    """The connection and the number of retries. :raises OptionError: when one of them cannot be used."""
    retries = options.get("retries", 2)
    if not 0 <= retries <= MAX_RETRIES:
        raise OptionError("retries", f"must be a number from 0 to {MAX_RETRIES}; pauses are of {MAX_PAUSE:g} s at most")
    return connection(options, environ, warn), retries

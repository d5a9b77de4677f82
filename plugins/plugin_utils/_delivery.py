# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The parent's hold on the child process that delivers. Nothing here waits for it, except finish()."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import subprocess
import sys
import time
import typing as t

from ..module_utils._options import Connection

# The child gets our modules as a package of the folder they are in. It could not import them as `ansible_collections`:
# an __init__.py in any folder of that name on its path would hide ours. Its path must not hold the current folder, as a
# playbook's project may have a json.py.
_BOOTSTRAP = """
import sys
sys.path[:] = [path for path in sys.path if path]
import importlib, types
package = types.ModuleType("sematext_plugins")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
importlib.import_module("sematext_plugins.plugin_utils._deliverer").main()
"""
_PLUGINS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Seconds that the end of the child may take beyond what it was granted.
GRACE = 0.3


class Delivery:
    """A child process that empties a spool, started when there is something to send.

    :param time_budget: seconds that the child may go on when this process is gone.
    """

    def __init__(self, connection: Connection, spool_root: str, time_budget: float) -> None:
        self._task = {
            "connection": dataclasses.asdict(connection),
            "root": spool_root,
            "parent": os.getpid(),
            "time_budget": time_budget,
        }
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the child, unless it runs. :raises OSError: if that fails."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-c", _BOOTSTRAP, _PLUGINS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                env={name: value for name, value in os.environ.items() if name != "SEMATEXT_APP_TOKEN"},
            )
            os.set_blocking(self._input, False)
            self._tell(self._task)

    def run_begins(self, run_id: str) -> None:
        """Events of this run go first, and its end is recorded if this process is gone."""
        self._tell({"run": run_id})

    def wake(self) -> None:
        """There is a new event in the spool."""
        self._tell({})

    def finish(self, seconds: float) -> dict[str, t.Any]:
        """Wait for the child to send what is left, for some seconds at the most, and end it.

        :returns: the child's report, {} if it didn't come.
        """
        child = self._child
        if child is None:
            return {}
        self._tell({"finish": seconds})
        report = self._read(time.monotonic() + seconds + GRACE)
        child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1)
        self._child = None
        try:
            return json.loads(report)
        except ValueError:
            return {}

    @property
    def _input(self) -> int:
        return self._child.stdin.fileno()  # type: ignore[union-attr]

    def _tell(self, message: t.Mapping[str, t.Any]) -> None:
        if self._child is not None:
            with contextlib.suppress(OSError):  # a full pipe, or no child: it looks at the spool by itself, or is gone
                os.write(self._input, json.dumps(message).encode("utf-8") + b"\n")

    def _read(self, deadline: float) -> bytes:
        output = self._child.stdout.fileno()  # type: ignore[union-attr]
        report = b""
        while select.select([output], [], [], max(0.0, deadline - time.monotonic()))[0]:
            chunk = os.read(output, 65536)
            if not chunk:
                break
            report += chunk
        return report

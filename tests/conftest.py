# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all tests: Ctrl-C works, and what they have counted and measured is shown, wherever they ran."""

from __future__ import annotations

import signal
from typing import Any

from hypothesis import settings

# A change is judged by the same examples each time; the `all-*` sessions of noxfile.py look for new ones.
settings.register_profile("same examples", deadline=None, derandomize=True, database=None)
settings.register_profile("new examples", deadline=None, print_blob=True)
settings.load_profile("same examples")

# What a shell starts in the background ignores Ctrl-C, as does all that it starts: runs that tests interrupt, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A test hands over a line with record_property(TITLE, LINE), which comes along from workers of pytest-xdist."""
    tables: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for title, line in report.user_properties:
            tables.setdefault(title, []).append(line)
    for title, lines in tables.items():
        terminalreporter.section(title)
        for line in sorted(lines):
            terminalreporter.line(line)

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""How events word what is the same in all of them: counts, durations, lists of names."""

from __future__ import annotations

import re
import typing as t

from ..module_utils._event import escape_markdown

#: How many names of hosts or tasks a field lists, and a message.
MAX_LISTED = 100
MAX_NAMED = 5
#: What would end a link's address too early, or be taken for an escape.
_DELIMITERS = re.compile(r"[()<>\[\]\\]")


def form(number: int, one: str, more: str) -> str:
    """The form of a word that agrees with a number."""
    return one if number == 1 else more


def counted(number: int, noun: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{number} {form(number, noun, noun + 's')}"


def duration(seconds: float) -> str:
    """`1.5 s`, `2 min 5 s`, `3 h 20 min`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def link(text: str, url: str | None) -> str:
    """A text, escaped for Markdown, that leads to a page if there is one."""
    shown = escape_markdown(text)
    return f"[{shown}]({_DELIMITERS.sub(lambda match: f'%{ord(match.group()):02X}', url)})" if url else shown


def some(names: t.Sequence[str], total: int | None = None) -> str:
    """The first MAX_NAMED names, escaped for Markdown. :param total: how many there are, if these are not all."""
    more = (len(names) if total is None else total) - MAX_NAMED
    return ", ".join(escape_markdown(name) for name in names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")

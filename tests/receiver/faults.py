# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what is to go wrong, and for which requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any


class BadFault(Exception):
    """A fault that cannot be; the text says why."""


@dataclass
class Fault:
    """One fault. README.md describes the fields."""

    status: int | None = None
    body: str | None = None
    retry_after: str | None = None
    location: str | None = None
    delay: float = 0
    drip: float = 0
    hang: bool = False
    close: bool = False
    store: bool | None = None
    path: str = ""
    times: int | None = None

    @property
    def handles(self) -> bool:
        """Whether the request is handled as ever (and its event stored) before its answer suffers."""
        if self.store is not None:
            return self.store
        return not (self.hang or self.close or (self.status or 200) >= 300)


def make_fault(wanted: Any) -> Fault:
    """A fault from a JSON object."""
    if not isinstance(wanted, dict):
        raise BadFault("A fault is a JSON object.")
    unknown = sorted(set(wanted) - {field.name for field in fields(Fault)})
    if unknown:
        raise BadFault(f"A fault has no {', '.join(unknown)}.")
    retry_after = wanted.get("retry_after")
    try:
        fault = Fault(**{**wanted, "retry_after": None if retry_after is None else str(retry_after)})
        _check(fault)
    except (TypeError, ValueError, re.error) as error:
        raise BadFault(f"The fault {wanted} makes no sense: {error}.") from error
    return fault


def _check(fault: Fault) -> None:
    re.compile(fault.path)
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise ValueError("status must lie between 200 and 599")
    if fault.delay < 0 or fault.drip < 0:
        raise ValueError("time does not run backwards")
    if fault.times is not None and fault.times < 1:
        raise ValueError("times must be 1 or more")


class Faults:
    """The faults that are in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._healed = asyncio.Event()

    def set(self, faults: Iterable[Fault]) -> None:
        """Put these faults in the place of all others; each lasts until its ``times`` are used up."""
        self._faults = list(faults)

    def heal(self) -> None:
        """End all faults, also for the requests that suffer just now."""
        self._faults = []
        self._healed.set()
        self._healed = asyncio.Event()

    def take(self, path: str) -> Fault | None:
        """The first fault that a request to this path must suffer."""
        fault = next((fault for fault in self._faults if re.search(fault.path, path)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            self._faults = [fault for fault in self._faults if fault.times != 0]
        return fault

    @property
    def healed(self) -> asyncio.Event:
        """Set when the faults of now end. Ask for it once, before the first wait."""
        return self._healed

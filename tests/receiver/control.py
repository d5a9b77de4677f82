# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: for tests only, nothing like it exists in the real service."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from receiver.faults import BadFault, Faults, make_fault
from receiver.responses import JSONAnswer, refusal
from receiver.schema import BadEvent, parse_json
from receiver.store import Store


@dataclass(frozen=True)
class Control:
    """Looks into the receiver and makes it fail."""

    store: Store
    faults: Faults

    def routes(self, prefix: str) -> list[Route]:
        """The routes below a prefix."""
        return [
            Route(prefix + "events", self.events, methods=["GET"]),
            Route(prefix + "requests", self.requests, methods=["GET"]),
            Route(prefix + "counts", self.counts, methods=["GET"]),
            Route(prefix + "events", self.clear, methods=["DELETE"]),
            Route(prefix + "faults", self.fault, methods=["PUT"]),
            Route(prefix + "faults", self.heal, methods=["DELETE"]),
        ]

    async def events(self, request: Request) -> Response:
        """The stored events, with all that is known about how each came."""
        return JSONAnswer(self.store.records())

    async def requests(self, request: Request) -> Response:
        """All requests, also those that were refused or got no answer."""
        return JSONAnswer(self.store.requests())

    async def counts(self, request: Request) -> Response:
        """How many events and requests there are."""
        return JSONAnswer(self.store.counts())

    async def clear(self, request: Request) -> Response:
        """Forget events and requests."""
        self.store.clear()
        return JSONAnswer(self.store.counts())

    async def fault(self, request: Request) -> Response:
        """Put a fault, or a list of them, in the place of those in force."""
        try:
            wanted = parse_json(await request.body())
            self.faults.set([make_fault(each) for each in (wanted if isinstance(wanted, list) else [wanted])])
        except (BadEvent, BadFault) as error:
            return refusal(400, str(error))
        return JSONAnswer({"faults": wanted})

    async def heal(self, request: Request) -> Response:
        """End all faults; requests that hang are closed."""
        self.faults.heal()
        return JSONAnswer({"faults": []})

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: adding events, searching them, and the control API of the tests."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from receiver.control import Control
from receiver.faults import Faults
from receiver.gate import CONTROL, connection_of
from receiver.paths import register_paths
from receiver.responses import JSONAnswer, refusal
from receiver.schema import BadEvent, parse_event
from receiver.search import Search
from receiver.store import Store


@dataclass(frozen=True)
class Intake:
    """Takes events in."""

    store: Store
    tokens: frozenset[str]

    async def add(self, request: Request) -> Response:
        """Check and keep one event."""
        token, path_type = request.path_params["token"], request.path_params["type"]
        if token not in self.tokens:
            return refusal(403, "The App token is not known.")
        body = await request.body()
        try:
            event = parse_event(body, None if path_type == "event" else path_type)
        except BadEvent as error:
            return refusal(400, str(error))
        headers = {name.lower(): value for name, value in request.headers.items()}
        connection, raw = connection_of(request.scope), body.decode("utf-8")
        number = self.store.add_event(token, request.url.path, connection, headers, raw, event)
        return JSONAnswer({"accepted": True, "number": number})


async def explain(request: Request, error: Exception) -> Response:
    """No such path, or the wrong method for it."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return refusal(error.status_code, f"{error.detail}.", headers)


def make_app(store: Store, faults: Faults, tokens: frozenset[str], api_key: str) -> Starlette:
    """The application over a store."""
    register_paths()
    intake, search, control = Intake(store, tokens), Search(store, tokens, api_key), Control(store, faults)
    app = Starlette(
        routes=[
            *control.routes(CONTROL),
            Route("/{token:token}/_search", search.answer, methods=["GET", "POST"]),
            Route("/{token:token}/{type:type}/_search", search.answer, methods=["GET", "POST"]),
            Route("/{token:token}/{type:type}", intake.add, methods=["POST"]),
        ],
        exception_handlers={HTTPException: explain},
    )
    app.router.redirect_slashes = False
    return app

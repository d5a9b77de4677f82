# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the receiver's own tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from receiver.running import Receiver, running_receiver

EVENT = {"type": "deployment", "message": "Started deployment of shop 1.23"}
Post = Callable[..., requests.Response]
Search = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    """One receiver for most tests."""
    with running_receiver(tokens=["demo-token", "other-token"]) as receiver:
        yield receiver


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Receiver:
    """The receiver, without faults and without memories."""
    shared_receiver.heal()
    shared_receiver.clear()
    return shared_receiver


@pytest.fixture
def post(receiver: Receiver) -> Post:
    """Posts an event, or any body, and gives the answer."""

    def do(json: Any = None, path: str = "/demo-token/event", **more: Any) -> requests.Response:
        body = {} if "data" in more else {"json": EVENT if json is None else json}
        return requests.post(more.pop("url", receiver.url) + path, **body, timeout=10, **more)

    return do


@pytest.fixture
def search(receiver: Receiver) -> Search:
    """Searches and gives Elasticsearch's answer; ``status`` is what it must be answered with."""

    def do(body: Any | None = None, path: str = "/demo-token/_search", status: int = 200, **params: Any) -> Any:
        answer = requests.request(
            "GET" if body is None else "POST", receiver.url + path, params=params, json=body, timeout=10,
            headers={"Authorization": "apiKey demo-api-key"},
        )  # fmt: skip
        assert answer.status_code == status, answer.text
        return answer.json()

    return do

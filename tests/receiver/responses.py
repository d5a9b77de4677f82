# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers in JSON, as data and as responses."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response


class JSONAnswer(Response):
    """JSON in plain ASCII: it can carry any text that JSON in a request can carry."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content).encode("ascii")


def refusal(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONAnswer:
    """An answer that says why a request was refused."""
    return JSONAnswer({"error": sentence}, status_code=status, headers=headers)

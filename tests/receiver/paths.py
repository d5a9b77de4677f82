# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a token and a type look in a path."""

from __future__ import annotations

import re

from starlette.convertors import Convertor, register_url_convertor


class TokenConvertor(Convertor[str]):
    """An App token; it starts with a letter or a digit, so that ``_control`` is none."""

    regex = "[A-Za-z0-9][A-Za-z0-9._-]*"

    def convert(self, value: str) -> str:
        """The token, as it stands in the path."""
        return value

    def to_string(self, value: str) -> str:
        """The path's part for a token."""
        return value


class TypeConvertor(TokenConvertor):
    """A type of event; it does not start with an underscore, so that ``_search`` is none."""

    regex = "[^/_][^/]*"


def is_token(text: str) -> bool:
    """Whether a text can be an App token."""
    return re.fullmatch(TokenConvertor.regex, text) is not None


def register_paths() -> None:
    """Let routes say ``{token:token}`` and ``{type:type}``."""
    register_url_convertor("token", TokenConvertor())
    register_url_convertor("type", TypeConvertor())

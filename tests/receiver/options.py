# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the receiver."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from receiver.paths import is_token

DEFAULT_TOKEN = "demo-token"
DEFAULT_API_KEY = "demo-api-key"
DEFAULT_MAX_BODY = 262144


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    host: str
    port: int
    tokens: tuple[str, ...]
    api_key: str
    database: str | None
    certificate: str | None
    key: str | None
    ready_file: str | None
    max_body: int


def token(text: str) -> str:
    """An App token that can stand in a path."""
    if not is_token(text):
        raise argparse.ArgumentTypeError("a token is made of letters, digits, dots, dashes and underscores")
    return text


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line, with its help."""
    parser = argparse.ArgumentParser(prog="python -m receiver", description="A local Sematext event receiver.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=0, help="port to listen on; 0, the default, takes any free one")
    add("--token", type=token, action="append", help=f"App token to accept, repeatable ({DEFAULT_TOKEN})")
    add("--api-key", default=DEFAULT_API_KEY, help="key that a search must bring (%(default)s)")
    add("--database", metavar="FILE", help="SQLite file that keeps the events (a temporary one)")
    add("--certificate", metavar="FILE", help="serve HTTPS with this certificate chain (PEM)")
    add("--key", metavar="FILE", help="private key of the certificate (PEM)")
    add("--ready-file", metavar="FILE", help="write the base URL there once the receiver listens")
    add("--max-body", type=int, default=DEFAULT_MAX_BODY, metavar="BYTES", help="largest body (%(default)s)")
    return parser


def parse_options(arguments: Sequence[str]) -> Options:
    """Options from the words of a command line; exits with a message when they are wrong."""
    parser = make_parser()
    found = vars(parser.parse_args(arguments))
    if bool(found["certificate"]) != bool(found["key"]):
        parser.error("--certificate and --key go together")
    return Options(tokens=tuple(found.pop("token") or [DEFAULT_TOKEN]), **found)

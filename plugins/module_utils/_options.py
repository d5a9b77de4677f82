# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The connection options: which receiver, which App, how. The doc fragment of the same options is _sematext.py."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import re
import stat
import typing as t
from urllib.parse import urlsplit

from ._errors import OptionError

REGIONS = {
    "US": "https://event-receiver.sematext.com",
    "EU": "https://event-receiver.eu.sematext.com",
}
TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
#: Environment variables by option, for the secrets.
TOKEN_VARIABLES = {"app_token": "SEMATEXT_APP_TOKEN", "app_token_file": "SEMATEXT_APP_TOKEN_FILE"}
KEY_VARIABLES = {"api_key": "SEMATEXT_API_KEY", "api_key_file": "SEMATEXT_API_KEY_FILE"}
#: The names of the connection options.
OPTIONS = ("app_token", "app_token_file", "region", "event_receiver_url", "validate_certs", "ca_path", "timeout")
MAX_TIMEOUT = 300
#: What a name in a URL must look like so that it can be asked for at all.
HOST = re.compile(r"(?:[^.]{1,63}\.)*[^.]{1,63}\.?")


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach the events of one App.

    :ivar receiver: base URL of the receiver, without a slash at its end.
    :ivar ca_path: a file or folder of certificates to trust instead of the default ones.
    :ivar timeout: seconds that one request may take in all.
    """

    app_token: str = dataclasses.field(repr=False)
    receiver: str
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 5.0

    @property
    def url(self) -> str:
        """Where events are posted. It holds the token: never show it."""
        return f"{self.receiver}/{self.app_token}/event"

    @property
    def search_url(self) -> str:
        """Where events are searched. It holds the token: never show it."""
        return f"{self.receiver}/{self.app_token}/_search"

    @property
    def host(self) -> str:
        """Host, and port where one is given: fit to be shown."""
        return urlsplit(self.receiver).netloc

    @property
    def digest(self) -> str:
        """A name for receiver and App from which the token cannot be told."""
        return hashlib.sha256(f"{self.receiver}\n{self.app_token}".encode()).hexdigest()[:16]


def connection(
    options: t.Mapping[str, t.Any],
    environ: t.Mapping[str, str],
    warn: t.Callable[[str], None],
) -> Connection:
    """Check the options' values and put them together.

    :param options: values by option name; None or an empty text means "not given".
    :param environ: environment variables, for the token alone.
    :param warn: is told, in a sentence, of what works but should be mended.
    :raises OptionError: naming the first option that cannot be used.
    """
    region = str(options.get("region") or "US").strip().upper()
    if region not in REGIONS:
        raise OptionError("region", f"must be one of {', '.join(REGIONS)}; for another receiver set event_receiver_url")
    url = options.get("event_receiver_url")
    return Connection(
        app_token=_secret(_APP_TOKEN, options, environ, warn),
        receiver=_receiver(url) if url else REGIONS[region],
        validate_certs=options.get("validate_certs") is not False,
        ca_path=options.get("ca_path") or None,
        timeout=seconds("timeout", options.get("timeout", 5), MAX_TIMEOUT),
    )


def seconds(option: str, value: t.Any, most: float, least: float = 0.001) -> float:
    """A time span in seconds. :raises OptionError: if it is no number from `least` to `most`."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        result = math.nan
    if not least <= result <= most:
        raise OptionError(option, f"must be a number of seconds from {least:g} to {most:g}")
    return result


def api_key(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], warn: t.Callable[[str], None]) -> str:
    """The key that a search needs; the arguments are those of connection().

    :raises OptionError: when there is none, or it cannot be one.
    """
    return _secret(_API_KEY, options, environ, warn)


@dataclasses.dataclass(frozen=True)
class _Secret:
    """A secret option; another one, whose name ends in `_file`, names a file that holds it.

    :ivar what: its name in a sentence.
    :ivar place: where Sematext shows it, in words.
    :ivar variables: environment variables by option; the first one that is set wins, an option wins over both.
    """

    option: str
    what: str
    place: str
    variables: t.Mapping[str, str]


_APP_TOKEN = _Secret("app_token", "App token", "the App's settings", TOKEN_VARIABLES)
_API_KEY = _Secret("api_key", "API key", "the account's settings", KEY_VARIABLES)


def _secret(
    secret: _Secret,
    options: t.Mapping[str, t.Any],
    environ: t.Mapping[str, str],
    warn: t.Callable[[str], None],
) -> str:
    option, file_option = secret.option, f"{secret.option}_file"
    for source in (options, {option: environ.get(name) for option, name in secret.variables.items()}):
        if source.get(option):
            return _checked_secret(secret, option, str(source[option]))
        if source.get(file_option):
            return _checked_secret(secret, file_option, _read_secret(secret, str(source[file_option]), warn))
    variables = " and ".join(secret.variables.values())
    raise OptionError(option, f"is not set: give it, {file_option}, or one of the environment variables {variables}")


def _checked_secret(secret: _Secret, option: str, value: str) -> str:
    value = value.strip()
    if not TOKEN.fullmatch(value):
        raise OptionError(
            option,
            f"holds no {secret.what}: one is made of letters, digits, '-' and '_' alone; copy it from {secret.place}",
        )
    return value


def _read_secret(secret: _Secret, path: str, warn: t.Callable[[str], None]) -> str:
    path = os.path.expanduser(path)
    try:
        with open(path, encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(4096)
            if file.read(1):
                content = ""  # whatever this is, it is more than a token
    except UnicodeDecodeError:
        content, mode = "", 0
    except OSError as exc:
        if TOKEN.fullmatch(path):
            why = f"if this is the {secret.what} itself, give it as {secret.option}"
        else:
            why = f"{path}: {exc.strerror}"
        raise OptionError(f"{secret.option}_file", f"names a file that cannot be read ({why})") from None
    except ValueError:
        why = "no path looks like this"
        raise OptionError(f"{secret.option}_file", f"names a file that cannot be read ({why})") from None
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        warn(f"The {secret.what} in {path} can be read by others; run: chmod 600 {path}")
    return content


def _receiver(url: t.Any) -> str:
    reason = "must be a URL such as https://event-receiver.sematext.com, without user name, query or fragment"
    try:
        parts = urlsplit(str(url).strip())
        valid = HOST.fullmatch(parts.hostname or "") and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if (
        not valid
        or parts.scheme.lower() not in ("http", "https")
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or re.search(r"[\s\x00-\x1f\\]", str(url).strip())
    ):
        raise OptionError("event_receiver_url", reason)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}".rstrip("/")

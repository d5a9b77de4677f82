# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""One request and its answer, in bounded time. The only code that opens a connection.

Redirects are never followed, since the App token is in the path and the API key in a header. Proxy variables are
honoured, ~/.netrc is not. No text of the requests library leaves this file: its errors quote the URL, and so the token.
"""

from __future__ import annotations

import dataclasses
import http.client
import os
import socket
import ssl
import threading
import typing as t

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]

from ._errors import LibraryMissing
from ._options import Connection
from ._tls import use_certificates
from ._version import VERSION

#: Bytes that are read at once.
CHUNK = 64 * 1024


class NoAnswer(Exception):
    """There was no whole answer.

    :ivar why: the reason, in words for a sentence.
    :ivar remedy: what to do, in words for the same sentence.
    """

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why, self.remedy = why, remedy


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back.

    :ivar body: its start, as far as it was read.
    :ivar trouble: why `body` is not the whole; None if it is.
    """

    status: int
    headers: t.Mapping[str, str]
    body: bytes = b""
    trouble: NoAnswer | None = None


class Exchange:
    """Posts to one receiver, over connections that it keeps open.

    :param headers: further ones, for each request.
    :raises LibraryMissing: without requests.
    :raises OptionError: when `ca_path` cannot be used.
    """

    def __init__(self, connection: Connection, headers: t.Mapping[str, str] | None = None) -> None:
        if requests is None:
            raise LibraryMissing("The Python library requests is missing")
        self._connection = connection
        self._session = requests.Session()
        self._session.auth = _no_credentials
        self._session.headers = {  # type: ignore[assignment]
            "Content-Type": "application/json",
            "User-Agent": f"community.sematext/{VERSION}",
            "Accept": "application/json",
            **(headers or {}),
        }
        if connection.receiver.startswith("https:"):
            use_certificates(self._session, connection.ca_path, connection.validate_certs)

    def post(self, url: str, body: bytes, most: int) -> Answer:
        """Post once, for at most `timeout` seconds in all.

        :param most: bytes of the answer's body to read; a body of so many or more is not read to its end.
        :returns: the answer. If its status came in time and its body did not, the body is empty and `trouble` says so.
        :raises NoAnswer: when not even a status came.
        """
        news: list[Answer | NoAnswer] = []
        # requests bounds each wait of the socket, but neither their sum nor the look-up of the name
        request = threading.Thread(target=self._request, args=(url, body, most, news.append), daemon=True)
        request.start()
        request.join(self._connection.timeout + 0.1)
        last = news[-1] if news else self._late()
        if isinstance(last, NoAnswer):
            raise last
        return last

    def _request(self, url: str, body: bytes, most: int, tell: t.Callable[[Answer | NoAnswer], None]) -> None:
        """One request. Tells the status alone first, since a body may come slowly or never."""
        try:
            with self._session.post(
                url,
                data=body,
                timeout=self._connection.timeout,
                allow_redirects=False,
                stream=True,
                verify=self._connection.validate_certs,
            ) as response:
                start = Answer(response.status_code, response.headers, trouble=self._late())
                tell(start)
                content, trouble = self._read(response, most)
                tell(dataclasses.replace(start, body=content, trouble=trouble))
        except requests.exceptions.Timeout:
            tell(self._late())
        except Exception as exc:  # pylint: disable=broad-except
            tell(_broken(exc))

    def _read(self, response: t.Any, most: int) -> tuple[bytes, NoAnswer | None]:
        """The body, as far as it can be read. Reading on until it ends lets the connection serve again."""
        body = bytearray()
        try:
            for part in response.iter_content(CHUNK):
                body += part
                if len(body) >= most:
                    return bytes(body), NoAnswer(f"the answer has more than {most / 1024**2:g} MiB", "ask for less")
        except Exception as exc:  # pylint: disable=broad-except
            late = any(isinstance(cause, socket.timeout) for cause in _chain(exc))
            return bytes(body), self._late() if late else _broken(exc)
        return bytes(body), None

    def _late(self) -> NoAnswer:
        why = f"there was no complete answer within {self._connection.timeout:g} s"
        return NoAnswer(why, "check the receiver and the network, or raise timeout")


def fit(said: str, *secrets: str) -> str:
    """What somebody else says, made fit to be shown: short, printable, without the secrets."""
    for secret in secrets:
        said = said.replace(secret, "...")
    return "".join(char if char.isprintable() else " " for char in said).strip()[:200]


def _broken(exc: BaseException) -> NoAnswer:
    return NoAnswer(_why(exc), "check the receiver, the network and the proxy settings")


def _no_credentials(request: t.Any) -> t.Any:
    """Keeps requests from looking for credentials in ~/.netrc."""
    return request


def _why(exc: BaseException) -> str:
    """The reason of a failed connection, from the types of the chained errors, never from their text."""
    causes = list(_chain(exc))
    if any(type(cause).__name__ in ("ProxyError", "InvalidProxyURL") for cause in causes):
        return "the proxy cannot be reached or did not pass the request on"
    for kinds, why in (
        (ssl.SSLCertVerificationError, "its TLS certificate is not trusted"),
        (ssl.SSLError, "no TLS connection could be made"),
        (socket.gaierror, "its name cannot be resolved"),
        (ConnectionRefusedError, "the connection was refused"),
        (ConnectionError, "the connection was closed before an answer came"),
        (http.client.IncompleteRead, "the connection was closed before the answer was complete"),
        (http.client.HTTPException, "what answered does not speak HTTP"),
    ):
        for cause in causes:
            if isinstance(cause, kinds):
                detail = getattr(cause, "verify_message", "")
                return f"{why} ({detail})" if detail else why
    if any(type(cause).__name__ == "NameResolutionError" for cause in causes):
        return "its name cannot be resolved"
    system = [cause for cause in causes if isinstance(cause, OSError) and cause.errno]
    if system:
        return f"the network reports: {os.strerror(system[0].errno)}"  # type: ignore[arg-type]
    return f"the request failed ({type(causes[-1]).__name__})"


def _chain(exc: BaseException | None) -> t.Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [exc]
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]

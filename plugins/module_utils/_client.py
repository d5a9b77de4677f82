# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""How the wire is spoken: URL, request, answers, when to try again. The only code that opens a connection.

What counts as done, bad or due is the table "Done, bad, due" in docs/architecture.md. Redirects are never followed,
since the token is in the path. Proxy variables are honoured, ~/.netrc is not. No text of the requests library leaves
this file: its errors quote the URL, and so the token.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import http.client
import json
import os
import random
import socket
import ssl
import threading
import time
import typing as t

try:
    import requests
    import requests.adapters
    import requests.certs
except ImportError:
    requests = None  # type: ignore[assignment]

from ._errors import DeliveryError, EventRejected, LibraryMissing, OptionError, ReceiverRefused, ReceiverUnavailable
from ._options import Connection
from ._version import VERSION

REJECTED = (400, 413, 415, 422)
TRY_AGAIN = (408, 429)
#: Seconds: the longest pause between two tries, whatever the receiver asks for.
MAX_PAUSE = 7.0
#: Bytes of an answer that are read so that its connection can serve again.
MAX_ANSWER = 64 * 1024


class Client:
    """Sends events of one App, over connections that it keeps open.

    :raises LibraryMissing: without requests.
    :raises OptionError: when `ca_path` cannot be used.
    """

    def __init__(self, connection: Connection) -> None:
        if requests is None:
            raise LibraryMissing("The Python library requests is missing")
        self._connection = connection
        self._session = requests.Session()
        self._session.auth = _no_credentials
        self._session.headers = {  # type: ignore[assignment]
            "Content-Type": "application/json",
            "User-Agent": f"community.sematext/{VERSION}",
            "Accept": "application/json",
        }
        if connection.receiver.startswith("https:"):
            self._session.mount("https://", _Adapter(tls_context(connection.ca_path, connection.validate_certs)))
            if not connection.validate_certs:
                requests.packages.urllib3.disable_warnings()  # type: ignore[attr-defined]

    def deliver(self, body: bytes, retries: int, pause: t.Callable[[float], None] = time.sleep) -> None:
        """Send one event, trying again where that can help.

        Takes at most (retries + 1) * timeout + retries * MAX_PAUSE seconds.

        :param body: the event as encode() makes it.
        :param retries: how many more tries may follow the first.
        :raises DeliveryError: when the event was not accepted.
        """
        for attempt in range(retries + 1):
            try:
                return self.send(body)
            except ReceiverUnavailable as exc:
                if attempt == retries:
                    raise
                pause(backoff(attempt, exc.retry_after))

    def send(self, body: bytes) -> None:
        """Try once to send one event, for at most `timeout` seconds in all.

        :raises EventRejected: the receiver can never accept it.
        :raises ReceiverRefused: the receiver refuses the token or the path.
        :raises ReceiverUnavailable: another try may succeed.
        """
        verdicts: list[DeliveryError | None] = []
        # requests bounds each wait of the socket, but neither their sum nor the look-up of the name
        request = threading.Thread(target=self._request, args=(body, verdicts.append), daemon=True)
        request.start()
        request.join(self._connection.timeout + 0.1)
        verdict = verdicts[-1] if verdicts else self._no_answer()
        if verdict is not None:
            raise verdict

    def _request(self, body: bytes, conclude: t.Callable[[DeliveryError | None], None]) -> None:
        """One request. Concludes on the status alone first, since a body may come slowly or never."""
        connection = self._connection
        try:
            with self._session.post(
                connection.url,
                data=body,
                timeout=connection.timeout,
                allow_redirects=False,
                stream=True,
                verify=connection.validate_certs,
            ) as response:
                conclude(self._judge(response.status_code, response.headers, b""))
                conclude(self._judge(response.status_code, response.headers, _answer(response)))
        except requests.exceptions.Timeout:
            conclude(self._no_answer())
        except Exception as exc:  # pylint: disable=broad-except
            why = self._sentence(_why(exc), "check the receiver, the network and the proxy settings")
            conclude(ReceiverUnavailable(why))

    def _judge(self, status: int, headers: t.Mapping[str, str], answer: bytes) -> DeliveryError | None:
        if 200 <= status < 300:
            return None
        said = self._quote(answer)
        if status in REJECTED:
            return EventRejected(
                self._sentence(f"the event is not acceptable (HTTP {status}{said})", "correct the event")
            )
        if status in TRY_AGAIN or status >= 500:
            return ReceiverUnavailable(
                self._sentence(f"the receiver is in trouble or busy (HTTP {status}{said})", "try again later"),
                _retry_after(headers.get("Retry-After")),
            )
        why, remedy = f"the receiver answered with HTTP {status}{said}", "check event_receiver_url and region"
        if status in (401, 403):
            why = f"the App token is not accepted by this receiver (HTTP {status}{said})"
            remedy = "check app_token, and that region is the one of your account"
        elif 300 <= status < 400:
            why = f"the receiver redirects (HTTP {status}), which is not followed since it would pass the App token on"
        return ReceiverRefused(self._sentence(why, remedy))

    def _no_answer(self) -> ReceiverUnavailable:
        why = f"there was no complete answer within {self._connection.timeout:g} s"
        return ReceiverUnavailable(self._sentence(why, "check the receiver and the network, or raise timeout"))

    def _sentence(self, why: str, remedy: str) -> str:
        return f"The event was not accepted by {self._connection.host}: {why}; {remedy}."

    def _quote(self, answer: bytes) -> str:
        """What the receiver says of an error, made fit to be shown: short, printable, without the token."""
        try:
            said = json.loads(answer.decode("utf-8"))["error"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""
        if not isinstance(said, str):
            return ""
        said = "".join(char if char.isprintable() else " " for char in said.replace(self._connection.app_token, "..."))
        return f", it says: {said.strip()[:200]}" if said.strip() else ""


def backoff(attempt: int, retry_after: float | None = None) -> float:
    """Seconds to wait after try number `attempt`, counted from 0: doubling, with jitter; the receiver's wish wins."""
    if retry_after is not None:
        return min(retry_after, MAX_PAUSE)
    return min(2.0 ** min(attempt, 8), MAX_PAUSE) * random.uniform(0.5, 1.0)


def tls_context(ca_path: str | None = None, validate_certs: bool = True) -> ssl.SSLContext:
    """A context for TLS connections. Loading the default certificates takes 25 ms, so this is done once per process.

    :raises OptionError: when `ca_path` cannot be used.
    :raises LibraryMissing: without requests.
    """
    if requests is None:
        raise LibraryMissing("The Python library requests is missing")
    return cached_context(ca_path, validate_certs)  # always called with the same form of arguments: they are the key


@functools.lru_cache(maxsize=8)
def cached_context(ca_path: str | None, validate_certs: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    path = (
        ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or _default_certificates()
    )
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        raise OptionError("ca_path", f"names no readable certificates ({path})") from None
    return context


if requests is not None:

    class _Adapter(requests.adapters.HTTPAdapter):
        """Uses one TLS context for all connections, where requests would load the certificates again for each."""

        def __init__(self, context: ssl.SSLContext) -> None:
            self._context = context
            super().__init__()

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

        def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
            return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

        def cert_verify(self, *args: t.Any, **kwargs: t.Any) -> None:
            """Nothing to set: the context holds it all."""

        def send(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            """Where a variable such as REQUESTS_CA_BUNDLE is set, `verify` is its path by now, and its certificates
            would be added to the context's for each connection."""
            kwargs["verify"] = self._context.verify_mode != ssl.CERT_NONE
            return super().send(*args, **kwargs)


def _default_certificates() -> str:
    return requests.certs.where()  # type: ignore[attr-defined]


def _no_credentials(request: t.Any) -> t.Any:
    """Keeps requests from looking for credentials in ~/.netrc."""
    return request


def _answer(response: t.Any) -> bytes:
    """The start of the answer's body, as far as it can be read: the status has said all that counts. Reading on until
    it ends lets the connection serve again."""
    answer = b""
    with contextlib.suppress(Exception):
        for part in response.iter_content(MAX_ANSWER):
            answer += part
            if len(answer) >= MAX_ANSWER:
                break
    return answer


def _retry_after(value: str | None) -> float | None:
    if not value:
        return None
    try:
        return float(min(max(0, int(value)), 86400))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return max(0.0, moment.timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


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

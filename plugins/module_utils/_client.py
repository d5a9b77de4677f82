# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""How events are sent: what the answers mean, and when to try again.

What counts as done, bad or due is the table "Done, bad, due" in docs/architecture.md.
"""

from __future__ import annotations

import email.utils
import json
import random
import time
import typing as t

from ._errors import DeliveryError, EventRejected, ReceiverRefused, ReceiverUnavailable
from ._exchange import Exchange, NoAnswer, fit
from ._options import Connection

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
        self._connection = connection
        self._exchange = Exchange(connection)

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
        try:
            answer = self._exchange.post(self._connection.url, body, MAX_ANSWER)
        except NoAnswer as exc:
            raise ReceiverUnavailable(self._sentence(exc.why, exc.remedy)) from None
        verdict = self._judge(answer.status, answer.headers, answer.body)
        if verdict is not None:
            raise verdict

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

    def _sentence(self, why: str, remedy: str) -> str:
        return f"The event was not accepted by {self._connection.host}: {why}; {remedy}."

    def _quote(self, answer: bytes) -> str:
        """What the receiver says of an error."""
        try:
            said = json.loads(answer.decode("utf-8"))["error"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""
        said = fit(said, self._connection.app_token) if isinstance(said, str) else ""
        return f", it says: {said}" if said else ""


def backoff(attempt: int, retry_after: float | None = None) -> float:
    """Seconds to wait after try number `attempt`, counted from 0: doubling, with jitter; the receiver's wish wins."""
    if retry_after is not None:
        return min(retry_after, MAX_PAUSE)
    return min(2.0 ** min(attempt, 8), MAX_PAUSE) * random.uniform(0.5, 1.0)


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

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The errors that leave the collection's own code. Their text is one sentence, free of secrets, fit for a user."""

from __future__ import annotations


class SematextError(Exception):
    """The base of all; str() is the sentence to show."""


class OptionError(SematextError):
    """An option's value cannot be used.

    :ivar option: the option's name, as the user wrote it.
    :ivar reason: what is wrong with it and what to do, without the full stop.
    """

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"Option '{option}' {reason}.")
        self.option, self.reason = option, reason


class LibraryMissing(SematextError):
    """The Python library requests cannot be imported."""


class DeliveryError(SematextError):
    """An event was not accepted.

    :ivar retry_after: seconds that the receiver asks to wait before the next try, None if it didn't say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EventRejected(DeliveryError):
    """The receiver can never accept this event; the next one may well pass."""


class ReceiverRefused(DeliveryError):
    """The receiver refuses this token or path: no event would fare better now, so trying again is no use."""


class ReceiverUnavailable(DeliveryError):
    """No connection, no answer in time, or a passing trouble of the receiver: worth another try."""


class SearchError(SematextError):
    """A search was not answered."""

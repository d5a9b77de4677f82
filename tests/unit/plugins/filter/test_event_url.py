# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter gives the URL or refuses in a sentence, and never shows a token."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.community.sematext.plugins.filter.event_url import FilterModule, event_url

CANARY = "canary!token"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEMATEXT_APP_TOKEN", "SEMATEXT_APP_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_region_says_where_to() -> None:
    assert event_url({"app_token": "a-b_1"}) == "https://event-receiver.sematext.com/a-b_1/event"
    assert event_url({"app_token": "a", "region": "eu"}) == "https://event-receiver.eu.sematext.com/a/event"


def test_a_receiver_of_ones_own_wins() -> None:
    options = {"app_token": "a", "region": "EU", "event_receiver_url": "http://[::1]:8080/base/"}
    assert event_url(options) == "http://[::1]:8080/base/a/event"


def test_a_file_of_the_control_node_may_hold_the_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    file.chmod(0o600)
    assert event_url({"app_token": "", "app_token_file": str(file)}).endswith("/from-file/event")


def test_the_environment_of_the_control_node_may_hold_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMATEXT_APP_TOKEN", "from-environment")
    assert event_url({"app_token": "", "app_token_file": ""}).endswith("/from-environment/event")


@pytest.mark.parametrize(
    "options, said",
    [
        ({}, "Option 'x_app_token' is not set"),
        ({"app_token": CANARY}, "Option 'x_app_token' holds no App token"),
        ({"app_token": "a", "region": "APAC"}, "Option 'x_region' must be one of US, EU"),
        (
            {"app_token": "a", "event_receiver_url": "ftp://host"},
            "Option 'x_event_receiver_url' must be a URL",
        ),
        ("text", "needs a dictionary"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(options: object, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        event_url(options, "x_")  # type: ignore[arg-type]
    assert said in str(error.value)
    assert CANARY not in str(error.value)


def test_ansible_finds_the_filter() -> None:
    assert FilterModule().filters() == {"event_url": event_url}

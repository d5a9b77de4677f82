# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.community.sematext.plugins.module_utils import _options
from ansible_collections.community.sematext.plugins.module_utils._errors import OptionError
from hypothesis import given
from hypothesis import strategies as st

TOKEN = "4d5c-OPTION_token"


class Warned(list):
    """What the user was warned of."""

    def __call__(self, sentence: str) -> None:
        self.append(sentence)


def connect(environ=None, warned=None, **options):
    return _options.connection({"app_token": TOKEN, **options}, environ or {}, Warned() if warned is None else warned)


def refusal(environ=None, **options):
    """The option that is named when these are refused, and the sentence."""
    with pytest.raises(OptionError) as caught:
        connect(environ, **options)
    return caught.value.option, str(caught.value)


@pytest.fixture
def token_file(tmp_path):
    """Makes a file that holds a text."""

    def make(content, name="token", mode=0o600):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return str(path)

    return make


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_precedence_of_the_places_a_token_comes_from(token_file):
    options = {"app_token": "option", "app_token_file": token_file("option-file", "one")}
    environ = {"SEMATEXT_APP_TOKEN": "variable", "SEMATEXT_APP_TOKEN_FILE": token_file("variable-file", "two")}
    found = []
    for source, name in (
        (options, "app_token"),
        (options, "app_token_file"),
        (environ, "SEMATEXT_APP_TOKEN"),
        (environ, "SEMATEXT_APP_TOKEN_FILE"),
    ):
        found.append(_options.connection(options, environ, Warned()).app_token)
        source[name] = ""  # as good as not given
    assert found == ["option", "option-file", "variable", "variable-file"]
    with pytest.raises(OptionError, match="app_token.*SEMATEXT_APP_TOKEN and SEMATEXT_APP_TOKEN_FILE"):
        _options.connection(options, environ, Warned())


def test_the_api_key_has_places_of_its_own(token_file):
    options = {"api_key": "option", "api_key_file": token_file("option-file", "one"), "app_token": "no"}
    environ = {"SEMATEXT_API_KEY": "variable", "SEMATEXT_API_KEY_FILE": token_file("variable-file", "two")}
    environ["SEMATEXT_APP_TOKEN"] = "no"
    found = []
    for source, name in (
        (options, "api_key"),
        (options, "api_key_file"),
        (environ, "SEMATEXT_API_KEY"),
        (environ, "SEMATEXT_API_KEY_FILE"),
    ):
        found.append(_options.api_key(options, environ, Warned()))
        source[name] = ""  # as good as not given
    assert found == ["option", "option-file", "variable", "variable-file"]
    with pytest.raises(OptionError, match="'api_key' is not set.*SEMATEXT_API_KEY and SEMATEXT_API_KEY_FILE"):
        _options.api_key(options, environ, Warned())


@pytest.mark.parametrize("content", [TOKEN, f"{TOKEN}\n", f"  {TOKEN}\r\n"])
def test_white_space_around_a_token_in_a_file_is_no_part_of_it(token_file, content):
    assert connect(app_token=None, app_token_file=token_file(content)).app_token == TOKEN


def test_a_token_file_may_be_in_the_home_folder(token_file, monkeypatch):
    monkeypatch.setenv("HOME", os.path.dirname(token_file(TOKEN)))
    assert connect(app_token=None, app_token_file="~/token").app_token == TOKEN


@pytest.mark.parametrize(
    ("mode", "warnings"), [(0o600, 0), (0o400, 0), (0o620, 0), (0o640, 1), (0o604, 1), (0o644, 1)], ids=oct
)
def test_a_token_file_that_others_may_read_gets_a_warning(token_file, mode, warnings):
    path, warned = token_file(TOKEN, mode=mode), Warned()
    connect(app_token=None, app_token_file=path, warned=warned)
    assert len(warned) == warnings
    assert all(f"chmod 600 {path}" in sentence and TOKEN not in sentence for sentence in warned)


@given(st.text(st.characters()).filter(lambda value: value and not value.strip().isalnum()))
def test_what_is_no_token_is_refused_before_it_can_become_a_path(value):
    token = value.strip()
    if token.isascii() and token and token.replace("-", "").replace("_", "").isalnum() or set(token) in ({"-"}, {"_"}):
        assert connect(app_token=value).app_token == token
    elif set(token) - set("-_"):
        # The same sentence for each: nothing of what was given is in it.
        assert refusal(app_token=value) == refusal(app_token="a/b")


@pytest.mark.parametrize("value", ["a/b", "../x", "a b", "a?b", "a%2fb", "a#b", "ä", "a\nb", "a.b", "{{ token }}", "²"])
def test_examples_of_what_is_no_token(value, token_file):
    assert refusal(app_token=value)[0] == "app_token"
    assert refusal(app_token=None, app_token_file=token_file(value))[0] == "app_token_file"


@pytest.mark.parametrize(
    "content", ["", "\n", b"\xff\xfe", "a" * 5000, TOKEN + " " * 5000 + "x"], ids=lambda v: repr(v)[:9]
)
def test_a_file_that_holds_no_token_is_refused(token_file, content):
    assert refusal(app_token=None, app_token_file=token_file(content))[0] == "app_token_file"


def test_a_token_in_place_of_its_file_is_not_shown():
    option, sentence = refusal(app_token=None, app_token_file=TOKEN)
    assert option == "app_token_file"
    assert TOKEN not in sentence


@pytest.mark.parametrize("path", ["/nowhere/token", "/", "a\0b", "\ud800"], ids=repr)
def test_a_token_file_that_cannot_be_read_is_refused(path):
    option, sentence = refusal(app_token=None, app_token_file=path)
    assert option == "app_token_file"
    assert "cannot be read" in sentence
    sentence.encode("utf-8")


# -- region, URL ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["EU", "eu", "Eu", " eu "])
def test_the_region_may_be_written_in_any_case(value):
    assert connect(region=value).url == f"https://event-receiver.eu.sematext.com/{TOKEN}/event"


@pytest.mark.parametrize("value", [None, "", "US", "us"])
def test_the_default_region_is_us(value):
    assert connect(region=value).url == f"https://event-receiver.sematext.com/{TOKEN}/event"


@pytest.mark.parametrize("value", ["DE", "E U", "US,EU", True, 1])
def test_an_unknown_region_is_refused(value):
    option, sentence = refusal(region=value)
    assert option == "region"
    assert "US, EU" in sentence


@pytest.mark.parametrize(
    ("url", "receiver", "host"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("HTTPS://Events.Example.COM/", "https://events.example.com", "events.example.com"),
        (" https://example.com/base/ ", "https://example.com/base", "example.com"),
        ("http://[::1]:80/x", "http://[::1]:80/x", "[::1]:80"),
    ],
)
def test_a_receiver_of_ones_own_overrides_the_region(url, receiver, host):
    found = connect(region="EU", event_receiver_url=url)
    assert (found.receiver, found.host, found.url) == (receiver, host, f"{receiver}/{TOKEN}/event")


@pytest.mark.parametrize(
    "url",
    [
        "event-receiver.sematext.com",
        "//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://user:secret@example.com",
        "https://secret@example.com",
        "https://example.com?secret",
        "https://example.com/#secret",
        "https://example.com:port",
        "https://example.com:99999",
        "https://example.com:0",
        "https://exa mple.com",
        "https://example.com/a\nb",
        "https://example.com\\x",
        "https://[::1",
        "https://a..b",
        "https://.example.com",
        f"https://{'a' * 64}.com",
        7,
    ],
)
def test_a_bad_url_is_refused(url):
    option, sentence = refusal(event_receiver_url=url)
    assert option == "event_receiver_url"
    assert "secret" not in sentence


# -- the others -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, -1, 301, "x", float("nan"), float("inf"), None, [], "5s"], ids=repr)
def test_an_impossible_timeout_is_refused(value):
    assert refusal(timeout=value)[0] == "timeout"


@pytest.mark.parametrize(("value", "seconds"), [(5, 5.0), ("2.5", 2.5), (300, 300.0)])
def test_a_timeout_is_in_seconds(value, seconds):
    assert connect(timeout=value).timeout == seconds


def test_the_defaults():
    found = connect()
    assert (found.validate_certs, found.ca_path, found.timeout) == (True, None, 5.0)


def test_no_text_of_a_connection_holds_the_token():
    found = connect()
    assert TOKEN not in repr(found) + str(found) + found.host + found.digest + f"{found}"


def test_the_digest_tells_apps_and_receivers_apart_and_stays_the_same():
    here = {"event_receiver_url": "http://127.0.0.1:1"}
    digests = [connect().digest, connect(app_token="other").digest, connect(region="EU").digest, connect(**here).digest]
    assert len(set(digests)) == 4
    assert connect(timeout=9, ca_path="/x", event_receiver_url="HTTP://127.0.0.1:1/").digest == digests[3]
    assert all(len(digest) == 16 and digest.isalnum() for digest in digests)

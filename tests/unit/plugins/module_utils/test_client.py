# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import email.utils
import json
import shutil
import subprocess
import time
import traceback

import pytest
from ansible_collections.community.sematext.plugins.module_utils import _client, _event, _tls
from ansible_collections.community.sematext.plugins.module_utils._client import MAX_PAUSE, Client
from ansible_collections.community.sematext.plugins.module_utils._errors import (
    DeliveryError,
    EventRejected,
    OptionError,
    ReceiverRefused,
    ReceiverUnavailable,
)
from ansible_collections.community.sematext.plugins.module_utils._options import Connection
from ansible_collections.community.sematext.plugins.module_utils._version import VERSION
from loopback import closed_port, raw_server, running_proxy
from receiver.certificates import make_certificates
from receiver.front import tcp_front
from receiver.running import running_receiver

TOKEN = "SECRET-token_4d5c"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
EVENT = _event.build(
    {"type": "deployment", "msg": 'Deployed \N{LEFT DOUBLE QUOTATION MARK}shop" 1.23 \N{ROCKET}', "tags": ["a:b"]}
)
BODY = _event.encode(EVENT)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    _tls.cached_context.cache_clear()


@pytest.fixture(scope="module")
def plain():
    with running_receiver(tokens=[TOKEN]) as found:
        yield found


@pytest.fixture(scope="module")
def secure():
    with running_receiver(tokens=[TOKEN], tls=True) as found:
        yield found


@pytest.fixture
def receiver(plain):
    plain.heal()
    plain.clear()
    return plain


@pytest.fixture
def tls_receiver(secure):
    secure.heal()
    secure.clear()
    return secure


def client(url, **settings):
    return Client(Connection(TOKEN, url, **{"timeout": 5, **settings}))


def deliver(url, retries=2, **settings):
    """Deliver the event; gives the pauses that were asked for."""
    pauses = []
    client(url, **settings).deliver(BODY, retries, pauses.append)
    return pauses


def failure(url, retries=0, **settings):
    """The error of a delivery, which is one sentence that names the host and holds no secret."""
    with pytest.raises(DeliveryError) as caught:
        deliver(url, retries, **settings)
    sentence = str(caught.value)
    assert TOKEN not in "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert "\n" not in sentence
    assert sentence.startswith(f"The event was not accepted by {url.partition('//')[2]}: ")
    return caught.value


# -- accepted ---------------------------------------------------------------------------------------------------------


def test_an_event_arrives_as_it_was_encoded(receiver):
    assert deliver(receiver.url) == []
    (record,) = receiver.records()
    assert (record["path"], record["raw"], record["event"]) == (f"/{TOKEN}/event", BODY.decode(), EVENT)
    assert record["headers"]["content-type"] == "application/json"
    assert record["headers"]["user-agent"] == f"community.sematext/{VERSION}"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success_whatever_the_body_says(receiver, status):
    receiver.fault(status=status, body='{"error": "not really"}')
    assert deliver(receiver.url) == []
    assert len(receiver.requests()) == 1


def test_several_events_share_a_connection(receiver):
    sender = client(receiver.url)
    for _unused in range(5):
        sender.send(BODY)
    assert len(receiver.events()) == 5
    assert len({request["connection"] for request in receiver.requests()}) == 1


def test_a_connection_outlives_errors_too(receiver):
    receiver.fault(status=500, times=2)
    assert len(deliver(receiver.url)) == 2
    assert len({request["connection"] for request in receiver.requests()}) == 1


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


def test_an_answer_in_chunks_keeps_the_connection_too():
    with raw_server(CHUNKED) as server:
        sender = client(server.url)
        for _unused in range(3):
            sender.send(BODY)
        assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\nContent-Encoding: gzip\r\n\r\nno gzip",
    ],
    ids=["length", "chunks", "encoding"],
)
def test_a_2xx_whose_body_never_ends_is_success(start):
    with raw_server(start) as server:
        assert deliver(server.url, timeout=0.3) == []
        assert len(server.requests) == 1


def test_a_2xx_whose_body_drips_is_success():
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", drip=b"x") as server:
        assert deliver(server.url, timeout=0.3) == []
        assert len(server.requests) == 1


def test_a_connection_that_the_receiver_closed_meanwhile_does_no_harm():
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", stay=False) as server:
        sender = client(server.url)
        for _unused in range(3):
            sender.deliver(BODY, 1, lambda _seconds: None)
        assert len(server.requests) == 3


# -- refused by status ------------------------------------------------------------------------------------------------

REJECTED, REFUSED = (400, 413, 415, 422), (300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 409, 410, 451)
UNAVAILABLE = (408, 429, 500, 501, 502, 503, 504, 599)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(each, EventRejected) for each in REJECTED]
    + [(each, ReceiverRefused) for each in REFUSED]
    + [(each, ReceiverUnavailable) for each in UNAVAILABLE],
)
def test_each_status_means_bad_or_due_and_is_tried_again_or_not(receiver, status, kind):
    receiver.fault(status=status)
    error = failure(receiver.url, retries=2)
    assert error.__class__ is kind
    assert f"HTTP {status}" in str(error)
    assert len(receiver.requests()) == (3 if kind is ReceiverUnavailable else 1)
    assert receiver.events() == []


@pytest.mark.parametrize("fault", [{"status": 503}, {"close": True}, {"status": 429, "retry_after": "1"}], ids=repr)
def test_a_trouble_that_passes_costs_tries_and_not_the_event(receiver, fault):
    receiver.fault(times=2, **fault)
    assert len(deliver(receiver.url)) == 2
    assert receiver.events() == [EVENT]
    assert len(receiver.requests()) == 3


def test_no_retries_means_one_try(receiver):
    receiver.fault(status=503)
    failure(receiver.url, retries=0)
    assert len(receiver.requests()) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_says_what_to_check(receiver, status):
    receiver.fault(status=status)
    assert "check app_token, and that region is the one of your account" in str(failure(receiver.url))


def test_an_unknown_token_is_refused_by_the_real_answer(receiver):
    with pytest.raises(ReceiverRefused, match="The App token is not known"):
        Client(Connection("another", receiver.url)).send(BODY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    with raw_server(CHUNKED) as elsewhere:
        receiver.fault(status=status, location=f"{elsewhere.url}/{TOKEN}/event")
        assert "redirects" in str(failure(receiver.url, retries=2))
        assert elsewhere.connections == 0
    assert len(receiver.requests()) == 1


# -- pauses -----------------------------------------------------------------------------------------------------------


def in_an_hour():
    return email.utils.formatdate(time.time() + 3600, usegmt=True)


@pytest.mark.parametrize(
    ("wish", "pause"),
    [
        ("3", 3),
        ("0", 0),
        ("-5", 0),
        ("86400", MAX_PAUSE),
        ("1" + "0" * 400, MAX_PAUSE),
        ("9" * 5000, None),
        (in_an_hour(), MAX_PAUSE),
        ("Mon, 02 Jan 2006 15:04:05 GMT", 0),
        ("Mon, 02 Jan 0001 15:04:05 +2359", 0),
        ("soon", None),
        ("1.5", None),
        ("nan", None),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_receivers_wish_for_a_pause_is_honoured_up_to_a_limit(receiver, status, wish, pause):
    receiver.fault(status=status, retry_after=wish, times=1)
    (asked,) = deliver(receiver.url)
    assert asked == pause if pause is not None else 0.5 <= asked <= 1
    assert receiver.events() == [EVENT]


def test_pauses_grow_and_have_a_limit(receiver):
    receiver.fault(status=500)
    pauses = []
    with pytest.raises(ReceiverUnavailable):
        client(receiver.url).deliver(BODY, 6, pauses.append)
    for pause, most in zip(pauses, [1, 2, 4, MAX_PAUSE, MAX_PAUSE, MAX_PAUSE]):
        assert most / 2 <= pause <= most
    assert 0 < _client.backoff(100_000) <= MAX_PAUSE


# -- no answer --------------------------------------------------------------------------------------------------------


def test_a_receiver_that_hangs_is_tried_again(receiver):
    receiver.fault(hang=True)
    error = failure(receiver.url, retries=1, timeout=0.3)
    assert isinstance(error, ReceiverUnavailable)
    assert "no complete answer within 0.3 s" in str(error)
    assert len(receiver.requests()) == 2


def test_a_receiver_that_hangs_once_gets_the_event_the_second_time(receiver):
    receiver.fault(hang=True, times=1)
    assert len(deliver(receiver.url, timeout=0.5)) == 1
    assert receiver.events() == [EVENT]


def test_an_answer_that_drips_counts_as_none(receiver):
    """Each byte comes in time; only their sum takes too long."""
    receiver.fault(drip=0.1)
    assert "no complete answer within 0.4 s" in str(failure(receiver.url, timeout=0.4))


def test_an_error_whose_body_never_ends_is_still_that_error():
    with raw_server(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n{"error":') as server:
        error = failure(server.url, timeout=0.3)
        assert isinstance(error, ReceiverRefused)
        assert "HTTP 403" in str(error)


def test_a_refused_connection():
    error = failure(f"http://127.0.0.1:{closed_port()}")
    assert isinstance(error, ReceiverUnavailable)
    assert "the connection was refused" in str(error)


@pytest.mark.parametrize("mode", ["hang", "reset", "cut", "refuse"])
def test_a_network_that_breaks_is_due_and_recovers(receiver, mode):
    with tcp_front(receiver) as front:
        front.mode(mode)
        sender, pauses = client(front.url, timeout=0.5), []

        def mend(seconds):
            pauses.append(seconds)
            front.mode("pass")

        with pytest.raises(ReceiverUnavailable):
            sender.send(BODY)
        sender.deliver(BODY, 2, mend)
    assert len(pauses) == 1
    assert EVENT in receiver.events()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "the connection was closed before an answer came"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what answered does not speak HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "what answered does not speak HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "what answered does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "what answered does not speak HTTP"),
    ],
    ids=["nothing", "ssh", "tls alert", "status", "headers"],
)
def test_what_answers_is_no_receiver(answer, why):
    with raw_server(answer, stay=False) as server:
        error = failure(server.url, retries=1)
        assert isinstance(error, ReceiverUnavailable)
        assert why in str(error)
        assert len(server.requests) == 2


def test_a_name_that_does_not_exist():
    error = failure("https://receiver.invalid", validate_certs=False)
    assert isinstance(error, ReceiverUnavailable)
    assert "its name cannot be resolved" in str(error)


# -- what the receiver says -------------------------------------------------------------------------------------------


def test_the_receivers_own_words_are_quoted_without_the_token(receiver):
    receiver.fault(status=400, body=json.dumps({"error": f"cannot POST /{TOKEN}/event"}))
    assert "it says: cannot POST /.../event" in str(failure(receiver.url))


@pytest.mark.parametrize(
    "body",
    [
        "<html>" + TOKEN,
        "",
        "[]",
        '"' + TOKEN + '"',
        json.dumps({"error": [TOKEN]}),
        json.dumps({"error": {"reason": TOKEN}}),
        json.dumps({"message": TOKEN}),
        json.dumps({"error": " "}),
        "[" * 60_000,
        json.dumps({"error": "x" * 70_000}),
    ],
    ids=lambda value: value[:20],
)
@pytest.mark.parametrize("status", [400, 403, 500])
def test_other_answers_are_not_quoted(receiver, status, body):
    receiver.fault(status=status, body=body)
    assert "says" not in str(failure(receiver.url))


def test_a_long_or_unprintable_answer_stays_a_short_line(receiver):
    receiver.fault(status=500, body=json.dumps({"error": "a\r\n\x1b[31mb\u202e" + "x" * 1000}))
    sentence = str(failure(receiver.url))
    assert sentence.isprintable()
    assert len(sentence) < 400


# -- TLS --------------------------------------------------------------------------------------------------------------


def test_a_trusted_certificate(tls_receiver):
    assert deliver(tls_receiver.url, ca_path=tls_receiver.ca_path) == []
    assert tls_receiver.events() == [EVENT]


def test_several_events_share_a_tls_connection(tls_receiver):
    sender = client(tls_receiver.url, ca_path=tls_receiver.ca_path)
    for _unused in range(3):
        sender.send(BODY)
    assert len({request["connection"] for request in tls_receiver.requests()}) == 1


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_the_variables_of_requests_name_what_to_trust(tls_receiver, monkeypatch, name):
    monkeypatch.setenv(name, tls_receiver.ca_path)
    assert deliver(tls_receiver.url) == []


def test_an_untrusted_certificate(tls_receiver):
    error = failure(tls_receiver.url)
    assert isinstance(error, ReceiverUnavailable)
    assert "its TLS certificate is not trusted" in str(error)
    assert tls_receiver.requests() == []


def test_ca_path_is_trusted_instead_of_the_variables(tls_receiver, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_receiver.ca_path)
    other = make_certificates(str(tmp_path)).ca_path
    assert "not trusted" in str(failure(tls_receiver.url, ca_path=other))


def test_a_certificate_for_another_name(tmp_path):
    certificates = make_certificates(str(tmp_path), "receiver.example.com")
    # the receiver's own API cannot be asked here, since its certificate fits no address of ours
    with running_receiver(tokens=[TOKEN], tls=certificates) as found:
        assert "not trusted" in str(failure(found.url, ca_path=certificates.ca_path))


def test_certificates_may_go_unchecked_and_nobody_complains(tls_receiver, recwarn):
    assert deliver(tls_receiver.url, validate_certs=False) == []
    assert tls_receiver.events() == [EVENT]
    assert [str(warning.message) for warning in recwarn] == []


def test_unchecked_certificates_stay_so_with_the_variables_of_requests(tls_receiver, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", make_certificates(str(tmp_path)).ca_path)
    assert deliver(tls_receiver.url, validate_certs=False) == []


def test_certificates_are_checked_again_after_a_client_that_did_not(tls_receiver):
    deliver(tls_receiver.url, validate_certs=False)
    assert "not trusted" in str(failure(tls_receiver.url))


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to name the certificate as it looks for it")
def test_a_folder_of_certificates(tls_receiver, tmp_path):
    command = ["openssl", "x509", "-hash", "-noout", "-in", tls_receiver.ca_path]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    shutil.copy(tls_receiver.ca_path, tmp_path / f"{name}.0")
    assert deliver(tls_receiver.url, ca_path=str(tmp_path)) == []


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_a_ca_path_that_holds_no_certificate_is_refused(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(OptionError) as caught:
        client("https://127.0.0.1:1", ca_path=str(path))
    assert caught.value.option == "ca_path"
    assert str(path) in str(caught.value)


def test_ca_path_means_nothing_to_http(receiver):
    assert deliver(receiver.url, ca_path="/nowhere") == []


def test_https_to_a_receiver_that_speaks_http(receiver):
    error = failure(receiver.url.replace("http:", "https:"), validate_certs=False)
    assert "no TLS connection could be made" in str(error)
    assert receiver.requests() == []


def test_http_to_a_receiver_that_speaks_https(tls_receiver):
    error = failure(tls_receiver.url.replace("https:", "http:"))
    assert isinstance(error, ReceiverUnavailable)
    assert tls_receiver.requests() == []


def test_the_default_certificates_are_loaded_once_per_process():
    assert _tls.tls_context() is _tls.tls_context(None, True)


# -- proxies, credentials ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_for_http_is_used(receiver, monkeypatch, name):
    with running_proxy() as (proxy, seen):
        if name == "HTTP_PROXY":
            monkeypatch.delenv("REQUEST_METHOD", raising=False)
        monkeypatch.setenv(name, proxy)
        assert deliver(receiver.url) == []
        assert seen == [f"POST {receiver.url}/{TOKEN}/event"]
    assert receiver.events() == [EVENT]


def test_a_proxy_for_https_passes_on_what_it_cannot_read(tls_receiver, monkeypatch):
    with running_proxy() as (proxy, seen):
        monkeypatch.setenv("https_proxy", proxy)
        assert deliver(tls_receiver.url, ca_path=tls_receiver.ca_path) == []
        assert seen == [f"CONNECT {tls_receiver.url.partition('//')[2]}"]
        assert "not trusted" in str(failure(tls_receiver.url))
    assert tls_receiver.events() == [EVENT]


def test_no_proxy_goes_around_the_proxy(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert deliver(receiver.url) == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_cannot_be_reached_is_named_as_the_cause(monkeypatch, scheme):
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:proxy-secret@127.0.0.1:{closed_port()}")
    error = failure(f"{scheme}://receiver.invalid", validate_certs=False)
    assert isinstance(error, ReceiverUnavailable)
    assert "proxy" in str(error).partition(";")[0]
    assert "proxy-secret" not in str(error)


def test_a_proxy_that_refuses_the_tunnel_is_named_as_the_cause(monkeypatch):
    with raw_server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        assert "proxy" in str(failure("https://receiver.invalid", validate_certs=False)).partition(";")[0]


def test_netrc_is_not_used(receiver, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\ndefault login user password secret\n")
    netrc.chmod(0o600)
    deliver(receiver.url)
    assert "authorization" not in receiver.records()[0]["headers"]

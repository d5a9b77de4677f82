# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hooked Elasticsearch starts and stops, whatever is wrong with the receiver or with the hooks.

The time that a fault adds is measured and printed, and judged only by the ceiling of harm.py.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import harm
import pytest
from receiver.running import Receiver
from service_node import CURL_CONFIG, Node, Role, black_hole, name_server

#: What a start may take without hooks, and a stop.
UNHOOKED = 10.0
Fault = Callable[[Node, Receiver], AbstractContextManager[Any]]


def answers(**fault: Any) -> Fault:
    """The receiver answers like this."""
    return lambda node, receiver: nullcontext(receiver.fault(**fault))


def in_node(broken: str, fixed: str) -> Fault:
    """A script breaks something in the node, another one fixes it."""

    @contextlib.contextmanager
    def fault(node: Node, _receiver: Receiver) -> Iterator[None]:
        node.sh(broken)
        try:
            yield
        finally:
            node.sh(fixed)

    return fault


@contextlib.contextmanager
def dead_dns(node: Node, answer: bool) -> Iterator[None]:
    """The only name server of the node knows nothing, or says nothing."""
    before = node.sh("cat /etc/resolv.conf")
    with name_server(answer) as address:
        node.write("/etc/resolv.conf", f"nameserver {address}\n")
        try:
            yield
        finally:
            node.write("/etc/resolv.conf", before)


def url(text: str) -> Fault:
    """The hooks post to this URL."""
    return in_node(f"sed -i.old 's,^url.*,url = \"{text}\",' {CURL_CONFIG}", f"mv {CURL_CONFIG}.old {CURL_CONFIG}")


@contextlib.contextmanager
def nowhere(node: Node, receiver: Receiver) -> Iterator[None]:
    """The network swallows what is sent."""
    with black_hole() as address, url(f"{address}/token/event")(node, receiver):
        yield


def name_fails(answer: bool) -> Fault:
    """The receiver's name cannot be looked up."""

    @contextlib.contextmanager
    def fault(node: Node, receiver: Receiver) -> Iterator[None]:
        with url("http://receiver.invalid:8099/token/event")(node, receiver), dead_dns(node, answer):
            yield

    return fault


FAULTS = {
    "nothing": answers(),
    "receiver answers after 1 s": answers(delay=1),
    "receiver answers 500": answers(status=500),
    "receiver answers 403": answers(status=403),
    "receiver never answers": answers(hang=True),
    "receiver answers byte by byte": answers(drip=0.5, body="x" * 100),
    "receiver closes the connection": answers(close=True),
    "receiver refuses": url("http://127.0.0.1:1/token/event"),
    "network swallows everything": nowhere,
    "name server does not know the name": name_fails(answer=True),
    "name server never answers": name_fails(answer=False),
    "curl is missing": in_node("mv /usr/bin/curl /usr/bin/curl.away", "mv /usr/bin/curl.away /usr/bin/curl"),
    "settings are missing": in_node(f"mv {CURL_CONFIG} /root/away", f"mv /root/away {CURL_CONFIG}"),
    "settings are garbage": in_node(
        f"cp -p {CURL_CONFIG} /root/away; head -c 4096 /dev/urandom >{CURL_CONFIG}",
        f"mv /root/away {CURL_CONFIG}",
    ),
}


@pytest.fixture(scope="module")
def usual(booted_node: Node) -> tuple[float, float]:
    """Seconds that start and stop take without hooks, as medians."""
    times = [
        (harm.start(booted_node, "elasticsearch", 0, UNHOOKED), harm.stop(booted_node, "elasticsearch", 0, UNHOOKED))
        for _time in range(5)
    ]
    return statistics.median(start for start, _stop in times), statistics.median(stop for _start, stop in times)


@pytest.fixture(scope="module")
def default_hooks(usual: tuple[float, float], default_hooks: Role) -> Role:
    """The hooks, but only after the time without them has been taken."""
    return default_hooks


@pytest.mark.parametrize("fault", FAULTS)
def test_elasticsearch_starts_and_stops_whatever_is_wrong(
    fault: str,
    hooked: Node,
    receiver: Receiver,
    usual: tuple[float, float],
    delays: Callable[[tuple[str, float, float]], None],
) -> None:
    """Within the ceiling: one hook is in the way of each."""
    with FAULTS[fault](hooked, receiver):
        start = harm.start(hooked, "elasticsearch", harm.DIRECT_HOOK, usual[0])
        assert hooked.show("elasticsearch", "ActiveState") == "active"
        stop = harm.stop(hooked, "elasticsearch", harm.DIRECT_HOOK, usual[1])
        assert hooked.show("elasticsearch", "ActiveState") == "inactive"
        assert hooked.show("elasticsearch", "Result") == "success"
    delays((fault, start - usual[0], stop - usual[1]))


@pytest.mark.parametrize("fault", ["receiver never answers", "curl is missing"])
def test_elasticsearch_restarts_after_a_crash(fault: str, hooked: Node, receiver: Receiver) -> None:
    hooked.write("/run/systemd/system/elasticsearch.service.d/restart.conf", "[Service]\nRestart=on-failure\n")
    hooked.sh("systemctl daemon-reload")
    with FAULTS[fault](hooked, receiver):
        hooked.sh("systemctl start elasticsearch; systemctl kill --signal=KILL --kill-who=main elasticsearch")
        hooked.sh(
            "for i in $(seq 300); do [ $(systemctl show --value -p NRestarts elasticsearch) = 1 ] &&"
            " systemctl -q is-active elasticsearch && exit; sleep .1; done; exit 1"
        )
        # Both hooks ran for the crash and the start after it.
        harm.stop(hooked, "elasticsearch", harm.DIRECT_HOOK)


def test_a_hook_that_fails_says_why_in_the_journal_without_the_token(hooked: Node, receiver: Receiver) -> None:
    since = hooked.moment()
    receiver.fault(status=403)
    hooked.sh("systemctl start elasticsearch")
    journal = hooked.journal("elasticsearch", since)
    assert "The requested URL returned error: 403" in journal
    assert receiver.token not in journal

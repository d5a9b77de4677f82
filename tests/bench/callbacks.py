# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callbacks that are compared, each with the settings that point it to the sink and else its defaults."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sink import Sink

TOKEN = "bench-token"
#: Text in the command line of our callback's child process.
CHILD = "sematext_plugins"


@dataclass(frozen=True)
class Callback:
    """A callback, or none.

    :ivar environment: what turns it on.
    :ivar units: how many events stand in the bodies of some messages.
    :ivar tcp: whether it speaks plain TCP, so that no status can tell it that something is wrong.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    units: Callable[[Sequence[bytes]], int] = len
    peer: bool = False
    tcp: bool = False

    @property
    def child(self) -> str:
        """Text in the command line of its child process."""
        return CHILD if self.name == OURS else ""


OURS = "`community.sematext.events`"
NONE = Callback("no callback")
AGAIN = Callback("no callback, again")


def callbacks(sink: Sink, settings: Mapping[str, str], datadog: str | None) -> list[Callback]:
    """All of them, `no callback` twice: that shows the noise.

    :param settings: further environment variables of our callback.
    :param datadog: the folder of Datadog's callback, None where it is not there.
    """
    ours = {
        "ANSIBLE_CALLBACKS_ENABLED": "community.sematext.events",
        "SEMATEXT_APP_TOKEN": TOKEN,
        "SEMATEXT_EVENT_RECEIVER_URL": sink.url,
        "SEMATEXT_TIME_BUDGET": "5",
        **settings,
    }
    found = [NONE, Callback(OURS, ours, _distinct_events)]
    if datadog:
        environment = {"ANSIBLE_CALLBACK_PLUGINS": datadog, "DATADOG_API_KEY": TOKEN, "DATADOG_URL": sink.url}
        found.append(Callback("Datadog's callback", environment, peer=True))
    found += [
        _peer("community.grafana.grafana_annotations", {"GRAFANA_URL": sink.url, "GRAFANA_API_KEY": TOKEN}),
        _peer(
            "community.general.opentelemetry",
            # over gRPC, its default, it would need another sink
            {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url},
            _spans,
        ),
        _peer("community.general.splunk", {"SPLUNK_URL": sink.url, "SPLUNK_AUTHTOKEN": TOKEN}),
        _peer(
            "community.general.logstash",
            {"LOGSTASH_SERVER": "127.0.0.1", "LOGSTASH_PORT": str(sink.port)},
            tcp=True,
        ),
        _peer(
            "community.general.elastic",
            {"ELASTIC_APM_SERVER_URL": sink.url, "ELASTIC_APM_SECRET_TOKEN": TOKEN},
            _apm_events,
        ),
    ]
    return [*found, AGAIN]


def _peer(
    plugin: str, environment: Mapping[str, str], units: Callable[[Sequence[bytes]], int] = len, tcp: bool = False
) -> Callback:
    return Callback(f"`{plugin}`", {"ANSIBLE_CALLBACKS_ENABLED": plugin, **environment}, units, peer=True, tcp=tcp)


def _distinct_events(bodies: Sequence[bytes]) -> int:
    """One for each body; an event whose answer is lost comes again, with the same id."""
    return len({json.loads(body)["event.id"] for body in bodies})


def _spans(bodies: Sequence[bytes]) -> int:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    return sum(
        len(scope.spans)
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
    )


def _apm_events(bodies: Sequence[bytes]) -> int:
    """Spans, transactions and errors; the agent's own metrics and what it says of itself don't count."""
    kinds = [next(iter(json.loads(line))) for body in bodies for line in body.splitlines() if line.strip()]
    return sum(kind in ("span", "transaction", "error") for kind in kinds)

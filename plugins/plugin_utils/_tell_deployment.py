# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What the module `deployment` does: find out which deployment a task tells of, and tell it once."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ..module_utils._client import MAX_PAUSE
from ..module_utils._errors import DeliveryError, OptionError, SematextError
from ..module_utils._event import RUN_ID, now, text, timestamp
from ..module_utils._options import KEY_VARIABLES, TOKEN, Connection, api_key
from ..module_utils._send import check, send_event
from ._deployment_events import TYPE, Telling
from ._deployments import FAILED, STARTED, SUCCEEDED, Deployment, Record, Step
from ._history import SAME, UNKNOWN, History, read_history
from ._query import equal
from ._search import search

#: Seconds that reading a repository, and asking for an earlier deployment, may take.
_LOOKING = 20

#: How many events are looked through for an earlier deployment.
_SEARCHED = 100
#: A field that the module sets, and how the names of the others begin.
_OWN_FIELD, _OWN_PREFIXES = "service.name", ("deployment.", "commit.")


@dataclasses.dataclass(frozen=True)
class Play:
    """The hosts of the play that the task is in.

    :ivar host: that it runs for now.
    :ivar hosts: all, those that have failed too.
    :ivar active: those that have not failed.
    :ivar batch: those that do each task together, of `serial`; [] where each host goes on by itself.
    """

    host: str
    hosts: t.Sequence[str]
    active: t.Sequence[str]
    batch: t.Sequence[str]


def tell(
    options: dict[str, t.Any],
    step: Step,
    play: Play,
    environ: t.Mapping[str, str],
    warn: t.Callable[[str], None],
    check_mode: bool,
    run_id: str | None,
) -> dict[str, t.Any]:
    """Tell a state of a deployment, if no other host has done so.

    :param options: values by option name, as deployment_argument_spec() names them.
    :returns: the task's result: `changed`, `deployment_id`, and `event` where this call has sent it, else `msg`.
    :raises SematextError: when an option cannot be used or the event was not accepted.
    """
    _check_texts(options)
    connection, retries = check(options, environ, warn)
    patience = (retries + 1) * connection.timeout + retries * MAX_PAUSE + _LOOKING
    record = Record(options["record_dir"], connection.digest, options["service"], options["environment"] or "")
    try:
        with record.locked(patience):
            teller = _Teller(options, step, play, environ, warn, connection, record)
            try:
                return teller.tell(check_mode, run_id)
            finally:
                if not check_mode:
                    record.write()
    except OSError as exc:
        raise OptionError("record_dir", f"names a folder that cannot be used ({exc.strerror})") from None


class _Teller:
    def __init__(
        self,
        options: dict[str, t.Any],
        step: Step,
        play: Play,
        environ: t.Mapping[str, str],
        warn: t.Callable[[str], None],
        connection: Connection,
        record: Record,
    ) -> None:
        self._options, self._step, self._play = options, step, play
        self._environ, self._warn, self._connection, self._record = environ, warn, connection, record
        self._deployment = record.find(step)

    def tell(self, check_mode: bool, run_id: str | None) -> dict[str, t.Any]:
        deployment, state = self._deployment, self._step.state
        silence = self._why_silent()
        if silence:
            return {"changed": False, "deployment_id": deployment.id, "msg": silence}
        self._heed_refusal()
        moment = now()
        telling = self._telling(moment)
        own = {**telling.fields(), **({RUN_ID: run_id} if run_id else {})}
        wanted = {**self._options, **telling.options(), "timestamp": moment}
        wanted["tags"] = [*wanted["tags"], *(self._options["tags"] or ())]
        wanted["host"] = telling.hosts[0] if len(telling.hosts) == 1 else None
        if state == STARTED:
            deployment.started = moment
        try:
            result = send_event(wanted, self._environ, self._warn, check_mode, own)
        except DeliveryError as exc:
            deployment.refusal = {"step": self._step.key, "why": str(exc), "hosts": [self._play.host]}
            raise
        self._keep(telling, moment)
        return {**result, "deployment_id": deployment.id}

    def _why_silent(self) -> str:
        """Why there is nothing to send, "" if there is."""
        deployment, state = self._deployment, self._step.state
        if state in deployment.told:
            return f"That the deployment has {state} has been told already."
        if state == SUCCEEDED:
            if FAILED in deployment.told:
                return "The deployment has been told as failed, so it is not told as succeeded."
            arrived = {*deployment.arrived, *map(self._arrival, self._play.batch or [self._play.host])}
            deployment.arrived = sorted(arrived)
            if not arrived.issuperset(map(self._arrival, self._play.active)):
                return "The deployment has not ended on all hosts of the play; the last of them tells it."
        return ""

    def _arrival(self, host: str) -> str:
        """An entry of `arrived`. A run that broke off says nothing of the hosts of the next one."""
        return f"{self._step.run} {host}"

    def _heed_refusal(self) -> None:
        """Each host of a play would wait as long as the first one, to be told the same. A host that comes again tries
        again. :raises DeliveryError: the one that another host has got."""
        refusal, host = self._deployment.refusal, self._play.host
        if refusal.get("step") == self._step.key and host not in refusal["hosts"]:
            refusal["hosts"].append(host)
            raise DeliveryError(refusal["why"])

    def _telling(self, moment: str) -> Telling:
        options, deployment, state = self._options, self._deployment, self._step.state
        key = self._api_key()
        if not deployment.started and state != STARTED and key and self._step.id:
            deployment.started = self._start_elsewhere(key)
        if options["previous_revision"]:
            deployment.previous = options["previous_revision"]
        elif deployment.previous is None:
            deployment.previous = self._previous(key)
        before = self._record.before(deployment)
        history = self._history(deployment.previous)
        if history.relation == SAME and before and before[0].outcome == FAILED and before[0].revision:
            history = self._history(before[0].revision)  # what is taken back is what has failed
        hosts, failed = self._hosts()
        return Telling(
            deployment.id,
            state,
            options["service"],
            options["version"] or "",
            options["environment"] or "",
            options["url"] or "",
            options["msg"] or "",
            hosts,
            failed,
            moment if state == STARTED else deployment.started,
            moment,
            _returns(options["version"] or "", history.revision, before),
            history,
        )

    def _hosts(self) -> tuple[list[str], list[str]]:
        """The deployment's hosts, and those that it has failed on."""
        if self._options["hosts"] is not None:
            return list(self._options["hosts"]), []
        play = self._play
        if list(play.hosts) in (["localhost"], ["127.0.0.1"]):  # a play that deploys elsewhere
            return [], []
        failed = [host for host in play.hosts if host not in play.active]
        if self._step.state == FAILED and play.host not in failed:
            failed.append(play.host)
        return list(play.hosts), failed

    def _history(self, previous: str) -> History:
        options = self._options
        if options["repo"]:
            history = read_history(options["repo"], options["revision"], previous or None)
            if options["repo_url"]:
                history = dataclasses.replace(history, remote=options["repo_url"])
            if not history.revision and options["revision"]:
                history = dataclasses.replace(history, revision=options["revision"])
            return history
        revision = options["revision"] or ""
        same = revision == previous and bool(revision)
        return History(
            revision=revision,
            remote=options["repo_url"] or "",
            previous=previous,
            relation=SAME if same else UNKNOWN,
            count=0 if same else None,
        )

    def _api_key(self) -> str:
        """The key for searching, "" if there is none."""
        given = any(self._options[option] for option in KEY_VARIABLES)
        given = given or any(self._environ.get(name) for name in KEY_VARIABLES.values())
        return api_key(self._options, self._environ, self._warn) if given else ""

    def _previous(self, key: str) -> str:
        """The revision of the last deployment that has succeeded: as the timeline has it, or else this control node."""
        if key:
            wanted = {"service.name": self._options["service"], "deployment.state": SUCCEEDED}
            if self._options["environment"]:
                wanted["deployment.environment"] = self._options["environment"]
            for event in self._search(key, wanted):
                same_place = event.get("deployment.environment", "") == (self._options["environment"] or "")
                if same_place and event.get("deployment.id") != self._deployment.id and event.get("commit.id"):
                    return str(event["commit.id"])
        before = self._record.before(self._deployment)
        return next((each.revision for each in before if each.outcome == SUCCEEDED and each.revision), "")

    def _start_elsewhere(self, key: str) -> str:
        """The start that another control node has told."""
        for event in self._search(key, {"deployment.id": self._deployment.id, "deployment.state": STARTED}):
            with contextlib.suppress(OptionError):  # whoever sent it may have written something else there
                return timestamp("timestamp", event.get("timestamp"))
        return ""

    def _search(self, key: str, fields: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
        """Some deployments with these fields, the newest first."""
        clauses = [equal(field, value) for field, value in {"type": TYPE, **fields}.items()]
        try:
            events = search(self._connection, key, clauses, size=_SEARCHED).events
        except SematextError as exc:
            self._warn(f"community.sematext.deployment: earlier deployments cannot be searched for. {exc}")
            return []
        # a search finds words, so "shop" finds "shop 2", too
        return [event for event in events if all(event.get(field) == value for field, value in fields.items())]

    def _keep(self, telling: Telling, moment: str) -> None:
        deployment, state = self._deployment, self._step.state
        deployment.told[state] = self._step.key
        deployment.refusal = {}
        deployment.version = telling.version or deployment.version
        deployment.revision = telling.history.revision or deployment.revision
        deployment.named = self._step.revision or deployment.named
        if state != STARTED:
            deployment.ended, deployment.outcome = moment, state


def _returns(version: str, revision: str, before: t.Sequence[Deployment]) -> bool:
    """Whether this has been deployed before, and something else after it, well or not."""
    if not before:
        return False

    def same(other: Deployment) -> bool:
        return revision == other.revision if revision and other.revision else bool(version) and version == other.version

    return not same(before[0]) and any(same(other) for other in before[1:] if other.outcome == SUCCEEDED)


def _check_texts(options: t.Mapping[str, t.Any]) -> None:
    """:raises OptionError: naming the first option that cannot be used."""
    for option in ("service", "version", "environment", "id", "revision", "previous_revision", "url", "repo_url"):
        value = options[option]
        if value is None and option != "service":
            continue
        if not text(option, value).strip():
            raise OptionError(option, "must not be empty; leave it out, for example with default(omit)")
        if not value.isprintable() or len(value) > 500:
            raise OptionError(option, "must be one line of at most 500 characters that can be printed")
    if options["id"] and not TOKEN.fullmatch(options["id"]):
        raise OptionError("id", "must be made of letters, digits, '-' and '_' alone")
    url = options["url"]
    if url and not url.startswith(("https://", "http://")):
        raise OptionError("url", "must begin with https:// or http://")
    for name in options["fields"] or {}:
        if str(name).lower() == _OWN_FIELD or str(name).lower().startswith(_OWN_PREFIXES):
            raise OptionError("fields", f"must not hold '{name}': the module sets it")

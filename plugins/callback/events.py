# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: events
type: notification
short_description: Reports playbook runs to Sematext Cloud
version_added: 0.1.0
author:
  - The community.sematext authors (@ansible-collections)
description:
  - Puts the start and the end of each playbook run, what it changes, and each failed or unreachable host, onto the
    event timeline of a Sematext App.
  - An event is recorded in a spool on the control node, at once. A child process delivers it. No receiver, however
    slow or broken, can fail or hang a run. The end of a run waits for delivery for O(time_budget) seconds at the most;
    what is left goes out with the next run, with its own time.
  - A run that is interrupted or killed is reported as well, by the child process, or, where that was killed too, by
    the next run.
  - Events hold names, counters and places in the playbook. They never hold arguments, results, output, or names in
    which a template was rendered.
extends_documentation_fragment:
  - community.sematext._sematext.plugin
options:
  report:
    description:
      - What to report.
      - V(start) is an event of the type C(ansible_run) when a playbook starts.
      - V(end) is an event of the type C(ansible_run) when it ends, in whichever way.
      - V(changes) is an event of the type C(infrastructure) for each host that a play has changed, when the play is
        over. It names the tasks and handlers that changed something.
      - V(failures) is an event of the type C(ansible_failure) for each host that fails or cannot be reached, unless
        the failure is ignored or rescued.
    type: list
    elements: str
    default: [start, end, changes, failures]
    env:
      - name: SEMATEXT_REPORT
    ini:
      - section: callback_sematext_events
        key: report
  only_if_changed:
    description:
      - Whether to say nothing of a run that changes nothing and fails nothing. If something changes or fails, the
        start of the run is reported then, with its own time.
    type: bool
    default: false
    env:
      - name: SEMATEXT_ONLY_IF_CHANGED
    ini:
      - section: callback_sematext_events
        key: only_if_changed
    version_added: 0.3.0
  host_event_limit:
    description:
      - How many hosts of a play may have events of their own. If a play changes more of them, one event lists them all.
        If more fail, the first have their own events at once, and one event at the end of the play lists the others.
    type: int
    default: 20
    env:
      - name: SEMATEXT_HOST_EVENT_LIMIT
    ini:
      - section: callback_sematext_events
        key: host_event_limit
    version_added: 0.3.0
  output:
    description:
      - Where the events go.
      - V(receiver) has them delivered.
      - V(spool) records them in the folder C(offline) of O(spool_dir), from where nothing delivers them. A later run
        with E(SEMATEXT_ADOPT) naming that folder does.
      - V(file) appends them to O(output_file), V(stdout) shows them, each as one line of JSON, exactly as they would be
        sent. None but V(receiver) needs an App token.
    type: str
    choices: [receiver, spool, file, stdout]
    default: receiver
    env:
      - name: SEMATEXT_OUTPUT
    ini:
      - section: callback_sematext_events
        key: output
    version_added: 0.3.0
  output_file:
    description:
      - The file for O(output=file). It is made with mode 0600 if it is missing.
    type: path
    env:
      - name: SEMATEXT_OUTPUT_FILE
    ini:
      - section: callback_sematext_events
        key: output_file
    version_added: 0.3.0
  tags:
    description:
      - Tags of all events, preferably of the form C(key:value).
    type: list
    elements: str
    default: []
    env:
      - name: SEMATEXT_TAGS
    ini:
      - section: callback_sematext_events
        key: tags
  fields:
    description:
      - Further fields of all events, as a JSON object with flat names.
    type: str
    env:
      - name: SEMATEXT_FIELDS
    ini:
      - section: callback_sematext_events
        key: fields
  creator:
    description:
      - The person, application or component that events name as their creator.
    type: str
    default: Ansible
    env:
      - name: SEMATEXT_CREATOR
    ini:
      - section: callback_sematext_events
        key: creator
  host_source:
    description:
      - Which of a host's names events bear in C(os.host). For events and metrics to meet, it must be the name that the
        Sematext Agent reports for the host.
      - Where the facts have not been gathered, the inventory's name is used.
    type: str
    choices: [inventory_hostname, ansible_hostname, ansible_fqdn, ansible_nodename]
    default: inventory_hostname
    env:
      - name: SEMATEXT_HOST_SOURCE
    ini:
      - section: callback_sematext_events
        key: host_source
  report_check_mode:
    description:
      - Whether to report runs in check mode, marked as such.
    type: bool
    default: false
    env:
      - name: SEMATEXT_REPORT_CHECK_MODE
    ini:
      - section: callback_sematext_events
        key: report_check_mode
  enabled_from_environment:
    description:
      - Name of an environment variable. If this is set, runs are reported only where that variable is true, for example
        V(CI).
    type: str
    env:
      - name: SEMATEXT_ENABLED_FROM_ENVIRONMENT
    ini:
      - section: callback_sematext_events
        key: enabled_from_environment
  time_budget:
    description:
      - Seconds that the end of ansible-playbook may wait for delivery, in all.
    type: float
    default: 5
    env:
      - name: SEMATEXT_TIME_BUDGET
    ini:
      - section: callback_sematext_events
        key: time_budget
  spool_dir:
    description:
      - The folder of the events that wait for delivery. It is made with mode 0700 if it is missing.
      - If not given, it is C(sematext) in the folder that E(ANSIBLE_HOME) names, which is C(~/.ansible) by default.
      - Runs at the same time, and of several users' projects, may share it. It must be on a file system that keeps its
        files after the run.
    type: path
    env:
      - name: SEMATEXT_SPOOL_DIR
    ini:
      - section: callback_sematext_events
        key: spool_dir
  adopt:
    description:
      - A folder of the spool whose events were recorded with a wrong App token or receiver, as a warning has named it.
        They are handed to the App that is configured now.
    type: path
    env:
      - name: SEMATEXT_ADOPT
notes:
  - The spool keeps 10,000 events for an App, and each for 14 days. What is dropped is counted and told.
  - Events in the spool hold no token. It is kept apart by receiver and App.
"""

EXAMPLES = r"""
# ansible.cfg; the token comes from the environment variable SEMATEXT_APP_TOKEN, or from the file
enable: |
  [defaults]
  callbacks_enabled = community.sematext.events

  [callback_sematext_events]
  app_token_file = ~/.sematext/app_token
  region = EU
  tags = env:production, team:search
  fields = {"service.name": "shop"}
"""

import atexit
import functools
import json
import os
import pwd
import typing as t
import uuid

from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as core_version
from ansible.utils.vars import load_extra_vars

from ..module_utils._errors import OptionError, SematextError
from ..module_utils._event import content, encode
from ..module_utils._options import OPTIONS, connection, seconds
from ..plugin_utils._changes import Changes
from ..plugin_utils._commit import read_commit
from ..plugin_utils._context import awx_fields, ci_fields, selection_fields, trace_fields
from ..plugin_utils._hosts import host_name
from ..plugin_utils._progress import Progress
from ..plugin_utils._reporter import REPORTS, Reporter
from ..plugin_utils._results import (
    MAX_PATH,
    Statistics,
    changed_host,
    describe_task,
    facts_of,
    fit,
    host_of,
    is_changed,
    is_pretended,
    label_task,
    task_of,
    was_interrupted,
    written_name,
)
from ..plugin_utils._run_events import About
from ..plugin_utils._sinks import Lines, OfflineSpool, Sink, SpoolSink, lines_of_file

MAX_TIME_BUDGET = 3600
#: Bytes of what the user adds to each event; the rest of its room is for names of hosts and tasks.
MAX_OWN = 32 * 1024
AD_HOC = "__adhoc_playbook__"
OWN_ACTIONS = "community.sematext."


def harmless(hook: t.Callable[..., None]) -> t.Callable[..., None]:
    """Whatever goes wrong in a hook, the run goes on; the user is told once, at the end."""

    @functools.wraps(hook)
    def wrapper(self: CallbackModule, *args: t.Any, **kwargs: t.Any) -> None:
        if self.disabled:
            return
        try:
            hook(self, *args, **kwargs)
        except Exception as exc:  # pylint: disable=broad-except
            self.remarks.add(f"An event is missing, which is a bug: {type(exc).__name__} in {hook.__name__}.")

    return wrapper


class CallbackModule(CallbackBase):
    """Turns what ansible-core tells into runs and failures; the reporter records and delivers them."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "community.sematext.events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.remarks: set[str] = set()
        self._process = os.getpid()
        self._statistics = Statistics()
        self._folder = ""

    def set_options(self, *args: t.Any, **kwargs: t.Any) -> None:
        try:
            super().set_options(*args, **kwargs)
            self.disabled = not self._is_wanted()
            if not self.disabled:
                self._reporter = self._make_reporter()
                atexit.register(self._at_exit)
        except (AnsibleError, SematextError, OSError) as exc:
            self.disabled = True
            self._warn([f"No events of this run are recorded. {exc}"])

    @harmless
    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        name = str(playbook._file_name)
        self._folder = os.getcwd() if name == AD_HOC else os.path.dirname(os.path.abspath(name))
        prefix, commit = read_commit(self._folder)
        self._check_mode = bool(context.CLIARGS.get("check"))
        teller = _Teller(self._reporter, self._folder, self.get_option("host_source"))
        self._progress = Progress(teller, self._limit, self._check_mode)
        self._reporter.begin(
            About(
                run_id=str(uuid.uuid4()),
                playbook=name if name == AD_HOC else fit(prefix + os.path.basename(name), MAX_PATH),
                user=_user(),
                control_host=fit(os.uname().nodename),
                check_mode=self._check_mode,
                commit=commit,
                options=self._own,
                context=_context(playbook),
            )
        )

    @harmless
    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._play = play
        self._progress.play_begins(play)

    @harmless
    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._progress.no_hosts_matched()

    @harmless
    def v2_runner_on_ok(self, result: t.Any) -> None:
        if is_changed(result):
            task = task_of(result)
            pretended = is_pretended(task)
            # An event that was sent changes no host.
            if not task.action.startswith(OWN_ACTIONS):
                self._progress.changed(changed_host(self._play, result), task, pretended)
            if not pretended or self._check_mode:
                self._reporter.eventful()

    @harmless
    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        if ignore_errors:
            self.v2_runner_on_ok(result)  # it may have changed something before it failed, as core counts it
        else:
            self._progress.fails("failed", host_of(result), task_of(result))

    @harmless
    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        task = task_of(result)
        if not task.ignore_unreachable:
            self._progress.fails("unreachable", host_of(result), task)

    @harmless
    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        result = self._progress.ends(self._statistics.since_last(stats))
        self._reporter.end(result.outcome(), result)

    def _is_wanted(self) -> bool:
        variable = self.get_option("enabled_from_environment")
        if variable and not boolean(os.environ.get(variable, ""), strict=False):
            return False
        return self.get_option("report_check_mode") or not context.CLIARGS.get("check")

    def _make_reporter(self) -> Reporter:
        report = [item.strip() for item in self.get_option("report") if item.strip()]
        for item in report:
            if item not in REPORTS:
                raise OptionError("report", f"must be a list out of {', '.join(REPORTS)}")
        self._own = {
            "tags": [tag for tag in self.get_option("tags") if tag.strip()],
            "fields": _json_object(self.get_option("fields")),
            "creator": self.get_option("creator"),
        }
        if len(encode(content({**self._own, "type": "test", "msg": "test"}))) > MAX_OWN:
            raise OptionError(
                "fields", f"must not take more than {MAX_OWN} bytes, tags and creator included; shorten it"
            )
        self._limit = self.get_option("host_event_limit")
        if self._limit < 0:
            raise OptionError("host_event_limit", "must not be negative")
        return Reporter(self._sink(), report, self.get_option("only_if_changed"))

    def _sink(self) -> Sink:
        output = self.get_option("output")
        spool_dir = self.get_option("spool_dir") or os.path.join(constants.ANSIBLE_HOME, "sematext")
        if output == "spool":
            return OfflineSpool(spool_dir)
        if output == "stdout":
            return Lines("standard output", self._display.display)
        if output == "file":
            if not self.get_option("output_file"):
                raise OptionError("output_file", "must name the file that output=file appends to")
            return lines_of_file(self.get_option("output_file"))
        options = {name: self.get_option(name) for name in OPTIONS}
        options["validate_certs"] = _boolean("validate_certs", options["validate_certs"])
        return SpoolSink(
            connection(options, {}, self.remarks.add),
            spool_dir,
            seconds("time_budget", self.get_option("time_budget"), MAX_TIME_BUDGET, least=0),
            self.get_option("adopt"),
        )

    def _at_exit(self) -> None:
        """The end of ansible-playbook, unless a signal kills it."""
        if os.getpid() != self._process:
            return
        try:
            if self._reporter.running:
                self._progress.play_ends()
                if was_interrupted(self._display):
                    return self._reporter.interrupted()  # nobody wants to wait
                self._reporter.end("aborted")
            self._warn([*sorted(self.remarks), *self._reporter.farewell()])
        except KeyboardInterrupt:
            pass  # what is left goes out with the next run
        except Exception as exc:  # pylint: disable=broad-except
            self._warn([f"The delivery of events failed, which is a bug ({type(exc).__name__})."])

    def _warn(self, remarks: list[str]) -> None:
        if remarks:
            self._display.warning(f"{self.CALLBACK_NAME}: {' '.join(remarks)}")


def _boolean(option: str, value: t.Any) -> bool:
    try:
        return boolean(value)
    except TypeError:
        raise OptionError(option, "must be true or false") from None


def _json_object(value: str | None) -> dict[str, t.Any]:
    if not value or not value.strip():
        return {}
    try:
        result = json.loads(value)
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict):
        raise OptionError("fields", 'must be a JSON object, such as {"service.name": "shop"}')
    return result


def _user() -> str:
    try:
        return fit(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:  # containers run under users that they don't know
        return str(os.getuid())


def _context(playbook: t.Any) -> dict[str, t.Any]:
    """Who runs the playbook, in which job, and what of it."""
    args = context.CLIARGS
    return {
        "ansible.version": core_version,
        **ci_fields(os.environ),
        **awx_fields(os.environ, load_extra_vars(playbook.get_loader())),
        **trace_fields(os.environ),
        **selection_fields(
            args.get("tags"),
            args.get("skip_tags"),
            args.get("subset"),
            args.get("inventory"),
            args.get("start_at_task"),
        ),
    }


class _Teller:
    """Puts what ansible-core's objects say into the reporter's words.

    :param host_source: the option.
    """

    def __init__(self, reporter: Reporter, folder: str, host_source: str) -> None:
        self._reporter, self._folder, self._host_source = reporter, folder, host_source
        self._tasks: dict[str, str] = {}

    def task(self, task: t.Any) -> str:
        if task._uuid not in self._tasks:
            self._tasks[task._uuid] = label_task(task, self._folder)
        return self._tasks[task._uuid]

    def failure(self, kind: str, play: t.Any, host: t.Any, task: t.Any) -> str:
        described = describe_task(task, self._folder)
        self._reporter.failure(kind, self._name(play, host), written_name(play), described)
        return described["name"]

    def more_failures(self, play: t.Any, hosts: t.Sequence[t.Any], number: int) -> None:
        self._reporter.more_failures(written_name(play), [self._name(play, host) for host in hosts], number)

    def changes(self, play: t.Any, changes: Changes) -> None:
        for changed in changes.take(lambda host: self._name(play, host)):
            self._reporter.changes(changed)

    def _name(self, play: t.Any, host: t.Any) -> str:
        source = self._host_source
        facts = facts_of(play, host) if source.startswith("ansible_") else None
        return fit(host_name(source, host.name, facts))

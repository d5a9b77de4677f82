# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The argument specifications. They stand beside the documentation of the same options, and change with it."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback

from ._event import SEVERITIES

HOST_SOURCES = ("inventory_hostname", "ansible_hostname", "ansible_fqdn", "ansible_nodename")


def connection_argument_spec() -> dict[str, t.Any]:
    """Doc fragment _sematext. The tokens have no fallback here: _options.py looks for them, so that an option given
    as app_token_file is not overridden by a token in the environment."""
    return {
        "app_token": {"type": "str", "no_log": True},
        "app_token_file": {"type": "path", "no_log": False},  # a path is no secret
        "region": _with_variable("SEMATEXT_REGION", type="str", default="US"),
        "event_receiver_url": _with_variable("SEMATEXT_EVENT_RECEIVER_URL", type="str"),
        "validate_certs": _with_variable("SEMATEXT_VALIDATE_CERTS", type="bool", default=True),
        "ca_path": _with_variable("SEMATEXT_CA_PATH", type="path"),
        "timeout": _with_variable("SEMATEXT_TIMEOUT", type="float", default=5),
    }


def api_key_argument_spec() -> dict[str, t.Any]:
    """Doc fragment _sematext.api_key. Without a fallback, as the tokens are."""
    return {
        "api_key": {"type": "str", "no_log": True},
        "api_key_file": {"type": "path", "no_log": False},  # a path is no secret
    }


def event_info_argument_spec() -> dict[str, t.Any]:
    """The module `event_info`."""
    return {
        **connection_argument_spec(),
        **api_key_argument_spec(),
        "query": {"type": "str"},
        "type": {"type": "str"},
        "tags": {"type": "list", "elements": "str"},
        "host": {"type": "str"},
        "since": {"type": "str"},
        "until": {"type": "str"},
        "size": {"type": "int", "default": 100},
        "sort": {"type": "str", "default": "newest"},
    }


def event_argument_spec() -> dict[str, t.Any]:
    """The module `event`."""
    return {
        **connection_argument_spec(),
        "type": {"type": "str", "required": True},
        "msg": {"type": "str", "required": True},
        "title": {"type": "str"},
        "severity": {"type": "str", "default": "info", "choices": list(SEVERITIES)},
        "tags": {"type": "list", "elements": "str"},
        "creator": {"type": "str", "default": "Ansible"},
        "host": {"type": "str"},
        "host_source": {"type": "str", "default": HOST_SOURCES[0], "choices": list(HOST_SOURCES)},
        "timestamp": {"type": "str"},
        "data": {"type": "raw"},
        "fields": {"type": "dict"},
        "retries": {"type": "int", "default": 2},
        "send_from": {"type": "str", "default": "controller", "choices": ["controller", "target"]},
    }


def deployment_argument_spec() -> dict[str, t.Any]:
    """The module `deployment`."""
    return {
        **connection_argument_spec(),
        "state": {"type": "str", "default": "succeeded", "choices": ["started", "succeeded", "failed"]},
        "service": {"type": "str", "required": True},
        "version": {"type": "str"},
        "environment": {"type": "str"},
        "id": {"type": "str"},
        "repo": {"type": "path"},
        "revision": {"type": "str"},
        "repo_url": {"type": "str"},
        "previous_revision": {"type": "str"},
        **api_key_argument_spec(),
        "record_dir": _with_variable("SEMATEXT_RECORD_DIR", type="path"),
        "hosts": {"type": "list", "elements": "str"},
        "mark_hosts": {"type": "bool", "default": False},
        "url": {"type": "str"},
        "msg": {"type": "str"},
        "tags": {"type": "list", "elements": "str"},
        "creator": {"type": "str", "default": "Ansible"},
        "fields": {"type": "dict"},
        "retries": {"type": "int", "default": 2},
    }


def _with_variable(name: str, **spec: t.Any) -> dict[str, t.Any]:
    return {**spec, "fallback": (env_fallback, [name])}

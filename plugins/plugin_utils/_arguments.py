# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The arguments of a task, as an action plugin needs them."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ..module_utils._errors import SematextError


def arguments(task: t.Any, spec: dict[str, t.Any]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What a task gives, as it was written but decrypted, and the same converted and filled up by an argument spec.

    The validate_argument_spec() of action plugins is not used: with ansible-core 2.19, its error shows all arguments,
    secrets included, if they are not the very object that the playbook holds.

    :raises SematextError: in the words of ansible-core, when an argument doesn't fit.
    """
    given = _decrypted(task.args)
    result = ArgumentSpecValidator(spec).validate(given)
    if result.error_messages:
        unsupported = isinstance(result.errors[0], UnsupportedError)
        start = f"Unsupported parameters for ({task.action}) module: " if unsupported else ""
        raise SematextError(f"{start}{result.errors.msg}")
    return given, {**given, **result.validated_parameters}


def _decrypted(value: t.Any) -> t.Any:
    """Values with what is vaulted in them as text: before ansible-core 2.19 such values are objects of their own."""
    if hasattr(value, "__ENCRYPTED__"):
        return str(value)
    if isinstance(value, dict):
        return {key: _decrypted(item) for key, item in value.items()}
    return [_decrypted(item) for item in value] if isinstance(value, list) else value

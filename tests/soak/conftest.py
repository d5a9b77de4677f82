# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixtures are those of the integration tests."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

INTEGRATION = Path(__file__).resolve().parents[1] / "integration"

sys.path.insert(0, str(INTEGRATION))

spec = importlib.util.spec_from_file_location("integration_fixtures", INTEGRATION / "conftest.py")
assert spec and spec.loader
sys.modules[spec.name] = fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)

callback_fixtures = importlib.import_module("callback.conftest")

front = callback_fixtures.front
reporting = callback_fixtures.reporting
installed = fixtures.installed
playbook = fixtures.playbook
plain_receiver = fixtures.plain_receiver
receiver = fixtures.receiver

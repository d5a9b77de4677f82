# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the collection importable from the checkout, as Ansible imports it, and the receiver beside it."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections.community.sematext"

sys.path.insert(0, str(ROOT / "tests"))


def _is_ours() -> bool:
    """Whether the collection's name leads to this checkout already, as it does under ansible-test."""
    try:
        utils = importlib.import_module(f"{PACKAGE}.plugins.module_utils._version")
    except ImportError:
        return False
    return Path(utils.__file__ or "").resolve().is_relative_to(ROOT)


def _make_importable(folder: str) -> None:
    """Put the checkout before every other place where collections are looked for."""
    namespace = Path(folder, "ansible_collections", "community")
    namespace.mkdir(parents=True)
    (namespace / "sematext").symlink_to(ROOT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    _AnsibleCollectionFinder(paths=[folder])._install()


def pytest_configure(config: pytest.Config) -> None:
    """Runs before any test file is imported."""
    if _is_ours():
        return
    folder = tempfile.mkdtemp(prefix="collections-")
    config.add_cleanup(lambda: shutil.rmtree(folder))
    _make_importable(folder)
    if not _is_ours():
        raise RuntimeError(f"{PACKAGE} cannot be imported from {ROOT}")

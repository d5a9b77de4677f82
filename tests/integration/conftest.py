# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the callback and of the module share. They need `make install`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from receiver.running import Receiver, running_receiver

from playbooks import API_KEY, COLLECTIONS, TOKEN, Playbooks


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """The tests are of the collection as users get it."""
    if not (COLLECTIONS / "ansible_collections" / "community" / "sematext" / "MANIFEST.json").exists():
        pytest.exit(f"The collection is not installed in {COLLECTIONS}; run: make install", returncode=1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one worker has to do by itself, the node and the demo, begins first: no other waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture
def playbook(tmp_path: Path) -> Iterator[Playbooks]:
    """Runs playbooks: `playbook(plays, ...)`, or `playbook.start(plays, ...)` to look at it while it runs."""
    folder = tmp_path / "run"
    folder.mkdir()
    playbooks = Playbooks(folder)
    yield playbooks
    playbooks.close()


@contextmanager
def cleaned(receiver: Receiver) -> Iterator[Receiver]:
    """A receiver as if it had just been started."""
    receiver.heal()
    receiver.clear()
    try:
        yield receiver
    finally:
        receiver.heal()


@pytest.fixture(scope="session")
def plain_receiver() -> Iterator[Receiver]:
    """One receiver for all tests."""
    with running_receiver(tokens=[TOKEN], api_key=API_KEY) as found:
        yield found


@pytest.fixture(scope="session")
def secure_receiver() -> Iterator[Receiver]:
    """One receiver with TLS for all tests."""
    with running_receiver(tokens=[TOKEN], api_key=API_KEY, tls=True) as found:
        yield found


@pytest.fixture
def receiver(plain_receiver: Receiver) -> Iterator[Receiver]:
    """A receiver without events and faults."""
    with cleaned(plain_receiver) as found:
        yield found


@pytest.fixture
def tls_receiver(secure_receiver: Receiver) -> Iterator[Receiver]:
    """A receiver behind TLS without events and faults."""
    with cleaned(secure_receiver) as found:
        yield found

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a control node remembers of deployments from one task, and from one run, to the next."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import stat
import time
import types

import pytest
from ansible_collections.community.sematext.plugins.module_utils._errors import SematextError
from ansible_collections.community.sematext.plugins.plugin_utils import _deployments
from ansible_collections.community.sematext.plugins.plugin_utils._deployments import (
    FAILED,
    MAX_DEPLOYMENTS,
    STARTED,
    SUCCEEDED,
    Deployment,
    Record,
    Step,
)

PLACE = ("0123456789abcdef", "shop", "production")
TIME = "2026-11-23T22:35:19.258Z"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sematext" / "deployments"


@pytest.fixture
def record(folder):
    return Record(str(folder), *PLACE)


def again(record):
    """The same record, as another task or run opens it."""
    return Record(record._folder, *PLACE)


def keep(record, *deployments):
    """What a task does: hold the record, add to it, and write it."""
    with record.locked(0):
        record.deployments.extend(deployments)
        record.write()


def kept(record):
    """What the next task finds."""
    other = again(record)
    with other.locked(0):
        return other.deployments


def path_of(folder):
    (path,) = folder.glob("*.json")
    return path


# -- the file ---------------------------------------------------------------------------------------------------------


def test_what_a_task_has_written_is_there_for_the_next_one(record):
    deployment = Deployment(
        "id", "run", "1.0", "a" * 40, TIME, TIME, FAILED, "b" * 40, {STARTED: "one", FAILED: "two"}, "one",
        arrived=["host1"], refusal={"step": "two", "why": "It is away.", "hosts": ["host1"]},
    )  # fmt: skip
    keep(record, deployment)
    assert kept(record) == [deployment]


def test_nothing_is_remembered_at_first(record):
    assert kept(record) == []


def test_folder_and_files_are_for_their_owner_alone_whatever_the_umask(record, folder):
    before = os.umask(0)
    try:
        keep(record, Deployment("id", "run"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        ".json": 0o600,
        ".lock": 0o600,
    }


def test_names_of_files_tell_nothing(record, folder):
    keep(record, Deployment("id", "run"))
    for path in folder.iterdir():
        assert re.fullmatch(r"[0-9a-f]{32}\.(json|lock)", path.name)


@pytest.mark.parametrize(
    "place",
    [
        ("fedcba9876543210", "shop", "production"),
        ("0123456789abcdef", "cart", "production"),
        ("0123456789abcdef", "shop", "staging"),
        ("0123456789abcdef", "shop", ""),
        ("0123456789abcdef", "shopproduction", ""),
    ],
    ids=["another App", "another service", "another environment", "no environment", "the same letters"],
)
def test_deployments_of_another_app_service_or_environment_are_apart(record, folder, place):
    keep(record, Deployment("id", "run"))
    other = Record(str(folder), *place)
    with other.locked(0):
        assert other.deployments == []


def test_with_nothing_new_the_file_is_not_written_again(record, folder):
    keep(record, Deployment("id", "run"))
    before = path_of(folder).stat()
    keep(again(record))
    assert (path_of(folder).stat().st_ino, path_of(folder).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_without_a_deployment_there_is_no_file(record, folder):
    keep(record)
    assert list(folder.glob("*.json")) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda deployment: deployment.told.update(succeeded="key"),
        lambda deployment: deployment.arrived.append("host1"),
        lambda deployment: deployment.refusal.update(hosts=["host1"]),
        lambda deployment: setattr(deployment, "ended", TIME),
    ],
    ids=["a state was told", "a host arrived", "a refusal", "the end"],
)
def test_what_changes_of_a_deployment_is_written(record, change):
    keep(record, Deployment("id", "run"))
    other = again(record)
    with other.locked(0):
        (deployment,) = other.deployments
        change(deployment)
        other.write()
    assert kept(record) == [deployment]


def test_the_last_deployments_are_remembered(record):
    keep(record, *(Deployment(str(number), "run") for number in range(MAX_DEPLOYMENTS)))
    keep(again(record), Deployment("new", "run"))
    assert [each.id for each in kept(record)] == [*map(str, range(1, MAX_DEPLOYMENTS)), "new"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'[{"id": "id", "run": "ru',
        b"\0" * 100,
        b'[{"id": "\xff", "run": "run"}]',
        b"{}x",
        b"null",
        b"5",
        b"[" * 100_000,
        b'{"id": "id"}',
        b'["id"]',
        b'[{"id": "id"}]',
        b'[{"id": "id", "run": "run", "colour": "blue"}]',
    ],
    ids=[
        "empty",
        "torn",
        "zeros",
        "no UTF-8",
        "more than JSON",
        "null",
        "a number",
        "nested too deeply",
        "a dictionary",
        "a list of texts",
        "a field is missing",
        "an unknown field",
    ],
)
def test_a_record_that_is_none_is_set_aside_and_the_next_one_begins(record, folder, content):
    keep(record, Deployment("old", "run"))
    path = path_of(folder)
    path.write_bytes(content)
    assert kept(record) == []
    assert path.with_name(f"{path.name}.bad").read_bytes() == content
    keep(again(record), Deployment("new", "run"))
    assert [each.id for each in kept(record)] == ["new"]


def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(record, folder):
    keep(record, Deployment("old", "run"))
    path = path_of(folder)
    path.unlink()
    path.mkdir()  # a file that may not be read would not do: root may read all
    with pytest.raises(IsADirectoryError), again(record).locked(0):
        pass
    assert [each.name for each in folder.iterdir() if each.suffix == ".bad"] == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError), Record(str(tmp_path / "file" / "folder"), *PLACE).locked(0):
        pass


def test_when_writing_breaks_off_the_record_is_the_one_before_and_nothing_is_left_behind(record, folder):
    old, new = Deployment("old", "run"), Deployment("new", "run")
    keep(record, old)
    new.refusal["why"] = object()  # has no JSON form: it stands for a disk that is full halfway through the file
    with pytest.raises(TypeError):
        keep(again(record), new)
    assert kept(record) == [old]
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".lock"]


def test_when_the_file_cannot_be_put_in_its_place_nothing_is_left_behind(record, folder):
    with record.locked(0):
        record.deployments.append(Deployment("id", "run"))
        (folder / os.path.basename(record._path)).mkdir()
        with pytest.raises(IsADirectoryError):
            record.write()
    assert list(folder.glob("*.tmp")) == []


# -- the lock ---------------------------------------------------------------------------------------------------------


def test_who_waits_for_longer_than_it_may_is_told_so(record):
    sentence = "^Another run tells of .* for more than 0 s; try again when it is done.$"
    with record.locked(0), pytest.raises(SematextError, match=sentence), again(record).locked(0):
        pass


def test_who_waits_gets_what_the_other_has_written(record, monkeypatch):
    """The other one is done during the first pause: that stands in the place of the pause, so that none is made."""
    waiting = again(record)

    def be_done(_seconds):
        record.deployments.append(Deployment("id", "run"))
        record.write()
        holding.close()

    monkeypatch.setattr(_deployments, "time", types.SimpleNamespace(sleep=be_done, monotonic=time.monotonic))
    with contextlib.ExitStack() as holding:
        holding.enter_context(record.locked(0))
        with waiting.locked(60):
            assert [each.id for each in waiting.deployments] == ["id"]


def test_who_fails_holds_up_nobody(record):
    with pytest.raises(ZeroDivisionError), record.locked(0):
        raise ZeroDivisionError
    with again(record).locked(0):
        pass


def test_other_services_do_not_wait(record, folder):
    with record.locked(0), Record(str(folder), PLACE[0], "cart", PLACE[2]).locked(0):
        pass


# -- which deployment a task tells of ---------------------------------------------------------------------------------


def step(state=SUCCEEDED, run="this run", place="site.yml:9", **fields):
    return Step(state, run, place, **fields)


def told(*steps, **fields):
    """A deployment of which these steps have told; the first one began it."""
    first = steps[0]
    deployment = Deployment(first.id or "known", first.run, first.version, first.revision, opened_by=first.key)
    for each in steps:
        deployment.told[each.state] = each.key
        if each.state == STARTED:
            deployment.started = TIME
        else:
            deployment.ended, deployment.outcome = TIME, each.state
    return dataclasses.replace(deployment, **fields)


def begun(first):
    """A deployment that nothing was told of yet."""
    return told(first, told={}, started="", ended="", outcome="")


def start(**fields):
    return step(STARTED, place="site.yml:1", **fields)


EARLIER = {"run": "earlier run"}
JOINED = {
    "the same task for another host": (begun(step()), step()),
    "the same task for another batch, though it was told already": (told(step()), step()),
    "a start for another batch, though the end was told": (told(start(), step(FAILED)), start()),
    "an end after the start": (told(start()), step()),
    "an end of a version that the start did not name": (told(start()), step(version="2")),
    "an end without the version that the start has named": (told(start(version="2")), step()),
    "an end of the same run, whatever its revision": (told(start(revision="main")), step(revision="v2")),
    "a success of some hosts after a failure of others": (told(start(), step(FAILED)), step()),
    "a failure of some hosts after a success of others": (told(start(), step()), step(FAILED)),
    "a success of the same version as a failure, without a start": (told(step(FAILED, version="2")), step(version="2")),
    "a failure of the same version as a success, without a start": (told(step(version="2")), step(FAILED, version="2")),
    "an end of the same revision, without a start": (
        told(step(FAILED, revision="v2"), revision="a" * 40, named="v2"),
        step(revision="v2"),
    ),
    "an end after an earlier run's start": (told(start(**EARLIER)), step()),
    "an end of the same version as an earlier run's start": (told(start(version="2", **EARLIER)), step(version="2")),
    "an end of the same revision as an earlier run's start": (told(start(revision="a", **EARLIER)), step(revision="a")),
    "an id": (told(start(id="id", **EARLIER)), step(id="id")),
    "an id, whatever the version": (told(start(id="id", version="1", **EARLIER)), step(id="id", version="2")),
    "an id, though it has ended": (told(start(id="id", **EARLIER), step(id="id")), step(FAILED, id="id")),
}
APART = {
    "another start": (told(start()), step(STARTED, place="site.yml:2")),
    "another start after the end": (told(start(), step()), step(STARTED, place="site.yml:2")),
    "an end of another version": (told(start(version="1")), step(version="2")),
    "the same end of the same version by another task, without a start": (
        told(step(version="2")),
        step(version="2", place="site.yml:20"),
    ),
    "an end of another version, without a start": (told(step(FAILED, version="2")), step(version="1")),
    "an end by another task that names nothing, without a start": (told(step()), step(FAILED, place="site.yml:20")),
    "the same end by another task": (told(start(), step(FAILED)), step(FAILED, place="site.yml:20")),
    "a start after an earlier run's start": (told(start(**EARLIER)), start()),
    "an end of another version than an earlier run's start": (told(start(version="1", **EARLIER)), step(version="2")),
    "an end of another revision than an earlier run's start": (
        told(start(revision="a", **EARLIER)),
        step(revision="b"),
    ),
    "an end after an earlier run's end": (told(start(**EARLIER), step(FAILED, **EARLIER)), step()),
    "an end that an earlier run could not tell": (begun(step(**EARLIER)), step()),
    "an end after a start that an earlier run could not tell": (begun(start(**EARLIER)), step()),
    "another id": (told(start(id="id")), step(id="other")),
    "an id after a start without one": (told(start()), step(id="id")),
}


@pytest.mark.parametrize(("known", "new_step"), JOINED.values(), ids=JOINED)
def test_it_tells_of_the_known_deployment(record, known, new_step):
    record.deployments = [known]
    assert record.find(new_step) is known
    assert record.deployments == [known]


@pytest.mark.parametrize(("known", "new_step"), APART.values(), ids=APART)
def test_it_tells_of_a_deployment_of_its_own(record, known, new_step):
    record.deployments = [known]
    found = record.find(new_step)
    assert found is not known
    assert record.deployments == [known, found]
    assert record.find(new_step) is found


def test_a_new_deployment_has_what_its_first_task_says_and_an_id_of_its_own(record):
    one = record.find(step(version="1", revision="a"))
    other = record.find(step(version="2", revision="b"))
    assert (one.run, one.version, one.revision, other.version) == ("this run", "1", "a", "2")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one.id)
    assert one.id != other.id
    assert record.find(step(id="deploy-7")).id == "deploy-7"


def test_of_several_that_are_under_way_the_own_one_is_meant_and_else_the_last(record):
    record.deployments = [
        told(start(), id="own"),
        told(start(run="earlier run"), id="earlier"),
        told(start(run="last run"), id="last"),
    ]
    assert record.find(step()).id == "own"
    del record.deployments[0]
    assert record.find(step()).id == "last"


@pytest.mark.parametrize(
    "other",
    [
        {"state": FAILED},
        {"run": "other"},
        {"place": "site.yml:10"},
        {"id": "id"},
        {"version": "1"},
        {"revision": "1"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_tasks_are_told_apart_by_all_that_they_say(other):
    assert step().key == step().key
    assert step(**other).key != step().key


def test_a_value_is_not_mistaken_for_another_options():
    assert step(version="1").key != step(revision="1").key


def test_the_deployments_before_are_those_that_have_ended_the_last_first(record):
    record.deployments = [
        told(step(), id="first"),
        told(start(), step(FAILED), id="failed"),
        told(start(), id="under way"),
        told(step(), id="this"),
        told(step(), id="later"),
    ]
    assert [each.id for each in record.before(record.deployments[3])] == ["later", "failed", "first"]

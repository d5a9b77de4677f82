# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deployment's event says in each situation of its repository; docs/deployments.md has the same table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._deployment_events import Telling
from ansible_collections.community.sematext.plugins.plugin_utils._history import History, read_history
from repositories import clone, commit, git, head, make

TABLE = Path(__file__).resolve().parents[4] / "docs" / "deployments.md"
REMOTE = "git@github.com:acme/shop.git"


@pytest.fixture
def repository(tmp_path):
    """Three commits on main, and a file."""
    folder = make(tmp_path / "repository")
    git(folder, "remote", "add", "origin", REMOTE)
    (folder / "file").write_text("one")
    git(folder, "add", "file")
    for subject in ("one", "two", "three"):
        commit(folder, subject, author="Ann")
    return folder


def rebased(folder):
    git(folder, "switch", "--quiet", "--create", "feature", "HEAD~1")
    previous = commit(folder, "a", author="Bob")
    git(folder, "reset", "--quiet", "--hard", "main")
    commit(folder, "a", author="Bob")
    return folder, None, previous


def squashed(folder):
    previous = head(folder)
    git(folder, "reset", "--quiet", "--soft", "HEAD~2")
    commit(folder, "all", author="Ann")
    return folder, None, previous


def pruned(folder):
    folder, revision, previous = squashed(folder)
    git(folder, "reflog", "expire", "--expire=now", "--all")
    git(folder, "gc", "--quiet", "--prune=now")
    return folder, revision, previous


def shallow(folder, depth, previous):
    copy = clone(folder, folder.parent / "shallow", f"--depth={depth}")
    git(copy, "remote", "set-url", "origin", REMOTE)
    return copy, None, head(folder, previous)


def changed(folder):
    (folder / "file").write_text("another")
    return folder, None, head(folder, "HEAD~1")


def detached(folder):
    git(folder, "switch", "--quiet", "--detach", "HEAD~1")
    return folder, None, head(folder, "HEAD~1")


def bare(folder):
    copy = clone(folder, folder.parent / "bare.git", "--bare")
    git(copy, "remote", "set-url", "origin", REMOTE)
    return copy, None, head(folder, "HEAD~1")


#: For each situation, what makes the repository, the revision and the previous one of it.
SITUATIONS = {
    "first deployment": lambda folder: (folder, None, None),
    "the same revision again": lambda folder: (folder, None, head(folder)),
    "new commits": lambda folder: (folder, None, head(folder, "HEAD~2")),
    "rollback": lambda folder: (folder, "HEAD~2", head(folder)),
    "rebase": rebased,
    "squash": squashed,
    "squash, the old commits are gone": pruned,
    "shallow clone without the previous revision": lambda folder: shallow(folder, 1, "HEAD~2"),
    "shallow clone with the previous revision": lambda folder: shallow(folder, 2, "HEAD~1"),
    "dirty tree": changed,
    "detached head": detached,
    "bare repository": bare,
    "empty repository": lambda folder: (make(folder.parent / "empty"), None, None),
    "no git at all": lambda folder: (folder.parent, None, None),
}


def telling(history, state="succeeded"):
    return Telling(
        id="d", state=state, service="shop", version="2", environment="", url="", text="", hosts=[], failed_hosts=[],
        started="", now="2026-11-23T22:35:19.258Z", returns=False, history=history,
    )  # fmt: skip


def masked(message):
    """The first line of a message, its links without their addresses and its ids without their digits."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", message.splitlines()[0])


def said(repository, make_situation):
    folder, revision, previous = make_situation(repository)
    history = read_history(str(folder), revision, previous)
    text = masked(telling(history).options()["msg"])
    for name, commit_id in (("NEW", history.revision), ("OLD", history.previous)):
        text = text.replace(commit_id[:7], name, 1) if commit_id else text
    return text.replace("OLD", "NEW") if history.revision == history.previous else text


def table():
    """The documented table: what is said by situation."""
    rows = re.findall(r"^\| ([^|]+) \| `([^`]+)` \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_situation_is_told_as_documented(repository, situation):
    assert said(repository, SITUATIONS[situation]) == table()[situation]


def test_no_documented_situation_is_untested():
    assert set(table()) == set(SITUATIONS)


def test_each_commit_and_the_comparison_are_linked(repository):
    history = read_history(str(repository), None, "HEAD~2")
    page = "https://github.com/acme/shop"
    options, fields = telling(history).options(), telling(history).fields()
    assert options["msg"].splitlines()[2] == f"- three ([{history.revision[:7]}]({page}/commit/{history.revision}))"
    assert fields["commit.compare_url"] == f"{page}/compare/{head(repository, 'HEAD~2')}...{history.revision}"


def test_a_long_history_fits_into_the_event(repository):
    data = "".join(
        f"commit refs/heads/long\ncommitter Ann <a@b> {number + 1} +0000\ndata <<E\n{'x' * 190}\nE\n"
        for number in range(2000)
    )
    git(repository, "fast-import", "--quiet", data=data.encode())
    options = telling(read_history(str(repository), "long", "main")).options()
    assert len(options["data"]) < 128 * 1024
    assert options["msg"].endswith("- and 1990 more")


def test_an_unread_history_says_what_is_given():
    history = History(revision="1" * 40, previous="v1", remote=REMOTE)
    assert masked(telling(history).options()["msg"]) == "Deployed shop 2 at 1111111; before, it was v1"

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Against real repositories."""

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._commit import read_commit
from repositories import git, head


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit on the branch main."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=one")
    return folder


def test_a_folder_outside_of_any_repository(tmp_path):
    assert read_commit(str(tmp_path)) == ("", {})


def test_a_repository_without_commits(tmp_path):
    git(tmp_path, "init", "--quiet")
    assert read_commit(str(tmp_path)) == ("", {})


def test_a_branch(repository):
    assert read_commit(str(repository)) == ("", {"commit.id": head(repository), "commit.branch": "main"})


@pytest.mark.parametrize("branch", ["feature/shop-1.23", "žluťoučký", "a\u2028b"])
def test_the_name_of_a_branch(repository, branch):
    git(repository, "switch", "--quiet", "--create", branch)
    assert read_commit(str(repository))[1]["commit.branch"] == branch


def test_a_detached_head_has_no_branch(repository):
    git(repository, "switch", "--quiet", "--detach")
    assert read_commit(str(repository)) == ("", {"commit.id": head(repository)})


def test_a_folder_within_a_repository(repository):
    (repository / "deploy" / "shop").mkdir(parents=True)
    prefix, fields = read_commit(str(repository / "deploy" / "shop"))
    assert prefix == "deploy/shop/"
    assert fields["commit.id"] == head(repository)


def test_a_worktree(repository, tmp_path):
    git(repository, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    assert read_commit(str(tmp_path / "other")) == ("", {"commit.id": head(repository), "commit.branch": "other"})


def test_a_shallow_clone(repository, tmp_path):
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "clone")
    assert read_commit(str(tmp_path / "clone"))[1]["commit.id"] == head(repository)


def test_the_environment_does_not_lead_to_another_repository(repository, tmp_path, monkeypatch):
    """As in a hook of git, which sets GIT_DIR."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet", "--initial-branch=other")
    git(other, "commit", "--quiet", "--allow-empty", "--message=two")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert read_commit(str(repository))[1] == {"commit.id": head(repository), "commit.branch": "main"}


def test_a_machine_without_git(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_commit(str(repository)) == ("", {})


@pytest.mark.parametrize("answer", ["exit 0", "echo; echo only two", "exec sleep 60"])
def test_a_git_that_misbehaves(repository, tmp_path, monkeypatch, answer):
    (tmp_path / "git").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{answer}\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_commit(str(repository)) == ("", {})


def test_a_folder_that_is_gone(tmp_path):
    assert read_commit(str(tmp_path / "gone")) == ("", {})

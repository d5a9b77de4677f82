# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The git commit of a playbook's repository."""

from __future__ import annotations

import contextlib
import re

from ._git import Git, GitError
from ._repository_pages import commit_page

#: Seconds. Reading a commit takes milliseconds, unless the file system is in trouble.
TIMEOUT = 2


def read_commit(folder: str) -> tuple[str, dict[str, str]]:
    """The folder's place in its repository, and fields that name the commit.

    :returns: ("", {}) where there is no repository, no commit, no git, or git does not trust the repository's owner.
    """
    git = Git(folder, TIMEOUT)
    try:
        prefix, commit, branch = git.line("rev-parse", "--show-prefix", "HEAD", "--abbrev-ref", "HEAD").split("\n")
    except (GitError, ValueError):
        return "", {}
    if not re.fullmatch("[0-9a-f]{40,64}", commit):
        return "", {}
    fields = {"commit.id": commit}
    if branch != "HEAD":  # what git says of a detached head
        fields["commit.branch"] = branch
    with contextlib.suppress(GitError):  # there need not be a remote
        url = commit_page(git.line("config", "--get", "remote.origin.url"), commit)
        if url:
            fields["commit.url"] = url
    return prefix, fields

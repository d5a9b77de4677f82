# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Whether what is checked out differs from what was committed, told without running any filter.

Git runs the filters of changed files to compare them with what was committed. So each filter that is configured is made
to be none; then what a file that has one holds cannot be told to be changed, but all else can.
"""

from __future__ import annotations

import os

from ._git import Git

#: How many filters are turned off, and how many changed files are asked for theirs. With more, the answer is unknown.
MAX_FILTERS = 100
MAX_FILES = 200


def is_dirty(git: Git) -> bool | None:
    """Whether tracked files are changed or staged; None if only a filter could tell.

    Not whether a submodule has changed files: only whether another commit of it is checked out.

    :raises GitError: like Git.read().
    """
    filters = _filters(git)
    # A setting ends its name at the first =, so this filter's could not be set.
    if filters is None or len(filters) > MAX_FILTERS or any("=" in name for name in filters):
        return None
    settings = [
        f"filter.{name}.{key}" for name in filters for key in ("clean=", "smudge=", "process=", "required=false")
    ]
    output, _whole = git.read(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=no",
        "--ignore-submodules=dirty",
        "--no-renames",
        settings=settings,
    )
    changed = os.fsdecode(output).split("\0")[:-1]  # each ends with it; what was cut does not
    # no filter has a say in what is staged, is gone, or has become a link: only in what a file holds
    if not filters or any(entry[:2] != " M" for entry in changed):
        return bool(changed)
    return _any_without_filter(git, filters, [entry[3:] for entry in changed[:MAX_FILES]])


def _filters(git: Git) -> set[str] | None:
    """The names of the filters that are configured, None if there are too many."""
    settings, whole = git.settings(r"^filter\.")
    names = [name[len("filter.") :] for name, _value in settings]
    return {name.rpartition(".")[0] for name in names if "." in name} if whole else None


def _any_without_filter(git: Git, filters: set[str], paths: list[str]) -> bool | None:
    """True if one of these changed files has no filter, so that it is changed indeed."""
    if not paths:
        return False
    top, _whole = git.read("rev-parse", "--show-toplevel")
    root = git.at(os.fsdecode(top[:-1]))  # a name may be no UTF-8, and may itself end with a newline
    output, _whole = root.read("check-attr", "-z", "filter", "--", *paths)
    answers = os.fsdecode(output).split("\0")[:-1][2::3]  # as above
    return True if any(answer not in filters for answer in answers) else None

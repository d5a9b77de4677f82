# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]


def git(folder: Path, *words: str | bytes, data: bytes | None = None, **variables: str) -> str:
    """What git says, run as nobody in particular. :param variables: for its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull, **variables)
    done = subprocess.run(
        ["git", *IDENTITY, *words], cwd=folder, env=environment, input=data, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8", "replace").strip()


def make(folder: Path, *options: str) -> Path:
    """An empty repository on the branch main."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main", *options)
    return folder


def commit(folder: Path, subject: str, *options: str, author: str = "t") -> str:
    """The id of a new commit that changes no file."""
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={subject}", *options, GIT_AUTHOR_NAME=author)
    return head(folder)


def head(folder: Path, name: str = "HEAD") -> str:
    return git(folder, "rev-parse", name)


def clone(source: Path, folder: Path, *options: str) -> Path:
    """Over git's own transport, as a clone by path is never shallow."""
    git(source, "clone", "--quiet", *options, source.as_uri(), str(folder))
    return folder

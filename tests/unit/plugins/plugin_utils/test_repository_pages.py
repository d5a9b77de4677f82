# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._repository_pages import (
    commit_page,
    compare_page,
    page,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OLD = "89abcdef0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://github.com/owner/name/", "https://github.com/owner/name"),
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("github.com:owner/name", "https://github.com/owner/name"),
        ("ssh://git@gitlab.example.com:2222/group/sub/name.git", "https://gitlab.example.com/group/sub/name"),
        ("git://github.com/owner/name", "https://github.com/owner/name"),
        ("https://user:secret@gitlab.com/a/b.git?private_token=secret#x", "https://gitlab.com/a/b"),
        ("http://gitea.local:3000/a/b", "http://gitea.local:3000/a/b"),
        ("ssh://git@ssh.github.com:443/owner/name.git", "https://github.com/owner/name"),
        ("git@altssh.gitlab.com:group/name.git", "https://gitlab.com/group/name"),
        ("https://github.com/o/n/tree/main/docs", "https://github.com/o/n"),
        ("https://bitbucket.org/o/n/src/main/", "https://bitbucket.org/o/n"),
        ("https://gitlab.com/scm/group/n.git", "https://gitlab.com/scm/group/n"),
        ("https://gitlab.com/g/s/n/-/tree/main", "https://gitlab.com/g/s/n"),
        ("https://bb.example.com/scm/PROJ/name.git", "https://bb.example.com/projects/PROJ/repos/name"),
        ("https://u:secret@example.com/bb/scm/~ann/name.git", "https://example.com/bb/users/ann/repos/name"),
        ("ssh://git@bb.example.com:7999/PROJ/name.git", "https://bb.example.com/projects/PROJ/repos/name"),
        ("ssh://git@bb.example.com:7999/~ann/name.git", "https://bb.example.com/users/ann/repos/name"),
        (
            "https://bb.example.com:8443/projects/PROJ/repos/name/browse?at=main",
            "https://bb.example.com:8443/projects/PROJ/repos/name",
        ),
        ("/srv/git/name.git", ""),
        ("../name", ""),
        ("file:///srv/git/name.git", ""),
        ("https://github.com/name-only", ""),
        ("https://exa mple.com/a/b", ""),
        ("https://github.com/a/b](javascript:alert(1))", ""),
        ("https://github.com:port/a/b", ""),
        ("C:\\repos\\name", ""),
        ("", ""),
    ],
)
def test_the_page_of_a_repository(remote, expected):
    assert page(remote) == expected


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@github.com:o/n.git", f"https://github.com/o/n/commit/{COMMIT}"),
        ("https://gitlab.com/g/s/n.git", f"https://gitlab.com/g/s/n/-/commit/{COMMIT}"),
        ("git@bitbucket.org:o/n.git", f"https://bitbucket.org/o/n/commits/{COMMIT}"),
        ("https://gitea.example.com/o/n", f"https://gitea.example.com/o/n/commit/{COMMIT}"),
        ("https://codeberg.org/o/n", f"https://codeberg.org/o/n/commit/{COMMIT}"),
        ("https://git.example.com/scm/p/n.git", f"https://git.example.com/projects/p/repos/n/commits/{COMMIT}"),
        ("ssh://git@bitbucket.corp:7999/p/n.git", f"https://bitbucket.corp/projects/p/repos/n/commits/{COMMIT}"),
        ("https://git.example.com/o/n", ""),
        ("/srv/github/name", ""),
    ],
)
def test_the_page_of_a_commit(remote, expected):
    assert commit_page(remote, COMMIT) == expected


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@github.com:o/n.git", f"https://github.com/o/n/compare/{OLD}...{COMMIT}"),
        ("https://github.com/o/n", f"https://github.com/o/n/compare/{OLD}...{COMMIT}"),
        ("https://x-access-token:secret@github.com/o/n.git", f"https://github.com/o/n/compare/{OLD}...{COMMIT}"),
        ("git@github.example.com:o/n.git", f"https://github.example.com/o/n/compare/{OLD}...{COMMIT}"),
        ("https://gitlab.com/g/s/t/n.git", f"https://gitlab.com/g/s/t/n/-/compare/{OLD}...{COMMIT}"),
        ("ssh://git@gitlab.corp:2222/g/n.git", f"https://gitlab.corp/g/n/-/compare/{OLD}...{COMMIT}"),
        (
            "https://oauth2:glpat-secret@gitlab.corp:8443/g/n",
            f"https://gitlab.corp:8443/g/n/-/compare/{OLD}...{COMMIT}",
        ),
        ("git@bitbucket.org:o/n.git", f"https://bitbucket.org/o/n/branches/compare/{COMMIT}%0D{OLD}#commits"),
        (
            "https://bitbucket.corp/scm/PROJ/n.git",
            f"https://bitbucket.corp/projects/PROJ/repos/n/compare/commits?targetBranch={OLD}&sourceBranch={COMMIT}",
        ),
        (
            "ssh://git@git.corp:7999/~ann/n.git",
            f"https://git.corp/users/ann/repos/n/compare/commits?targetBranch={OLD}&sourceBranch={COMMIT}",
        ),
        ("http://gitea.local:3000/o/n", f"http://gitea.local:3000/o/n/compare/{OLD}...{COMMIT}"),
        ("ssh://git@forgejo.local:2222/o/n.git", f"https://forgejo.local/o/n/compare/{OLD}...{COMMIT}"),
        ("git@codeberg.org:o/n.git", f"https://codeberg.org/o/n/compare/{OLD}...{COMMIT}"),
        ("https://git.example.com/o/n", ""),
        ("file:///srv/github/n", ""),
        ("ext::sh -c x% github.com/o/n", ""),
        ("", ""),
    ],
)
def test_the_page_that_compares(remote, expected):
    assert compare_page(remote, OLD, COMMIT) == expected


@pytest.mark.parametrize("odd", ["", "main", COMMIT[:12], f"{COMMIT}\n", f"-{COMMIT[1:]}", "../" + COMMIT[3:], COMMIT])
def test_only_two_ids_in_full_are_compared(odd):
    assert compare_page("https://github.com/o/n", odd, COMMIT) == ""
    assert compare_page("https://github.com/o/n", COMMIT, odd) == ""


def test_longer_ids_are_compared():
    assert compare_page("https://codeberg.org/o/n", "a" * 64, "b" * 64).endswith(f"{'a' * 64}...{'b' * 64}")

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._repository_pages import commit_page, page

COMMIT = "0123456789abcdef0123456789abcdef01234567"


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
        ("https://git.example.com/o/n", ""),
        ("/srv/github/name", ""),
    ],
)
def test_the_page_of_a_commit(remote, expected):
    assert commit_page(remote, COMMIT) == expected

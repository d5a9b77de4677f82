# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Pages of a git repository on the web, out of the address of its remote."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

#: What follows a repository's page for a commit, by a word in the server's name. Others are not known.
_COMMITS = {
    "github": "/commit/",
    "gitlab": "/-/commit/",
    "bitbucket": "/commits/",
    "gitea": "/commit/",
    "forgejo": "/commit/",
    "codeberg": "/commit/",
}
_SHORT_FORM = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
_PATH = re.compile(r"[\w.~%+-]+(?:/[\w.~%+-]+)+")


def page(remote: str) -> str:
    """The repository's page, without user, password, port of ssh, query; "" if the address names no server.

    :param remote: such as https://github.com/owner/name.git, git@github.com:owner/name or
        ssh://git@gitlab.example.com:2222/group/name.git.
    """
    short = _SHORT_FORM.fullmatch(remote) if "://" not in remote else None
    if short:
        host, path = short.group(1), short.group(2)
        scheme, port = "https", None
    else:
        try:
            parts = urllib.parse.urlsplit(remote)
            host, path, scheme, port = parts.hostname or "", parts.path, parts.scheme, parts.port
        except ValueError:
            return ""
        if scheme not in ("http", "https"):
            scheme, port = ("https", None) if scheme in ("ssh", "git", "git+ssh") else ("", None)
    path = path.strip("/")
    path = path[: -len(".git")] if path.endswith(".git") else path
    if not scheme or not re.fullmatch(r"[A-Za-z0-9.-]+", host) or not _PATH.fullmatch(path):
        return ""
    return f"{scheme}://{host}{f':{port}' if port else ''}/{path}"


def commit_page(remote: str, commit: str) -> str:
    """The page of a commit, "" where the server's kind is not known."""
    return _below(remote, _COMMITS, commit)


def _below(remote: str, ways: t.Mapping[str, str], what: str) -> str:
    base = page(remote)
    host = urllib.parse.urlsplit(base).hostname or ""
    way = next((way for word, way in ways.items() if word in host), "")
    return f"{base}{way}{what}" if way else ""


def compare_page(remote: str, previous: str, revision: str) -> str:
    return _below(remote, {"github": "/compare/", "gitlab": "/-/compare/"}, f"{previous}...{revision}")

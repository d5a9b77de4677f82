# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Pages of a git repository on the web, out of the address of its remote."""

from __future__ import annotations

import re
import typing as t
import urllib.parse


class _Pages(t.NamedTuple):
    """What follows a repository's page. Commits are given in full; `{old}` is left out of what `{new}` is shown of."""

    commit: str
    compare: str


_GITHUB = _Pages("/commit/{new}", "/compare/{old}...{new}")
#: By a word in the server's name. Others are not known.
#: https://docs.github.com/en/pull-requests/committing-changes-to-your-project/viewing-and-comparing-commits/comparing-commits
#: https://docs.gitlab.com/user/project/repository/compare_revisions/
#: Gitea and Forgejo have GitHub's. Bitbucket's are those that its pages link to; it names the newer one first.
_PAGES = {
    "github": _GITHUB,
    "gitlab": _Pages("/-/commit/{new}", "/-/compare/{old}...{new}"),
    "bitbucket": _Pages("/commits/{new}", "/branches/compare/{new}%0D{old}#commits"),
    "gitea": _GITHUB,
    "forgejo": _GITHUB,
    "codeberg": _GITHUB,
}
_BITBUCKET_SERVER = _Pages("/commits/{new}", "/compare/commits?targetBranch={old}&sourceBranch={new}")
#: Of Bitbucket Server and Data Center: pages, with what is below them, and addresses to clone from.
#: https://confluence.atlassian.com/bitbucketserver/clone-a-repository-790632786.html
_SERVER_PAGE = re.compile(r"((?:.+/)?(?:projects|users)/[^/]+/repos/[^/]+)(?:/.*)?")
_SERVER_CLONE = re.compile(r"((?:.+/)?)scm/([^/]+/[^/]+)")
_SERVER_SSH_PORT = 7999
#: Where ssh is spoken on port 443, it is by a server of another name.
_SSH_NAMES = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_SHORT_FORM = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")
_PATH = re.compile(r"[\w.~%+-]+(?:/[\w.~%+-]+)+")
#: What a link to a page of a commit needs: a short id may become another commit's.
_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def page(remote: str) -> str:
    """The repository's page, without user, password, port of ssh, query; "" if the address names no server.

    :param remote: such as https://github.com/owner/name.git, git@github.com:owner/name,
        ssh://git@gitlab.example.com:2222/group/name.git, or the page itself.
    """
    short = _SHORT_FORM.fullmatch(remote) if "://" not in remote else None
    try:
        parts = urllib.parse.urlsplit(f"ssh://{short.group(1)}/{short.group(2)}" if short else remote)
        host, path, scheme, port = parts.hostname or "", parts.path, parts.scheme, parts.port
    except ValueError:
        return ""
    path = path.strip("/")
    path = path[: -len(".git")] if path.endswith(".git") else path
    if scheme in ("http", "https"):
        clone = _SERVER_CLONE.fullmatch(path) if _may_be_server(host) else None
        path = f"{clone.group(1)}{_server_path(clone.group(2))}" if clone else path
    elif scheme in ("ssh", "git", "git+ssh"):
        path = _server_path(path) if port == _SERVER_SSH_PORT and _may_be_server(host) else path
        scheme, port, host = "https", None, _SSH_NAMES.get(host, host)
    else:
        return ""
    path = _repository(host, path)
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host) or not _PATH.fullmatch(path):
        return ""
    return f"{scheme}://{host}{f':{port}' if port else ''}/{path}"


def commit_page(remote: str, commit: str) -> str:
    """The page of a commit, "" where the server's kind is not known."""
    base = page(remote)
    pages = _pages(base)
    return base + pages.commit.format(new=commit) if pages else ""


def compare_page(remote: str, previous: str, revision: str) -> str:
    """The page of the commits that are in `revision` and not in `previous`, "" where the server's kind is not known.

    For a rollback, give them the other way round: then it shows what was taken back.

    :param previous: an id in full, as is `revision`; with anything else, or twice the same, there is no page.
    """
    if previous == revision or not _FULL_ID.fullmatch(previous) or not _FULL_ID.fullmatch(revision):
        return ""
    base = page(remote)
    pages = _pages(base)
    return base + pages.compare.format(old=previous, new=revision) if pages else ""


def _may_be_server(host: str) -> bool:
    """Whether it may be a Bitbucket Server: it goes by any name, and tells itself by its paths."""
    return host != "bitbucket.org" and not any(word in host for word in _PAGES if word != "bitbucket")


def _repository(host: str, path: str) -> str:
    """Of the path of any page of a repository, that of its first page."""
    server = _SERVER_PAGE.fullmatch(path) if _may_be_server(host) else None
    if server:
        return server.group(1)
    if "github" in host or host == "bitbucket.org":
        return "/".join(path.split("/")[:2])
    return path.partition("/-/")[0]  # GitLab's sign for what is below


def _server_path(path: str) -> str:
    """`PROJ/name` or `~user/name` as Bitbucket Server has it in the addresses of its pages."""
    project, _slash, name = path.partition("/")
    return f"users/{project[1:]}/repos/{name}" if project.startswith("~") else f"projects/{project}/repos/{name}"


def _pages(base: str) -> _Pages | None:
    parts = urllib.parse.urlsplit(base)
    host = parts.hostname or ""
    if _may_be_server(host) and _SERVER_PAGE.fullmatch(parts.path.strip("/")):
        return _BITBUCKET_SERVER
    return next((pages for word, pages in _PAGES.items() if word in host), None)

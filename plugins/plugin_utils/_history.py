# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""What git says of a deployment: which commit it is, and which commits came or went since the one before."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import os
import re
import typing as t
import unicodedata

from ..module_utils._event import format_time
from ._git import Git, GitError, GitRefused
from ._working_tree import is_dirty

#: Seconds for all that is asked of a repository. Mostly it takes some hundredths.
TIMEOUT = 10
#: How many commits and authors are listed.
MAX_COMMITS = 1000
MAX_AUTHORS = 100
#: Characters of a subject, and of a name.
MAX_SUBJECT = 200
MAX_NAME = 100
#: Bytes of all listed commits: subjects may be as long as a repository likes.
MAX_LISTED = 16 << 20
#: Characters of a revision that is asked for: names of refs are shorter.
MAX_REVISION = 1000

#: How the revision relates to the previous one.
UNKNOWN = "unknown"  # none was given, or what this repository holds does not tell
SAME = "same"
AHEAD = "ahead"
ROLLBACK = "rollback"  # the revision is an ancestor of the previous one
DIVERGED = "diverged"  # each has commits that the other lacks: a rebase, a squash, another branch
MISSING = "missing"  # the previous one is not in this repository

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: Scripts and emoji need them. Other characters that are format only are left out, as they turn text around or hide it.
_JOINERS = "\u200c\u200d"
_FORMAT = "%an%x00%ct%x00%s"


@dataclasses.dataclass(frozen=True)
class Commit:
    """A commit.

    :ivar id: in full.
    :ivar subject: on one line, without control characters, MAX_SUBJECT characters at the most. Not escaped.
    :ivar author: a name, without an e-mail address.
    :ivar time: of the commit, as events have it; "" if it is none.
    """

    id: str
    subject: str
    author: str
    time: str


@dataclasses.dataclass(frozen=True)
class History:
    """What a repository says of a revision, and of the way to it from the previous one.

    :ivar revision: the full id of what is deployed, "" if unknown.
    :ivar branch: "" for a detached head, or if unknown.
    :ivar dirty: whether tracked files are changed or staged. None if unknown: the revision is not what is checked out,
        nothing is checked out, or it takes a filter of the repository to tell.
    :ivar remote: the URL of origin, else of the branch's upstream, else of the only remote, as configured: it may hold
        a password. "" if there is none.
    :ivar previous: the full id if the repository has it, else as given; "" if none was.
    :ivar relation: one of the constants above.
    :ivar count: commits gained (ahead, diverged) or taken back (rollback); None if unknown.
    :ivar removed: diverged: commits of the previous revision that are no longer in.
    :ivar exact: False where a shallow clone lacks commits, so that the counts are those that it has.
    :ivar commits: those counted, newest first, MAX_COMMITS at the most.
    :ivar authors: their authors, most commits first, MAX_AUTHORS at the most.
    :ivar problem: "" or one sentence that says why less is known.
    """

    revision: str = ""
    branch: str = ""
    dirty: bool | None = None
    remote: str = ""
    previous: str = ""
    relation: str = UNKNOWN
    count: int | None = None
    removed: int = 0
    exact: bool = True
    commits: tuple[Commit, ...] = ()
    authors: tuple[str, ...] = ()
    shallow: bool = False
    problem: str = ""


def read_history(repo: str, revision: str | None = None, previous: str | None = None) -> History:
    """What the repository knows, within TIMEOUT. Nothing about a repository is an error.

    :param repo: a folder in a working tree, or a bare repository.
    :param revision: what is deployed: an id, a branch, a tag, or whatever else git takes for a commit. What is checked
        out by default.
    :param previous: what was deployed before, likewise.
    """
    reading = _Reading(Git(repo, TIMEOUT), revision or "", previous or "")
    try:
        reading.open()
        for step in (reading.identify, reading.origin, reading.relate, reading.list_commits, reading.look_for_changes):
            reading.attempt(step)
    except (GitError, ValueError) as exc:
        reading.problem(f"No commits are known: {_reason(exc)}.")
    return History(**reading.known)


class _Reading:
    """One reading: each step adds to what is known, so that one that fails takes nothing from the others."""

    def __init__(self, git: Git, revision: str, previous: str) -> None:
        self._git = git
        self._wanted = revision
        self._has_files = self._found = self._checked_out = False
        #: What the commits lie between, as git names ranges; "" if there are none to list.
        self._range = ""
        self.known: dict[str, t.Any] = {"previous": previous}
        # An id in full says all by itself, even where there is no repository.
        if _FULL_ID.fullmatch(revision):
            self.known["revision"] = revision
            if revision == previous:
                self.known.update(relation=SAME, count=0)

    def problem(self, sentence: str) -> None:
        """Why less is known. The first reason counts, as others mostly follow from it."""
        self.known.setdefault("problem", sentence)

    def attempt(self, step: t.Callable[[], None]) -> None:
        """Take a step, or say why not."""
        try:
            step()
        except (GitError, ValueError) as exc:
            self.problem(f"Not all is known: {_reason(exc)}.")

    def open(self) -> None:
        """What kind of repository it is. :raises GitError, ValueError: if there is none to be read."""
        bare, tree, shallow = self._git.line(
            "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--is-shallow-repository"
        ).split("\n")
        if not {bare, tree} <= {"true", "false"}:
            raise ValueError("not what was asked for")
        self._has_files = bare == "false" and tree == "true"
        self.known["shallow"] = shallow == "true"

    def identify(self) -> None:
        """The revision, and its branch."""
        head = self._commit("HEAD")
        revision = self._commit(self._wanted) if self._wanted else head
        if not revision:
            self.problem(
                "The revision is not in the repository." if self._wanted else "The repository has no commit yet."
            )
            return
        self._found, self._checked_out = True, revision == head
        self.known["revision"] = revision
        self.known["branch"] = self._branch(self._wanted) or (self._branch("HEAD") if revision == head else "")

    def origin(self) -> None:
        """The remote."""
        self.known["remote"] = _remote(self._git, self.known.get("branch", ""))

    def relate(self) -> None:
        """The previous revision, and how many commits lie between."""
        given = self.known["previous"]
        previous = self._commit(given) if given else ""
        if previous:
            self.known["previous"] = previous
        elif given:
            self.known.setdefault("relation", MISSING)
        if previous and self._found:
            self._compare(previous, self.known["revision"])

    def _compare(self, previous: str, revision: str) -> None:
        between = f"{previous}...{revision}"
        lost, gained = map(int, self._git.line("rev-list", "--left-right", "--count", between, "--").split("\t"))
        # Where a clone is cut, commits have no parents.
        self.known["exact"] = not self.known["shallow"] or not self._git.line(
            "rev-list", "--max-parents=0", "--max-count=1", between, "--"
        )
        if lost and gained and not self.known["exact"]:
            self.problem("The clone is shallow, and does not hold what lies between the two revisions.")
            return
        self.known.update(relation=_relation(lost, gained), count=gained or lost, removed=lost if gained else 0)
        if lost or gained:
            self._range = f"{previous}..{revision}" if gained else f"{revision}..{previous}"

    def list_commits(self) -> None:
        """The commits that were counted, and who made them."""
        if not self._range:
            return
        output, _whole = self._git.read(
            "rev-list", f"--max-count={MAX_COMMITS}", f"--format={_FORMAT}", self._range, "--", limit=MAX_LISTED
        )
        commits = tuple(_commits(output))
        authors = collections.Counter(commit.author for commit in commits if commit.author)
        self.known["commits"] = commits
        self.known["authors"] = tuple(name for name, _count in authors.most_common(MAX_AUTHORS))

    def look_for_changes(self) -> None:
        """Whether what is checked out is what was committed. The last step, as it takes longest."""
        if self._has_files and self._checked_out:
            self.known["dirty"] = is_dirty(self._git)

    def _commit(self, name: str) -> str:
        """The full id of a commit, "" if the repository has none of that name."""
        if len(name) > MAX_REVISION or "\0" in name:
            return ""
        # Only where it is needed: before 2.30, git does not know it here.
        ends = ["--end-of-options"] if name.startswith("-") else []
        try:
            found = self._git.line("rev-parse", "--verify", "--quiet", *ends, f"{name}^{{commit}}")
        except GitRefused:
            return ""
        return found if _FULL_ID.fullmatch(found) else ""

    def _branch(self, name: str) -> str:
        """The branch that a name stands for, "" if it is none."""
        if not name or len(name) > MAX_REVISION or "\0" in name or name.startswith("-"):
            return ""
        try:
            ref = self._git.line("rev-parse", "--verify", "--quiet", "--symbolic-full-name", name)
        except GitRefused:
            return ""
        return plain(ref[len("refs/heads/") :], MAX_NAME) if ref.startswith("refs/heads/") else ""


def plain(value: str, length: int) -> str:
    """Text on one line, of at most `length` characters, without characters that do something instead of being shown."""
    kept = "".join(
        " " if kind in ("Cc", "Zl", "Zp") else character
        for character, kind in ((character, unicodedata.category(character)) for character in value[: length * 4])
        if kind != "Cf" or character in _JOINERS
    )
    line = " ".join(kept.split())
    return line if len(line) <= length else f"{line[: length - 1]}\N{HORIZONTAL ELLIPSIS}"


def _reason(exc: Exception) -> str:
    return str(exc) if isinstance(exc, GitError) else "git does not answer as expected"


def _relation(lost: int, gained: int) -> str:
    if lost and gained:
        return DIVERGED
    return AHEAD if gained else ROLLBACK if lost else SAME


def _remote(git: Git, branch: str) -> str:
    values: dict[str, str] = {}
    for name, value in git.settings(r"^(remote\..*\.url|branch\..*\.remote)$")[0]:
        if value:
            # of several addresses, git fetches from the first
            values.setdefault(name, os.fsencode(value).decode("utf-8", "replace"))
    remotes = {name[len("remote.") : -len(".url")]: url for name, url in values.items() if name.endswith(".url")}
    upstream = values.get(f"branch.{branch}.remote", "")
    only = next(iter(remotes)) if len(remotes) == 1 else ""
    return next((remotes[name] for name in ("origin", upstream, only) if name in remotes), "")


def _commits(output: bytes) -> t.Iterator[Commit]:
    """Out of `rev-list --format`: a line with the id, and one with the rest, for each commit."""
    lines = output.split(b"\n")[:-1]  # each ends with it; what was cut does not
    for head, rest in zip(lines[::2], lines[1::2]):
        parts = rest.split(b"\0", 2)
        if not head.startswith(b"commit ") or len(parts) < 3:  # where it was cut
            return
        # A megabyte need not be looked at for what is shown of it.
        author, time, subject = (part[: MAX_SUBJECT * 16].decode("utf-8", "replace") for part in parts)
        yield Commit(
            id=head[len(b"commit ") :].decode("ascii", "replace"),
            subject=plain(subject, MAX_SUBJECT),
            author=plain(author.partition("@")[0], MAX_NAME),
            time=_time(time),
        )


def _time(seconds: str) -> str:
    try:
        return format_time(dt.datetime.fromtimestamp(int(seconds), dt.timezone.utc))
    except (ValueError, OverflowError, OSError):
        return ""

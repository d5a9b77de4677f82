# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Situations in which a deployment finds a repository, made with git itself. What programs a hostile one plants is in
test_git.py."""

from __future__ import annotations

import os
import re
import shutil
import typing as t

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils import _history
from ansible_collections.community.sematext.plugins.plugin_utils._history import History, plain, read_history
from repositories import clone, commit, git, head, make

GONE = "0123456789abcdef0123456789abcdef01234567"
NO_REPOSITORY = "No commits are known: there is no git repository."


@pytest.fixture
def repository(tmp_path):
    """Three commits on main."""
    folder = make(tmp_path / "repository")
    for subject in ("one", "two", "three"):
        commit(folder, subject)
    return folder


def ids(repository, *names):
    return [head(repository, name) for name in names]


def subjects(history):
    return [each.subject for each in history.commits]


# -- how a revision relates to the one before -------------------------------------------------------------------------


class Situation(t.NamedTuple):
    """:ivar make: prepares the repository, and gives the revision and the previous one.
    :ivar said: fields of the history."""

    make: t.Callable[[t.Any], tuple[str | None, str | None]]
    said: dict[str, t.Any]


def rebased(folder):
    """Two commits, written anew onto another base."""
    git(folder, "switch", "--quiet", "--create", "feature", "HEAD~2")
    commit(folder, "a")
    previous = commit(folder, "b")
    git(folder, "reset", "--quiet", "--hard", "main")
    commit(folder, "a")
    return commit(folder, "b"), previous


def squashed(folder):
    """Of three commits, one was made."""
    previous = head(folder)
    git(folder, "reset", "--quiet", "--soft", "HEAD~2")
    return commit(folder, "all"), previous


def pruned(folder):
    """As squashed, and what was there before is deleted."""
    revision, previous = squashed(folder)
    git(folder, "reflog", "expire", "--expire=now", "--all")
    git(folder, "gc", "--quiet", "--prune=now")
    return revision, previous


def merged(folder):
    previous = head(folder)
    git(folder, "switch", "--quiet", "--create", "feature", "HEAD~1")
    commit(folder, "on the branch")
    git(folder, "switch", "--quiet", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--message=merge", "feature")
    return None, previous


def orphan(folder):
    git(folder, "switch", "--quiet", "--orphan", "pages")
    return commit(folder, "alone"), "main"


def replaced(folder):
    """refs/replace says that the last commit has no parents."""
    git(folder, "replace", "--graft", "HEAD")
    return None, "HEAD~1"


def grafted(folder):
    """info/grafts says the same; git has deprecated it, and heeds it."""
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "grafts").write_text(head(folder) + "\n")
    return None, None


def tagged(folder):
    git(folder, "tag", "v1", "HEAD~1")
    git(folder, "tag", "--annotate", "--message=release", "v2", "HEAD")
    return "v2", "v1"


def blob(folder):
    git(folder, "tag", "file", git(folder, "hash-object", "-w", "--stdin", data=b"x"))
    return "file", None


SITUATIONS = {
    "first deployment": Situation(
        lambda folder: (None, None),
        {"relation": "unknown", "previous": "", "count": None, "commits": (), "problem": ""},
    ),
    "the same again": Situation(lambda folder: (None, "main"), {"relation": "same", "count": 0, "commits": ()}),
    "forward": Situation(
        lambda folder: (None, head(folder, "HEAD~2")), {"relation": "ahead", "count": 2, "subjects": ["three", "two"]}
    ),
    "rollback": Situation(
        lambda folder: (head(folder, "HEAD~2"), "main"),
        {"relation": "rollback", "count": 2, "removed": 0, "subjects": ["three", "two"], "branch": "", "dirty": None},
    ),
    "rebase": Situation(
        rebased, {"relation": "diverged", "count": 4, "removed": 2, "subjects": ["b", "a", "three", "two"]}
    ),
    "squash": Situation(squashed, {"relation": "diverged", "count": 1, "removed": 2, "subjects": ["all"]}),
    "squash, and the old commits are gone": Situation(
        pruned, {"relation": "missing", "count": None, "commits": (), "branch": "main", "problem": ""}
    ),
    "merge": Situation(merged, {"relation": "ahead", "count": 2, "subjects": {"merge", "on the branch"}}),
    "a branch without common commits": Situation(
        orphan, {"relation": "diverged", "count": 1, "removed": 3, "branch": "pages"}
    ),
    "replaced commits": Situation(replaced, {"relation": "ahead", "count": 1}),
    "tags": Situation(tagged, {"relation": "ahead", "count": 1, "subjects": ["three"], "branch": "main"}),
    "short ids": Situation(
        lambda folder: (head(folder)[:8], head(folder, "HEAD~1")[:8]), {"relation": "ahead", "count": 1}
    ),
    "no such revision": Situation(
        lambda folder: ("v9", "main"),
        {"revision": "", "relation": "unknown", "count": None, "problem": "The revision is not in the repository."},
    ),
    "an id that was not fetched": Situation(
        lambda folder: (GONE, "main"),
        {"revision": GONE, "relation": "unknown", "count": None, "problem": "The revision is not in the repository."},
    ),
    "a revision that is no commit": Situation(
        blob, {"revision": "", "problem": "The revision is not in the repository."}
    ),
    "a range as a revision": Situation(lambda folder: ("main~1..main", None), {"revision": ""}),
    "an excluded revision": Situation(lambda folder: ("^main", None), {"revision": ""}),
    "no such previous revision": Situation(
        lambda folder: (None, "v0"), {"relation": "missing", "previous": "v0", "count": None, "problem": ""}
    ),
    "a previous revision with a NUL": Situation(lambda folder: (None, "v\0"), {"relation": "missing"}),
    "a previous revision of a megabyte": Situation(lambda folder: (None, "v" * 1_000_000), {"relation": "missing"}),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_is_said_of_a_situation(repository, situation):
    revision, previous = situation.make(repository)
    history = read_history(str(repository), revision, previous)
    said = dict(situation.said)
    expected = said.pop("subjects", None)
    if expected is not None:
        assert (set if isinstance(expected, set) else list)(subjects(history)) == expected
    assert {name: getattr(history, name) for name in said} == said
    assert history.exact and not history.shallow


def test_a_graft_does_not_hide_commits(repository):
    grafted(repository)
    previous = git(repository, "--no-replace-objects", "cat-file", "commit", "HEAD").split("parent ")[1][:40]
    history = read_history(str(repository), None, previous)
    assert (history.relation, history.count) == ("ahead", 1)


def test_ids_are_given_in_full(repository):
    revision, previous = ids(repository, "main", "main~1")
    history = read_history(str(repository), revision[:7], previous[:7])
    assert (history.revision, history.previous) == (revision, previous)
    assert [each.id for each in history.commits] == [revision]


# -- kinds of repositories --------------------------------------------------------------------------------------------


def test_a_folder_outside_of_any_repository(tmp_path):
    assert read_history(str(tmp_path)) == History(problem=NO_REPOSITORY)


def test_without_a_repository_ids_in_full_still_say_what_is_deployed(tmp_path):
    assert read_history(str(tmp_path), GONE, "v1") == History(revision=GONE, previous="v1", problem=NO_REPOSITORY)
    same = read_history(str(tmp_path), GONE, GONE)
    assert (same.relation, same.count) == ("same", 0)


@pytest.mark.parametrize("name", ["gone", "file", "nul\0"])
def test_a_folder_that_is_none(tmp_path, name):
    (tmp_path / "file").touch()
    history = read_history(str(tmp_path / name))
    assert history.problem.startswith("No commits are known: ") and not history.revision


def test_an_empty_repository(tmp_path):
    history = read_history(str(make(tmp_path)), None, GONE)
    assert (history.revision, history.relation, history.dirty) == ("", "missing", None)
    assert history.problem == "The repository has no commit yet."


def test_a_detached_head_has_no_branch(repository):
    git(repository, "switch", "--quiet", "--detach")
    history = read_history(str(repository))
    assert (history.revision, history.branch) == (head(repository), "")


def test_the_branch_of_a_revision_that_is_named(repository):
    git(repository, "branch", "release", "HEAD~1")
    history = read_history(str(repository), "release")
    assert (history.revision, history.branch) == (head(repository, "release"), "release")
    assert read_history(str(repository), head(repository)).branch == "main"  # as it is what is checked out


def test_a_folder_within_a_repository(repository):
    (repository / "deploy" / "shop").mkdir(parents=True)
    history = read_history(str(repository / "deploy" / "shop"), None, "main~1")
    assert (history.relation, history.dirty) == ("ahead", False)


def test_a_relative_folder(repository, monkeypatch):
    monkeypatch.chdir(repository.parent)
    assert read_history("repository").revision == head(repository)


def test_a_worktree(repository, tmp_path):
    git(repository, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    revision = commit(tmp_path / "other", "there")
    history = read_history(str(tmp_path / "other"), None, "main")
    assert (history.revision, history.branch, history.dirty) == (revision, "other", False)


def test_a_bare_repository(repository, tmp_path):
    git(repository, "clone", "--quiet", "--bare", str(repository), str(tmp_path / "bare.git"))
    history = read_history(str(tmp_path / "bare.git"), "main", "main~1")
    assert (history.relation, history.count, history.branch, history.dirty) == ("ahead", 1, "main", None)


def test_the_folder_of_git_itself(repository):
    history = read_history(str(repository / ".git"))
    assert (history.revision, history.dirty) == (head(repository), None)


def test_a_repository_with_longer_ids(tmp_path):
    folder = make(tmp_path, "--object-format=sha256")
    previous, revision = commit(folder, "one"), commit(folder, "two")
    history = read_history(str(folder), None, previous)
    assert (len(revision), history.revision, history.relation) == (64, revision, "ahead")


def test_a_submodule(repository, tmp_path):
    outer = make(tmp_path / "outer")
    add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repository.as_uri(), "inner"]
    git(outer, *add)
    commit(outer, "with a submodule")
    inner = read_history(str(outer / "inner"), None, "HEAD~1")
    assert (inner.revision, inner.relation) == (head(repository), "ahead")
    (outer / "inner" / "new").touch()
    assert read_history(str(outer)).dirty is False
    git(outer / "inner", "checkout", "--quiet", "HEAD~1")  # another commit than the one that was committed
    assert read_history(str(outer)).dirty is True


def test_a_repository_of_somebody_else(repository):
    if os.geteuid():
        pytest.skip("only root can give a repository away")
    for path in (repository, repository / ".git"):
        os.chown(path, 12345, 12345)
    history = read_history(str(repository))
    assert history == History(
        problem="No commits are known: git does not trust the repository's owner; add it to safe.directory of git."
    )


def test_a_machine_without_git(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_history(str(repository)) == History(problem="No commits are known: there is no git command.")


def test_what_is_known_survives_what_is_broken(repository):
    """A tree is lost, as by a bad disk: whether files have changed cannot be told, all else can."""
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    (repository / "file").write_text("x")
    git(repository, "add", "file")
    revision = commit(repository, "four")
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    (repository / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    history = read_history(str(repository), None, "HEAD~1")
    assert (history.revision, history.relation, history.count, history.dirty) == (revision, "ahead", 1, None)
    assert history.problem == "Not all is known: git cannot read the repository."


# -- shallow clones ---------------------------------------------------------------------------------------------------


def test_a_shallow_clone_without_the_previous_revision(repository, tmp_path):
    history = read_history(str(clone(repository, tmp_path / "c", "--depth=1")), None, head(repository, "HEAD~1"))
    assert (history.revision, history.relation, history.shallow) == (head(repository), "missing", True)
    assert history.previous == head(repository, "HEAD~1")


def test_a_shallow_clone_that_has_all_that_matters(repository, tmp_path):
    history = read_history(str(clone(repository, tmp_path / "c", "--depth=2")), None, "HEAD~1")
    assert (history.relation, history.count, history.exact, history.shallow) == ("ahead", 1, True, True)


def test_a_shallow_clone_that_lacks_some_of_what_was_gained(tmp_path):
    """A long branch was merged, of which the clone has the last commits."""
    source = make(tmp_path / "source")
    commit(source, "base")
    git(source, "switch", "--quiet", "--create", "feature")
    for number in range(5):
        commit(source, f"feature {number}")
    git(source, "switch", "--quiet", "main")
    git(source, "merge", "--quiet", "--no-ff", "--message=merge", "feature")
    history = read_history(str(clone(source, tmp_path / "c", "--depth=3")), None, head(source, "main~1"))
    assert (history.relation, history.exact) == ("ahead", False)
    assert subjects(history) == ["merge", "feature 4", "feature 3"] and history.count == 3


def test_a_shallow_clone_that_does_not_tell_how_revisions_relate(repository, tmp_path):
    """Both were fetched alone. That they have diverged would be a lie."""
    folder = clone(repository, tmp_path / "c", "--depth=1")
    for number in range(3):
        commit(repository, f"later {number}")
    git(folder, "fetch", "--quiet", "--depth=1", "origin", "main")
    history = read_history(str(folder), "FETCH_HEAD", "HEAD")
    assert (history.relation, history.count, history.commits, history.exact) == ("unknown", None, (), False)
    assert history.problem == "The clone is shallow, and does not hold what lies between the two revisions."
    assert history.previous == head(folder)


# -- changed files ----------------------------------------------------------------------------------------------------


@pytest.fixture
def with_files(tmp_path):
    folder = make(tmp_path / "files")
    for name in ("a.txt", "b.bin", "deploy/c.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("as committed\n")
    git(folder, "add", ".")
    commit(folder, "files")
    return folder


def staged(folder):
    (folder / "a.txt").write_text("changed\n")
    git(folder, "add", "a.txt")


CHANGES = {
    "none": (lambda folder: None, False),
    "only touched": (lambda folder: os.utime(folder / "a.txt", (1, 1)), False),
    "changed": (lambda folder: (folder / "a.txt").write_text("changed\n"), True),
    "deleted": (lambda folder: (folder / "a.txt").unlink(), True),
    "executable": (lambda folder: (folder / "a.txt").chmod(0o755), True),
    "a link instead": (lambda folder: ((folder / "a.txt").unlink(), (folder / "a.txt").symlink_to("/etc")), True),
    "a pipe instead": (lambda folder: ((folder / "a.txt").unlink(), os.mkfifo(folder / "a.txt")), True),
    "staged": (staged, True),
    "a new file": (lambda folder: (folder / "new").touch(), False),
    "a new file that is staged": (lambda folder: ((folder / "new").touch(), git(folder, "add", "new")), True),
}


@pytest.mark.parametrize(("change", "dirty"), CHANGES.values(), ids=CHANGES.keys())
def test_changed_files(with_files, change, dirty):
    change(with_files)
    history = read_history(str(with_files / "deploy"))
    assert (history.dirty, history.problem) == (dirty, "")


def test_changed_files_matter_only_to_what_is_checked_out(with_files):
    commit(with_files, "second")
    (with_files / "a.txt").write_text("changed\n")
    assert read_history(str(with_files), "HEAD~1").dirty is None


def test_reading_writes_nothing(with_files):
    os.utime(with_files / "a.txt", (1, 1))
    index = with_files / ".git" / "index"
    before = index.read_bytes(), sorted(with_files.rglob("*"))
    read_history(str(with_files), None, "HEAD")
    assert (index.read_bytes(), sorted(with_files.rglob("*"))) == before


@pytest.mark.parametrize(
    ("changed", "dirty"), [((), False), (("b.bin",), None), (("a.txt",), True), (("a.txt", "b.bin"), True)]
)
def test_a_filter_is_not_asked_and_what_only_it_could_tell_is_unknown(with_files, changed, dirty):
    git(with_files, "config", "filter.lfs.clean", "git-lfs clean -- %f")
    git(with_files, "config", "filter.lfs.required", "true")
    (with_files / ".git" / "info" / "attributes").write_text("*.bin filter=lfs\n")
    for name in changed:
        (with_files / name).write_text("something else, longer\n")
    history = read_history(str(with_files / "deploy"))
    assert (history.dirty, history.problem) == (dirty, "")


# -- remotes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remotes", "upstream", "expected"),
    [
        ({}, "", ""),
        ({"origin": "git@github.com:o/n.git", "fork": "git@github.com:f/n.git"}, "fork", "git@github.com:o/n.git"),
        ({"a": "https://a.example/o/n", "b": "https://b.example/o/n"}, "b", "https://b.example/o/n"),
        ({"a": "https://a.example/o/n", "b": "https://b.example/o/n"}, "", ""),
        ({"up.url": "https://a.example/o/n"}, "", "https://a.example/o/n"),
        ({"a": "https://a.example/o/n"}, ".", "https://a.example/o/n"),
    ],
)
def test_the_remote(repository, remotes, upstream, expected):
    for name, url in remotes.items():
        git(repository, "config", f"remote.{name}.url", url)
    if upstream:
        git(repository, "config", "branch.main.remote", upstream)
    assert read_history(str(repository)).remote == expected


# -- commits and authors ----------------------------------------------------------------------------------------------


def crafted(folder, *messages: bytes, author: bytes = b"A <a@example.com>", time: bytes = b"1700000000 +0000"):
    """Commits as no git command would make them, one on the other, on main."""
    for message in messages:
        parent = b"parent %s\n" % head(folder).encode()
        data = b"tree %s\n%sauthor %s %s\ncommitter %s %s\n\n%s" % (
            git(folder, "rev-parse", "HEAD^{tree}").encode(), parent, author, time, author, time, message,
        )  # fmt: skip
        made = git(folder, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=data)
        git(folder, "update-ref", "refs/heads/main", made)


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b"plain\n\nbody\n", "plain"),
        (b"over\ntwo lines\n\nbody", "over two lines"),
        (b"", ""),
        (b"tab\tbell\x07esc\x1b[31mred\rend\x7f", "tab bell esc [31mred end"),
        ("c1\x9bline\u2028separator".encode(), "c1 line separator"),
        ("abc\u202edef\u2066x\u200b\ufeff\u00ady".encode(), "abcdefxy"),
        ("tags \U000e0041\U000e0042".encode(), "tags"),
        ("👩\u200d🚀 می\u200cخواهم".encode(), "👩\u200d🚀 می\u200cخواهم"),
        (b"caf\xe9 \xff\xfe", "caf\ufffd \ufffd\ufffd"),
        (b"<b>*bold*</b> [x](http://y) @all", "<b>*bold*</b> [x](http://y) @all"),
        (b"commit 0123456789abcdef", "commit 0123456789abcdef"),
        (b"before\0after", "before"),
        (b"x" * 1_000_000, "x" * 199 + "…"),
        (("ž" * 300).encode(), "ž" * 199 + "…"),
        ("\u202e".encode() * 900_000 + b"x", ""),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_subjects_are_one_line_that_shows_what_it_says(repository, message, subject):
    crafted(repository, message, b"after it")
    history = read_history(str(repository), None, "HEAD~2")
    assert subjects(history) == ["after it", subject]


def test_a_subject_in_another_encoding(repository):
    git(repository, "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--allow-empty", b"--message=caf\xe9")
    git(repository, "config", "i18n.logOutputEncoding", "UTF-16")
    assert subjects(read_history(str(repository), None, "HEAD~1")) == ["café"]


@pytest.mark.parametrize(
    ("author", "name"),
    [
        (b"Alice Example <alice@example.com>", "Alice Example"),
        (b"alice@example.com <alice@example.com>", "alice"),
        (b"<>", ""),
        ("\u202eMallory\x1b <m@example.com>".encode(), "Mallory"),
        (b"x" * 1000 + b" <x@example.com>", "x" * 99 + "…"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_authors_are_names_without_addresses(repository, author, name):
    crafted(repository, b"four", author=author)
    history = read_history(str(repository), None, "HEAD~1")
    assert history.commits[0].author == name
    assert history.authors == ((name,) if name else ())


def test_authors_with_most_commits_come_first(repository):
    for author in ("b", "a", "a", "b", "a", "c"):
        commit(repository, "by", author=author)
    assert read_history(str(repository), None, "HEAD~6").authors == ("a", "b", "c")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (b"1700000000 +0200", "2023-11-14T22:13:20.000Z"),
        (b"99999999999999 +0000", ""),
        (b"0 +0000", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_the_time_of_a_commit(repository, time, expected):
    crafted(repository, b"four", time=time)
    assert read_history(str(repository), None, "HEAD~1").commits[0].time == expected


@pytest.mark.parametrize("length", [1, 2, 10])
def test_cutting_keeps_to_the_length(length):
    assert len(plain("some more words than fit", length)) <= length


# -- bounds -----------------------------------------------------------------------------------------------------------


def imported(folder, subjects):
    """Many commits at once."""
    stream = b"".join(
        b"commit refs/heads/main\ncommitter t <t@example.com> %d +0000\ndata %d\n%s\n"
        % (1_700_000_000 + number, len(subject), subject)
        for number, subject in enumerate(subjects)
    )
    git(make(folder), "fast-import", "--quiet", data=stream)
    return folder


def test_ten_thousand_commits_are_counted_and_the_newest_are_listed(tmp_path):
    folder = imported(tmp_path / "many", (b"commit %d" % number for number in range(10_001)))
    history = read_history(str(folder), "main", "main~10000")
    assert (history.relation, history.count, history.exact) == ("ahead", 10_000, True)
    assert (len(history.commits), history.commits[0].subject) == (1000, "commit 10000")
    assert history.commits[-1].subject == "commit 9001"


def test_many_long_subjects_are_read_as_far_as_the_bound_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(_history, "MAX_LISTED", 2_500_000)
    folder = imported(tmp_path / "long", (b"x" * 1_000_000 for _number in range(6)))
    history = read_history(str(folder), "main", "main~5")
    assert (history.count, len(history.commits), history.problem) == (5, 2, "")


@pytest.mark.parametrize("stuck", ["rev-parse", "config", "rev-list", "status"])
def test_a_git_that_never_ends(repository, tmp_path, monkeypatch, stuck):
    """What was known by then is said. The stand-in is git itself but for one command."""
    real, revision = shutil.which("git"), head(repository)
    script = f'#!/bin/sh\nPATH=/usr/bin:/bin\ncase " $* " in *" {stuck} "*) sleep 600;; *) exec {real} "$@";; esac\n'
    (tmp_path / "git").write_text(script)
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_history, "TIMEOUT", 0.5)
    history = read_history(str(repository), GONE if stuck == "rev-parse" else None, "main~1")
    assert re.search("known: git took longer than 0.5 seconds[.]", history.problem)
    assert history.revision == (GONE if stuck == "rev-parse" else revision)
    assert (history.relation == "ahead") == (stuck == "status")

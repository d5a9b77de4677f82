# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repositories that name programs, refs and files that look like options, and a git that does not behave.

Each trap leaves a file behind when it is sprung. That it can be is shown by git itself, run as anybody would.
"""

from __future__ import annotations

import os
import pty
import subprocess
import time
import typing as t
from pathlib import Path

import psutil
import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._commit import read_commit
from ansible_collections.community.sematext.plugins.plugin_utils._git import Git, GitError
from ansible_collections.community.sematext.plugins.plugin_utils._history import read_history
from repositories import clone, commit, git, head, make


class Trap:
    """A program that a repository names. :ivar sprung: there if it was run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.sprung = folder / "sprung"
        self.program = folder / "program"
        self.program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\ntouch {self.sprung}\n")
        self.program.chmod(0o755)

    def __str__(self) -> str:
        return str(self.program)


@pytest.fixture
def trap(tmp_path):
    return Trap(tmp_path / "trap")


@pytest.fixture
def repository(tmp_path):
    """Two commits with a file."""
    folder = make(tmp_path / "repository")
    (folder / "file.txt").write_text("as committed\n")
    git(folder, "add", ".")
    commit(folder, "one")
    commit(folder, "two")
    return folder


def disturbed(folder: Path) -> None:
    """Git has to read the file again, and as its length is the same, to compare it."""
    os.utime(folder / "file.txt", (1, 1))


def hook(folder, trap):
    for name in ("post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman", "post-checkout"):
        (folder / ".git" / "hooks").mkdir(exist_ok=True)
        (folder / ".git" / "hooks" / name).symlink_to(trap.program)
    disturbed(folder)


def hooks_elsewhere(folder, trap):
    hooks = trap.program.parent / "hooks"
    hooks.mkdir()
    (hooks / "post-index-change").symlink_to(trap.program)
    git(folder, "config", "core.hooksPath", str(hooks))
    disturbed(folder)


def fsmonitor(folder, trap):
    git(folder, "config", "core.fsmonitor", str(trap))


def attributes(folder: Path, lines: str) -> None:
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text(lines)


def a_filter(key: str, name: str = "x") -> t.Callable[[Path, Trap], None]:
    def plant(folder: Path, trap: Trap) -> None:
        git(folder, "config", f"filter.{name}.{key}", str(trap))
        attributes(folder, f"* filter={name}\n")
        disturbed(folder)

    return plant


def filter_of_a_file(folder, trap):
    git(folder, "config", "filter.x.clean", str(trap))
    (folder / ".gitattributes").write_text("* filter=x\n")
    disturbed(folder)


def racy_filter(folder, trap):
    """The index is older than the file, so git has to look into the file whatever its time is."""
    git(folder, "config", "filter.x.clean", str(trap))
    attributes(folder, "* filter=x\n")
    os.utime(folder / ".git" / "index", (1, 1))


def many_filters(folder, trap):
    """More than are turned off."""
    with (folder / ".git" / "config").open("a") as config:
        for number in range(300):
            config.write(f'[filter "f{number}"]\n\tclean = {trap}\n')
    a_filter("clean")(folder, trap)


def included_filter(folder, trap):
    (folder / ".git" / "more").write_text(f'[filter "x"]\n\tclean = {trap}\n')
    git(folder, "config", f"includeIf.gitdir:{folder}/.path", "more")
    attributes(folder, "* filter=x\n")
    disturbed(folder)


def filter_of_a_worktree(folder, trap):
    git(folder, "config", "extensions.worktreeConfig", "true")
    git(folder, "config", "--worktree", "filter.x.clean", str(trap))
    attributes(folder, "* filter=x\n")
    disturbed(folder)


def pager(folder, trap):
    for name in ("core.pager", "pager.status", "pager.config", "pager.rev-list", "pager.log"):
        git(folder, "config", name, str(trap))


def signature(folder, trap):
    signed = git(folder, "cat-file", "commit", "HEAD").replace(
        "\n\ntwo", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\ntwo"
    )
    made = git(folder, "hash-object", "-t", "commit", "-w", "--stdin", data=signed.encode() + b"\n")
    git(folder, "update-ref", "refs/heads/main", made)
    for name in ("gpg.program", "gpg.openpgp.program"):
        git(folder, "config", name, str(trap))
    git(folder, "config", "log.showSignature", "true")


def aliases(folder, trap):
    for name in ("rev-parse", "rev-list", "status", "config", "check-attr"):
        git(folder, "config", f"alias.{name}", f"!{trap}")


def differ(folder, trap):
    git(folder, "config", "diff.external", str(trap))
    for name in ("command", "textconv"):
        git(folder, "config", f"diff.x.{name}", str(trap))
    attributes(folder, "* diff=x\n")
    (folder / "file.txt").write_text("something else\n")


def promisor(url: str) -> t.Callable[[Path, Trap], None]:
    """A partial clone that lacks the tree of its commit, and knows where to get it."""

    def plant(folder: Path, trap: Trap) -> None:
        for name, value in {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": url.format(trap=trap, folder=folder),
            "remote.origin.uploadPack": str(trap),
            "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
            "core.sshCommand": str(trap),
            "core.gitProxy": str(trap),
            "core.alternateRefsCommand": str(trap),
            "credential.helper": f"!{trap}",
            "protocol.allow": "always",
            "protocol.ext.allow": "always",
            "protocol.file.allow": "always",
        }.items():
            git(folder, "config", name, value)
        tree = git(folder, "rev-parse", "HEAD^{tree}")
        (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    return plant


def submodule(folder, trap):
    """It has a configuration of its own."""
    inner = make(folder / "inner")
    (inner / "file.txt").write_text("as committed\n")
    git(inner, "add", ".")
    commit(inner, "inner")
    git(folder, "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    commit(folder, "with a submodule")
    fsmonitor(inner, trap)
    a_filter("clean")(inner, trap)


class Plant(t.NamedTuple):
    """:ivar naive: what springs the trap; None where no reading command of this git is known to."""

    plant: t.Callable[[Path, Trap], None]
    naive: tuple[str, ...] | None


PLANTS = {
    "hooks": Plant(hook, ("status",)),
    "hooks elsewhere": Plant(hooks_elsewhere, ("status",)),
    "file system monitor": Plant(fsmonitor, ("status",)),
    "filter clean": Plant(a_filter("clean"), ("status",)),
    "filter process": Plant(a_filter("process"), ("status",)),
    "filter smudge": Plant(a_filter("smudge"), ("checkout-index", "--force", "--all")),
    "filter in .gitattributes": Plant(filter_of_a_file, ("status",)),
    "filter with = in its name": Plant(a_filter("clean", "a=b"), ("status",)),
    "filter with . in its name": Plant(a_filter("clean", "a.clean"), ("status",)),
    "filter with upper case": Plant(a_filter("CLEAN", "X"), ("status",)),
    "filter without a name": Plant(a_filter("clean", ""), ("status",)),
    "filter of a file that looks new": Plant(racy_filter, ("status",)),
    "many filters": Plant(many_filters, ("status",)),
    "filter that is included": Plant(included_filter, ("status",)),
    "filter of a working tree": Plant(filter_of_a_worktree, ("status",)),
    "pager": Plant(pager, ("--paginate", "log")),
    "signature": Plant(signature, ("log",)),
    "aliases": Plant(aliases, None),  # git heeds none that bears a command's name
    "differ": Plant(differ, ("diff",)),
    "partial clone over ssh": Plant(promisor("ssh://host.invalid/o/n"), ("status",)),
    "partial clone by path": Plant(promisor("file://{folder}"), ("status",)),
    "partial clone by a program": Plant(promisor("ext::{trap} %S"), ("status",)),
    "submodule": Plant(submodule, ("status",)),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_no_program_of_a_repository_is_run(repository, trap, plant):
    plant.plant(repository, trap)
    trap.sprung.unlink(missing_ok=True)
    history = read_history(str(repository), None, "HEAD~1")
    assert read_commit(str(repository))[1]["commit.id"] == history.revision == head(repository)
    assert (history.relation, history.count) == ("ahead", 1)
    assert not trap.sprung.exists()


@pytest.mark.parametrize(
    "plant", [plant for plant in PLANTS.values() if plant.naive], ids=[name for name in PLANTS if PLANTS[name].naive]
)
def test_the_traps_work(repository, trap, plant):
    """Else the test above would show nothing."""
    plant.plant(repository, trap)
    trap.sprung.unlink(missing_ok=True)
    terminal, end = pty.openpty()  # a pager is run for a terminal only
    subprocess.run(["git", *plant.naive], cwd=repository, stdin=end, stdout=end, stderr=end, check=False, timeout=60)
    os.close(end)
    os.close(terminal)
    assert trap.sprung.exists()


def test_changes_are_unknown_where_there_are_more_filters_than_are_turned_off(repository, trap):
    many_filters(repository, trap)
    assert read_history(str(repository)).dirty is None


@pytest.mark.parametrize("variable", ["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS"])
def test_no_program_of_the_environment_is_run(repository, trap, monkeypatch, variable):
    promisor("ssh://host.invalid/o/n")(repository, trap)
    monkeypatch.setenv(variable, str(trap))
    read_history(str(repository), None, "HEAD~1")
    assert not trap.sprung.exists()


def test_the_environment_configures_nothing(repository, trap, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap))
    monkeypatch.setenv("GIT_DIR", str(make(tmp_path / "other") / ".git"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert read_history(str(repository)).revision == head(repository)
    assert not trap.sprung.exists() and not (tmp_path / "trace").exists()


def test_a_git_in_the_repository_is_not_run(repository, trap, monkeypatch):
    """PATH names the folder that one is in, as it does for some users."""
    (repository / "git").symlink_to(trap.program)
    expected = head(repository)
    for entry in (".", ""):
        monkeypatch.setenv("PATH", f"{entry}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.chdir(repository)
        assert read_history(str(repository)).revision == expected
    assert not trap.sprung.exists()


def test_a_bare_repository_in_a_checkout_runs_nothing(repository, trap):
    """It came with the checkout, as files that were committed."""
    inner = repository / "fixtures" / "inner.git"
    git(repository, "clone", "--quiet", "--bare", str(repository), str(inner))
    for name, value in {"core.bare": "false", "core.worktree": "..", "core.fsmonitor": str(trap)}.items():
        git(inner, "config", "--file", "config", name, value)
    assert read_history(str(inner)).revision == head(repository)
    assert not trap.sprung.exists()


# -- names that look like options -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["--output={file}", "-o{file}", "--help", "--", "-", "--all", "--git-dir=/", "-1"])
def test_a_revision_that_looks_like_an_option_is_none(repository, tmp_path, name):
    written = tmp_path / "written"
    name = name.format(file=written)
    history = read_history(str(repository), name, name)
    assert (history.revision, history.relation) == ("", "missing")
    history = read_history(str(repository), None, name)
    assert (history.revision, history.relation) == (head(repository), "missing")
    assert not written.exists()


def test_a_branch_that_looks_like_an_option_is_a_branch(repository, tmp_path):
    written = tmp_path / "written"
    name = f"--output={written}"
    git(repository, "update-ref", f"refs/heads/{name}", "HEAD~1")
    history = read_history(str(repository), None, name)
    assert (history.relation, history.count, history.previous) == ("ahead", 1, head(repository, "HEAD~1"))
    git(repository, "symbolic-ref", "HEAD", f"refs/heads/{name}")
    history = read_history(str(repository))
    assert (history.revision, history.branch) == (head(repository, "main~1"), name)
    assert not written.exists()


def test_files_that_look_like_options(repository, trap):
    """They are asked for their filters by name."""
    for name in ("--stdin", "-a", "--output=x.txt", "new\nline"):
        (repository / name).write_text("x\n")
    git(repository, "add", "--", "--stdin", "-a", "--output=x.txt", "new\nline")
    commit(repository, "files")
    git(repository, "config", "filter.x.clean", str(trap))
    attributes(repository, "*.txt filter=x\n")
    assert read_history(str(repository)).dirty is False
    (repository / "--output=x.txt").write_text("longer than it was\n")
    assert read_history(str(repository)).dirty is None
    (repository / "new\nline").write_text("longer than it was\n")
    assert read_history(str(repository)).dirty is True
    assert not trap.sprung.exists()


def test_a_remote_with_everything_that_is_odd(repository):
    git(repository, "config", "remote.origin.url", "--upload-pack=touch x\nremote.origin.url")
    assert read_history(str(repository)).remote == "--upload-pack=touch x\nremote.origin.url"


def test_a_remote_that_is_no_text(repository):
    git(repository, "config", "remote.origin.url", b"https://github.com/o/\xff")
    assert read_history(str(repository)).remote == "https://github.com/o/\ufffd"


# -- bounds -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A program that is found instead of git: no real one hangs on demand."""

    def install(script: str) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "git").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (tmp_path / "bin" / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    return install


@pytest.mark.parametrize(
    "script", ["exec sleep 600", "exec >&- 2>&-; exec sleep 600", "trap '' TERM; sleep 600; sleep 600"]
)
def test_a_git_that_does_not_end_is_ended(tmp_path, stand_in, script):
    stand_in(script)
    with pytest.raises(GitError, match="^git took longer than 0.2 seconds$"):
        Git(str(tmp_path), 0.2).line("status")


def test_what_git_has_started_ends_with_it(tmp_path, stand_in):
    started = tmp_path / "started"
    stand_in(f"sleep 600 & echo $! > {started}; wait")
    with pytest.raises(GitError):
        Git(str(tmp_path), 0.5).line("status")
    child = int(started.read_text())
    for _attempt in range(500):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.01)
    pytest.fail("it is still there")


def test_the_time_is_for_all_questions_together(repository):
    used_up = Git(str(repository), 0)
    with pytest.raises(GitError, match="took longer"):
        used_up.line("rev-parse", "HEAD")
    with pytest.raises(GitError, match="took longer"):
        used_up.at(str(repository)).line("rev-parse", "HEAD")


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_a_git_that_does_not_stop_talking(tmp_path, stand_in, stream):
    stand_in(f"yes {stream}")
    if stream:  # its complaint is dropped, so it is the time that ends it
        with pytest.raises(GitError, match="took longer"):
            Git(str(tmp_path), 0.2).read("status")
    else:
        output, whole = Git(str(tmp_path), 60).read("status", limit=1000)
        assert (len(output), whole) == (1000, False)


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", "echo x >&2; exit 128"])
def test_a_git_that_fails(tmp_path, stand_in, script):
    stand_in(script)
    history = read_history(str(tmp_path))
    assert history.problem == "No commits are known: git cannot read the repository."


@pytest.mark.parametrize(
    "script", ["exit 0", "echo nonsense", "printf 'a\\nb\\nc'", "printf 'a\\nb\\nc\\nd'", "printf '\\377\\001'"]
)
def test_a_git_that_talks_nonsense(tmp_path, stand_in, script):
    stand_in(script)
    history = read_history(str(tmp_path))
    assert history.problem == "No commits are known: git does not answer as expected."
    assert read_commit(str(tmp_path)) == ("", {})


def test_a_git_that_cannot_be_run(tmp_path, stand_in):
    stand_in("")
    (tmp_path / "bin" / "git").write_bytes(b"\x7fELF no program")
    assert read_history(str(tmp_path)).problem == "No commits are known: the git command could not be run."


def test_the_complaints_of_git_are_not_told(repository):
    """They may hold lines of files that a repository has included."""
    secret = repository.parent / "secret"
    secret.write_text("password hunter2\n")
    git(repository, "config", "include.path", str(secret))
    history = read_history(str(repository))
    assert history.problem == "No commits are known: git cannot read the repository."
    assert "hunter2" not in repr(history) and str(secret) not in repr(history)


def test_a_clone_of_a_hostile_repository_is_read(repository, trap, tmp_path):
    """What comes with a clone: attributes, .gitmodules, .mailmap, refs."""
    filter_of_a_file(repository, trap)
    (repository / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = ext::touch x\n\tupdate = !touch x\n')
    (repository / ".mailmap").write_text("x" * 100_000)
    git(repository, "config", "--unset", "filter.x.clean")
    git(repository, "add", ".")
    commit(repository, "hostile")
    copy = clone(repository, tmp_path / "copy")
    history = read_history(str(copy), None, "HEAD~1")
    assert (history.relation, history.dirty, history.problem) == ("ahead", False, "")

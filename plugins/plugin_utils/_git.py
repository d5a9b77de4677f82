# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The only place that runs git: to read, within bounds, and without running a program that a repository names.

A repository's configuration and attributes can name programs: hooks, filters, a file system monitor, a pager, ways to
fetch what a partial clone lacks. None is run. Whether the owner of a repository is trusted is left to git
(https://git-scm.com/docs/git-config, safe.directory); so git is led to a folder, and finds the repository by itself.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
import typing as t

#: Bytes that are read of one answer of git.
MAX_BYTES = 1 << 20
#: Bytes of git's complaint that are looked at.
_MAX_COMPLAINT = 1 << 16
#: Seconds for git to go once it is killed. One that hangs in the kernel, as on a dead file system, is left behind.
_LAST_WAIT = 1

#: What a repository cannot set, since it is set for each command. Configuration cannot be turned off as a whole: the
#: user's says which repositories are trusted.
_SETTINGS = (
    "core.fsmonitor=",  # empty is "none" in every version; before 2.36, "false" was the name of a program
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "core.askPass=",
    "core.sshCommand=false",
    "core.gitProxy=",
    "core.alternateRefsCommand=false",
    "credential.helper=",
    "diff.external=",
    "gpg.program=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "i18n.logOutputEncoding=UTF-8",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",  # stands above protocol.<name>.allow of the repository
    "GIT_NO_LAZY_FETCH": "1",  # of what a partial clone lacks: from 2.45 on; before, no protocol is allowed to
    "GIT_OPTIONAL_LOCKS": "0",  # nothing is written, the index neither
    "GIT_NO_REPLACE_OBJECTS": "1",  # commits as they are, whatever refs/replace or info/grafts say
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",  # complaints are recognized by their words
}
#: What git's complaints mean. The complaint itself is not told: it may hold paths, addresses, lines of files.
_COMPLAINTS = (
    ("dubious ownership", "git does not trust the repository's owner; add it to safe.directory of git"),
    ("unsafe repository", "git does not trust the repository's owner; add it to safe.directory of git"),
    ("cannot use bare repository", "git is set to read no bare repository (safe.bareRepository)"),
    ("not a git repository", "there is no git repository"),
    ("cannot change to", "there is no such folder, or it may not be entered"),
)


class GitError(Exception):
    """What git could not tell, in words to follow a colon."""


class GitRefused(GitError):
    """Git ended with an exit status other than 0.

    :ivar status: it is 1 where git has nothing to tell, and 128 where it cannot.
    """

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class Git:
    """Questions to git about one folder, within one time.

    :param folder: in a working tree or a bare repository. A relative path starts at the working directory.
    :param seconds: for all questions together.
    """

    def __init__(self, folder: str, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds

    def at(self, folder: str) -> Git:
        """The same for another folder, within what is left of the time."""
        other = Git(folder, self._seconds)
        other._deadline = self._deadline
        return other

    def line(self, *arguments: str) -> str:
        """An answer as text, without the newline at its end.

        :raises GitError: like read().
        """
        return self.read(*arguments)[0].decode("utf-8", "replace").rstrip("\n")

    def settings(self, pattern: str) -> tuple[list[tuple[str, str]], bool]:
        """Names and values of the configuration, and whether these are all.

        :param pattern: a regular expression that the names match.
        :raises GitError: like read().
        """
        try:
            output, whole = self.read("config", "--null", "--get-regexp", pattern)
        except GitRefused as exc:
            if exc.status != 1:
                raise
            return [], True
        entries = [entry.partition("\n") for entry in os.fsdecode(output).split("\0")[:-1]]
        return [(name, value) for name, _newline, value in entries], whole

    def read(self, *arguments: str, settings: t.Iterable[str] = (), limit: int = MAX_BYTES) -> tuple[bytes, bool]:
        """An answer of git, and whether it is whole.

        :param arguments: the command and its arguments. What comes from outside must follow one that ends the options.
        :param settings: further configuration for this command, `name=value`.
        :param limit: bytes. Git is ended where it says more.
        :raises GitRefused: if git ended with another exit status than 0.
        :raises GitError: if there is no git, or no time left.
        """
        command = self._command(arguments, settings)
        try:
            process = subprocess.Popen(
                command,
                # Not the repository: names in PATH may be relative, and a folder on a dead disk holds up who enters it.
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that git's own children can be ended with it
            )
        except (OSError, ValueError):  # ValueError: a NUL in an argument
            raise GitError("the git command could not be run") from None
        try:
            output, complaint, whole = self._collect(process, limit)
            status = process.wait(self._left()) if whole else 0
        except subprocess.TimeoutExpired:
            raise GitError(f"git took longer than {self._seconds:g} seconds") from None
        finally:
            _end(process)
        if status:
            raise GitRefused(_meaning(complaint), status)
        return output, whole

    def _command(self, arguments: t.Iterable[str], settings: t.Iterable[str]) -> list[str]:
        git = shutil.which("git", path=_search_path())
        if not git:
            raise GitError("there is no git command")
        try:
            command = [git, "--no-pager", "-C", os.path.abspath(self._folder)]
        except OSError:
            raise GitError("the working directory is gone") from None
        for setting in (*_SETTINGS, *settings):
            command += ["-c", setting]
        return [*command, *arguments]

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _collect(self, process: subprocess.Popen[bytes], limit: int) -> tuple[bytes, bytes, bool]:
        """What git says and complains, until both end or `limit` is reached.

        :raises subprocess.TimeoutExpired: at the deadline.
        """
        said = {process.stdout: bytearray(), process.stderr: bytearray()}
        with selectors.DefaultSelector() as selector:
            for pipe in said:
                selector.register(t.cast(t.IO[bytes], pipe), selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(self._left())
                if not ready or not self._left():
                    raise subprocess.TimeoutExpired(process.args, self._seconds)
                for key, _events in ready:
                    part = os.read(key.fd, 1 << 16)
                    heard = said[t.cast(t.IO[bytes], key.fileobj)]
                    room = (limit if key.fileobj is process.stdout else _MAX_COMPLAINT) - len(heard)
                    heard += part[:room]
                    if not part:
                        selector.unregister(key.fileobj)
                    elif len(part) > room and key.fileobj is process.stdout:
                        return bytes(heard), b"", False
        return bytes(said[process.stdout]), bytes(said[process.stderr]), True


def _search_path() -> str:
    """PATH without relative parts: they would lead to programs in whatever folder git works in."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(part for part in parts if os.path.isabs(part))


def _environment() -> dict[str, str]:
    """Without git's own variables: as in a hook of git, they lead to another repository, or to programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "PATH": _search_path(), **_ENVIRONMENT}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and what it has started, however far it is."""
    if process.returncode is None:  # not waited for yet, so the number is still its own
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WAIT)
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()


def _meaning(complaint: bytes) -> str:
    words = complaint.decode("utf-8", "replace")
    return next((meaning for sign, meaning in _COMPLAINTS if sign in words), "git cannot read the repository")

# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a real checkout is called dirty. That no filter is run, in whatever way a hostile repository plants it, is in
test_git.py."""

from __future__ import annotations

import os
import shutil

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._git import Git, GitError
from ansible_collections.community.sematext.plugins.plugin_utils._working_tree import (
    MAX_FILES,
    MAX_FILTERS,
    is_dirty,
)
from repositories import commit, git, make

CLEAN, DIRTY, UNKNOWN = False, True, None
#: Names that take care to be passed on; the last one is no UTF-8.
ODD_NAMES = (" a file", "two\nlines.txt", "-option", "*.txt", '"quoted"', os.fsdecode(b"\xff.txt"))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Files in two folders; those that end in .bin have the filter lfs, if one of that name is configured."""
    folder = make(tmp_path_factory.mktemp("working-tree") / "original")
    (folder / "deploy").mkdir()
    for name in ("a.txt", "b.bin", "deploy/c.txt", "deploy/d.bin", *ODD_NAMES):
        (folder / name).write_text("as committed\n")
    (folder / ".gitattributes").write_text("*.bin filter=lfs\n")
    git(folder, "add", "--", ".")
    commit(folder, "files")
    return folder


@pytest.fixture
def checkout(original, tmp_path):
    return shutil.copytree(original, tmp_path / "checkout", symlinks=True)


@pytest.fixture
def with_filter(checkout):
    """As git-lfs configures it, but for the program, which git itself runs in these tests when a file is staged."""
    configure(checkout, "lfs", clean="cat", smudge="cat", required="true")
    return checkout


def configure(folder, name, **settings):
    lines = "".join(f'\t{key} = "{value}"\n' for key, value in settings.items())
    with (folder / ".git" / "config").open("a") as config:
        config.write(f'[filter "{name}"]\n{lines}')


def give_filters(folder, lines):
    """Attributes that no file of the checkout holds, so that giving them changes nothing."""
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text(lines)


def dirty(folder):
    return is_dirty(Git(str(folder), 10))


def write(folder, *names):
    for name in names:
        (folder / name).write_text("something else, longer\n")


def stage(folder, *names):
    write(folder, *names)
    git(folder, "add", "--", *names)


def link(folder, name):
    (folder / name).unlink()
    (folder / name).symlink_to("/etc")


def intend(folder, name):
    """What `git add --intent-to-add` does: tracked, and not staged."""
    write(folder, name)
    git(folder, "add", "--intent-to-add", name)


def conflict(folder):
    """A merge that stopped."""
    git(folder, "switch", "--quiet", "--create", "other")
    stage(folder, "a.txt")
    commit(folder, "other")
    git(folder, "switch", "--quiet", "main")
    (folder / "a.txt").write_text("a third way\n")
    git(folder, "add", "a.txt")
    commit(folder, "main")
    git(folder, "read-tree", "-m", "HEAD~1", "HEAD", "other")


#: What has happened to the checkout, and what is said of it without a filter.
CHANGES = {
    "nothing": (lambda folder: None, CLEAN),
    "a file was touched": (lambda folder: os.utime(folder / "a.txt", (1, 1)), CLEAN),
    "a file has other content": (lambda folder: write(folder, "a.txt"), DIRTY),
    "a file in a folder has other content": (lambda folder: write(folder, "deploy/c.txt"), DIRTY),
    "a file is gone": (lambda folder: (folder / "a.txt").unlink(), DIRTY),
    "a file has become a link": (lambda folder: link(folder, "a.txt"), DIRTY),
    "a file can be executed": (lambda folder: (folder / "a.txt").chmod(0o755), DIRTY),
    "a change is staged": (lambda folder: stage(folder, "a.txt"), DIRTY),
    "a file is staged to be removed": (lambda folder: git(folder, "rm", "--quiet", "a.txt"), DIRTY),
    "a file is renamed": (lambda folder: git(folder, "mv", "a.txt", "z.txt"), DIRTY),
    "a merge has stopped": (conflict, DIRTY),
    "a new file is not tracked": (lambda folder: write(folder, "new.txt"), CLEAN),
    "a new file is staged": (lambda folder: stage(folder, "new.txt"), DIRTY),
    "a new file is about to be tracked": (lambda folder: intend(folder, "new.txt"), DIRTY),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_without_a_filter_each_change_of_a_tracked_file_is_told(checkout, change, expected):
    change(checkout)
    assert dirty(checkout) is expected


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_filter_of_other_files_makes_no_difference(with_filter, change, expected):
    change(with_filter)
    assert dirty(with_filter) is expected


def give_one_file_a_filter(folder):
    give_filters(folder, "/deploy/c.txt filter=lfs\n")
    write(folder, "deploy/c.txt")


#: The same for files that have a filter: what only the filter could tell is unknown.
FILTERED_CHANGES = {
    "a file was touched": (lambda folder: os.utime(folder / "b.bin", (1, 1)), CLEAN),
    "a file has other content": (lambda folder: write(folder, "b.bin"), UNKNOWN),
    "a file in a folder has other content": (lambda folder: write(folder, "deploy/d.bin"), UNKNOWN),
    "a file that has a filter by its whole path has other content": (give_one_file_a_filter, UNKNOWN),
    "all files with a filter have other content": (lambda folder: write(folder, "b.bin", "deploy/d.bin"), UNKNOWN),
    "a file without a filter has other content, too": (lambda folder: write(folder, "b.bin", "deploy/c.txt"), DIRTY),
    "a file is gone": (lambda folder: (folder / "b.bin").unlink(), DIRTY),
    "a file has become a link": (lambda folder: link(folder, "b.bin"), DIRTY),
    "a new file is about to be tracked": (lambda folder: intend(folder, "new.bin"), DIRTY),
    "a change is staged": (lambda folder: stage(folder, "b.bin"), DIRTY),
    "another file's change is staged": (lambda folder: (write(folder, "b.bin"), stage(folder, "a.txt")), DIRTY),
}


@pytest.mark.parametrize(("change", "expected"), FILTERED_CHANGES.values(), ids=FILTERED_CHANGES)
@pytest.mark.parametrize("place", [".", "deploy"], ids=["asked at the top", "asked in a folder"])
def test_of_a_file_with_a_filter_only_what_needs_no_filter_is_told(with_filter, place, change, expected):
    change(with_filter)
    assert dirty(with_filter / place) is expected


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_a_file_with_an_odd_name_is_asked_for_its_own_filter(with_filter, name):
    write(with_filter, name)
    assert dirty(with_filter) is DIRTY
    give_filters(with_filter, "* filter=lfs\n")
    assert dirty(with_filter) is UNKNOWN


@pytest.mark.parametrize("name", [os.fsdecode(b"\xff"), "line\n", " "], ids=ascii)
def test_the_folder_of_a_checkout_may_have_an_odd_name(with_filter, name):
    folder = with_filter.rename(with_filter.with_name(name))
    write(folder, "deploy/c.txt")
    assert dirty(folder) is DIRTY
    assert dirty(folder / "deploy") is DIRTY


def test_a_name_of_a_filter_that_is_cut_is_not_taken_for_another_one(checkout):
    """Git's answers on 200 long paths with a long name of a filter are longer than what is read of them."""
    deep = checkout.joinpath(*["x" * 250] * 13)
    deep.mkdir(parents=True)
    name, paths = "f" * 2030, [deep / f"{number:027d}" for number in range(MAX_FILES)]
    for path in paths:
        path.write_text("as committed\n")
    git(checkout, "add", "x" * 250)
    commit(checkout, "deep")
    configure(checkout, name, clean="false")
    give_filters(checkout, f"0* filter={name}\n")
    write(checkout, *paths)
    assert dirty(checkout) is UNKNOWN


def test_a_filter_is_not_run(checkout, tmp_path):
    configure(checkout, "lfs", clean=f"touch {tmp_path}/ran; cat", required="true")
    write(checkout, "b.bin")
    assert dirty(checkout) is UNKNOWN
    assert not (tmp_path / "ran").exists()
    git(checkout, "add", "b.bin")  # git itself runs it, so it would have been noticed
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["with.dots", "CaseMatters", "clean.smudge"])
def test_a_filter_is_known_by_its_whole_name(checkout, name):
    configure(checkout, name, clean="false", required="true")
    write(checkout, "a.txt")
    give_filters(checkout, f"a.txt filter={name}\n")
    assert dirty(checkout) is UNKNOWN
    for other in (name.lower() if name != name.lower() else f"{name}x", name[:-1], f"{name}.clean"):
        give_filters(checkout, f"a.txt filter={other}\n")
        assert dirty(checkout) is DIRTY


def test_a_setting_that_is_of_no_filter_is_none(checkout):
    """`filter.lfs` without a name in between."""
    with (checkout / ".git" / "config").open("a") as config:
        config.write("[filter]\n\tlfs = false\n")
    write(checkout, "b.bin")
    assert dirty(checkout) is DIRTY


def test_with_a_filter_that_cannot_be_turned_off_nothing_is_known(checkout):
    """`git -c filter.a=b.clean=` would set `filter.a`."""
    configure(checkout, "a=b", clean="false")
    assert dirty(checkout) is UNKNOWN
    write(checkout, "a.txt")
    assert dirty(checkout) is UNKNOWN


@pytest.mark.parametrize(
    ("count", "expected"),
    [(MAX_FILTERS, DIRTY), (MAX_FILTERS + 1, UNKNOWN)],
    ids=["as many as are turned off", "one more"],
)
def test_with_too_many_filters_nothing_is_known(checkout, count, expected):
    for number in range(count):
        configure(checkout, f"f{number}", clean="false")
    write(checkout, "a.txt")
    assert dirty(checkout) is expected


def test_with_a_configuration_of_filters_that_is_too_long_to_be_read_nothing_is_known(checkout):
    configure(checkout, "lfs", **{f"x{number}": "x" * 100_000 for number in range(11)})
    write(checkout, "a.txt")
    assert dirty(checkout) is UNKNOWN


@pytest.mark.parametrize(
    ("before", "expected"),
    [(MAX_FILES - 1, DIRTY), (MAX_FILES, UNKNOWN)],
    ids=["the last that is asked for", "one too late"],
)
def test_of_many_changed_files_the_first_are_asked_for_their_filters(with_filter, before, expected):
    """The file without a filter sorts behind all others."""
    names = [*(f"many{number:03d}" for number in range(before)), "z.txt"]
    stage(with_filter, *names)
    commit(with_filter, "many")
    give_filters(with_filter, "many* filter=lfs\n")
    for name in names:
        (with_filter / name).write_text("another content\n")
    assert dirty(with_filter) is expected


def test_of_a_submodule_only_another_commit_is_told(checkout):
    inner = make(checkout / "inner")
    stage(inner, "file")
    commit(inner, "one")
    git(checkout, "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    commit(checkout, "submodule")
    (inner / "file").write_text("another")
    assert dirty(checkout) is CLEAN
    commit(inner, "two")
    assert dirty(checkout) is DIRTY


def test_where_there_is_no_repository_the_reason_is_given(tmp_path):
    with pytest.raises(GitError, match="there is no git repository"):
        dirty(tmp_path)

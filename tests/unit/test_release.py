# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests/release.py lets be released: files like the collection's own, with one thing wrong."""

from __future__ import annotations

import pytest
from release import obstacles

FILES = {
    "galaxy.yml": "version: 1.10.0\n",
    "plugins/module_utils/_version.py": '# A comment\nVERSION = "1.10.0"\n',
    # The newest one is not the last one in the order of letters.
    "changelogs/changelog.yaml": """\
releases:
  1.10.0: {changes: {}, fragments: [new.yml]}
  1.9.0: {changes: {}, fragments: [old.yml]}
  1.8.0: {changes: {}}
""",
    "changelogs/fragments/new.yml": "",
    "changelogs/fragments/old.yml": "",
    "CHANGELOG.md": '# Notes\n<a id="v1-10-0"></a>\n## v1\\.10\\.0\n<a id="v1-9-0"></a>\n## v1\\.9\\.0\n',
}
WRONG = {
    "galaxy.yml": ("galaxy.yml", "version: 1.9.0\n", "galaxy.yml is at 1.9.0, the tag is v1.10.0"),
    "code": (
        "plugins/module_utils/_version.py", 'VERSION = "1.9.0"\n',
        "plugins/module_utils/_version.py is at 1.9.0, the tag is v1.10.0",
    ),
    "changelog, too old": (
        "changelogs/changelog.yaml", "releases:\n  1.9.0: {fragments: [new.yml, old.yml]}\n",
        "changelogs/changelog.yaml is at 1.9.0, the tag is v1.10.0",
    ),
    "changelog, newer": (
        "changelogs/changelog.yaml", "releases:\n  1.10.0: {}\n  1.11.0: {fragments: [new.yml, old.yml]}\n",
        "changelogs/changelog.yaml is at 1.11.0, the tag is v1.10.0",
    ),
    "page": ("CHANGELOG.md", '<a id="v1-9-0"></a>\n', "CHANGELOG.md is at 1.9.0, the tag is v1.10.0"),
    "empty page": ("CHANGELOG.md", "", "CHANGELOG.md is at no version, the tag is v1.10.0"),
    "fragment": ("changelogs/fragments/next.yml", "", "changelogs/fragments/next.yml is in no release"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """What can be released as v1.10.0."""
    for name, text in FILES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_files_of_one_version_may_be_released(folder):
    assert obstacles(folder, "v1.10.0") == []


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_keeps_it_back(folder, name):
    file, text, reason = WRONG[name]
    write(folder, file, text)
    assert obstacles(folder, "v1.10.0") == [reason]


@pytest.mark.parametrize(
    "tag", ["", "v1.10", "1.10.0", "v1.10.0-rc.1", "v1.10.0\n", "v1.10.0;true", "refs/tags/v1.10.0"]
)
def test_a_tag_is_a_version(folder, tag):
    assert obstacles(folder, tag) == [f"the tag {tag!r} is not v and a version, such as v1.2.3"]


def test_every_file_is_compared_with_the_tag(folder):
    assert [each.partition(" ")[0] for each in obstacles(folder, "v2.0.0")] == [
        "galaxy.yml", "plugins/module_utils/_version.py", "changelogs/changelog.yaml", "CHANGELOG.md",
    ]  # fmt: skip

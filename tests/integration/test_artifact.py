# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the artifact holds: what users need, and nothing of the tools that made it. `make install` builds it."""

from __future__ import annotations

import posixpath
import re
import tarfile
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

from playbooks import ROOT

#: What users are to get. Anything else belongs into build_ignore of galaxy.yml.
TOP_LEVEL = {
    "CHANGELOG.md", "CONTRIBUTING.md", "COPYING", "FILES.json", "MANIFEST.json", "README.md",
    "changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles",
    "tests",
}  # fmt: skip
#: ansible-test reads these two of an installed collection.
TESTS = re.compile(r"tests(/config\.yml|/sanity(/.*)?)?")
#: Where the files are that the artifact lacks.
REPOSITORY = re.compile(
    r"https://(?:github\.com/ansible-collections/community\.sematext/(?:blob|tree)"
    r"|raw\.githubusercontent\.com/ansible-collections/community\.sematext)/main/([^?#]+)"
)
MARKUP = re.compile(r"""<(?:a|img)\s[^>]*?(?:href|src)=["']([^"']*)["']""")


@pytest.fixture(scope="module")
def artifact():
    """Each file in the artifact: its content by its name. The content of a folder is None."""
    (path,) = (ROOT / "build" / "dist").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {
            member.name: archive.extractfile(member).read() if member.isfile() else None
            for member in archive.getmembers()
        }


def test_the_top_level_is_what_users_need(artifact):
    assert {name.partition("/")[0] for name in artifact} <= TOP_LEVEL


def test_of_the_tests_there_is_only_what_ansible_test_reads(artifact):
    names = [name for name in artifact if name.partition("/")[0] == "tests"]
    assert "tests/config.yml" in names
    assert [name for name in names if not TESTS.fullmatch(name)] == []


def test_molecule_is_not_shipped(artifact):
    assert [name for name in artifact if name.startswith("extensions/molecule")] == []


@pytest.fixture(scope="module")
def links(artifact):
    """Each link of each page in the artifact."""
    pages = {name: content.decode() for name, content in artifact.items() if name.endswith(".md")}
    assert {"README.md", "docs/events.md", "roles/service_events/README.md"} <= set(pages)
    return [(name, link) for name, text in pages.items() for link in links_of(text)]


def test_relative_links_lead_to_files_in_the_artifact(artifact, links):
    relative = [link for link in links if is_relative(link[1])]
    assert len(relative) > 20
    assert [link for link in relative if artifact.get(target(*link)) is None] == []


def test_links_to_the_repository_lead_to_files_in_it(links):
    found = [(link, match) for link in links if (match := REPOSITORY.match(link[1]))]
    assert found
    assert [link for link, match in found if not (ROOT / match[1]).exists()] == []


def links_of(text):
    """What a page links to, and the pictures that it shows."""
    for token in MarkdownIt().parse(text):
        for part in [token, *(token.children or [])]:
            found = [part.attrs.get("href"), part.attrs.get("src")]
            if part.type in ("html_inline", "html_block"):
                found += MARKUP.findall(part.content)
            yield from filter(None, found)


def is_relative(link):
    """Whether it leads to another file beside the page, rather than to an address or to a place on the same page."""
    address = urlsplit(link)
    return bool(address.path) and not (address.scheme or address.netloc)


def target(page, link):
    """The name of the file that the link leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(urlsplit(link).path)))

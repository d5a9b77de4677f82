# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.sematext.plugins.plugin_utils._words import link
from markdown_it import MarkdownIt


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://ci.example.com/job/a%20b/7/", "https://ci.example.com/job/a%20b/7/"),
        ("https://ci.example.com/job/a)b/7/", "https://ci.example.com/job/a%29b/7/"),
        ("https://ci.example.com/job/a(b<c>[d]/", "https://ci.example.com/job/a%28b%3Cc%3E%5Bd%5D/"),
        ("https://ci.example.com/job/a\\)b/", "https://ci.example.com/job/a%5C%29b/"),
    ],
)
def test_a_link_leads_to_its_page_whatever_that_is_called(url, leads_to):
    assert MarkdownIt("commonmark").render(link("Run [7]", url)) == f'<p><a href="{leads_to}">Run [7]</a></p>\n'


def test_a_text_without_a_page_is_no_link():
    assert MarkdownIt("commonmark").render(link("Run [7](x)", None)) == "<p>Run [7](x)</p>\n"

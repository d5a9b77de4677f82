# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what is checked out may be released under the tag in $TAG: `make release-check` runs it.

The tag, galaxy.yml, the collection's code and its changelog name one version, and no fragment waits for a later one.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]


def obstacles(root: Path, tag: str) -> list[str]:
    """What keeps the files in a folder from being released under a tag."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag, re.ASCII):
        return [f"the tag {tag!r} is not v and a version, such as v1.2.3"]
    version = tag[1:]
    releases: dict[str, Any] = yaml.safe_load((root / "changelogs/changelog.yaml").read_text())["releases"]
    code = (root / "plugins/module_utils/_version.py").read_text()
    named = {
        "galaxy.yml": yaml.safe_load((root / "galaxy.yml").read_text())["version"],
        "plugins/module_utils/_version.py": "".join(re.findall(r'^VERSION = "(.*)"$', code, re.MULTILINE)),
        "changelogs/changelog.yaml": max(releases, key=lambda each: [int(part) for part in each.split(".")]),
        "CHANGELOG.md": "".join(
            re.findall(r'^<a id="v(\d+-\d+-\d+)"></a>$', (root / "CHANGELOG.md").read_text(), re.MULTILINE)[:1]
        ).replace("-", "."),
    }
    found = [
        f"{file} is at {other or 'no version'}, the tag is {tag}" for file, other in named.items() if other != version
    ]
    released = {fragment for release in releases.values() for fragment in release.get("fragments", ())}
    waiting = sorted({path.name for path in (root / "changelogs/fragments").iterdir()} - released)
    return found + [f"changelogs/fragments/{name} is in no release" for name in waiting]


if __name__ == "__main__":
    wanted = os.environ.get("TAG", "")
    reasons = obstacles(ROOT, wanted)
    for reason in reasons:
        print(f"release: {reason}", file=sys.stderr)
    if reasons:
        sys.exit(1)
    print(f"release: {wanted} may be released")

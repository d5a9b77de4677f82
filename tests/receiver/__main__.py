# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the receiver: ``python -m receiver --help``."""

from __future__ import annotations

import contextlib
import sys

from receiver.options import parse_options
from receiver.server import make_server


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    options = parse_options(sys.argv[1:])
    with contextlib.suppress(KeyboardInterrupt):
        make_server(options).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

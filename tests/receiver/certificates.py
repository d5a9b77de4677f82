# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away certificates for tests over TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Files of a certificate authority and of a server certificate that it has issued."""

    ca_path: str
    certificate: str
    key: str


def make_certificates(folder: str, *names: str) -> Certificates:
    """Make an authority and a certificate for some names (127.0.0.1 and localhost) in a folder."""
    authority = trustme.CA()
    issued = authority.issue_cert(*(names or ("127.0.0.1", "localhost")))
    paths = [str(Path(folder, name)) for name in ("ca.pem", "server.pem", "server.key")]
    authority.cert_pem.write_to_path(paths[0])
    for position, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(paths[1], append=position > 0)
    issued.private_key_pem.write_to_path(paths[2])
    return Certificates(*paths)

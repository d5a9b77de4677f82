# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""Which certificates are trusted, loaded once per process."""

from __future__ import annotations

import functools
import os
import ssl
import typing as t

try:
    import requests
    import requests.adapters
    import requests.certs
except ImportError:
    requests = None  # type: ignore[assignment]

from ._errors import LibraryMissing, OptionError


def use_certificates(session: requests.Session, ca_path: str | None, validate_certs: bool) -> None:
    """Has all https connections of a session use the context of these options.

    :raises OptionError: when `ca_path` cannot be used.
    """
    session.mount("https://", _Adapter(tls_context(ca_path, validate_certs)))
    if not validate_certs:
        requests.packages.urllib3.disable_warnings()  # type: ignore[attr-defined]


def tls_context(ca_path: str | None = None, validate_certs: bool = True) -> ssl.SSLContext:
    """A context for TLS connections. Loading the default certificates takes 25 ms, so this is done once per process.

    :raises OptionError: when `ca_path` cannot be used.
    :raises LibraryMissing: without requests.
    """
    if requests is None:
        raise LibraryMissing("The Python library requests is missing")
    return cached_context(ca_path, validate_certs)  # always called with the same form of arguments: they are the key


@functools.lru_cache(maxsize=8)
def cached_context(ca_path: str | None, validate_certs: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    path = (
        ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or _default_certificates()
    )
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        raise OptionError("ca_path", f"names no readable certificates ({path})") from None
    return context


if requests is not None:

    class _Adapter(requests.adapters.HTTPAdapter):
        """Uses one TLS context for all connections, where requests would load the certificates again for each."""

        def __init__(self, context: ssl.SSLContext) -> None:
            self._context = context
            super().__init__()

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

        def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
            return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

        def cert_verify(self, *args: t.Any, **kwargs: t.Any) -> None:
            """Nothing to set: the context holds it all."""

        def send(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            """Where a variable such as REQUESTS_CA_BUNDLE is set, `verify` is its path by now, and its certificates
            would be added to the context's for each connection."""
            kwargs["verify"] = self._context.verify_mode != ssl.CERT_NONE
            return super().send(*args, **kwargs)


def _default_certificates() -> str:
    return requests.certs.where()  # type: ignore[attr-defined]

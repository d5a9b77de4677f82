# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to community.sematext: it may change or go without notice.

"""The connection options, documented once. module_utils/_options.py gives them their meaning."""

from __future__ import annotations


class ModuleDocFragment:
    # For modules and actions. PLUGIN below is the same with env and ini; a unit test compares the two.
    DOCUMENTATION = r"""
options:
  app_token:
    description:
      - The token of the Sematext App whose timeline has the events. It is a secret.
      - If neither this nor O(app_token_file) is given, the environment variables E(SEMATEXT_APP_TOKEN) and
        E(SEMATEXT_APP_TOKEN_FILE) of the control node are used. If both are given, this one is used.
    type: str
  app_token_file:
    description:
      - Path of a file on the control node that holds the App token and nothing else.
      - A file that others than its owner may read gets a warning.
    type: path
  region:
    description:
      - The region of the Sematext account, V(US) or V(EU), in any case.
      - If not given, the environment variable E(SEMATEXT_REGION) is used.
    type: str
    default: US
  event_receiver_url:
    description:
      - Base URL of the event receiver, for installations of one's own and for tests. Overrides O(region).
      - If not given, the environment variable E(SEMATEXT_EVENT_RECEIVER_URL) is used.
    type: str
  validate_certs:
    description:
      - Whether to refuse receivers whose TLS certificate is not trusted.
      - If not given, the environment variable E(SEMATEXT_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - Path of a file or folder with certificates to trust instead of the default ones, on the host that sends.
      - If not given, the environment variable E(SEMATEXT_CA_PATH) is used, and after it those that the
        Python library requests knows.
    type: path
  timeout:
    description:
      - Seconds that one request may take in all.
      - If not given, the environment variable E(SEMATEXT_TIMEOUT) is used.
    type: float
    default: 5
requirements:
  - requests (Python library), on the host that sends
"""

    # For modules that search.
    API_KEY = r"""
options:
  api_key:
    description:
      - The API key of the Sematext account that has the App. It is a secret, and another one than the App token.
      - If neither this nor O(api_key_file) is given, the environment variables E(SEMATEXT_API_KEY) and
        E(SEMATEXT_API_KEY_FILE) of the control node are used. If both are given, this one is used.
    type: str
  api_key_file:
    description:
      - Path of a file on the control node that holds the API key and nothing else.
      - A file that others than its owner may read gets a warning.
    type: path
"""

    # For plugins that are configured in ansible.cfg and by environment variables.
    PLUGIN = r"""
options:
  app_token:
    description:
      - The token of the Sematext App whose timeline gets the events. It is a secret, so it cannot be set in
        C(ansible.cfg).
      - If both this and O(app_token_file) are given, this one is used.
    type: str
    env:
      - name: SEMATEXT_APP_TOKEN
  app_token_file:
    description:
      - Path of a file on the control node that holds the App token and nothing else.
      - A file that others than its owner may read gets a warning.
    type: path
    env:
      - name: SEMATEXT_APP_TOKEN_FILE
    ini:
      - section: callback_sematext_events
        key: app_token_file
  region:
    description:
      - The region of the Sematext account, V(US) or V(EU), in any case.
    type: str
    default: US
    env:
      - name: SEMATEXT_REGION
    ini:
      - section: callback_sematext_events
        key: region
  event_receiver_url:
    description:
      - Base URL of the event receiver, for installations of one's own and for tests. Overrides O(region).
    type: str
    env:
      - name: SEMATEXT_EVENT_RECEIVER_URL
    ini:
      - section: callback_sematext_events
        key: event_receiver_url
  validate_certs:
    description:
      - Whether to refuse receivers whose TLS certificate is not trusted, V(true) or V(false).
    type: str  # of a mistyped bool, ansible-core silently makes false, which would turn the check off
    default: "true"
    env:
      - name: SEMATEXT_VALIDATE_CERTS
    ini:
      - section: callback_sematext_events
        key: validate_certs
  ca_path:
    description:
      - Path of a file or folder with certificates to trust instead of the default ones. Without it, the
        environment variables that the Python library requests knows are used.
    type: path
    env:
      - name: SEMATEXT_CA_PATH
    ini:
      - section: callback_sematext_events
        key: ca_path
  timeout:
    description:
      - Seconds that one request may take in all.
    type: float
    default: 5
    env:
      - name: SEMATEXT_TIMEOUT
    ini:
      - section: callback_sematext_events
        key: timeout
requirements:
  - requests (Python library)
"""

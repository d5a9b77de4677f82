# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Elasticsearch as systemd sees it: ready after a while, ends with 143 on SIGTERM.

/etc/default/elasticsearch may set STANDIN_READY_AFTER (seconds) and STANDIN_EXIT (end with this instead of
getting ready).
"""

import os
import signal
import socket
import sys


def notify(state):
    address = os.environ["NOTIFY_SOCKET"]
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.sendto(state, address)


def main():
    stop = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with open(sys.argv[sys.argv.index("-p") + 1], "w", encoding="ascii") as pid_file:
        pid_file.write(str(os.getpid()))
    if not signal.sigtimedwait(stop, float(os.environ.get("STANDIN_READY_AFTER", "0.3"))):
        if "STANDIN_EXIT" in os.environ:
            sys.exit(int(os.environ["STANDIN_EXIT"]))
        notify(b"READY=1")
        signal.sigwait(stop)
    sys.exit(143)


main()

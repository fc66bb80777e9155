#!/usr/bin/env python3
"""The system log of a private world: writes what comes to a socket into a file.

  log_listener.py SOCKET FILE

Makes SOCKET, a datagram socket that everybody may write to, and appends every line that programs
send there to FILE, without its "<priority>". Runs until it is killed.
"""

import os
import re
import socket
import sys


def main(path, file):
    with open(file, "ab", buffering=0) as log:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            os.chmod(path, 0o666)
            while True:
                line = listener.recv(65536).rstrip(b"\0\n")
                log.write(re.sub(rb"^<\d+>", b"", line) + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

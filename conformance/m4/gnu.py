"""Runs our m4 and GNU m4."""

import os
import subprocess

LIBRARY = "sendmail-cf/usr/share/sendmail/cf"
GNU = "/usr/bin/m4"
OURS = os.path.abspath("conformance/m4/m4")
SECONDS = 60


def library():
    """The folder of sendmail's m4 library."""
    here = os.path.dirname(os.path.abspath("conformance"))
    for path in (os.path.join(here, "..", "sendmail_deb"), os.path.join(here, ".deps")):
        if os.path.isdir(os.path.join(path, LIBRARY)):
            return os.path.normpath(os.path.join(path, LIBRARY))
    raise FileNotFoundError("sendmail-cf is not unpacked: ./tools/setup.sh test")


def run(program, arguments, folder, text=b"", variables=None):
    """(stdout, stderr, exit code) of a program that is called m4."""
    done = subprocess.run(["m4", *arguments], executable=program, cwd=folder, timeout=SECONDS,
                          input=text, capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C", "PWD": folder, **(variables or {})})
    return done.stdout, done.stderr, done.returncode

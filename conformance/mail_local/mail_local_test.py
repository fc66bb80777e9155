#!/usr/bin/env python3
"""mail.local beside sendmail's: replies, exit codes and what stands in the mailboxes.

Needs root. Everything happens in a mount namespace with users and a /var/mail of its own; nothing
of the machine is touched. cases.py has what is done; here is how it is compared.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
import unittest

from conformance.mail_local import cases
from tools.lib import unittest_main

BUILT = {
    "ours": os.path.abspath("mta/bin/mail.local"),
    "sendmails":
        os.path.abspath("external/sendmail_deb/sendmail-bin/usr/libexec/sendmail/mail.local"),
}
# Copies: whoever runs them need not be able to enter the folders they were built in.
OURS = "/mnt/programs/ours"
SENDMAILS = "/mnt/programs/sendmails"
INSIDE = "STAGEPOST_TEST_NAMESPACE"
SPOOL = "/var/mail"
HOMES = "/mnt/homes"
USERS = {"alice": 2001, "bob": 2002, "dot.ted": 2003, "up": 2004, "long" * 7: 2005}
DATE = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} \d\d:\d\d:\d\d \d{4}")


def enter_namespace():
    """Starts this program again where it may mount what it likes."""
    if INSIDE in os.environ:
        return
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--uts", "--net", "--",
                          sys.executable, *sys.argv])


def build_world():
    subprocess.run(["hostname", "mx.example"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True)
    os.mkdir(HOMES)
    os.mkdir("/mnt/programs")
    for name, path in BUILT.items():
        shutil.copy(path, f"/mnt/programs/{name}")
    with open("/mnt/passwd", "w", encoding="ascii") as passwd:
        passwd.write("root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n")
        for name, number in USERS.items():
            passwd.write(f"{name}:x:{number}:{number}::{HOMES}/{name}:/bin/sh\n")
    with open("/mnt/group", "w", encoding="ascii") as group:
        group.write("root:x:0:\ndaemon:x:1:\nmail:x:8:\n")
        for name, number in USERS.items():
            group.write(f"{name}:x:{number}:\n")
    with open("/mnt/hosts", "w", encoding="ascii") as hosts:
        hosts.write("127.0.0.1 localhost\n127.0.1.1 mx.example\n")
    for name in ("passwd", "group", "hosts"):
        subprocess.run(["mount", "--bind", f"/mnt/{name}", f"/etc/{name}"], check=True)


def plain(text):
    """Without what differs from moment to moment."""
    return DATE.sub("(date)", text)


def describe(path):
    status = os.lstat(path)
    line = f"{path} {status.st_mode:o} {status.st_uid} {status.st_gid} links={status.st_nlink}"
    if not stat.S_ISREG(status.st_mode):
        return line
    if path.endswith(".lock"):
        return line
    with open(path, encoding="latin-1", newline="") as file:
        return f"{line}\n{plain(file.read())}"


def files():
    found = []
    for top in (SPOOL, HOMES):
        for folder, folders, names in os.walk(top):
            found += [describe(os.path.join(folder, name)) for name in folders + names]
    return sorted(found)


def mailbox_of(described, path=f"{SPOOL}/alice"):
    """What one of files() says of alice's mailbox; None: there is none."""
    for text in described:
        first, _, rest = text.partition("\n")
        if first.split(" ")[0] == path:
            return rest
    return None


class MailLocalTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.addCleanup(os.chdir, os.getcwd())

    def make_spool(self, size):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=1777,size={size}", "tmpfs", SPOOL],
                       check=True)
        for name, number in USERS.items():
            os.mkdir(f"{HOMES}/{name}")
            os.chown(f"{HOMES}/{name}", number, number)

    def remove_spool(self):
        subprocess.run(["umount", SPOOL], check=True)
        for name in os.listdir(HOMES):
            shutil.rmtree(f"{HOMES}/{name}")

    def perform(self, program, case):
        self.make_spool(case.get("size", "1m"))
        results = []
        try:
            os.chdir(SPOOL)
            for kind, arguments, text in case["steps"]:
                if kind == "sh":
                    subprocess.run(arguments, shell=True, check=True)
                    continue
                done = subprocess.run(
                    ["mail.local", *arguments], executable=program, capture_output=True,
                    input=text.encode("latin-1"), timeout=200, check=False, cwd="/",
                    env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
                    preexec_fn=(lambda user=case.get("user"): os.setuid(user)) if "user" in case
                    else None)
                results.append((done.returncode, plain(done.stdout.decode("latin-1")),
                                plain(done.stderr.decode("latin-1")), files()))
        finally:
            os.chdir("/")
            self.remove_spool()
        return results

    def compare(self, group):
        own = 0
        for case in cases.GROUPS[group]:
            with self.subTest(case=case["name"]):
                ours = self.perform(OURS, case)
                theirs = self.perform(SENDMAILS, case)
                if "why" not in case:
                    self.assertEqual(ours, theirs)
                    continue
                own += 1
                # The reason may have gone away.
                self.assertNotEqual(ours, theirs)
                self.assertEqual(([result[0] for result in ours], mailbox_of(ours[-1][3])),
                                 case["ours"])
        print(f"{group}: {len(cases.GROUPS[group])} cases, {own} of them on purpose not as sendmail's")

    def test_lmtp(self):
        self.compare("lmtp")

    def test_arguments(self):
        self.compare("arguments")

    def test_mailboxes(self):
        self.compare("mailboxes")

    def test_text(self):
        self.compare("text")

    def test_locks(self):
        self.compare("locks")


if __name__ == "__main__":
    enter_namespace()
    build_world()
    unittest_main.main()

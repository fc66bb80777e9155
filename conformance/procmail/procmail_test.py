#!/usr/bin/env python3
"""Debian's procmail as the local mailer, started by us and by sendmail: the same mailboxes.

Needs root. Everything happens in namespaces with users, a network and a /var/mail of their own.
"""

import os
import re
import shutil
import smtplib
import subprocess
import sys
import time
import unittest

from tools.lib import unittest_main

DEBIANS = os.path.abspath("external/sendmail_deb")
PROGRAMS = {"ours": os.path.abspath("mta/bin/sendmail"),
            "sendmail's": f"{DEBIANS}/sendmail-bin/usr/libexec/sendmail/sendmail"}
INSIDE = "STAGEPOST_TEST_NAMESPACE"
WORLD = "/mnt"
PROCMAIL = f"{WORLD}/bin/procmail"
USERS = {"alice": 2001, "bob": 2002, "carol": 2003, "dave": 2004, "erin": 2005}
PORT = 2525

CONFIGURATION = f"""divert(-1)
divert(0)dnl
include(`{DEBIANS}/sendmail-cf/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example')dnl
define(`confTO_IDENT', `0')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confPID_FILE', `{WORLD}/pid')dnl
define(`confCW_FILE', `-o {WORLD}/names')dnl
define(`ALIAS_FILE', `{WORLD}/aliases')dnl
define(`QUEUE_DIR', `{WORLD}/mqueue')dnl
define(`STATUS_FILE', `{WORLD}/statistics')dnl
define(`HELP_FILE', `{WORLD}/helpfile')dnl
define(`PROCMAIL_MAILER_PATH', `{PROCMAIL}')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
FEATURE(`local_procmail')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port={PORT}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
MAILER(`procmail')dnl
"""

# How procmail ends when it is not to be tried again.
CODES = [1, 3, *range(64, 71), 72, 73, 76, 77, 78]
FIELDS = re.compile(r"^(?:Status|Action|Diagnostic-Code|Final-Recipient|X-Actual-Recipient): .*$",
                    re.MULTILINE)
SAID = re.compile(r"^(?:5\d\d .*|\s+\(reason: .*)$", re.MULTILINE)

RECIPES = {
    "alice": ":0 c\n| id -un > $HOME/who\n",
    "bob": "EXITCODE=75\n:0\n/dev/null\n",
    # The detail behind the plus sign is the argument of -a.
    "dave": "ARG=$1\n:0\n| cat > $HOME/detail-$ARG\n",
}


def enter_namespaces():
    """Starts this program again where it may mount what it likes."""
    if INSIDE in os.environ:
        return
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--uts", "--net",
                          "--pid", "--fork", "--mount-proc", "--kill-child", "--", sys.executable,
                          *sys.argv])


def sh(*command, **more):
    return subprocess.run(command, check=True, **more)


def write(path, text, owner=0):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chown(path, owner, owner)
    os.chmod(path, 0o644)


def build_world():
    sh("hostname", "mx.example")
    sh("ip", "link", "set", "lo", "up")
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", WORLD)
    os.mkdir(f"{WORLD}/bin")
    shutil.copy(f"{DEBIANS}/procmail/usr/bin/procmail", PROCMAIL)
    shutil.chown(PROCMAIL, "root", "mail")
    os.chmod(PROCMAIL, 0o6755)
    lines = ["root:x:0:0:root:/root:/bin/sh", "daemon:x:1:1::/:/bin/sh", "mail:x:8:8::/:/bin/sh",
             "smmta:x:301:301::/:/bin/sh", "smmsp:x:302:302::/:/bin/sh"]
    groups = ["root:x:0:", "daemon:x:1:", "mail:x:8:", "smmta:x:301:", "smmsp:x:302:"]
    lines += [f"{name}:x:{number}:{number}::{WORLD}/home/{name}:/bin/sh"
              for name, number in USERS.items()]
    groups += [f"{name}:x:{number}:" for name, number in USERS.items()]
    write(f"{WORLD}/passwd", "\n".join(lines) + "\n")
    write(f"{WORLD}/group", "\n".join(groups) + "\n")
    write(f"{WORLD}/hosts", "127.0.0.1 localhost\n127.0.1.1 mx.example\n")
    for name in ("passwd", "group", "hosts"):
        sh("mount", "--bind", f"{WORLD}/{name}", f"/etc/{name}")
    sh("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/var/mail")
    write(f"{WORLD}/names", "corp.example\nlocalhost\n")
    write(f"{WORLD}/aliases", "postmaster: root\nroot: erin\nMAILER-DAEMON: postmaster\n")
    write(f"{WORLD}/t.mc", CONFIGURATION)
    with open(f"{WORLD}/t.cf", "w", encoding="ascii") as file:
        sh("m4", f"-D_CF_DIR_={DEBIANS}/sendmail-cf/usr/share/sendmail/cf/", f"{WORLD}/t.mc",
           stdout=file)


def clear_world():
    for folder in ("mqueue", "home"):
        shutil.rmtree(f"{WORLD}/{folder}", ignore_errors=True)
    os.mkdir(f"{WORLD}/mqueue", 0o700)
    os.mkdir(f"{WORLD}/home")
    for name, number in USERS.items():
        os.mkdir(f"{WORLD}/home/{name}", 0o755)
        os.chown(f"{WORLD}/home/{name}", number, number)
        if name in RECIPES:
            write(f"{WORLD}/home/{name}/.procmailrc", RECIPES[name], number)
    for name in os.listdir("/var/mail"):
        os.unlink(f"/var/mail/{name}")


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def exists(path):
    return os.path.exists(path)


def read(path):
    with open(path, encoding="latin-1") as file:
        return file.read()


def mailbox(user):
    path = f"/var/mail/{user}"
    return read(path) if exists(path) else ""


def queued():
    return sorted(name for name in os.listdir(f"{WORLD}/mqueue") if name.startswith("qf"))


def run(program, *arguments):
    return subprocess.run(["sendmail", f"-C{WORLD}/t.cf", *arguments], executable=program,
                          env={"PATH": "/usr/bin:/bin", "TZ": "UTC"}, capture_output=True,
                          timeout=60, check=False)


class Daemon:
    def __init__(self, program):
        self.program = program
        self.process = subprocess.Popen(["sendmail", "-bD", f"-C{WORLD}/t.cf"], executable=program,
                                        env={"PATH": "/usr/bin:/bin", "TZ": "UTC"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def run(self, *arguments):
        return run(self.program, *arguments)

    def connect(self):
        for _ in range(300):
            try:
                return smtplib.SMTP("127.0.0.1", PORT, "client.example", timeout=30)
            except (ConnectionError, OSError):
                time.sleep(0.05)
        raise TimeoutError("no daemon")

    def send(self, sender, *recipients):
        client = self.connect()
        client.sendmail(sender, [f"{name}@corp.example" for name in recipients],
                        f"From: {sender}\r\nSubject: for {recipients[0]}\r\n\r\nHello.\r\n")
        client.quit()


class ProcmailTest(unittest.TestCase):
    maxDiff = None

    def each(self, check):
        """What `check` returns must be the same with sendmail."""
        results = {}
        for name, program in PROGRAMS.items():
            clear_world()
            run(program, "-bi")
            with Daemon(program) as daemon:
                results[name] = check(daemon)
        self.assertEqual(results["ours"], results["sendmail's"])
        return results["ours"]

    def test_delivers_as_the_recipient(self):
        def check(daemon):
            daemon.send("erin@corp.example", "alice")
            self.assertTrue(wait_until(lambda: mailbox("alice").endswith("Hello.\n\n")))
            self.assertTrue(wait_until(lambda: not queued()))
            status = os.stat("/var/mail/alice")
            first = mailbox("alice").split("\n")[0]
            return (read(f"{WORLD}/home/alice/who"), status.st_uid, oct(status.st_mode),
                    re.sub(r"  .*", "", first), os.stat(f"{WORLD}/home/alice/who").st_uid)

        self.assertEqual(self.each(check),
                         ("alice\n", 2001, "0o100600", "From erin@corp.example", 2001))

    def test_the_detail_is_an_argument(self):
        def check(daemon):
            daemon.send("erin@corp.example", "dave+lists")
            self.assertTrue(wait_until(lambda: not queued() and
                                       exists(f"{WORLD}/home/dave/detail-lists")))
            return re.sub(r"  .*", "", read(f"{WORLD}/home/dave/detail-lists").split("\n")[0])

        self.assertEqual(self.each(check), "From erin@corp.example")

    def test_75_keeps_it_in_the_queue(self):
        def check(daemon):
            daemon.send("erin@corp.example", "bob")
            listed = ""

            def deferred():
                nonlocal listed
                listed = daemon.run("-bp").stdout.decode()
                return "Deferred" in listed
            self.assertTrue(wait_until(deferred), listed)
            before = (mailbox("bob"), mailbox("erin"), len(queued()))
            why = re.search(r"\((Deferred.*)\)$", listed, re.MULTILINE).group(1)
            os.unlink(f"{WORLD}/home/bob/.procmailrc")
            daemon.run("-q")
            self.assertTrue(wait_until(lambda: not queued()))
            return before, why, mailbox("bob").endswith("Hello.\n\n")

        before, why, delivered = self.each(check)
        self.assertEqual(before, ("", "", 1))
        self.assertIn("Deferred: local mailer", why)
        self.assertTrue(delivered)

    def test_other_failures_go_back(self):
        def check(daemon):
            seen = {}
            for code in CODES:
                write(f"{WORLD}/home/carol/.procmailrc", f"EXITCODE={code}\n:0\n/dev/null\n", 2003)
                if exists("/var/mail/erin"):
                    os.unlink("/var/mail/erin")
                daemon.send("erin@corp.example", "carol")
                self.assertTrue(wait_until(lambda: not queued() and "Final-Recipient" in
                                           mailbox("erin")), mailbox("erin"))
                report = mailbox("erin")
                self.assertTrue(report.startswith("From MAILER-DAEMON "), report)
                seen[code] = (FIELDS.findall(report), SAID.findall(report))
            return seen, mailbox("carol")

        seen, carols = self.each(check)
        for code, (fields, said) in seen.items():
            self.assertIn("Action: failed", fields, code)
            self.assertTrue(said, code)
        self.assertEqual(carols, "")


if __name__ == "__main__":
    enter_namespaces()
    build_world()
    unittest_main.main()

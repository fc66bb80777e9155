#!/usr/bin/env python3
"""Postfix, Exim and OpenSMTPD exchange mail with our sendmail, in both directions.

Every message arrives as it was sent, byte for byte but for what a host on its way writes on it; what
is refused comes back to its sender. Needs root: the hosts are addresses in a network namespace, and
each peer runs from its unpacked package in namespaces of its own, seeing no name server.
"""

import glob
import mailbox
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
import unittest

from conformance.interop import peers
from conformance.interop.segment_proxy import Wire
from tools.lib import unittest_main

DEBIANS = os.path.abspath("external/sendmail_deb")
INSIDE = "STAGEPOST_TEST_NAMESPACE"
WORLD = "/mnt"
USERS = {"alice": 2001, "bob": 2002, "carol": 2003}
OURS = "10.0.0.1"
# Between the hosts, one for each direction.
WIRE_TO_PEER, WIRE_TO_US = "10.0.0.3", "10.0.0.4"
SIZE_LIMIT = 1_000_000

CONFIGURATION = f"""divert(-1)
divert(0)dnl
include(`{DEBIANS}/sendmail-cf/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.ours.example')dnl
define(`confTO_IDENT', `0')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confDELAY_LA', `1000')dnl
define(`confPID_FILE', `{WORLD}/pid')dnl
define(`confSERVICE_SWITCH_FILE', `{WORLD}/service.switch')dnl
define(`ALIAS_FILE', `{WORLD}/aliases')dnl
define(`QUEUE_DIR', `{WORLD}/mqueue')dnl
define(`STATUS_FILE', `{WORLD}/statistics')dnl
define(`HELP_FILE', `{WORLD}/helpfile')dnl
define(`SMART_HOST', `esmtp:[{WIRE_TO_PEER}]')dnl
FEATURE(`local_lmtp', `{WORLD}/bin/mail.local')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
DAEMON_OPTIONS(`Name=MTA, Addr={OURS}')dnl
LOCAL_DOMAIN(`ours.example')dnl
RELAY_DOMAIN(`peer.example 10.0.0')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

# What hosts on the way and mailboxes write on a message.
TRACE = re.compile(rb"(?:Received|Return-Path|Delivered-To|X-Original-To|Envelope-To|Delivery-Date|"
                   rb"Content-Length|Status):.*\n(?:[ \t].*\n)*", re.IGNORECASE)


def enter_namespaces():
    """Starts this program again where it may mount what it likes."""
    if INSIDE in os.environ:
        return
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--uts", "--net",
                          "--pid", "--fork", "--mount-proc", "--kill-child", "--", sys.executable,
                          *sys.argv])


def sh(*command, **more):
    """Runs a command that must succeed."""
    return subprocess.run(command, check=True, **more)


def build_world():
    """The network, and what our own host needs."""
    sh("hostname", "mx.ours.example")
    sh("ip", "link", "set", "lo", "up")
    for address in (OURS, peers.ADDRESS, WIRE_TO_PEER, WIRE_TO_US):
        sh("ip", "address", "add", f"{address}/32", "dev", "lo")
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", WORLD)
    os.mkdir(f"{WORLD}/bin")
    shutil.copy("mta/bin/mail.local", f"{WORLD}/bin/mail.local")
    accounts = {"root": 0, "daemon": 1, "mail": 8, "smmta": 301, "smmsp": 302, **USERS}
    peers.write(f"{WORLD}/passwd", "".join(
        f"{user}:x:{number}:{number}::{WORLD}/home/{user}:/bin/sh\n"
        for user, number in accounts.items()))
    peers.write(f"{WORLD}/group", "".join(
        f"{user}:x:{number}:\n" for user, number in accounts.items()))
    peers.write(f"{WORLD}/hosts", f"127.0.0.1 localhost\n{OURS} mx.ours.example\n")
    for name in ("passwd", "group", "hosts"):
        sh("mount", "--bind", f"{WORLD}/{name}", f"/etc/{name}")
    sh("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/var/mail")
    os.mkdir(f"{WORLD}/mqueue", 0o700)
    peers.write(f"{WORLD}/service.switch", "hosts files\naliases files\n")
    peers.write(f"{WORLD}/aliases", "postmaster: root\nMAILER-DAEMON: postmaster\nroot: carol\n")
    peers.write(f"{WORLD}/t.mc", CONFIGURATION)
    with open(f"{WORLD}/t.cf", "w", encoding="ascii") as file:
        sh("m4", f"-D_CF_DIR_={DEBIANS}/sendmail-cf/usr/share/sendmail/cf/", f"{WORLD}/t.mc",
           stdout=file)
    sh("sendmail", f"-C{WORLD}/t.cf", "-bi", executable=os.path.abspath("mta/bin/sendmail"),
       stdout=subprocess.DEVNULL)


def wait_until(condition, seconds=30):
    """Whether it has become true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def connect(address):
    """A session with the server there, once it listens."""
    for _ in range(400):
        try:
            return smtplib.SMTP(address, 25, "client.example", timeout=60)
        except (ConnectionError, OSError, smtplib.SMTPException):
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens at {address}")


class Ours:
    """Our daemon."""

    address, domain = OURS, "ours.example"

    def __init__(self, *options):
        self.process = subprocess.Popen(
            ["sendmail", "-bD", f"-C{WORLD}/t.cf", *options],
            executable=os.path.abspath("mta/bin/sendmail"), env={"PATH": "/usr/bin:/bin"})

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait()

    @staticmethod
    def messages(user):
        """What the user has got, as bytes."""
        path = f"/var/mail/{user}"
        if not os.path.exists(path):
            return []
        with open(path, "rb") as file:
            parts = re.split(rb"^From .*\n", file.read(), flags=re.MULTILINE)
        # One empty line behind each message is the mailbox's.
        return [part[:-1] for part in parts[1:]]


def package_root(package):
    """Where a package is unpacked: what the test sees are links to its files."""
    real = os.path.realpath(glob.glob(f"{DEBIANS}/{package}/usr/sbin/*")[0])
    return real[:real.rindex("/usr/sbin/")]


class Peer:
    """One of the others, running."""

    address, domain = peers.ADDRESS, "peer.example"

    def __init__(self, name):
        self.work = tempfile.mkdtemp(dir=WORLD)
        os.chmod(self.work, 0o755)
        script = peers.prepare(name, self.work, USERS, WIRE_TO_US)
        packages = [package_root(package) for package in peers.PEERS[name]["packages"]]
        self.log = open(f"{self.work}/output", "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
             "--mount-proc", "--", "bash", script],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "WORK": self.work,
                 "USR": ":".join(f"{package}/usr" for package in packages),
                 "ETC": ":".join([f"{self.work}/etc", *(f"{package}/etc" for package in packages
                                                        if os.path.isdir(f"{package}/etc"))])},
            stdout=self.log, stderr=subprocess.STDOUT)

    def stop(self):
        """Ends it with all its processes."""
        # unshare's child, the first process there. It does not die with unshare: programs that
        # change their user are forgotten by --kill-child.
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            for child in file.read().split():
                os.kill(int(child), signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def messages(self, user):
        """What the user has got, as bytes."""
        folder = f"{self.work}/var/home/{user}/Maildir"
        if not os.path.isdir(folder):
            return []
        inbox = mailbox.Maildir(folder, create=False)
        return [inbox.get_bytes(key) for key in sorted(inbox.keys())]


def text_of(subject, body, *fields):
    """A message with bare line feeds."""
    lines = ["From: carol@sender.example", "To: people:;", f"Subject: {subject}",
             "Date: Fri, 20 Nov 2026 10:00:00 +0000", f"Message-ID: <{subject}@sender.example>",
             *fields, "", ""]
    return "\n".join(lines).encode() + body


EIGHT_BIT = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
             "Content-Transfer-Encoding: 8bit")
LINE = b"0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ\n"
MESSAGES = {
    "plain": text_of("plain", b"Hello.\n\nThis is a test.\n"),
    "empty": text_of("empty", b""),
    "dots": text_of("dots", b".\n..\n.dot\nx.\n\n.\n"),
    "long-line": text_of("long-line", b"x" * 980 + b"\nend\n"),
    "eight-bit": text_of("eight-bit", "Grüße, 你好\n".encode() * 3, *EIGHT_BIT),
    "megabyte": text_of("megabyte", LINE * (1_000_000 // len(LINE))),
}


def bare(message):
    """A message without what its way has left on it."""
    header, separator, body = message.partition(b"\n\n")
    return TRACE.sub(b"", header + b"\n") + separator[1:] + body


class Exchange:
    """Mail between us and one peer; mixed into a test case for each."""

    maxDiff = None
    name = ""

    def setUp(self):
        for path in glob.glob("/var/mail/*") + glob.glob(f"{WORLD}/mqueue/*"):
            os.unlink(path)
        self.peer = Peer(self.name)
        self.addCleanup(self.peer.stop)
        self.ours = Ours()
        self.addCleanup(lambda: self.ours.stop())
        for host in (self.ours, self.peer):
            connect(host.address).quit()
        self.both = ((self.ours, self.peer), (self.peer, self.ours))
        TO_PEER.sent.clear()
        TO_US.sent.clear()

    def explain(self):
        """What the peer has to say about it."""
        said = ""
        for path in [f"{self.peer.work}/output", *glob.glob(f"{self.peer.work}/var/log/**",
                                                            recursive=True)]:
            if os.path.isfile(path):
                with open(path, encoding="latin-1") as file:
                    said += file.read()[-1500:]
        pieces = [piece[:200] for piece in [*TO_PEER.sent[-8:], *TO_US.sent[-8:]]]
        return f"{said}\n{pieces}"

    def send(self, host, sender, recipients, message, *options):
        """Hands a message to a host for others."""
        client = connect(host.address)
        client.ehlo()
        client.sendmail(sender, recipients, message.replace(b"\n", b"\r\n"), options)
        client.quit()

    def receive(self, host, user, count):
        """So many messages of a user."""
        self.assertTrue(wait_until(lambda: len(host.messages(user)) >= count),
                        f"{user}@{host.domain} has {len(host.messages(user))}\n" + self.explain())
        return host.messages(user)

    def assert_same(self, got, expected):
        """As assertEqual, which would look for the differences of megabytes for hours."""
        if got != expected:
            at = len(os.path.commonprefix([got, expected]))
            self.fail(f"at {at}: {got[at - 60:at + 200]} instead of {expected[at - 60:at + 200]}")

    def test_messages_arrive_as_they_were_sent(self):
        for here, there in self.both:
            for message in MESSAGES.values():
                options = ["BODY=8BITMIME"] if b"8bit" in message else []
                self.send(here, f"carol@{here.domain}", [f"alice@{there.domain}"], message,
                          *options)
            got = {re.search(rb"^Subject: (.*)$", message, re.MULTILINE).group(1).decode():
                   bare(message) for message in self.receive(there, "alice", len(MESSAGES))}
            self.assertEqual(sorted(got), sorted(MESSAGES))
            for name, message in MESSAGES.items():
                self.assert_same(got[name], message)

    def test_several_recipients_in_one_transaction(self):
        for here, there, wire in ((*self.both[0], TO_PEER), (*self.both[1], TO_US)):
            users = ["alice", "bob", "carol"]
            self.send(here, f"carol@{here.domain}", [f"{user}@{there.domain}" for user in users],
                      MESSAGES["plain"])
            for user in users:
                message, = self.receive(there, user, 1)
                self.assert_same(bare(message), MESSAGES["plain"])
            flights = [piece for piece in wire.sent if b"RCPT TO:" in piece.upper()]
            asked = [f"RCPT To:<{user}@{there.domain}>\r\n".encode() for user in users]
            if here is self.peer:
                self.assertEqual(b"".join(flights).upper().count(b"RCPT TO:"), 3, flights)
            elif peers.PEERS[self.name]["pipelining"]:
                # They travel together, in one write.
                self.assertEqual(len(flights), 1, flights)
                self.assertEqual(sorted(flights[0].splitlines(True)), [b"DATA\r\n", *asked])
            else:
                self.assertEqual(sorted(flights), asked)

    def test_null_senders(self):
        for here, there in self.both:
            self.send(here, "", [f"alice@{there.domain}"], MESSAGES["plain"])
            message, = self.receive(there, "alice", 1)
            self.assert_same(bare(message), MESSAGES["plain"])

    def test_unknown_recipients_come_back(self):
        for here, there in self.both:
            self.send(here, f"carol@{here.domain}",
                      [f"nosuch@{there.domain}", f"alice@{there.domain}"], MESSAGES["plain"])
            report, = self.receive(here, "carol", 1)
            self.assertRegex(report, rb"(?i)Content-Type: message/delivery-status")
            self.assertRegex(report, rb"(?i)Final-Recipient: rfc822; ?<?nosuch@")
            self.assertRegex(report, rb"Status: 5\.")
            self.assertIn(b"Subject: plain\n", report)
            message, = self.receive(there, "alice", 1)
            self.assert_same(bare(message), MESSAGES["plain"])

    def test_messages_that_are_too_large_come_back(self):
        large = text_of("large", LINE * (peers.SIZE_LIMIT * 5 // 4 // len(LINE)))
        self.send(self.ours, "carol@ours.example", ["alice@peer.example"], large)
        report, = self.receive(self.ours, "carol", 1)
        self.assertRegex(report, rb"Status: 5\.")
        self.assertLess(sum(map(len, TO_PEER.sent)), 10_000, "SIZE was offered")

        self.ours.stop()
        self.ours = Ours(f"-OMaxMessageSize={SIZE_LIMIT}")
        connect(OURS).quit()
        large = text_of("large", LINE * (SIZE_LIMIT * 3 // 2 // len(LINE)))
        self.send(self.peer, "carol@peer.example", ["alice@ours.example"], large)
        report, = self.receive(self.peer, "carol", 1)
        self.assertRegex(report, rb"Status: 5\.")
        self.assertEqual(self.ours.messages("alice"), [])


class PostfixTest(Exchange, unittest.TestCase):
    """As it says."""
    name = "postfix"


class EximTest(Exchange, unittest.TestCase):
    """As it says."""
    name = "exim"


class OpenSmtpdTest(Exchange, unittest.TestCase):
    """As it says."""
    name = "opensmtpd"


if __name__ == "__main__":
    enter_namespaces()
    build_world()
    TO_PEER, TO_US = Wire(WIRE_TO_PEER, peers.ADDRESS), Wire(WIRE_TO_US, OURS)
    unittest_main.main()

#!/usr/bin/env python3
"""One queue for sendmail and for us: what one has written, the other lists, reads and delivers.

Needs root: sendmail runs under a host name and with a network of its own. Mail goes to a program
that writes it down, or that puts it off for hosts called "later"; nothing leaves the machine.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from tools.lib import unittest_main

SENDMAILS = os.path.abspath("external/sendmail_deb/sendmail-bin/usr/libexec/sendmail")
TOOL = os.path.abspath("conformance/queue/queue_tool")
VARIABLES = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": "/"}

CONFIGURATION = """V10/Berkeley
Djmx.example
Cwmx.example localhost
C{persistentMacros}{kept}
D{kept}a value
O QueueDirectory=%(queue)s
%(more)s
O SuperSafe=true
O DontProbeInterfaces=True
O DeliveryMode=queueonly
O AliasFile=%(folder)s/aliases
O PidFile=%(folder)s/pid
O HostsFile=%(folder)s/hosts
O Timeout.queuewarn=0
O LogLevel=0
O QueueLA=1000
O RefuseLA=1000
O DontBlameSendmail=MapInUnsafeDirPath
O OperatorChars=.:%%@!^/[]+
O UnixFromLine=From $g $d
Pjunk=-100
Troot
H?P?Return-Path: <$g>
HReceived: $?sfrom $s $.by $j id $i; $b
H?D?Date: $a
H?F?From: $q
H?x?Full-Name: $x
H?M?Message-Id: <$t.$i@$j>
H?${kept}?X-Kept: ${kept}
H?mF?X-Flags: two
HX-Bad: $>Bad
SBad
R$* bad $*	$#error $@ quarantine $: bad word $2
S3
R$* < $* > $*	$2
R$+ @ $+	$: $1 < @ $2 >
S0
R$* < @ later > $*	$#later $@ later $: $1
R$* < @ mx.example > $*	$#local $: $1
R$* < @ localhost > $*	$#local $: $1
R$* < @ $* > $*	$#out $@ $2 $: $1
R$*	$#local $: $1
S4
R$* < @ $* > $*	$1 @ $2
%(groups)s
Mlocal, P=/bin/sh, F=lsDFMP, A=sh %(folder)s/deliver $f $u
Mprog, P=/bin/sh, F=lsDFMe, A=sh -c $u
Mout, P=/bin/sh, F=DFMP, A=sh %(folder)s/deliver $f $u@$h
Mlater, P=/bin/sh, F=DFM, A=sh %(folder)s/putoff $u
"""

DELIVER = """#!/bin/sh
{ echo "to $*"; cat; echo "-- end"; } >> %s/outbox
"""

# Arguments of sendmail and the message.
MAIL = [
    (["x@later"], "Subject: one\n\nbody\n"),
    (["-f", "ann@a.example", "-N", "success,failure", "-R", "hdrs", "-V", "id+2B", "x@later",
      "y@later"], "Subject: two\nBcc: hidden@later\n\nbody\n"),
    (["-B", "8BITMIME", "x@later"], "Subject: three\n\n\xe9\xe9\n"),
    (["-N", "never", "-f", "<>", "x@later"], "Subject: four\nPrecedence: junk\n\nb\n"),
    (["list", "y@later"], "Subject: five\nCc: z@a.example\n\nbody of five\n"),
    (["owned"], "Subject: six\n\nbody\n"),
    (["a@later", "b@out.example"], "Subject: seven\nX-Bad: a bad thing\n\nbody\n"),
    (["\"a b\"@later"], "Subject: eight\n continued\n\tand so on\nX-Long: " + "x" * 900 + "\n\nb\n"),
    (["-f", "long" * 30 + "@a.example", "r" * 100 + "@later"], "Subject: nine\n\n\n"),
]
ALIASES = """list: p@later, |/bin/false, "|exit 75", q@later
owned: p@later, q@later
owner-owned: ann
ann: ann@later
"""
PRINTED = [
    [], ["-v"], ["-qQ"], ["-qQ", "-v"], ["-qL"], ["-qI00"], ["-qSann"], ["-q!Sann"], ["-qRp@later"],
    ["-q!Rlater"], ["-qRlater", "-qSann"], ["-qI0", "-qI1"], ["-qQbad"], ["-q!Qbad"],
    ["-OMinQueueAge=1d"], ["-OMinQueueAge=1d", "-qSann"], ["-OMaxQueueAge=1d"],
    ["-OQueueSortOrder=filename", "-v"], ["-OQueueSortOrder=host", "-v"], ["-OQueueLA=0", "-OQueueFactor=0"],
    ["-OQueueSortOrder=filename", "-v", "-qRlater"], ["-OQueueSortOrder=time", "-v", "-qInone"],
    ["-OMaxQueueRunSize=1", "-qQ"], ["-OQueueSortOrder=filename", "-OMinQueueAge=1d"],
    ["-OQueueSortOrder=filename", "-OQueueLA=0", "-OQueueFactor=0"],
]


class QueueTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        os.mkdir(self.queue(), 0o700)
        for name, text in (("aliases", ALIASES), ("deliver", DELIVER % self.folder),
                           ("putoff", "exit 75\n"), ("hosts", "127.0.0.1 localhost\n"), ("outbox", "")):
            self.write(name, text)
        os.chmod(os.path.join(self.folder, "outbox"), 0o666)  # mailers run as daemon
        self.configure()
        self.sendmail("-bi")

    def queue(self, *names):
        return os.path.join(self.folder, "mqueue", *names)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="latin-1") as file:
            file.write(text)

    def read(self, *names):
        with open(os.path.join(self.folder, *names), encoding="latin-1") as file:
            return file.read()

    def configure(self, queue=None, more="", groups=""):
        self.write("t.cf", CONFIGURATION % {"folder": self.folder, "queue": queue or self.queue(),
                                            "more": more, "groups": groups})

    def sendmail(self, *arguments, text=""):
        """The real one, in namespaces of its own; its output."""
        done = subprocess.run(
            ["unshare", "--uts", "--net", "sh", "-c", "hostname mx.example; exec \"$0\" \"$@\"",
             os.path.join(SENDMAILS, "sendmail"), f"-C{self.folder}/t.cf", *arguments],
            input=text.encode("latin-1"), capture_output=True, timeout=60, env=VARIABLES,
            check=False, cwd=self.folder)
        return (done.stdout + done.stderr).decode("latin-1")

    def tool(self, *arguments, text="", code=0):
        done = subprocess.run([TOOL, f"{self.folder}/t.cf", *arguments],
                              input=text.encode("latin-1"), capture_output=True, timeout=60,
                              env=VARIABLES, check=False, cwd="/")
        output = (done.stdout + done.stderr).decode("latin-1")
        self.assertEqual(done.returncode, code, output)
        return output

    def files(self):
        """All files of the queue, by their paths in it."""
        found = {}
        for folder, _, names in os.walk(self.queue()):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.queue())
                found[path] = self.read("mqueue", path)
        return found

    def send_all(self):
        for i, (arguments, text) in enumerate(MAIL):
            # No two priorities are the same: ties have no order.
            text = f"X-Number: {'n' * 50 * i}\n{text}"
            self.assertEqual(self.sendmail("-oi", *arguments, text=text), "")

    def compare_listings(self):
        for options in PRINTED:
            with self.subTest(options=options):
                self.assertEqual(self.tool("print", *options), self.sendmail("-bp", *options))

    def test_what_sendmail_writes_comes_back(self):
        self.send_all()
        before = self.files()
        self.assertEqual(sum(name.startswith("hf") for name in before), 1)
        self.assertGreater(sum(name.startswith("qf") for name in before), 7)
        self.tool("rewrite")
        self.assertEqual(self.files(), before)
        # The same after an attempt, when there are more lines in them.
        self.sendmail("-qf")
        before = self.files()
        self.assertTrue(any("\nMDeferred" in text for text in before.values()))
        self.tool("rewrite")
        self.assertEqual(self.files(), before)

    def test_listings_are_the_same(self):
        self.assertEqual(self.tool("print"), self.sendmail("-bp"))
        self.send_all()
        self.compare_listings()
        self.sendmail("-qf")
        time.sleep(1.1)  # a message is never older than now
        self.compare_listings()
        # Damage of several kinds.
        names = sorted(name for name in os.listdir(self.queue()) if name.startswith("qf"))
        os.unlink(self.queue("df" + names[0][2:]))
        with open(self.queue(names[1]), "w", encoding="ascii"):
            pass
        with subprocess.Popen([TOOL, f"{self.folder}/t.cf", "hold", names[2][2:]],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=VARIABLES) as holder:
            self.assertEqual(holder.stdout.readline(), b"held\n")
            listing = self.sendmail("-bp")
            self.assertIn(names[2][2:] + "*", listing)
            self.assertEqual(self.tool("print"), listing)
            self.assertIn("locked", self.sendmail("-q", "-v", "-qI" + names[2][2:]))
            holder.stdin.close()
            self.assertEqual(holder.wait(), 0)

    def test_orders(self):
        """Those in which ties are the rule, of their lines only."""
        self.send_all()
        for order in "time", "modification", "none", "random":
            for options in ["-v"], ["-v", "-OMinQueueAge=1d"], ["-v", "-qRlater"]:
                options = [f"-OQueueSortOrder={order}"] + options
                with self.subTest(options=options):
                    self.assertEqual(sorted(self.tool("print", *options).splitlines()),
                                     sorted(self.sendmail("-bp", *options).splitlines()))

    def test_top_recipients(self):
        for _ in range(3):
            self.sendmail("-oi", "top@later", text="Subject: x\n\nb\n")
        self.sendmail("-oi", "other@later", text="Subject: x\n\nb\n")
        self.sendmail("-qf")
        pipeline = "sed -n '5~3p' | sort | uniq -c | sort -nr | head"
        done = subprocess.run(["sh", "-c", pipeline], input=self.tool("print"), text=True,
                              capture_output=True, check=True)
        lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
        self.assertEqual(lines[:2], ["3 top@later", "1 other@later"])

    def test_sendmail_lists_and_delivers_ours(self):
        one = self.tool("store", "ann@a.example", "bob@out.example", "carol@out.example",
                        text="body of ours\n").strip()
        two = self.tool("store", "", "dave@mx.example", text=".\nFrom me\n" * 3000).strip()
        listing = self.sendmail("-bp")
        self.assertIn("(2 requests)", listing)
        self.assertIn("<ann@a.example>", listing)
        self.assertEqual(self.tool("print", "-v"), self.sendmail("-bp", "-v"))
        part = self.tool("split", one, "1").strip()
        self.assertIn("(3 requests)", self.sendmail("-bp"))
        self.tool("quarantine", two, "not yet")
        self.assertIn("QUARANTINE: not yet", self.sendmail("-bp", "-qQ"))
        self.sendmail("-qf")
        outbox = self.read("outbox")
        self.assertIn("to ann@a.example bob@out.example\n", outbox)
        self.assertIn("to ann@a.example carol@out.example\n", outbox)
        self.assertEqual(outbox.count("\nbody of ours\n"), 2)
        self.assertEqual(sorted(self.files()), ["df" + two, "hf" + two])
        self.assertNotEqual(part, one)
        # What we release, it delivers; what it quarantines, we release.
        self.tool("release", two)
        self.sendmail("-qI" + two, "-Qit says")
        self.assertIn("\nqit says\n", self.files()["hf" + two])
        self.tool("release", two)
        self.sendmail("-qf")
        self.assertEqual(self.files(), {})
        self.assertEqual(self.read("outbox").count("From me\n"), 3000)

    def test_groups(self):
        for name in ("q1", "q2", "q2/qf", "q2/df", "slow", "slow/df"):
            os.mkdir(self.queue(name), 0o700)
        groups = f"Qslow, P={self.queue('slow')}, R=1, r=2\nQlast, P={self.queue('q1')}, J=1\n"
        self.configure(queue=self.queue("q*"), groups=groups)
        text = self.read("t.cf")
        text = re.sub(r"(?m)^Mlater,", "Mlater, Q=slow,", text)
        self.write("t.cf", text)
        self.assertEqual(sorted(self.tool("print").splitlines()),
                         sorted(self.sendmail("-bp").splitlines()))
        for _ in range(4):
            self.sendmail("-oi", "a@out.example", "b@later", "c@later", "d@later",
                          text="Subject: x\n\nb\n")
        before = self.files()
        self.assertTrue(any(name.startswith("slow/df/") for name in before))
        ours, theirs = self.tool("print"), self.sendmail("-bp")
        self.assertEqual(sorted(ours.splitlines()), sorted(theirs.splitlines()))
        self.assertEqual(sorted(self.tool("print", "-qGslow").splitlines()),
                         sorted(self.sendmail("-bp", "-qGslow").splitlines()))
        self.assertEqual(self.tool("print", "-qGnone"), self.sendmail("-bp", "-qGnone"))
        self.tool("rewrite")
        self.assertEqual(self.files(), before)

    def test_layouts_that_cannot_be(self):
        for queue, groups in ((self.folder + "/none", ""), (self.folder + "/t.cf", ""),
                              (self.queue("z*"), ""), (self.folder + "/none/z*", ""),
                              (None, "Qone, P=/var/spool/other"), (None, "Qone, P=a"),
                              (None, f"Qone, P={self.queue('b*')}"),
                              (None, f"Qone, P={self.queue('b')}\nQtwo, P={self.queue('c')}"),
                              (None, "Qone, F=x"), (None, "Qone, R=3, F=x")):
            with self.subTest(queue=queue, groups=groups):
                self.configure(queue=queue, groups=groups)
                theirs = self.sendmail("-bp")
                code = 0 if "is empty" in theirs else 78
                self.assertEqual(self.tool("print", code=code), theirs)


if __name__ == "__main__":
    unittest_main.main()

#!/usr/bin/env python3
"""Our m4 and GNU m4 on everything in Debian's sendmail-cf: the same output, errors and exit code.

Also: that what is recorded of GNU m4 for the tests of //mta/m4 is what it says.
m4_sendmail_cf_test.py --record writes it anew, from the workspace root.
"""

import os
import sys
import tempfile
import unittest

from conformance.m4 import cases
from conformance.m4 import gnu
from tools.lib import unittest_main

LEAST = 250
TESTDATA = "mta/m4/testdata"


def difference(theirs, ours):
    """The first line that differs, for a person."""
    for name, left, right in (("output", theirs[0], ours[0]), ("errors", theirs[1], ours[1])):
        pairs = zip((left + b"\n(end)").split(b"\n"), (right + b"\n(end)").split(b"\n"))
        for number, (a, b) in enumerate(pairs, 1):
            if a != b:
                return "%s, line %d: GNU has %r, we %r" % (name, number, a, b)
    return "exit code: GNU has %d, we %d" % (theirs[2], ours[2])


def recording(result):
    """What a file NAME.expected holds."""
    return b"exit %d, %d bytes of output, %d of errors\n%b%b" % (
        result[2], len(result[0]), len(result[1]), result[0], result[1])


def recorded_cases():
    return sorted(name for name in os.listdir(TESTDATA) if name.endswith(".m4"))


class Comparison(unittest.TestCase):
    total = 0
    identical = 0

    @classmethod
    def setUpClass(cls):
        cls.cf = os.path.join(gnu.library(), "cf")

    def compare(self, what, *arguments):
        """One comparison. Both say in the output when they ran, so it may take a second try."""
        for _ in range(5):
            before = gnu.run(gnu.GNU, arguments, self.cf)
            ours = gnu.run(gnu.OURS, ["--terse", *arguments], self.cf)
            if before == ours or gnu.run(gnu.GNU, arguments, self.cf) == before:
                break
        Comparison.total += 1
        if before == ours:
            Comparison.identical += 1
            return
        with self.subTest(what):
            self.fail(difference(before, ours))

    def compare_text(self, what, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test.mc")
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            self.compare(what, "../m4/cf.m4", path)

    def names(self, folder, suffix=".m4"):
        names = os.listdir(os.path.join(gnu.library(), folder))
        return sorted(name[:-len(suffix)] for name in names if name.endswith(suffix))

    def test_samples(self):
        for name in self.names("cf", ".mc"):
            self.compare(name, "../m4/cf.m4", name + ".mc")
            self.compare(name, "-D_NO_MAKEINFO_", "../m4/cf.m4", name + ".mc")

    def test_debian(self):
        for name in self.names("debian", ".mc"):
            self.compare(name, "-D_CF_DIR_=../", "../m4/cf.m4", "../debian/%s.mc" % name)

    def test_features(self):
        self.assertEqual(sorted(cases.FEATURES), self.names("feature"))
        for name, calls in cases.FEATURES.items():
            for arguments in calls:
                line = cases.quoted("FEATURE", (name, *arguments))
                self.compare_text(line, cases.minimal(line))

    def test_system_types(self):
        for name in self.names("ostype"):
            self.compare_text(name, cases.minimal().replace("linux", name))

    def test_mailers(self):
        for name in self.names("mailer"):
            self.compare_text(name, cases.minimal(mailers=("local", "smtp", name)))
            self.compare_text(name + " alone", cases.minimal(mailers=(name,)))

    def test_domains_and_hacks(self):
        for name in self.names("domain"):
            self.compare_text(name, cases.minimal("DOMAIN(`%s')" % name))
        for name in self.names("hack"):
            self.compare_text(name, cases.minimal(cases.quoted("HACK", (name,))))
        for name in self.names("siteconfig"):
            line = cases.quoted("SITECONFIG", (name, "here.example", "W"))
            self.compare_text(name, cases.minimal(line))

    def test_mistakes(self):
        for line in ("FEATURE(`nosuch')", "OSTYPE(`linux')", "DOMAIN(`none')", "MAILER(`none')",
                     "HACK(`none')", "define(`confLOG_LEVEL', `14'", "define(`confLOG_LEVEL, 14)",
                     "FEATURE(`dnsbl', `a'", "dnl no newline", "LOCAL_RULE_0", "eval(1/0)"):
            self.compare_text(line, cases.minimal(line))

    @classmethod
    def tearDownClass(cls):
        print("%d/%d identical to GNU m4" % (Comparison.identical, Comparison.total))
        if len(sys.argv) == 1 and Comparison.total < LEAST:
            raise AssertionError("only %d comparisons, of %d" % (Comparison.total, LEAST))


class Recorded(unittest.TestCase):
    def test_recorded(self):
        for name in recorded_cases():
            result = gnu.run(gnu.GNU, [name], TESTDATA)
            with self.subTest(name), open("%s/%s.expected" % (TESTDATA, name[:-3]), "rb") as file:
                self.assertEqual(file.read(), recording(result))


def record():
    for name in recorded_cases():
        with open("%s/%s.expected" % (TESTDATA, name[:-3]), "wb") as file:
            file.write(recording(gnu.run(gnu.GNU, [name], TESTDATA)))


if __name__ == "__main__":
    if sys.argv[1:] == ["--record"]:
        record()
    else:
        unittest_main.main()

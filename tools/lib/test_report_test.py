#!/usr/bin/env python3
"""Tests of test_report.py: event files and XML as Bazel 4.2 and GoogleTest 1.12 write them."""

import json
import os
import stat
import tempfile
import unittest

from tools.lib import test_report
from tools.lib import unittest_main

GTEST_XML = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="{count}" failures="0" disabled="0" errors="0" time="0" name="AllTests">
  <testsuite name="Suite" tests="{count}">
{cases}
  </testsuite>
</testsuites>
"""
# What Bazel writes for a test that leaves no XML itself.
BAZEL_XML = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="a/b" tests="1" failures="0" errors="{errors}">
<testcase name="a/b" status="run" duration="0" time="0">{error}</testcase>
<system-out>Generated test.log</system-out></testsuite></testsuites>
"""


def passed(name):
    return f'<testcase name="{name}" status="run" result="completed" classname="Suite" />'


def failed(name):
    return f'<testcase name="{name}" status="run"><failure message="no" type=""/></testcase>'


def skipped(name, why):
    return (f'<testcase name="{name}" status="run" result="skipped">'
            f'<skipped message="x_test.cc:7&#x0A;{why}&#x0A;more"/></testcase>')


def disabled(name):
    return f'<testcase name="{name}" status="notrun" result="suppressed" />'


class TestReportTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="with space ")
        self.addCleanup(self.folder.cleanup)
        self.lines = []

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def event(self, kind, ident, **payload):
        self.lines.append(json.dumps({"id": {kind: ident}, **payload}))

    def target(self, label, kind="cc_test rule", tags=(), program=None, builds=True):
        self.event("targetConfigured", {"label": label},
                   configured={"targetKind": kind, "testSize": "SMALL", "tag": list(tags)})
        output = [{"name": "x", "uri": "file://" + (program or "/x")}]
        self.event("targetCompleted", {"label": label},
                   completed={"success": True, "importantOutput": output} if builds else {})

    def result(self, label, xml, status="PASSED", shard=1, run=1, attempt=1):
        outputs = [{"name": "test.log", "uri": "file:///nowhere"}]
        if xml is not None:
            path = self.file(f"{len(self.lines)}.xml", xml)
            outputs.append({"name": "test.xml", "uri": "file://" + path.replace(" ", "%20")})
        self.event("testResult", {"label": label, "run": run, "shard": shard, "attempt": attempt},
                   testResult={"status": status, "testActionOutput": outputs})

    def gtest(self, *cases):
        return GTEST_XML.format(count=len(cases), cases="\n".join(cases))

    def report(self, exit_code=0, **options):
        return test_report.make_report(self.lines, exit_code, **options)

    def test_counts_cases_of_all_shards(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(passed("one"), passed("two")), shard=1)
        self.result("//a:x", self.gtest(passed("three")), shard=2)
        report = self.report()
        self.assertEqual(report.lines(), ["3 passed, 0 failed"])
        self.assertTrue(report.good(skips_allowed=False))

    def test_failed_case(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(passed("one"), failed("two")), status="FAILED")
        report = self.report(exit_code=3)
        self.assertEqual(report.lines(), ["1 passed, 1 failed"])
        self.assertFalse(report.good(skips_allowed=True))

    def test_other_kind_of_test_is_one_case(self):
        self.target("//a:sh", kind="sh_test rule")
        self.result("//a:sh", BAZEL_XML.format(errors=0, error=""))
        self.target("//a:bad", kind="sh_test rule")
        self.result("//a:bad", BAZEL_XML.format(errors=1, error='<error message="exit 1"></error>'),
                    status="FAILED")
        self.assertEqual(self.report(exit_code=3).lines(), ["1 passed, 1 failed"])

    def test_target_that_does_not_build(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(passed("one")))
        self.target("//a:y", builds=False)
        self.assertEqual(self.report(exit_code=1).lines(),
                         ["FAILED: //a:y: does not build", "1 passed, 1 failed"])

    def test_no_xml_unreadable_xml_and_time_out(self):
        for label, xml in (("//a:none", None), ("//a:torn", "<testsuites><testsuite")):
            self.target(label)
            self.result(label, xml, status="TIMEOUT")
        self.assertEqual(self.report(exit_code=3).lines()[-1], "0 passed, 2 failed")

    def test_passing_target_without_xml_is_a_failure(self):
        self.target("//a:x")
        self.result("//a:x", None)
        self.assertFalse(self.report().good(skips_allowed=True))

    def test_failure_after_the_last_case(self):
        self.target("//a:leaks")
        self.result("//a:leaks", self.gtest(passed("one")), status="FAILED")
        report = self.report(exit_code=3)
        self.assertEqual(report.lines(), ["FAILED: //a:leaks: FAILED, though no case failed",
                                          "1 passed, 1 failed"])

    def test_several_runs_count_a_case_once_and_remember_failure(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(failed("one")), status="FAILED", run=1)
        self.result("//a:x", self.gtest(passed("one")), run=2)
        self.assertEqual(self.report(exit_code=3).lines(), ["0 passed, 1 failed"])

    def test_last_attempt_counts(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(failed("one")), status="FAILED", attempt=1)
        self.result("//a:x", self.gtest(passed("one")), attempt=2)
        self.assertEqual(self.report().lines(), ["1 passed, 0 failed"])

    def test_skips_have_reasons(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(passed("one"), skipped("two", "no IPv6 here"),
                                        disabled("DISABLED_three")))
        report = self.report()
        self.assertEqual(report.lines(), ["1 skipped: disabled", "1 skipped: no IPv6 here",
                                          "1 passed, 0 failed"])
        self.assertTrue(report.good(skips_allowed=True))
        self.assertFalse(report.good(skips_allowed=False))

    def test_needs_root(self):
        program = self.file("lister", "#!/bin/sh\nprintf 'Suite.\\n  one\\n  two  # note\\n'\n")
        os.chmod(program, stat.S_IRWXU)
        self.target("//a:root", tags=["local", "root"], program=program.replace(" ", "%20"))
        self.target("//a:shell", kind="sh_test rule", tags=["root"])
        self.target("//a:x")
        self.result("//a:x", self.gtest(passed("one")))
        report = self.report(without_root=True)
        self.assertEqual(report.lines(), ["3 skipped: needs root", "1 passed, 0 failed"])
        self.assertFalse(report.good(skips_allowed=False))

    def test_root_tests_that_ran_are_not_skipped(self):
        self.target("//a:root", tags=["local", "root"])
        self.result("//a:root", self.gtest(passed("one")))
        self.assertEqual(self.report().lines(), ["1 passed, 0 failed"])

    def test_nothing_ran(self):
        report = self.report(exit_code=4)
        self.assertEqual(report.lines(), ["0 passed, 0 failed"])
        self.assertFalse(report.good(skips_allowed=True))

    def test_bazel_itself_failed(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(passed("one")))
        for exit_code in (1, 3, 7, 8, 37):
            with self.subTest(exit_code):
                self.assertEqual(self.report(exit_code).lines()[-1], "1 passed, 1 failed")

    def test_interrupted_after_a_failure(self):
        self.target("//a:x")
        self.result("//a:x", self.gtest(failed("one")), status="FAILED")
        self.assertEqual(self.report(exit_code=8).lines()[-1], "0 passed, 2 failed")


if __name__ == "__main__":
    unittest_main.main()

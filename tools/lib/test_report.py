#!/usr/bin/env python3
"""Counts the test cases of one `bazel test` run.

Reads the build events that Bazel wrote (--build_event_json_file) and, of exactly the test targets
named there, the test.xml files; prints one line "N skipped: REASON" per reason, and last
"N passed, N failed".

  * A GoogleTest case is one case; every shard has its own file. A target of another kind is one.
  * One failure each: a target that does not build, a test that crashed, ran out of time or left no
    readable XML, and a test whose cases all passed but which still failed (a leak found at exit).
  * A failed case counts once, however many attempts and runs it had.
  * Skipped: GTEST_SKIP (its first line is the reason), DISABLED_ cases, and all cases of targets
    tagged "root" when these were filtered out (--without-root).
  * When Bazel itself failed in any other way, that is one failure, so that "0 failed" is never
    said of a broken build.

The exit code is 0 only if something passed and nothing failed (nor was skipped, --no-skips).
"""

import argparse
import collections
import json
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

PASSED, FAILED = "passed", "failed"
NEEDS_ROOT = "needs root"
# What `bazel test` exits with when all passed, and when it built everything and found no test.
EXIT_OK, EXIT_NO_TESTS = 0, 4
# And when the events tell the rest: something does not build, some tests failed.
EXIT_BUILD_FAILED, EXIT_TESTS_FAILED = 1, 3


class Report:
    """What became of every case; cases are told apart by target, suite and name."""

    def __init__(self):
        self.outcomes = {}  # (label, suite, name) -> PASSED or FAILED
        self.skipped = collections.Counter()  # reason -> cases
        self.complaints = []  # failures that no test log shows

    def add(self, case, outcome):
        if self.outcomes.get(case) != FAILED:
            self.outcomes[case] = outcome

    def fail_target(self, label, why):
        self.add((label, None, None), FAILED)
        self.complaints.append(f"{label}: {why}")

    def count(self, outcome):
        return sum(1 for each in self.outcomes.values() if each == outcome)

    def lines(self):
        result = [f"FAILED: {complaint}" for complaint in self.complaints]
        result += [f"{count} skipped: {why}" for why, count in sorted(self.skipped.items()) if count]
        result.append(f"{self.count(PASSED)} passed, {self.count(FAILED)} failed")
        return result

    def good(self, skips_allowed):
        some_passed = self.count(PASSED) > 0 and self.count(FAILED) == 0
        return some_passed and (skips_allowed or not +self.skipped)


def path_of(uri):
    """The path of a file: URI."""
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def skip_reason(case):
    """Why this <testcase> did not run, in one line, or None when it did."""
    if case.get("status") == "notrun":
        return "disabled"
    skipped = case.find("skipped")
    if skipped is None:
        return None
    # GoogleTest writes "FILE:LINE", a newline, then what was streamed into GTEST_SKIP().
    text = skipped.get("message") or skipped.text or ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        lines = lines[1:]
    return lines[0] if lines else "no reason given"


def add_xml(report, label, xml_path):
    """Adds the cases of one test.xml; returns how many failed, or None when it is unreadable."""
    try:
        root = ElementTree.parse(xml_path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    failed = 0
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            key = (label, suite.get("name"), case.get("name"))
            if case.find("failure") is not None or case.find("error") is not None:
                report.add(key, FAILED)
                failed += 1
                continue
            reason = skip_reason(case)
            if reason is None:
                report.add(key, PASSED)
            else:
                report.skipped[reason] += 1
    return failed


def gtest_cases(program):
    """How many cases a GoogleTest program has; 1 when it cannot say."""
    try:
        listing = subprocess.run(
            [program, "--gtest_list_tests"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return 1
    return max(1, sum(1 for line in listing.splitlines() if line.startswith("  ")))


class Run:
    """The events of one Bazel run, by target label."""

    def __init__(self, lines):
        self.tests = {}  # label -> (kind, tags)
        self.built = {}  # label -> program, or None
        self.unbuilt = []  # labels
        self.results = {}  # (label, run, shard) -> the last attempt's result
        self.attempt = {}
        for line in lines:
            event = json.loads(line)
            for kind, ident in event["id"].items():
                handler = getattr(self, "_" + kind, None)
                if handler:
                    handler(ident, event)

    def _targetConfigured(self, ident, event):
        configured = event.get("configured", {})
        if "testSize" in configured:
            self.tests[ident["label"]] = (
                configured.get("targetKind", ""), configured.get("tag", []))

    def _targetCompleted(self, ident, event):
        completed = event.get("completed", {})
        if completed.get("success"):
            outputs = completed.get("importantOutput", [])
            self.built[ident["label"]] = path_of(outputs[0]["uri"]) if outputs else None
        else:
            self.unbuilt.append(ident["label"])

    def _testResult(self, ident, event):
        key = (ident["label"], ident.get("run", 1), ident.get("shard", 1))
        attempt = ident.get("attempt", 1)
        if "testResult" in event and attempt >= self.attempt.get(key, 0):
            self.attempt[key] = attempt
            self.results[key] = event["testResult"]


def add_result(report, label, result):
    """Adds what one shard of one test did."""
    good = result.get("status") in ("PASSED", "FLAKY")
    xmls = [output for output in result.get("testActionOutput", []) if output["name"] == "test.xml"]
    failed = add_xml(report, label, path_of(xmls[0]["uri"])) if xmls else None
    if failed is None:
        report.fail_target(label, f"{result.get('status', 'no status')}, and no readable test.xml")
    elif not good and failed == 0:
        report.fail_target(label, f"{result.get('status')}, though no case failed")


def add_root_tests(report, run):
    """Adds as skipped what needs root and was filtered out."""
    ran = {label for label, _, _ in run.results}
    for label, (kind, tags) in run.tests.items():
        if "root" not in tags or label in ran or label in run.unbuilt:
            continue
        program = run.built.get(label)
        is_gtest = program and kind.startswith("cc_test")
        report.skipped[NEEDS_ROOT] += gtest_cases(program) if is_gtest else 1


def make_report(lines, bazel_exit_code, without_root=False):
    """The Report of a run, from the lines of the event file."""
    run = Run(lines)
    report = Report()
    for label in run.unbuilt:
        report.fail_target(label, "does not build")
    for (label, _, _), result in sorted(run.results.items()):
        add_result(report, label, result)
    if without_root:
        add_root_tests(report, run)
    told = report.count(FAILED) > 0 and bazel_exit_code in (EXIT_BUILD_FAILED, EXIT_TESTS_FAILED)
    if bazel_exit_code not in (EXIT_OK, EXIT_NO_TESTS) and not told:
        report.fail_target("the build", f"bazel ended with exit code {bazel_exit_code}")
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bazel-exit-code", type=int, required=True)
    parser.add_argument("--no-skips", action="store_true", help="a skipped case is a failure")
    parser.add_argument("--without-root", action="store_true", help="tag root was filtered out")
    parser.add_argument("events", help="the file of --build_event_json_file")
    arguments = parser.parse_args()
    try:
        with open(arguments.events, encoding="utf-8") as events:
            report = make_report(events, arguments.bazel_exit_code, arguments.without_root)
    except FileNotFoundError:
        report = make_report([], arguments.bazel_exit_code or 1)
    if arguments.no_skips and +report.skipped:
        print("FAILED: nothing may be skipped here (--no-skips)")
    print("\n".join(report.lines()), flush=True)
    sys.exit(0 if report.good(skips_allowed=not arguments.no_skips) else 1)


if __name__ == "__main__":
    main()

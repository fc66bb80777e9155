"""A main function for Python tests: as unittest.main(), and it tells Bazel about every case.

Writes the XML that Bazel asks for in XML_OUTPUT_FILE in GoogleTest's form, so that
`./tools/test` counts the cases of a Python test like those of a C++ one.
"""

import os
import sys
import unittest
import xml.etree.ElementTree as ElementTree


class _Result(unittest.TextTestResult):
    """Keeps the order and the outcome of all cases: id -> [("failure" or "skipped", text)...]."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cases = {}

    def startTest(self, test):
        super().startTest(test)
        self.cases[test.id()] = []

    def _note(self, test, kind, text):
        self.cases.setdefault(test.id(), []).append((kind, text))

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "failure", self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failure", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failure", self._exc_info_to_string(err, subtest))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._note(test, "failure", "unexpected success")


def write_xml(cases, path):
    """Writes the outcomes of _Result.cases to `path`."""
    root = ElementTree.Element("testsuites", tests=str(len(cases)))
    suite = ElementTree.SubElement(root, "testsuite", name="python", tests=str(len(cases)))
    for name, notes in cases.items():
        case = ElementTree.SubElement(suite, "testcase", name=name, status="run")
        for kind, text in notes:
            ElementTree.SubElement(case, kind, message=text)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def main():
    program = unittest.main(exit=False, testRunner=unittest.TextTestRunner(resultclass=_Result))
    if "XML_OUTPUT_FILE" in os.environ:
        write_xml(program.result.cases, os.environ["XML_OUTPUT_FILE"])
    sys.exit(0 if program.result.wasSuccessful() else 1)

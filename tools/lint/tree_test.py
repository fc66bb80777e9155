#!/usr/bin/env python3
"""The determinism lint, run over this source tree.

It reads the real tree and not a copy made by Bazel: no glob and no list of packages stands between
a new file and the lint. Hence the tags in the BUILD file: outside of the sandbox, every time.
"""

import os
import unittest

from tools.lib import unittest_main
from tools.lint import lint


def workspace():
    """The source tree: WORKSPACE is among the test's data, as a link to the real one."""
    return os.path.dirname(os.path.realpath("WORKSPACE"))


class SourceTreeTest(unittest.TestCase):

    def test_is_the_real_tree(self):
        self.assertTrue(os.path.isdir(os.path.join(workspace(), ".git")) or
                        os.path.isfile(os.path.join(workspace(), "LICENSE")), workspace())
        self.assertNotIn("runfiles", workspace())

    def test_no_findings(self):
        lines, count = lint.lint_tree(workspace())
        self.assertGreater(count, 0, "no file was looked at")
        self.assertEqual(lines, [], "\n" + "\n".join(lines))


if __name__ == "__main__":
    unittest_main.main()

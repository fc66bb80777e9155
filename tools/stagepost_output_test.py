#!/usr/bin/env python3
"""What is printed is never lost in silence, whichever command prints it."""

import os
import subprocess
import tempfile
import unittest

from tools.lib import unittest_main

STAGEPOST = os.path.abspath("tools/stagepost")
MAKEMAP = os.path.abspath("mta/bin/makemap")
SCENARIO = os.path.abspath("scenarios/first/delivered.textproto")
EX_IOERR = 74


class OutputTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)
        with open(os.path.join(self.folder, "t.cf"), "w", encoding="ascii") as file:
            file.write("V10/Berkeley\nO Bogus=1\n")
        entries = "".join(f"key{i} value\n" for i in range(10_000))
        subprocess.run([MAKEMAP, "-C", "t.cf", "btree", "m"], cwd=self.folder, check=True,
                       input=entries.encode(), stderr=subprocess.DEVNULL, timeout=60)
        self.commands = [[command] for command in ("--help", "--version")]
        self.commands += [[command, "--help"]
                          for command in ("replay", "campaign", "audit", "lint", "m4", "map")]
        self.commands += [["lint", "t.cf"], ["lint", "--json", "t.cf"], ["m4", "t.cf"],
                          ["map", "get", "m", "key1"], ["map", "list", "m"], ["map", "check", "m"],
                          ["replay", SCENARIO], ["replay", "--json", SCENARIO]]

    def run_into(self, command, output):
        done = subprocess.run([STAGEPOST, *command], cwd=self.folder, stdout=output, check=False,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        return done.returncode, done.stderr

    def test_a_full_disk_is_an_error(self):
        for command in self.commands:
            with self.subTest(command=command), open("/dev/full", "wb") as full:
                code, errors = self.run_into(command, full)
                self.assertEqual(code, EX_IOERR)
                self.assertRegex(errors, r"^stagepost( audit| m4| map| lint)?: standard output")

    def test_a_reader_that_has_gone_is_told_nothing(self):
        for command in self.commands:
            reader, writer = os.pipe()
            os.close(reader)
            with self.subTest(command=command), os.fdopen(writer, "wb") as gone:
                code, errors = self.run_into(command, gone)
                self.assertNotEqual(code, 0)
                self.assertEqual(errors, "")


if __name__ == "__main__":
    unittest_main.main()

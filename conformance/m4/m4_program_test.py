#!/usr/bin/env python3
"""Our m4 as a program: what it says besides GNU m4, where it looks for files, what it runs."""

import os
import signal
import subprocess
import tempfile
import time
import unittest

from conformance.m4 import cases
from conformance.m4 import gnu
from tools.lib import unittest_main

# Where the program looks for sendmail's library by itself.
PLACES = ("/usr/share/sendmail/cf", "/usr/share/sendmail-cf", "/usr/lib/sendmail-cf",
          "/usr/share/sendmail/sendmail-cf", "/usr/local/share/sendmail/cf", "/etc/mail/cf",
          "/usr/lib/mail")


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def ours(self, *arguments, **options):
        out, err, code = gnu.run(gnu.OURS, arguments, self.folder, **options)
        return out.decode(), err.decode(), code

    def test_quote_that_is_never_closed(self):
        self.write("a.mc", "dnl\n  define(`confLOG_LEVEL', `14)dnl\nFEATURE(`x')\n")
        out, err, code = self.ours("a.mc")
        self.assertEqual((out, code), ("  ", 1))
        self.assertEqual(err, "m4:a.mc:2: ERROR: end of file in string\n"
                              "stagepost m4: a.mc:2:27: the quote ` that opens here is never closed\n"
                              "    a ' is missing, or a ` is one too many\n")
        self.assertEqual(self.ours("--terse", "a.mc")[1],
                         "m4:a.mc:2: ERROR: end of file in string\n")

    def test_file_that_is_not_there(self):
        self.write("feature/access_db.m4", "")
        self.write("macros.m4", "define(`FEATURE', `include(`feature/$1.m4')')dnl\n")
        self.write("site.mc", "dnl\n FEATURE(`acces_db')dnl\n")
        self.write("all.mc", "include(`macros.m4')dnl\ninclude(`site.mc')dnl\n")
        self.assertEqual(self.ours("all.mc"), (
            " ", "m4:site.mc:2: cannot open `feature/acces_db.m4': No such file or directory\n"
            "stagepost m4: site.mc:2:2: cannot include feature/acces_db.m4: "
            "No such file or directory\n"
            "    included at all.mc:2:1\n"
            "    did you mean access_db.m4?\n", 1))

    def test_library_that_is_not_there(self):
        if any(os.path.exists(place) for place in PLACES):
            self.skipTest("this machine has sendmail's m4 library installed")
        self.write("a.mc", "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n")
        _, err, code = self.ours("a.mc")
        self.assertEqual(code, 1)
        self.assertIn("m4:a.mc:1: cannot open `/usr/share/sendmail/cf/m4/cf.m4': No such file or "
                      "directory\nstagepost m4: a.mc:1:1: cannot include", err)
        self.assertIn("sendmail's m4 library (m4/cf.m4) is not on this machine. Looked for in:\n    "
                      + "\n    ".join(PLACES), err)
        self.assertIn("or say where: -I DIR", err)
        _, err, code = self.ours("m4/cf.m4")
        self.assertEqual(code, 1)
        self.assertIn("or say where: -I DIR", err)

    def test_library_by_option(self):
        text = cases.minimal("FEATURE(`access_db')")
        self.write("a.mc", text)
        self.write("b.mc", "include(`/nowhere/sendmail-cf/m4/cf.m4')dnl\n" + text)
        library = gnu.library()
        expected = gnu.run(gnu.GNU, ["-D_NO_MAKEINFO_", library + "/m4/cf.m4", "a.mc"], self.folder)
        self.assertEqual(expected[2], 0)
        for arguments in (["-I", library, "m4/cf.m4", "a.mc"], ["-I" + library, "b.mc"],
                          ["--include=" + library, "m4/cf.m4", "a.mc"]):
            ours = gnu.run(gnu.OURS, ["-D_NO_MAKEINFO_", *arguments], self.folder)
            self.assertEqual(ours, expected)

    def test_commands(self):
        self.write("a.m4", "one\nsyscmd(`echo two')three esyscmd(`echo four; echo five >&2')"
                           "sysval syscmd(`exit 3')sysval esyscmd(`kill -9 $$')sysval\n"
                           "syscmd(`pwd')esyscmd(`printf \"%s\" \"`len'(abc)\"')syscmd(`')\n")
        self.assertEqual(gnu.run(gnu.OURS, ["--allow-commands", "a.m4"], self.folder),
                         gnu.run(gnu.GNU, ["a.m4"], self.folder))
        self.assertEqual(self.ours("a.m4"), (
            "one\n", "m4:a.m4:2: ERROR: syscmd refused\n"
            "stagepost m4: a.m4:2:1: without --allow-commands no command is run: echo two\n", 1))
        # What looks like the command of sendmail's library, but is not.
        for command in ("rm -f /tmp/x", "sh /x/sh/makeinfo.sh /x/ > /tmp/x", "sh -c true"):
            self.write("b.m4", "syscmd(`%s')" % command)
            self.assertEqual(self.ours("b.m4")[2], 1, command)

    def test_temporary_files(self):
        self.write("a.m4", "maketemp(`%s/tXXXXXX')" % self.folder)
        out, _, code = self.ours("a.m4")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^%s/t[A-Za-z0-9]{6}$" % self.folder)
        self.assertEqual(os.stat(out).st_mode & 0o7777, 0o600)
        self.write("b.m4", "maketemp(`/nowhere/t')x")
        self.assertEqual(gnu.run(gnu.OURS, ["b.m4"], self.folder)[2], 1)

    def test_order_of_the_command_line(self):
        self.write("a", "x y len(a)\n")
        self.write("i/b", "from i\n")
        self.write("j/b", "from j\n")
        self.write("c", "include(`b')")
        for arguments in (["-Dx=1", "a", "-D", "x=2", "-Ulen", "a"], ["-D", "y", "a"],
                          ["-Ii", "c"], ["-I", "i", "-Ij", "c", "b"], ["c"], ["nosuch", "a"],
                          ["-Dx=a=b", "a"], ["-U", "x", "--", "a"]):
            for variables in ({}, {"M4PATH": "j:i"}):
                self.assertEqual(
                    gnu.run(gnu.OURS, ["--terse", *arguments], self.folder, variables=variables),
                    gnu.run(gnu.GNU, arguments, self.folder, variables=variables), arguments)

    def test_standard_input(self):
        for arguments in ([], ["-"], ["-Dx=1", "-"]):
            results = [gnu.run(program, arguments, self.folder, text=b"x __file__ decr(x)\n")
                       for program in (gnu.OURS, gnu.GNU)]
            self.assertEqual(results[0], results[1])

    def test_directories(self):
        os.mkdir(os.path.join(self.folder, "d"))
        self.write("a", "include(`d')sinclude(`d')undivert(`d')\n")
        for arguments in (["a"], ["d"]):
            self.assertEqual(gnu.run(gnu.OURS, ["--terse", *arguments], self.folder),
                             gnu.run(gnu.GNU, arguments, self.folder))

    def test_signals_end_what_has_no_end(self):
        self.write("a", "define(`f', `f')f")
        with subprocess.Popen([gnu.OURS, "a"], cwd=self.folder) as child:
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
            self.assertEqual(child.wait(timeout=gnu.SECONDS), -signal.SIGINT)

    def test_wrong_usage(self):
        for arguments in (["--nosuch"], ["-I"], ["-Z"]):
            out, err, code = self.ours(*arguments)
            self.assertEqual((out, code), ("", 64))
            self.assertIn("Try: stagepost m4 --help\n", err)
        out, err, code = self.ours("--help")
        self.assertEqual((err, code), ("", 0))
        self.assertIn("usage: stagepost m4", out)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([gnu.OURS, "-"], input=b"text", stdout=full, check=False,
                                  stderr=subprocess.PIPE, timeout=gnu.SECONDS)
        self.assertEqual(done.returncode, 74)


if __name__ == "__main__":
    unittest_main.main()

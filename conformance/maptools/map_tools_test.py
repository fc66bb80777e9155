#!/usr/bin/env python3
"""makemap, editmap and praliases beside sendmail's: everything they do must be the same.

Needs root, since owners matter. cases.py has what is done; here is how it is compared, and what
the tools of one make and those of the other read.
"""

import os
import pty
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

from conformance.maptools import cases
from tools.lib import unittest_main

SENDMAILS = os.path.abspath("external/sendmail_deb/sendmail-bin/usr/libexec/sendmail")
OURS = os.path.abspath("mta/bin")
DATABASES = os.path.abspath("conformance/maptools/database_tool")
VARIABLES = {"PATH": "/usr/bin:/bin", "TZ": "UTC"}
MANY = 100_000


def run(programs, tool, arguments, text="", check=False):
    """Its exit code, output and errors, called by its plain name."""
    done = subprocess.run([tool] + arguments, executable=os.path.join(programs, tool),
                          input=text.encode("latin-1"), capture_output=True, timeout=60,
                          env=VARIABLES, check=check)
    return (done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1"))


def contents(path):
    """A database as libdb reads it; empty if it is none."""
    done = subprocess.run([DATABASES, "dump", path], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def make_database(path, kind, order, pairs):
    text = "".join(f"{key.encode('latin-1').hex()} {value.encode('latin-1').hex()}\n"
                   for key, value in pairs)
    subprocess.run([DATABASES, "make", path, kind, order], input=text, text=True, check=True)


def describe(path):
    status = os.lstat(path)
    plain = stat.S_ISREG(status.st_mode)
    lines = [f"{path} {status.st_mode:o} {status.st_uid} {status.st_gid}"]
    if plain:
        lines.append(f"{path} links={status.st_nlink} bytes={status.st_size}")
    if plain and path.endswith(".db"):
        lines.append(contents(path))
    return lines


def files():
    """Everything below the working directory."""
    lines = []
    for folder, folders, names in os.walk("."):
        for name in folders + names:
            lines += describe(os.path.join(folder, name))
    return sorted(lines)


class ComparisonTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        # Nothing in the path may be somebody else's to write, or there are warnings.
        os.chmod(self.folder, 0o755)
        self.addCleanup(os.chdir, os.getcwd())

    def perform(self, programs, case):
        work = os.path.join(self.folder, "work")
        shutil.rmtree(work, ignore_errors=True)
        os.mkdir(work, 0o755)
        os.chdir(work)
        results = []
        with open("t.cf", "w", encoding="utf-8"):
            pass
        for tool, arguments, text in case:
            if tool == "cf":
                with open("t.cf", "w", encoding="utf-8") as file:
                    file.write(arguments)
            elif tool == "sh":
                subprocess.run(arguments, shell=True, check=True)
            else:
                results.append((*run(programs, tool, arguments, text), files()))
        return results

    def compare(self, group):
        done = cases.GROUPS[group]
        for case in done:
            with self.subTest(case=case):
                self.assertEqual(self.perform(OURS, case), self.perform(SENDMAILS, case))
        print(f"{group}: {len(done)} cases")

    def test_text(self):
        self.compare("text")

    def test_usage(self):
        self.compare("usage")

    def test_owners(self):
        self.compare("owners")

    def test_old_maps(self):
        self.compare("old")

    def test_safety(self):
        self.compare("safety")

    def test_editmap(self):
        self.compare("edit")

    def test_praliases(self):
        self.compare("praliases")


class InterchangeTest(unittest.TestCase):
    """Maps made by one and read by the other."""

    maxDiff = 2000

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        with open("t.cf", "w", encoding="utf-8") as file:
            file.write("V10/Berkeley\nDjmx.example\nO DontProbeInterfaces=True\n" +
                       "O DontBlameSendmail=MapInUnsafeDirPath\n" +
                       f"Kh hash {self.folder}/h\nKb btree {self.folder}/b\n" +
                       f"Kn hash -N {self.folder}/n\n")

    def make(self, programs, *arguments, text):
        self.assertEqual(run(programs, "makemap", ["-C", "t.cf", *arguments], text), (0, "", ""))

    def unmap(self, programs, kind, name):
        code, output, errors = run(programs, "makemap", ["-C", "t.cf", "-u", kind, name])
        self.assertEqual((code, errors), (0, ""))
        return output

    def test_many_entries(self):
        text = "".join(f"user{i}@host{i % 97}.example\tvalue {i} {'x' * (i % 60)}\n"
                       for i in range(MANY))
        for kind in ("hash", "btree"):
            with self.subTest(kind):
                self.make(OURS, kind, "ours", text=text)
                self.make(SENDMAILS, kind, "theirs", text=text)
                output = self.unmap(SENDMAILS, kind, "ours")
                self.assertEqual(sorted(output.splitlines()), sorted(text.splitlines()))
                self.assertTrue(output == self.unmap(OURS, kind, "theirs"), "the order differs")
                aliases = run(SENDMAILS, "praliases", ["-C", "t.cf", "-f", "ours"])[1]
                self.assertEqual(aliases.count("\n"), MANY)
                self.assertTrue(
                    aliases == run(OURS, "praliases", ["-C", "t.cf", "-f", "theirs"])[1])
                for name in ("ours", "theirs"):
                    os.unlink(name + ".db")

    def test_sendmail_finds_what_we_wrote(self):
        for options, kind, name in ([], "hash", "h"), ([], "btree", "b"), (["-N"], "hash", "n"):
            self.make(OURS, "-e", *options, kind, name, text="a first\nempty\nbig@x  " + "v" * 900 +
                      "\n@ @\n")
        asked = "".join(f"/map {name} {key}\n" for name in "hbn"
                        for key in ("a", "empty", "big@x", "@", "missing"))
        # It waits for a name with a dot, and for name servers if there is a network.
        done = subprocess.run(
            ["unshare", "--uts", "--net", "sh", "-c", "hostname mx.example; exec \"$0\" -bt -C t.cf",
             os.path.join(SENDMAILS, "sendmail")],
            input=asked, capture_output=True, text=True, timeout=60, env=VARIABLES, check=False)
        output = done.stdout
        for name in "hbn":
            for key, value in ("a", "first"), ("empty", ""), ("big@x", "v" * 900), ("@", "@"):
                self.assertIn(f"map_lookup: {name} ({key}) returns {value} (0)", output)
            self.assertIn(f"map_lookup: {name} (missing) no match (0)", output)

    def test_duplicates_and_terminators(self):
        text = "a 1\na 2\n@ @\nb\nc\tx y\n"
        for options in ["-e", "-d"], ["-e", "-d", "-N"]:
            for maker, reader in (OURS, SENDMAILS), (SENDMAILS, OURS):
                self.make(maker, *options, "btree", "m", text=text)
                self.assertEqual(self.unmap(reader, "btree", "m"),
                                 "@\t@\na\t1\na\t2\nb\t\nc\tx y\n")
                self.assertEqual(run(reader, "praliases", ["-C", "t.cf", "-f", "m", "@", "a"])[1],
                                 "@:@\na:1\n")

    def test_other_byte_order(self):
        pairs = [(f"key{i}", f"value {i} {'x' * (i * 7 % 5000)}") for i in range(2000)]
        for kind in ("hash", "btree"):
            for order in ("1234", "4321"):
                with self.subTest(kind=kind, order=order):
                    make_database("m.db", kind, order, pairs)
                    expected = self.unmap(SENDMAILS, kind, "m")
                    self.assertEqual(expected.count("\n"), 2000)
                    self.assertTrue(self.unmap(OURS, kind, "m") == expected)
                    # Changed, it is of this machine's order, and sendmail's tools read it.
                    self.assertEqual(
                        run(OURS, "editmap", ["-C", "t.cf", "-u", kind, "m", "key7", "changed"]),
                        (0, "", ""))
                    self.assertEqual(
                        run(SENDMAILS, "editmap", ["-C", "t.cf", "-q", kind, "m", "key7"]),
                        (0, "changed\n", ""))
                    self.assertEqual(self.unmap(SENDMAILS, kind, "m").count("\n"), 2000)
                    os.unlink("m.db")

    def test_a_damaged_map_is_an_error(self):
        self.make(OURS, "hash", "m", text="".join(f"key{i} value {i}\n" for i in range(1000)))
        with open("m.db", "r+b") as file:
            file.seek(5 * 4096 + 20)
            file.write(b"\xff" * 200)
        before = contents("m.db")
        code, _, errors = run(OURS, "makemap", ["-C", "t.cf", "-o", "hash", "m"], "new 1\n")
        self.assertIn(code, (73, 74))
        self.assertIn("makemap: ", errors)
        self.assertEqual(contents("m.db"), before)
        self.assertEqual(run(OURS, "editmap", ["-C", "t.cf", "-u", "hash", "m", "new", "1"])[0], 74)
        self.assertEqual(sorted(os.listdir(".")), ["m.db", "t.cf"])

    def test_changes_at_the_same_time_are_all_made(self):
        def start(tool, *arguments, text=""):
            process = subprocess.Popen([os.path.join(OURS, tool), "-C", "t.cf", *arguments],
                                       stdin=subprocess.PIPE, env=VARIABLES)
            process.stdin.write(text.encode())
            process.stdin.close()
            return process

        processes = [start("editmap", "-u", "hash", "m", f"key{i}", "1") for i in range(20)]
        self.assertEqual([process.wait() for process in processes], [0] * 20)
        processes = [start("editmap", "-x", "hash", "m", f"key{i}") for i in range(10)]
        processes += [start("makemap", "-o", "hash", "m", text=f"new{i} 1\n") for i in range(10)]
        self.assertEqual([process.wait() for process in processes], [0] * 20)
        expected = [f"key{i}\t1" for i in range(10, 20)] + [f"new{i}\t1" for i in range(10)]
        self.assertEqual(sorted(self.unmap(SENDMAILS, "hash", "m").splitlines()), sorted(expected))
        self.assertEqual(sorted(os.listdir(".")), ["m.db", "t.cf"])

    def test_output_that_cannot_be_written_is_an_error(self):
        """Not so sendmail's: 0, and nothing is said."""
        self.make(OURS, "hash", "m", text="a 1\n")
        for tool, *arguments in (("makemap", "-l"), ("makemap", "-u", "hash", "m"),
                                 ("makemap", "-v", "hash", "n"), ("editmap", "-q", "hash", "m", "a"),
                                 ("praliases", "-l"), ("praliases", "-f", "m"),
                                 ("praliases", "-f", "m", "a")):
            with self.subTest(tool=tool, arguments=arguments), open("/dev/full", "wb") as full:
                done = subprocess.run([tool, "-C", "t.cf", *arguments], stdout=full, input=b"b 2\n",
                                      executable=os.path.join(OURS, tool), stderr=subprocess.PIPE,
                                      check=False, timeout=60, env=VARIABLES)
                self.assertEqual((done.returncode, done.stderr.decode()),
                                 (74, f"{tool}: standard output: No space left on device\n"))
        # The map was asked for, and is there.
        self.assertEqual(self.unmap(SENDMAILS, "hash", "n"), "b\t2\n")

    def test_a_terminal_sees_progress(self):
        """And nobody else does."""
        for errors_to in "terminal", "pipe":
            reader, writer = pty.openpty() if errors_to == "terminal" else os.pipe()
            with subprocess.Popen([os.path.join(OURS, "makemap"), "-C", "t.cf", "hash", "m"],
                                  stdin=subprocess.PIPE, stderr=writer, env=VARIABLES) as process:
                process.stdin.write(b"a 1\nb 2\n")
                process.stdin.flush()
                time.sleep(2.2)  # it speaks every two seconds
                process.stdin.write(b"c 3\n")
                process.stdin.close()
                self.assertEqual(process.wait(timeout=60), 0)
            os.set_blocking(reader, False)
            try:
                said = os.read(reader, 4096).decode()
            except BlockingIOError:
                said = ""
            self.assertEqual(said, "makemap: m: 3 lines\r\n" if errors_to == "terminal" else "")
            os.close(writer)
            os.close(reader)

    def test_no_configuration_of_libdb_is_read(self):
        with open("DB_CONFIG", "w", encoding="utf-8") as file:
            file.write("set_data_dir /nonexistent\nset_cachesize 0 1 1\nnonsense\n")
        self.make(OURS, "hash", "m", text="a 1\n")
        self.assertEqual(self.unmap(OURS, "hash", "m"), "a\t1\n")


class UserTest(unittest.TestCase):
    """Without root's rights."""

    def test_a_user_makes_maps_of_his_own(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            work = os.path.join(folder, "work")
            os.mkdir(work, 0o700)
            os.chown(work, 65534, 65534)
            with open(os.path.join(work, "t.cf"), "w", encoding="utf-8") as file:
                file.write("O TrustedUser=daemon\n")
            tools = os.path.join(folder, "tools")  # where that user can reach them
            os.mkdir(tools, 0o755)
            for tool in ("makemap", "editmap"):
                shutil.copy(os.path.join(OURS, tool), tools)
            script = ("umask 077; echo 'a 1' | TOOLS/makemap -C t.cf hash m && "
                      "TOOLS/editmap -C t.cf -u hash m b 2 && TOOLS/makemap -C t.cf -u hash m"
                      ).replace("TOOLS", tools)
            done = subprocess.run(["sh", "-c", script], cwd=work, user=65534, group=65534,
                                  extra_groups=[], capture_output=True, text=True, check=False,
                                  env=VARIABLES)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(sorted(done.stdout.splitlines()), ["a\t1", "b\t2"])
            status = os.stat(os.path.join(work, "m.db"))
            self.assertEqual((status.st_uid, status.st_mode & 0o7777), (65534, 0o600))


if __name__ == "__main__":
    unittest_main.main()

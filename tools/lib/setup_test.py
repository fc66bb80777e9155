#!/usr/bin/env python3
"""Tests of tools/setup.sh, with stand-ins for dpkg-query, apt-get, sudo and id."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from tools.lib import unittest_main

# The order of calls is written to $CALLS. dpkg-query says what $INSTALLED holds.
STAND_INS = {
    "dpkg-query": 'for p in $INSTALLED; do echo "$p installed"; done; exit 1',
    "id": 'echo "$USER_ID"',
    "sudo": '[ "$SUDO" = works ] || exit 1; [ "$1" = -n ] && shift; exec "$@"',
    "apt-get": 'echo "apt-get $*" >> "$CALLS"; case "$*" in *--simulate*) exit $SIMULATE;; '
               '*" install "*) [ -z "$FAILING" ];; esac',
}


def rows_of(name):
    """The rows of a table in tools/setup.sh: pairs of a group and a package."""
    with open("tools/setup.sh", encoding="utf-8") as file:
        rows = file.read().split(f'{name}="')[1].split('"')[0]
    return re.findall(r"^(\w+)\|([\w.+-]+)\|\S.*$", rows, re.MULTILINE)


def table():
    """The packages that tools/setup.sh installs: name -> group."""
    return {package: group for group, package in rows_of("SETUP_PACKAGES")}


def unpacked():
    """The packages that tools/setup.sh unpacks for tests."""
    return [package for group, package in rows_of("SETUP_UNPACKED") if group == "test"]


class SetupTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name, body in STAND_INS.items():
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{body}\n")
            os.chmod(path, stat.S_IRWXU)
        self.calls = os.path.join(self.folder, "calls")
        # Where all has been unpacked already.
        self.workspace = os.path.join(self.folder, "workspace")
        for _, package in rows_of("SETUP_UNPACKED"):
            os.makedirs(os.path.join(self.workspace, ".deps", package), exist_ok=True)
        os.mkdir(os.path.join(self.workspace, "tools"))
        shutil.copy("tools/setup.sh", os.path.join(self.workspace, "tools"))

    def run_setup(self, *groups, installed=(), user=0, **variables):
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "CALLS": self.calls, "SIMULATE": "0",
                       "FAILING": "", "INSTALLED": " ".join(installed), "USER_ID": str(user),
                       "SUDO": "", **variables}
        done = subprocess.run(["bash", "tools/setup.sh", *groups], env=environment, check=False,
                              cwd=self.workspace, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        self.assertEqual(done.stdout, "")
        calls = []
        if os.path.exists(self.calls):
            with open(self.calls, encoding="utf-8") as file:
                calls = [re.sub(r" -\S+(=\S+)?| DPkg\S+| Dpkg\S+", "", line.strip())
                         for line in file if "--simulate" not in line]
        return done.returncode, done.stderr, calls

    def everything(self, group):
        return [package for package, each in table().items() if each == group]

    def test_nothing_missing(self):
        code, said, calls = self.run_setup("build", installed=table())
        self.assertEqual((code, said, calls), (0, "", []))

    def test_installs_what_is_missing_and_says_why(self):
        installed = set(table()) - {"clang-19", "libre2-dev"}
        code, said, calls = self.run_setup("build", installed=installed)
        self.assertEqual((code, calls), (0, ["apt-get install clang-19 libre2-dev"]))
        self.assertRegex(said, r"clang-19 +the C\+\+20 compiler")

    def test_groups(self):
        build = self.everything("build")
        self.assertEqual(self.run_setup("build", installed=build)[2], [])
        calls = self.run_setup("build", "quickstart", installed=build)[2]
        self.assertEqual(calls, ["apt-get install " + " ".join(self.everything("quickstart"))])

    def test_unknown_group(self):
        self.assertEqual(self.run_setup("nonsense")[0], 64)

    def test_refreshes_the_lists_when_they_do_not_know_a_package(self):
        code, _, calls = self.run_setup("quickstart", SIMULATE="1")
        self.assertEqual(code, 0)
        self.assertEqual(calls[0], "apt-get update")
        self.assertEqual(len(calls), 2)

    def test_refreshes_the_lists_when_an_installation_fails(self):
        code, said, calls = self.run_setup("quickstart", FAILING="yes")
        self.assertEqual(code, 69)
        self.assertEqual([call.split()[1] for call in calls], ["install", "update", "install"])
        self.assertIn("apt-get install --no-install-recommends swaks", said)

    def test_sudo(self):
        code, _, calls = self.run_setup("quickstart", user=1000, SUDO="works")
        self.assertEqual((code, calls), (0, ["apt-get install swaks"]))

    def test_neither_root_nor_sudo(self):
        code, said, calls = self.run_setup("quickstart", user=1000)
        self.assertEqual((code, calls), (69, []))
        self.assertIn("apt-get update && apt-get install --no-install-recommends swaks", said)


class UnpackTest(unittest.TestCase):
    """What `setup.sh test` leaves in .deps, in a folder of its own."""

    APT_GET = """case "$*" in
      *"update"*) touch "$LISTS" ;;
      *" download "*) [ -z "$STALE" ] || [ -e "$LISTS" ] || exit 100
        for package; do :; done; echo > "${package}_1_all.deb" ;;
    esac
    """
    DPKG_DEB = '[ -z "$BROKEN" ] || exit 2; mkdir -p "$3/usr" && echo of "$2" > "$3/usr/file"'

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.mkdir(os.path.join(self.folder, "tools"))
        with open("tools/setup.sh", encoding="utf-8") as file:
            self.write("tools/setup.sh", file.read())
        self.write("bin/apt-get", "#!/bin/sh\n" + self.APT_GET)
        self.write("bin/dpkg-deb", "#!/bin/sh\n" + self.DPKG_DEB)
        for name in ("dpkg-query", "id"):
            self.write(f"bin/{name}", f"#!/bin/sh\n{STAND_INS[name]}\n")

    def write(self, path, text):
        full = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(full, stat.S_IRWXU)

    def run_setup(self, group="test", **variables):
        environment = {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "INSTALLED": " ".join(table()),
                       "USER_ID": "0", "LISTS": os.path.join(self.folder, "lists"), "STALE": "",
                       "BROKEN": "", **variables}
        done = subprocess.run(["bash", "tools/setup.sh", group], env=environment, check=False,
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        deps = os.path.join(self.folder, ".deps")
        return done.returncode, done.stderr, sorted(os.listdir(deps)) if os.path.isdir(deps) else []

    def test_unpacks_each_once(self):
        code, said, found = self.run_setup()
        self.assertEqual((code, found), (0, sorted(unpacked())))
        self.assertIn("the m4 library", said)
        self.assertEqual(self.run_setup()[:2], (0, ""))

    def test_renews_the_lists(self):
        self.assertEqual(self.run_setup(STALE="yes")[2], sorted(unpacked()))

    def test_unpacks_what_a_group_needs(self):
        wanted = sorted(p for group, p in rows_of("SETUP_UNPACKED") if group == "quickstart")
        self.assertTrue(wanted)
        self.assertEqual(self.run_setup(group="quickstart")[2], wanted)

    def test_leaves_nothing_half_done(self):
        code, said, found = self.run_setup(BROKEN="yes")
        self.assertEqual((code, found), (69, []))
        self.assertIn("apt-get download sendmail-bin", said)


class TableTest(unittest.TestCase):

    def test_every_library_that_is_linked_is_installed(self):
        root = os.path.dirname(os.path.realpath("WORKSPACE"))
        used = set()
        for folder, folders, files in os.walk(root):
            folders[:] = [each for each in folders
                          if not each.startswith((".", "bazel-")) and each != "third_party"]
            for name in files:
                if name in ("BUILD.bazel", "defs.bzl"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        used |= set(re.findall(r'"@(\w+)', file.read()))
        self.assertIn("absl", used)
        for library in sorted(used):
            path = os.path.join(root, "third_party", library + ".BUILD")
            with self.subTest(library), open(path, encoding="utf-8") as file:
                text = file.read()
                if library == "sendmail_deb":
                    folders = re.findall(r'"([a-z]+(?:-\w+)?)/usr', text)
                    self.assertTrue(folders)
                    self.assertLessEqual(set(folders), set(unpacked()))
                    continue
                packages = re.findall(r"\blib[\w.+-]+-dev\b", text)
                self.assertTrue(packages, f"{path} names no Debian package")
                self.assertLessEqual(set(packages), set(table()), "missing in tools/setup.sh")


if __name__ == "__main__":
    unittest_main.main()

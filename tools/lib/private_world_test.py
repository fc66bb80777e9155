#!/usr/bin/env python3
"""Tests of tools/lib/private_world, with stand-ins for sendmail and mail.local.

As root, where the kernel allows it, the world is one of namespaces, else a directory; both have to
keep the same promises.
"""

import os
import signal
import subprocess
import tempfile
import time
import unittest

from tools.lib import unittest_main

SCRIPT = os.path.abspath("tools/lib/private_world")


def command_lines():
    """Those of all processes."""
    lines = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as file:
                lines.append(file.read())
        except OSError:
            pass  # it has ended
    return lines


class PrivateWorldTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.programs = os.path.join(folder.name, "programs")
        self.temporary = os.path.join(folder.name, "tmp")
        os.mkdir(self.programs)
        os.mkdir(self.temporary)
        os.chmod(folder.name, 0o755)
        for name in ("sendmail", "mail.local"):
            path = os.path.join(self.programs, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\necho {name} speaking\n")
            os.chmod(path, 0o755)

    def start(self, script):
        return subprocess.Popen(
            [SCRIPT, self.programs, "bash", "-uc", 'root=${STAGEPOST_ROOT:-}; ' + script],
            env={"PATH": os.environ["PATH"], "TMPDIR": self.temporary, "HOME": "/nonexistent"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run_in_world(self, script, expect=0):
        process = self.start(script)
        output = process.communicate(timeout=50)[0]
        self.assertEqual(process.returncode, expect, output)
        self.assertEqual(os.listdir(self.temporary), [])
        return output

    def test_has_what_a_mail_system_needs(self):
        output = self.run_in_world(
            'cat "$root/etc/mail/local-host-names"; '
            '"$root/usr/libexec/sendmail/sendmail"; "$root/usr/libexec/sendmail/mail.local"; '
            'grep -c "^$WORLD_USER:" "$root/etc/passwd"; '
            'stat -c %a "$root/var/spool/mqueue" "$root/var/mail"; '
            'ls "$root/var/spool/mqueue" "$root/var/mail" | wc -w')
        self.assertEqual(output.split("\n")[:6],
                         ["mail.example", "sendmail speaking", "mail.local speaking", "1", "700",
                          "1777"])

    def test_has_devices(self):
        self.run_in_world('for d in null zero urandom; do [[ -c /dev/$d ]] || exit; done; '
                          'echo x >/dev/null && [[ -z $(</dev/null) ]] && '
                          '[[ $(head -c 3 /dev/zero | wc -c) == 3 ]]')

    def test_passes_the_exit_code_on(self):
        self.run_in_world("exit 17", expect=17)

    def test_touches_nothing_of_the_machine(self):
        files = ("/etc/passwd", "/etc/group", "/var/mail", "/var/log", "/var/spool", "/dev")

        def state():
            return [(path, os.stat(path).st_ino, os.stat(path).st_mtime_ns) for path in files]
        before = state()
        self.run_in_world('for d in etc etc/mail var/mail var/spool/mqueue var/log dev; do '
                          'echo x >"$root/$d/stagepost-was-here" || exit; done')
        # Other programs make devices and files, too; what matters is ours.
        self.assertEqual([row[:2] for row in before], [row[:2] for row in state()])
        for folder in ("/etc", "/etc/mail", "/var/mail", "/var/spool/mqueue", "/var/log", "/dev"):
            self.assertFalse(os.path.exists(f"{folder}/stagepost-was-here"), folder)

    def test_is_gone_after_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number):
                process = self.start("echo $WORLD_KIND; exec sleep 1000")
                self.assertIn(process.stdout.readline(), ("namespaces\n", "directory\n"))
                process.send_signal(number)
                process.wait(timeout=20)
                process.stdout.close()
                self.assertNotEqual(process.returncode, 0)
                self.assertEqual(os.listdir(self.temporary), [])

    def test_namespaces_take_everything_with_them(self):
        mark = f"{time.time_ns() % 10**9 + 10**9}"  # of a sleep that nobody else has
        output = self.run_in_world(
            "echo $WORLD_KIND; [[ $WORLD_KIND == namespaces ]] || exit 0; "
            f"setsid sleep {mark} >/dev/null 2>&1 & sleep 0.3")
        if output != "namespaces\n":
            self.skipTest("needs root")
        self.assertNotIn(f"sleep\0{mark}\0", command_lines())

    def test_namespaces_have_a_system_log(self):
        output = self.run_in_world(
            'echo $WORLD_KIND; [[ $WORLD_KIND == namespaces ]] || exit 0; python3 -c '
            '\'import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); '
            's.connect("/dev/log"); s.send(b"<22>Nov 20 08:01:02 sm-mta[7]: hello\\n")\'; '
            'for i in {1..50}; do [[ -s /var/log/maillog ]] && break; sleep 0.1; done; '
            'cat /var/log/maillog')
        if output == "directory\n":
            self.skipTest("needs root")
        self.assertEqual(output, "namespaces\nNov 20 08:01:02 sm-mta[7]: hello\n")

    def test_explains_itself(self):
        done = subprocess.run([SCRIPT, "/nonexistent", "true"], check=False, capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 64)
        self.assertIn("PROGRAMS COMMAND", done.stderr)


if __name__ == "__main__":
    unittest_main.main()

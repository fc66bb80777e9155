#!/usr/bin/env python3
"""The recorded SMTP scenarios that need no more than receiving, played against the real daemon.

Runs check_smtp.py of conformance/oracle/smtp, as an administrator would: root, namespaces of its
own, our sendmail in the place of the recorded one. Run by Bazel:
//conformance/smtp:smtp_receive_live.
"""
import os
import subprocess
import sys
import unittest

from tools.lib import unittest_main

CHECK = 'conformance/oracle/smtp/check_smtp.py'
# .deps itself, since the recorder's world is made of whole folders.
UNPACKED = os.path.realpath('external/sendmail_deb/sendmail-cf/usr/share/sendmail/cf/m4/cf.m4'
                            ).split('/sendmail-cf/')[0]


class SmtpLive(unittest.TestCase):
    """One test for the whole group: the world is built once."""

    def test_receive(self):
        """Every item of every scenario agrees."""
        environment = {**os.environ, 'ORACLE_DIR': UNPACKED}
        checked = subprocess.run(
            [sys.executable, CHECK, '--sendmail', os.path.abspath('mta/bin/sendmail'),
             '--without', 'AUTH,STARTTLS', '--group', 'receive', '--show', '9'],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8',
            errors='replace', check=False)
        print(checked.stdout)
        self.assertEqual(checked.returncode, 0, checked.stdout[-4000:])


if __name__ == '__main__':
    unittest_main.main()

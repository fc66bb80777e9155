#!/usr/bin/env python3
"""The attack catalogue's groups A to D, L to N, Q to S, played in the simulated world.

usage: attacks_test.py [--only ID,...] [--verbose]

Every line of those groups is a row of rows_*.py: played here, covered by another test, or with the
reason why not. Of what is played are checked the replies, what stays in the queue, who got what,
that no connection was made to elsewhere, how long it took, and that the server serves afterwards.
Run by Bazel: //conformance/attacks:attacks_test.
"""
import argparse
import json
import os
import re
import resource
import subprocess
import sys
import unittest

from conformance.attacks import attack_rows as rows
from conformance.attacks import rows_a, rows_b, rows_c, rows_d, rows_l, rows_m, rows_n, rows_q
from conformance.attacks import rows_r, rows_s
from tools.lib import unittest_main

COMMON = os.path.join('conformance', 'oracle', 'common')
LIBRARY = 'external/sendmail_deb/sendmail-cf/usr/share/sendmail/cf'
PLAYER = 'conformance/smtp/simulated_smtp'
GROUPS = {'R': (76, rows_r), 'A': (30, rows_a), 'D': (43, rows_d), 'S': (34, rows_s),
          'L': (45, rows_l), 'Q': (20, rows_q), 'M': (18, rows_m), 'N': (16, rows_n),
          'B': (28, rows_b), 'C': (15, rows_c)}
# Beside the catalogue: what a hostile peer or user may throw at a server.
MORE = {'H': rows_d.HOSTILE, 'C': rows_c.PLAYED}
OPTIONS = argparse.Namespace(only=None, verbose=False)

FRIENDLY = rows.talk(*rows.envelope(), rows.message('still serving'), rows.QUIT,
                     client=rows.FRIEND)


def scenario(case, name):
    """What the player is given."""
    steps = case.steps + ([{'do': 'wait', 's': case.wait}, FRIENDLY] if case.serves else [])
    return {'name': name, 'title': name, **case.site, 'capture': list(case.files),
            'steps': [{k: v for k, v in step.items() if v is not None} for step in steps]}, steps


def play(scenarios):
    """Their transcripts."""
    lines = ''.join(json.dumps(s) + '\n' for s in scenarios)
    played = subprocess.run([PLAYER, f'{COMMON}/zone.json', f'{COMMON}/hosts', LIBRARY],
                            input=lines, stdout=subprocess.PIPE, encoding='utf-8', check=True)
    return [json.loads(line) for line in played.stdout.splitlines()]


def bounded():
    """No machine shall suffer if a bound does not hold."""
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))


def play_alone(one):
    """Its transcript, and the largest size in MB that the player had."""
    with subprocess.Popen([PLAYER, f'{COMMON}/zone.json', f'{COMMON}/hosts', LIBRARY],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          encoding='utf-8', preexec_fn=bounded) as player:
        player.stdin.write(json.dumps(one) + '\n')
        player.stdin.close()
        output = player.stdout.read()
        _, status, usage = os.wait4(player.pid, 0)
        player.returncode = status
    return json.loads(output), usage.ru_maxrss / 1024


def replies(events, count):
    """What came of each item of the script; [-1] is the greeting."""
    of_items = [[] for _ in range(count + 1)]
    at = count
    for _, who, line in events:
        if who == '@':
            at = int(line)
        elif who == '*' and line.startswith('@not sent '):
            of_items[int(line[10:])] = ['(not sent)']
        else:
            of_items[at].append(line if who == 'S' else f'({line})')
    return ['\n'.join(lines) for lines in of_items]


def clients_of(steps):
    """The steps that leave something in the transcript, in the order in which they do."""
    for step in steps:
        if step['do'] == 'parallel':
            yield from step['clients'] * step['copies']
        elif step['do'] in ('smtp', 'run'):
            yield step


def messages_of(mailbox):
    """A mailbox's messages."""
    return re.split(r'^From ', mailbox, flags=re.MULTILINE)[1:]


class Attacks(unittest.TestCase):
    """Every row."""

    maxDiff = None

    def check_step(self, step, got):
        """Replies to a dialogue, or the outcome of a program."""
        if step['do'] == 'run':
            said = got.get('stdout', '') + got.get('stderr', '')
            self.assertNotIn('timed_out', got, step['argv'])
            if step['expect_output'] is not None:
                self.assertRegex(said, step['expect_output'], step['argv'])
            if step['expect_exit'] is not None:
                self.assertEqual(got.get('exit'), step['expect_exit'], said)
            return
        said = replies(got['events'], len(step['script']))
        for say, expect, reply in zip(step['script'], step['expect'], said):
            if expect is None:
                continue
            if not re.match(expect, reply):
                self.fail(f'{str(say)[:300]}\n  from {step["from"]}\n  expected {expect}\n'
                          f'  got      {reply[:600]}')

    def check_mail(self, case, after):
        """Who got what."""
        expected = dict(case.mail)
        for user, mailbox in sorted(after['mailboxes'].items()):
            got = messages_of(mailbox)
            if user == 'alice' and case.serves:
                clean = [m for m in got if '\nSubject: still serving\n' in m]
                self.assertEqual(len(clean), 1, 'the clean message')
                got = [m for m in got if m not in clean]
            want = expected.pop(user, 0)
            if isinstance(want, int):
                self.assertEqual(len(got), want, f'{user}: {str(got)[:2000]}')
                continue
            self.assertEqual(len(got), len(want), f'{user}: {str(got)[:2000]}')
            for expression, one in zip(want, got):
                self.assertRegex(one, re.compile(expression, re.MULTILINE | re.DOTALL))
        self.assertFalse({u: w for u, w in expected.items() if w}, 'mail for those who got none')

    def check_case(self, case, steps, got):
        """Everything of one world."""
        self.assertNotIn('failed', got)
        self.assertNotIn('skipped', got)
        shown = [s for s in got['steps'] if s['type'] in ('smtp', 'run')]
        asked = list(clients_of(steps))
        self.assertEqual(len(shown), len(asked))
        for step, transcript in zip(asked, shown):
            self.check_step(step, transcript)
        after = got['after']
        envelopes = [n for n in after['queue'] if os.path.basename(n)[:2] in ('qf', 'Qf', 'hf')]
        self.assertEqual(len(envelopes), case.queue, after['queue'])
        self.check_mail(case, after)
        self.assertEqual(sorted(set(got['connections'])), sorted(case.connections))
        told = ['\n'.join(line for _, who, line in step['events'] if who == 'C')
                for step in got['steps'] if step['type'] == 'nexthop']
        for expression, one in zip(case.sent, told):
            self.assertRegex(one, re.compile(expression, re.MULTILINE | re.DOTALL))
        self.assertGreaterEqual(len(told), len(case.sent))
        log = [line for _, _, line in got['syslog']]
        for expression in case.log:
            self.assertTrue(any(re.search(expression, line) for line in log),
                            f'{expression} in\n' + '\n'.join(log)[:6000])
        for expression in case.not_log:
            self.assertFalse([line for line in log if re.search(expression, line)])
        for path, expression in case.files.items():
            file = after['files'][path]
            if expression is None:
                self.assertFalse(file, path)
            else:
                self.assertRegex(f"{file.get('type')} {int(file.get('mode', 0)):o} "
                                 f"{file.get('text', '')}", expression)
        self.assertLessEqual(got['seconds'], case.seconds)

    def test_rows(self):
        """Replies, queue, mailboxes, connections, time."""
        cases, alone = [], []
        for row in wanted(rows.Row):
            for number, case in enumerate(row.cases):
                name = f'{row.id}.{number}'
                (cases if case.megabytes is None else alone).append((name, case))
        plans = [scenario(case, name) for name, case in cases]
        for (name, case), (_, steps), got in zip(cases, plans, play([p for p, _ in plans])):
            with self.subTest(name):
                show(name, got)
                self.check_case(case, steps, got)
        for name, case in alone:
            plan, steps = scenario(case, name)
            got, size = play_alone(plan)
            with self.subTest(name):
                show(name, got)
                print(f'{name}: {size:.0f} MB')
                self.check_case(case, steps, got)
                self.assertLess(size, case.megabytes)

    def test_relays(self):
        """Each envelope of group R from each client, at the plain and the hardened server."""
        forms = wanted(rows.Relay)
        sites = {'plain': rows.PLAIN, 'hardened': rows.HARDENED}
        worlds = [(where, client) for where in sites for client in (
            rows.STRANGER, rows.STRANGER6, rows.NO_NAME, rows.INSIDE, rows.LOOPBACK, rows.OWN6)]
        plans = []
        for where, client in worlds:
            steps = [rows.DAEMON]
            for form in forms:
                steps += [relay_talk(form, where, client), rows.SNAPSHOT]
            plans.append(scenario(rows.Case(sites[where], steps), f'relays from {client}'))
        for (where, client), (_, steps), got in zip(worlds, plans, play([p for p, _ in plans])):
            self.assertNotIn('failed', got)
            talks = [s for s in got['steps'] if s['type'] == 'smtp']
            states = [s for s in got['steps'] if s['type'] == 'snapshot']
            for number, form in enumerate(forms):
                with self.subTest(form.id, client=client, where=where):
                    self.check_step(steps[1 + 2 * number], talks[number])
                    self.assertFalse(states[number]['queue'])
                    self.assertFalse(states[number]['mailboxes'])
            with self.subTest('afterwards', client=client, where=where):
                self.check_case(rows.Case(sites[where], []), steps[-1:],
                                {**got, 'steps': talks[-1:]})

    def test_catalogue(self):
        """Every line once; what is covered elsewhere is there; the numbers of the rest."""
        for letter, (count, module) in GROUPS.items():
            ids = [row.id for row in module.ROWS]
            self.assertEqual(ids, [f'{letter}{n:02}' for n in range(1, count + 1)])
            kinds = {}
            for row in module.ROWS:
                if isinstance(row, rows.NotApplicable):
                    need = row.why.partition(':')[0]
                    self.assertIn(need, rows.NEEDS, row.id)
                    kinds.setdefault(f'not applicable: {need}', []).append(row.id)
                elif isinstance(row, rows.Elsewhere):
                    for test in row.tests:
                        self.assert_exists(row.id, test)
                    kinds.setdefault('elsewhere', []).append(row.id)
                else:
                    kinds.setdefault('played', []).append(row.id)
            for kind, which in sorted(kinds.items()):
                print(f'group {letter}: {len(which)} {kind}: {" ".join(which)}')

    def assert_exists(self, row, test):
        """FILE, or FILE:TEST."""
        path, _, name = test.partition(':')
        self.assertTrue(os.path.exists(path), f'{row}: {path}')
        if name:
            with open(path, encoding='utf-8') as f:
                self.assertRegex(f.read(), rf'TEST(_F)?\(\w+, {name}\)', row)


def relay_talk(form, where, client):
    """The dialogue of one form."""
    mail, rcpt = form.replies(where, client)
    return rows.talk(rows.HELO, (form.mail, mail), (form.rcpt, rcpt), ('RSET', '250'),
                     ('NOOP', '250'), rows.QUIT, client=client)


def wanted(kind):
    """The rows of this kind that were asked for."""
    every = [row for _, module in GROUPS.values() for row in module.ROWS]
    every += [row for more in MORE.values() for row in more]
    only = OPTIONS.only and OPTIONS.only.split(',')
    return [row for row in every if isinstance(row, kind) and (not only or row.id in only)]


def show(name, got):
    """Everything, if that was asked for."""
    if OPTIONS.verbose:
        print(name, json.dumps(got, indent=1)[:100000])


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only')
    parser.add_argument('--verbose', action='store_true')
    parser.parse_args(namespace=OPTIONS)
    del sys.argv[1:]
    unittest_main.main()

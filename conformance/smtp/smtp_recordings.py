#!/usr/bin/env python3
"""What sendmail answered in SMTP dialogues and to commands, asked of ours in the simulated world.

usage: smtp_recordings.py [--folder NAME] [--group NAME,...] [--only NAME,...] [--show N]

Plays the scenarios of conformance/oracle/smtp, or of another folder beside it (all of them
then), in the simulated world (simulated_smtp.cc) and
compares the transcripts as check_smtp.py does with a live program: every server line, exit code,
output, mailbox and queue. A scenario that needs what the simulated world does not have is skipped,
with the reason; the number of those is part of the test. Needs neither root nor a network.
Run by Bazel: //conformance:smtp_receive.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import unittest

ORACLE = os.path.join('conformance', 'oracle')
SMTP = os.path.join(ORACLE, 'smtp')
LIBRARY = 'external/sendmail_deb/sendmail-cf/usr/share/sendmail/cf'
PROGRAM = 'conformance/smtp/simulated_smtp'
sys.path.insert(0, SMTP)
import check_smtp  # noqa: E402
import record  # noqa: E402
from tools.lib import unittest_main  # noqa: E402

# Keywords of EHLO that come with later work.
WITHOUT = ('AUTH', 'STARTTLS')
OPTIONS = argparse.Namespace(folder='smtp', group='receive', only=None, show=3)


def folder():
    """Where the scenarios and their recordings are."""
    return os.path.join(ORACLE, OPTIONS.folder)


def wanted():
    """The scenarios to be played, as record.py has them."""
    if OPTIONS.folder != 'smtp':
        names = OPTIONS.only.split(',') if OPTIONS.only else None
        return [s for s in record.load(os.path.join(folder(), 'scenarios.py'))
                if names is None or s['name'] in names]
    with open(os.path.join(SMTP, 'groups.txt'), encoding='utf-8') as f:
        groups = dict(line.strip().split(': ') for line in f if not line.startswith('#'))
    names = OPTIONS.only.split(',') if OPTIONS.only else [
        name for group in OPTIONS.group.split(',') for name in groups[group].split()]
    scenarios = record.load(os.path.join(SMTP, 'scenarios.py'))
    return [s for s in scenarios if s['name'] in names]


# What the recordings' shell does with text that follows it.
HERE_DOCUMENT = re.compile(r"cat >(\S+) <<'EOF'\n(.*)EOF\n", re.DOTALL)

KILL = re.compile(r'kill -(HUP|TERM) \$\(head -1 (\S+)\); sleep 1(?:; ls .*)?')


def for_a_small_shell(step):
    """The step without what the simulated shell lacks, if that leaves the same behind."""
    if step['do'] != 'sh':
        return step
    here = HERE_DOCUMENT.fullmatch(step['cmd'])
    if here:
        return {'do': 'write', 'path': here[1], 'text': here[2]}
    kill = KILL.fullmatch(step['cmd'])
    if kill:
        return {'do': 'kill', 'signal': kill[1], 'pid_file': kill[2]}
    if step['cmd'].startswith(('ls ', 'cat ')):  # only shown
        return {'do': 'sh', 'cmd': ':'}
    return step


def for_a_small_world(scenario):
    """The scenario without what the simulated shell lacks and nobody would miss."""
    zone = [{'do': 'change', 'zone': scenario['zone']}] if 'zone' in scenario else []
    return {**scenario, 'steps': zone + [for_a_small_shell(x) for x in scenario['steps']],
            'setup': [re.sub('; ls [^;]*$', '', x) for x in scenario.get('setup', [])]}


def name_unsent(transcript):
    """Shows what could not be said as the recorder shows it."""
    for step in transcript['steps']:
        script = step.pop('script', None)
        for event in step.get('events', []):
            if event[2].startswith('@not sent '):
                item = script[int(event[2].split(' ')[-1])]
                event[2] = f'not sent: {as_python(item)!r}'


def as_python(item):
    """JSON knows no integers: 2.0 was 2."""
    if isinstance(item, float) and item.is_integer():
        return int(item)
    if isinstance(item, dict):
        return {k: as_python(v) for k, v in item.items()}
    if isinstance(item, list):
        return [as_python(v) for v in item]
    return item


def play(scenarios):
    """Their transcripts, in order."""
    lines = ''.join(json.dumps(for_a_small_world(s)) + '\n' for s in scenarios)
    played = subprocess.run([PROGRAM, f'{ORACLE}/common/zone.json', f'{ORACLE}/common/hosts',
                             LIBRARY], input=lines, stdout=subprocess.PIPE, encoding='utf-8',
                            check=True)
    transcripts = [as_python(json.loads(line)) for line in played.stdout.splitlines()]
    for transcript in transcripts:
        if 'steps' in transcript:
            name_unsent(transcript)
    return transcripts


class SmtpRecordings(unittest.TestCase):
    """One sub-test for each scenario."""

    # What is skipped, and why: a scenario that joins or leaves this list is news.
    SKIPPED = {}

    def test_recordings(self):
        """Every item of every transcript agrees."""
        scenarios = wanted()
        self.assertTrue(scenarios)
        skipped = {}
        for scenario, got in zip(scenarios, play(scenarios)):
            name = scenario['name']
            if 'skipped' in got:
                skipped[name] = got['skipped']
                print(f'{name}: skipped: {got["skipped"]}')
                continue
            if 'failed' in got:
                with self.subTest(name):
                    self.fail(got['failed'])
                continue
            with open(os.path.join(folder(), name + '.json'), encoding='utf-8') as f:
                recorded = json.load(f)
            agreed, total, differences, log = check_smtp.compare(recorded, got, WITHOUT)
            print(f'{name}: {agreed}/{total} agreed, log {log[0]}/{log[1]}')
            with self.subTest(name):
                self.assertFalse(differences, '\n'.join(
                    f'{key}\n  expected {want!r}\n  got      {have!r}'
                    for key, want, have in differences[:OPTIONS.show]))
        if OPTIONS.folder != 'smtp':
            self.assertFalse(skipped)
        elif OPTIONS.group == 'receive' and not OPTIONS.only:
            self.assertEqual(sorted(skipped), sorted(self.SKIPPED))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--folder', default=OPTIONS.folder)
    parser.add_argument('--group', default=OPTIONS.group)
    parser.add_argument('--only')
    parser.add_argument('--show', type=int, default=OPTIONS.show)
    parser.parse_args(namespace=OPTIONS)
    del sys.argv[1:]
    unittest_main.main()

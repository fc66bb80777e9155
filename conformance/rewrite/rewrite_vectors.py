#!/usr/bin/env python3
"""What sendmail answered in its address test mode, asked of ours in the simulated world.

usage: rewrite_vectors.py [--every N] [--only NAME,...] [--show N]

Gives our `sendmail -bt`, in the simulated world (simulated_test_mode.cc), the recorded commands of
conformance/oracle/rewrite, and compares results, messages and traces as check_rewrite.py does with
a live program. Needs neither root nor a network. --every takes each Nth vector only.
Run by Bazel: //conformance:rewrite_full.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import unittest

ORACLE = os.path.join('conformance', 'oracle')
sys.path.insert(0, os.path.join(ORACLE, 'rewrite'))
import record_rewrite  # noqa: E402
from check_rewrite import FIELDS  # noqa: E402
from tools.lib import unittest_main  # noqa: E402

PROGRAM = 'conformance/rewrite/simulated_test_mode'
OPTIONS = argparse.Namespace(every=1, only=None, show=3)


def configuration_file(name, source):
    """The .cf: hand-written, or made by the build from the .mc."""
    written = os.path.join(source, 'sendmail.cf')
    return written if os.path.exists(written) else f'{ORACLE}/cf/{name}.cf'


def ask(name, source, cases):
    """The answers to `cases`: one list of lines each."""
    with open(os.path.join(source, 'config.json'), encoding='utf-8') as f:
        dns = json.load(f)['dns']
    files = [os.path.join(source, n) for n in sorted(os.listdir(source))
             if n not in ('sendmail.cf', 'cases.txt', 'config.json')]
    command = [PROGRAM, f'{ORACLE}/common/zone.json', f'{ORACLE}/common/hosts',
               'yes' if dns else 'no', configuration_file(name, source), *files]

    def run(argv, *, input, **_):
        return subprocess.run(command, input=input, stdout=subprocess.PIPE, check=False)
    return record_rewrite.run_bt(cases, runner=run)[0]


def replay(name, vectors):
    """Pairs of a vector and what ours made of it."""
    source = f'{ORACLE}/rewrite/configs/{name}'
    cases = [dict(kind=v['kind'], cmd=v['cmd'], input=v['input'], macros=v.get('macros', {}),
                  tryflags=v.get('tryflags'), trace='trace' in v) for v in vectors]
    # As in the recording: /canon and /mx fill a cache, so a process of their own gets them.
    late = [c['kind'] in ('canon', 'mx') for c in cases]
    answers = [None] * len(cases)
    for part in (False, True):
        chosen = [i for i, is_late in enumerate(late) if is_late == part]
        if chosen:
            for i, lines in zip(chosen, ask(name, source, [cases[i] for i in chosen])):
                answers[i] = lines
    return [(v, None if a is None else record_rewrite.digest(c, a))
            for v, c, a in zip(vectors, cases, answers)]


def differences(vector, answer):
    if answer is None:
        return ['no answer']
    return [k for k in FIELDS if k in vector and vector[k] != answer.get(k)]


class RewriteVectors(unittest.TestCase):
    total = 0
    agreed = 0

    def check(self, name):
        path = f'{ORACLE}/rewrite/vectors/{name}.jsonl.gz'
        with gzip.open(path, 'rt', encoding='utf-8') as f:
            vectors = [json.loads(line) for line in f]
        vectors = [v for v in vectors if v['kind'] != 'startup'][::OPTIONS.every]
        shown = []
        agreed = 0
        for vector, answer in replay(name, vectors):
            differing = differences(vector, answer)
            agreed += not differing
            if differing and len(shown) < OPTIONS.show:
                k = differing[0]
                shown.append(f'{vector["id"]}: {vector["cmd"]!r} {vector.get("macros", "")}: {k}\n'
                             f'  expected {vector.get(k)!r}\n'
                             f'  got      {None if answer is None else answer.get(k)!r}'[:3000])
        print(f'{name}: {agreed}/{len(vectors)} agreed', flush=True)
        RewriteVectors.total += len(vectors)
        RewriteVectors.agreed += agreed
        self.assertEqual(agreed, len(vectors), '\n' + '\n'.join(shown))

    @classmethod
    def tearDownClass(cls):
        print(f'total: {cls.agreed}/{cls.total} agreed', flush=True)


def add_tests():
    for file in sorted(os.listdir(f'{ORACLE}/rewrite/vectors')):
        name = file.removesuffix('.jsonl.gz')
        if OPTIONS.only is None or name in OPTIONS.only:
            setattr(RewriteVectors, f'test_{name}', lambda self, n=name: self.check(n))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--every', type=int, default=1)
    parser.add_argument('--only', type=lambda text: text.split(','))
    parser.add_argument('--show', type=int, default=3)
    parser.parse_args(namespace=OPTIONS)
    del sys.argv[1:]
    add_tests()
    unittest_main.main()

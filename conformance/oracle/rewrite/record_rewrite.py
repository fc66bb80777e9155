#!/usr/bin/env python3
"""Record rewriting vectors from the real sendmail's address test mode.

usage: record_rewrite.py --seed N --configs DIR[,DIR...] --out DIR
                         [--only NAME,...] [--per-config N]

Needs root (it works in private namespaces, see ../common/smenv.py) and the
unpacked Debian packages (./tools/setup.sh test, or ORACLE_DIR=<directory>).
For every directory DIR/NAME (sendmail.mc, map sources, config.json) the .mc is
compiled with the real m4 library, the maps are built with the real makemap,
and generated commands are fed to `sendmail -bt`.  Every command list is run
twice, the second time in another order; commands whose answers differ (state
left over from an earlier command) are dropped and counted.
"""
import argparse, gzip, json, os, random, re, subprocess, sys, threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'common'))
import smenv                                                    # noqa: E402
import dnsd                                                     # noqa: E402
import rewrite_inputs                                           # noqa: E402

TRACE = re.compile(r'^(\S{1,16})\s* (  input|returns):(?: (.*))?$', re.S)


def split_tokens(s):
    """Split a printed token list; a quoted string is one token."""
    out, i = [], 0
    while i < len(s):
        if s[i] == ' ':
            i += 1
            continue
        j = i
        if s[i] == '"':
            j += 1
            while j < len(s) and s[j] != '"':
                j += 2 if s[j] == '\\' else 1
            j += 1
            # a quoted string printed by prescan may be followed by more text
            while j < len(s) and s[j] != ' ':
                j += 1
        else:
            while j < len(s) and s[j] != ' ':
                j += 1
        out.append(s[i:j])
        i = j
    return out


def run_bt(cases, extra=(), runner=subprocess.run):
    """Feed the cases to one `sendmail -bt`; returns a list of line lists.

    `runner` starts it, and is called as subprocess.run is.
    """
    lines = []
    for i, c in enumerate(cases):
        for k, v in {**rewrite_inputs.EMPTY, **c['macros']}.items():
            lines.append(f'.D{k if len(k) == 1 else "{" + k + "}"}{v}')
        lines.append('/tryflags ' + (c.get('tryflags') or 'ER'))
        lines += [f'.D{{vmark}}@@BEGIN{i}@@', '${vmark}', c['cmd'],
                  f'.D{{vmark}}@@END{i}@@', '${vmark}']
    data = '\n'.join(lines).encode('latin-1') + b'\n'
    p = runner(['sendmail', '-bt', *extra], input=data, stdout=subprocess.PIPE,
               stderr=subprocess.STDOUT, cwd='/', timeout=3000)
    text = p.stdout.decode('latin-1')
    res = []
    for i in range(len(cases)):
        m = re.search(r'@@BEGIN%d@@\n(.*?)(?:> )*@@END%d@@\n' % (i, i), text,
                      re.S)
        if not m:
            res.append(None)
            continue
        body = m.group(1)
        if body.startswith('> '):
            body = body[2:]
        body = body.rstrip('\n')
        res.append(body.split('\n') if body else [])
    return res, text


def digest(case, lines):
    """Turn the printed lines of one command into a vector."""
    v = {'kind': case['kind'], 'cmd': case['cmd']}
    if case['macros']:
        v['macros'] = {k: x for k, x in case['macros'].items() if x != ''}
    if case.get('tryflags'):
        v['tryflags'] = case['tryflags']
    if case['kind'] == 'rules':
        v['ruleset'], _, v['input'] = case['cmd'].partition(' ')
    else:
        v['input'] = case['input']
    depth, tops, trace, msgs = 0, [], [], []
    for ln in lines:
        m = TRACE.match(ln)
        if m:
            name, what, val = m.group(1), m.group(2).strip(), m.group(3) or ''
            trace.append([name, what, val])
            if what == 'input':
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    tops.append(val)
        elif ln:
            msgs.append(ln)
    if case['kind'] == 'rules':
        v['returns'] = tops[-1] if tops else None
        v['tokens_out'] = split_tokens(tops[-1]) if tops else None
        if msgs:
            v['messages'] = msgs
    else:
        v['output'] = msgs
    if case.get('trace'):
        v['trace'] = trace
    return v


def seen_in(dirs, name):
    """Keys of the vectors of the same config in earlier output folders."""
    keys = set()
    for d in filter(None, (dirs or '').split(',')):
        p = os.path.join(d, name + '.jsonl.gz')
        if os.path.exists(p):
            for ln in gzip.open(p, 'rt'):
                keys.add(key(json.loads(ln)))
    return keys


def key(v):
    return json.dumps([v['cmd'], v.get('macros'), v.get('tryflags')])


def record(name, src, seed, per_config, outdir, exclude):
    meta = json.load(open(os.path.join(src, 'config.json')))
    errs = smenv.load_config(src, dns=meta['dns'])
    if errs:
        print(f'{name}: m4/makemap said: {errs[:600]}', file=sys.stderr)
    rng = random.Random(f'{seed}/{name}')
    probe, text = run_bt([dict(kind='info', macros={}, cmd='=M', input='')])
    mailers = re.findall(r'^(?:> )*mailer \d+ \(([^)]*)\)', text, re.M)
    cf = open('/etc/mail/sendmail.cf', encoding='latin-1').read()
    rulesets = set(re.findall(r'^S([A-Za-z_]\w*)', cf, re.M))
    # /canon and /mx fill the host name cache, which changes later answers:
    # they go last, to a process of their own
    if os.path.exists(os.path.join(src, 'cases.txt')):
        cases = rewrite_inputs.listed(os.path.join(src, 'cases.txt'))
    else:
        cases = rewrite_inputs.cases(rng, name, src, mailers, per_config,
                                     rulesets)
    cases.sort(key=lambda c: c['kind'] in ('canon', 'mx'))
    first = [c for c in cases if c['kind'] not in ('canon', 'mx')]
    r1, t1 = run_bt(first)
    r1 += run_bt(cases[len(first):])[0]
    order = list(range(len(first)))
    random.Random(1).shuffle(order)
    order += list(range(len(first), len(cases)))[::-1]
    r2s = run_bt([cases[i] for i in order[:len(first)]])[0]
    r2s += run_bt([cases[i] for i in order[len(first):]])[0]
    r2 = [None] * len(cases)
    for pos, i in enumerate(order):
        r2[i] = r2s[pos]
    out, dropped, seen = [], [], seen_in(exclude, name)
    for i, c in enumerate(cases):
        if r1[i] is None or r1[i] != r2[i]:
            dropped.append((c['cmd'], r1[i], r2[i]))
            continue
        v = {'config': name, 'id': f'{name}-{i}'}
        v.update(digest(c, r1[i]))
        if key(v) not in seen:
            seen.add(key(v))
            out.append(v)
    head = t1.split('@@BEGIN0@@')[0].split('\n')
    head = [x for x in head if x and not x.startswith('> ')]
    out.insert(0, {'config': name, 'id': name + '-startup', 'kind': 'startup',
                   'cmd': '', 'output': head, 'build_messages':
                   errs.split('\n') if errs else []})
    os.makedirs(outdir, exist_ok=True)
    path = os.path.join(outdir, name + '.jsonl.gz')
    raw = ''.join(json.dumps(v) + '\n' for v in out).encode()
    with open(path, 'wb') as f:
        with gzip.GzipFile(filename='', mode='wb', fileobj=f, mtime=0) as g:
            g.write(raw)
    extra = [x for x in head if not x.startswith(('ADDRESS TEST', 'Enter <'))]
    print(f'{name}: {len(out)} vectors, {len(dropped)} dropped, '
          f'{len(raw) >> 10} KiB' + (f'; start-up: {extra[:3]}' if extra else ''),
          flush=True)
    if os.environ.get('SHOW_DROPPED'):
        for d in dropped[:3]:
            print('   dropped', json.dumps(d)[:900], flush=True)
    return len(out), len(dropped)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--seed', required=True)
    ap.add_argument('--configs', required=True)
    ap.add_argument('--out', required=True)
    ap.add_argument('--only')
    ap.add_argument('--per-config', type=int, default=540)
    ap.add_argument('--exclude', help='folders whose vectors are left out')
    ap.add_argument('--save-cf', help='also keep the generated .cf files here')
    a = ap.parse_args()
    smenv.enter()
    a.out = os.path.abspath(a.out)
    outfd = a.out
    smenv.setup()
    zone = json.load(open(os.path.join(os.path.dirname(smenv.__file__),
                                       'zone.json')))
    dnsd.serve(zone)
    total = drop = 0
    for d in a.configs.split(','):
        for name in sorted(os.listdir(d)):
            if a.only and name not in a.only.split(','):
                continue
            n, k = record(name, os.path.join(os.path.abspath(d), name), a.seed,
                          a.per_config, outfd, a.exclude)
            total, drop = total + n, drop + k
            if a.save_cf:
                os.makedirs(a.save_cf, exist_ok=True)
                cf = open('/etc/mail/sendmail.cf', encoding='latin-1').read()
                cf = re.sub(r'^##### built by .*$', '##### built by root',
                            cf, flags=re.M)
                with gzip.GzipFile(os.path.join(a.save_cf, name + '.cf.gz'),
                                   'wb', mtime=0) as g:
                    g.write(cf.encode('latin-1'))
    print(f'total {total} vectors, {drop} dropped')


if __name__ == '__main__':
    main()

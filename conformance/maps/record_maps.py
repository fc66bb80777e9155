#!/usr/bin/env python3
"""Record what sendmail's test mode says about maps and hosts.

usage: record_maps.py [maps|hosts] > FILE

Needs root and the Debian packages, as ../oracle/common/smenv.py says. Prints, for each command, a
line "> COMMAND" and below it what sendmail answered; above the first of them what it said about the
configuration.

maps:   k_lines.cf, in the world of ../oracle; `/map NAME KEY` asks the map itself, `NAME KEY` a rule
        `R$* $@ [$(NAME $1 $: dflt $)]`.
hosts:  /mx and /canon for the names of zone.json here.
"""
import json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = os.path.join(HERE, '..', 'oracle')
sys.path.insert(0, os.path.join(ORACLE, 'common'))
import smenv                                                    # noqa: E402
import dnsd                                                     # noqa: E402

SWITCH = 'hosts\tfiles dns\naliases\tfiles\nmysvc\tfiles nis\nrsvc\tfiles [NOTFOUND=return] dns\n'
HEAD = '''V10/Berkeley
Djmx1.corp.example
DnMAILER-DAEMON
O QueueDirectory=/var/spool/mqueue
O ServiceSwitchFile=/etc/mail/service.switch
O OperatorChars=.:%@!^/[]+
O DontProbeInterfaces=True
Mlocal,	P=/bin/true, F=lsDFMAw5:/|@qS, S=0, R=0, T=DNS/RFC822/X-Unix, A=true $u
Mprog,	P=/bin/sh, F=lsDFMoqeu9, S=0, R=0, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
'''
COLUMNS = 'a,1\nb , 2\n,x\nc\nd,\ne,,3\n f,4\ng\t5\n\nlong,' + 'x' * 3000 + '\n'

HOSTS = '''nullmx.example tempfail.example refused.example multi.example manynull.example dup.example
c1.example c4.example up.example UP.EXAMPLE deep.sub a.b tf onlymx corp corp. www www. localhost
localhost. mx1 mx1. MX1 Mx1.Corp.Example mx1.corp mx1.corp.exa desk3 nas nas.home nas.home.example
ip6-localhost equalmx.example bestmx.example loopmx.example backupmx.example cname.example
dangling.example x.wild.example nodata.example a..b .a a. [1.2.3.4 [x] [] [tempfail.example] [www]
10.0.0.1 33.2.0.192.in-addr.arpa outside.example. outside.example.. very.long.tempfail.example alias
host1 a.example 127.1 corp.example [10.0.0.1] [127.1] [IPv6:::1] [::1] [0x7f.0.0.1]x 10.in-addr.arpa
lowttl.example www.OUTSIDE.example sub.corp relay.isp.example'''.split()


# The keys that a rule asks for too.
RULE_KEYS = ('one', '"one"', 'b', 'tempfail.example', '[192.0.2.99]', 'outside.example')
# There is room for a hundred names of rulesets.
MAPS_AT_ONCE = 90


def keys(name, arguments):
    """What a map is asked, by its class."""
    found = ['one', 'nosuch', '"one"']
    kind = arguments.split()[0] if arguments else ''
    if kind == 'text':
        found += ['ONE', 'KEY3', 'key3', 'key1', 'key2', 'w1', 'two', 'val1', '#c', 'c', 'uno',
                  'indented', 'dos', 'text-one', 'a', 'b', 'd', 'e', 'f', 'g', ',x', 'long']
    elif kind in ('hash', 'implicit'):
        found += ['ONE', 'sp', 'fmt', 'pct', 'f0', 'dup']
    elif kind in ('host', 'dns', 'bestmx'):
        found += ['tempfail.example', 'refused.example', '[1.2.3.4]', '[192.0.2.33]', '[10.0.0.1]',
                  '[127.0.0.1]', '[IPv6:2001:db8::1]', '[IPv6:::1]', '[::1]', '[192.0.2.33]x',
                  '[10.1]', '[192.0.2.99]', '[foo', 'outside.example', 'nxdomain.example',
                  'cname.example', 'CNAME.example', 'cnamemx.example', 'nodata.example', 'mx1',
                  'www', 'multi.example', 'MULTI.example', 'six.example', 'nullmx.example',
                  'equalmx.example', '33.2.0.192.in-addr.arpa', 'v6only.example', '.example',
                  'a..b', '[mx1.corp.example]', 'www.outside.example', 'dangling.example', 'tf',
                  'averyveryverylongname.for.the.message.tempfail.example']
    elif kind == 'arpa':
        found += ['1.2.3.4', '2001:db8::1', '10.1', 'IPv6:2001:db8::1', 'ipv6:::1', '300.1.1.1',
                  '::ffff:1.2.3.4', 'IPv6:::ffff:1.2.3.4', 'IPv6:1.2.3.4']
    elif kind == 'dequote':
        found += ['"a b"', '"a"b', 'a"b', '"a(b)"', '"a<b>"', '"a>b"', '\\"a"', '"a\\ b"', '""']
    elif kind == 'regex':
        found += ['xaabbx', 'c', 'a b', '"q r"', 'abcd', 'ABC', 'b', '"a\\"b"', 'aa', 'ab', 'a',
                  'x(y z)w', '"(y z)"', 'a(b', 'a)b', 'a<b', 'a\\', '\\"', 'a"b"c', '"a', 'a%0b',
                  'aab', 'aaab', 'cab', 'foo@bar.example', 'foo.bar@baz', '192.0.2.1', '1-2', 'a]b',
                  'a-b', 'a^b', 'a$b', 'a{2}b', 'x_y', 'xyzzy', 'one+two', 'a*b']
    elif kind == 'user':
        found += ['alice', 'ALICE', 'carol', 'dave.d', 'Alice.Adams', 'web1_user1']
    elif kind in ('sequence', 'switch'):
        found += ['w1', 'two', 'nxdomain.example', 'tempfail.example', 'outside.example']
    elif kind == 'arith':
        found += ['+', 'l']
    elif kind == 'macro':
        found += ['{Var}', 'V', '{bad{']
    return found


def map_commands(lines):
    commands, last = [], {}
    for line in lines:
        m = re.match(r'K(\w[\w.]*)\s*(.*)', line)
        if m:
            last[m[1]] = m[2]
    for name, arguments in last.items():
        for key in keys(name, arguments):
            commands.append(f'/map {name} {key}')
            # A rule ends the name of a map at a dot.
            if key in RULE_KEYS and '.' not in name:
                commands.append(f'{name} {key}')
    return commands, last


def run(commands, rulesets):
    """Lines of output by command, and those before the first."""
    typed = []
    for i, command in enumerate(commands):
        first, _, rest = command.partition(' ')
        if not first.startswith('/'):
            command = f'{rulesets[first]} {rest}'
        typed += [f'.D{{vmark}}@@{i}@@', '${vmark}', command]
    typed += ['.D{vmark}@@end@@', '${vmark}']
    done = subprocess.run(['sendmail', '-bt'], input='\n'.join(typed).encode() + b'\n',
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd='/', check=False)
    text = done.stdout.decode('latin-1')
    parts = re.split(r'(?:> )*@@(?:\d+|end)@@\n', text)
    head = [x for x in parts[0].split('\n') if x.startswith('/etc/mail/sendmail.cf: ')]
    return head, [p.removeprefix('> ').rstrip('\n') for p in parts[1:]]


def main():
    what = sys.argv[1]
    smenv.enter()
    smenv.setup()
    zone = json.load(open(os.path.join(ORACLE, 'common', 'zone.json')))
    zone.update(json.load(open(os.path.join(HERE, 'zone.json'))))
    dnsd.serve(zone)
    smenv.load_config(os.path.join(ORACLE, 'rewrite', 'configs', 'engine'))
    smenv.write('/etc/mail/service.switch', SWITCH)
    smenv.write('/etc/mail/cols', COLUMNS)
    lines = [x.rstrip('\n') for x in open(os.path.join(HERE, 'k_lines.cf'))]
    if what == 'maps':
        commands, maps = map_commands(lines)
    else:
        commands, maps, lines = [f'{c} {n}' for n in HOSTS for c in ('/mx', '/canon')], {}, []
    names = list(maps) or ['none']
    for i in range(0, len(names), MAPS_AT_ONCE):
        some = names[i:i + MAPS_AT_ONCE]
        here = [c for c in commands if not maps or map_of(c) in some]
        record(lines, some if maps else [], here, i == 0)


def map_of(command):
    words = command.split()
    return words[1] if words[0] == '/map' else words[0]


def record(lines, names, commands, with_head):
    rulesets = {name: f'TM{number}' for number, name in enumerate(names)}
    rules = ''.join(f'S{rulesets[name]}\nR$*\t\t\t$@ [$({name} $1 $: dflt $)]\n'
                    for name in names)
    cf = HEAD + '\n'.join(lines) + '\nS3\nR$*\t\t\t$@ $1\nS0\nR$*\t\t\t$@ $1\n' + rules
    smenv.write('/etc/mail/sendmail.cf', cf)
    head, answers = run(commands, rulesets)
    for line in head if with_head else []:
        print(line.split(': ', 2)[2])
    for command, answer in zip(commands, answers):
        print('>', command)
        for line in answer.split('\n'):
            line = re.sub(r'^.*  +returns: ', '= ', line)
            line = re.sub(r'^== Ruleset \S+ \(\d+\) ', '== ', line)
            if line and not re.match(r'\S+\s+  input: |BDB\d', line):
                print(line)


if __name__ == '__main__':
    sys.stdout.reconfigure(encoding='latin-1')
    main()

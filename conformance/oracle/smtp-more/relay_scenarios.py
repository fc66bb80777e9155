"""Scenarios in which mail goes on to other hosts, of many kinds, and comes back."""
from scenario_lib import *                                     # noqa: F401,F403

S = SCENARIOS = []
RELAY = {'/etc/mail/relay-domains': 'partner.example\n10.1\n'}
E = 'EHLO c.example'
A = 'MAIL FROM:<alice@corp.example>'
ENH = ['ENHANCEDSTATUSCODES', 'PIPELINING', '8BITMIME', 'SIZE', 'DSN']
# One address of the world for each name that next hops may have.
HOP = {'outside': '192.0.2.33', 'outside2': '192.0.2.34', 'dom1': '192.0.2.71',
       'dom2': '192.0.2.72', 'dom3': '192.0.2.73', 'nomx': '192.0.2.36', 'isp': '10.9.9.9',
       'home': '192.168.7.9', 'partner': '198.51.100.25', 'spam': '198.51.100.66',
       'evil': '198.51.100.5', 'smtprelay': '10.9.9.10', 'hub': '203.0.113.9'}


def add(name, title, steps, mc_=None, **kw):
    kw['files'] = {**RELAY, **kw.get('files', {})}
    S.append(sc('relay_' + name, title, steps, mc_, **kw))


def at(name, **script):
    return hop(HOP[name], 25, **script)


def O(name, value):                                             # noqa: E743,E741
    return "define(`conf%s', `%s')dnl\n" % (name, value)


def F(name, *a):
    return 'FEATURE(`%s\'%s)dnl\n' % (name, ''.join(', `%s\'' % x for x in a))


def to(*names):
    """RCPT commands: a name, with a domain or without, and its parameters behind a blank."""
    out = []
    for n in names:
        name, _, more = n.partition(' ')
        if '@' not in name:
            name += '@corp.example'
        out.append('RCPT TO:<%s>' % name + (' ' + more if more else ''))
    return out


def send(text, *names, src=INSIDE, frm=A, **kw):
    return smtp(src, E, frm, *to(*names), 'DATA', {'data': text}, 'QUIT', **kw)


MAILQ = [run('mailq'), run('mailq', '-v')]
RUN = [run('sendmail', '-q', '-v')]
CODES = ['421', '450', '451', '452', '454', '455', '500', '501', '502', '503', '504', '521', '530',
         '535', '550', '551', '552', '553', '554', '555', '556', '571']
DSNS = ['5.7.1', '5.1.1', '5.3.0', '5.0.0', '4.7.0', '5.1.8']


# ------------------------------------------------------------ refusals at every stage
def replies(enhanced):
    return [c + (' ' + c[0] + '.7.9' if enhanced else '') + ' because' for c in CODES if c != '421']


for nm, ehlo in (('plain', ['SIZE']), ('pipelined', ['PIPELINING', 'SIZE', 'DSN']), ('enhanced', ENH)):
    r = replies(nm == 'enhanced')
    add('mail_' + nm, 'replies to MAIL: every code', [
        at('outside', EHLO=ehlo, MAIL={'+%s@' % x[:3]: x for x in r}), DAEMON] +
        [send(msg(x), 'x@outside.example', frm='MAIL FROM:<bob+%s@corp.example>' % x[:3])
         for x in r] + MAILQ)
    add('rcpt_' + nm, 'replies to RCPT: every code', [
        at('outside', EHLO=ehlo, RCPT={'<u%s@' % x[:3]: x for x in r}), DAEMON] +
        [send(msg(x), 'u%s@outside.example' % x[:3]) for x in r] + MAILQ)
    add('rcpt_all_' + nm, 'replies to RCPT: every code in one message, with one that is good', [
        at('outside', EHLO=ehlo, RCPT={'<u%s@' % x[:3]: x for x in r}), DAEMON,
        send(msg('all'), *['u%s@outside.example' % x[:3] for x in r]),
        send(msg('all'), 'good@outside.example', *['u%s@outside.example' % x[:3] for x in r])] +
        MAILQ + RUN)
    add('data_' + nm, 'replies to DATA: every code', [
        at('outside', EHLO=ehlo, DATA=r + ['354 go']), DAEMON] +
        [send(msg(x), 'x@outside.example', 'y@outside.example') for x in r] + MAILQ)
    add('dot_' + nm, 'replies to the message: every code', [
        at('outside', EHLO=ehlo, DOT=r + ['250 ok']), DAEMON] +
        [send(msg(x), 'x@outside.example', 'y@outside.example') for x in r] + MAILQ)
r = ['%s because' % c for c in CODES if c != '421']
add('greeting', 'greetings: every code', [at('nomx', greet=r + ['220 ok']), DAEMON] +
    [send(msg(x), 'x@nomx.example') for x in r] + MAILQ)
add('hello', 'replies to EHLO and HELO: every code', [
    at('nomx', EHLO='502 no EHLO', HELO=r + ['250 hi']), DAEMON] +
    [send(msg(x), 'x@nomx.example') for x in r] + MAILQ)
add('ehlo_refused', 'EHLO refused with every code, HELO taken', sum([
    [hop(HOP[n], 25, EHLO=c + ' what?')] for n, c in zip(HOP, CODES)], []) + [DAEMON] +
    [send(msg(n), 'x@[%s]' % HOP[n]) for n, c in zip(HOP, CODES)] + MAILQ)

# ------------------------------------------------------------ 421, closed connections, silence
STAGES = ['greet', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'DOT']
NAMES = ['dom1', 'dom2', 'dom3', 'nomx', 'isp', 'partner']
for nm, end in (('421', '421 4.3.2 closing'), ('421_drop', '421 4.3.2 closing\nDROP'),
                ('drop', 'DROP'), ('421_plain', '421 closing\nDROP')):
    for more in ('', '_pipe'):
        keys = ['SIZE', 'PIPELINING'] if more else ['SIZE']
        hops = [at(n, **{'EHLO': keys, s: end}) for n, s in zip(NAMES, STAGES)]
        add('end_%s%s' % (nm, more), 'the server ends the session at every stage: ' + nm,
            hops + [DAEMON] + [send(msg(s), 'x@%s.example' % n, 'y@%s.example' % n)
                               for n, s in zip(NAMES, STAGES)] + MAILQ + RUN +
            [run('sendmail', '-q', '-v', '-OTimeout.queuereturn=1s')])
TIMES = ''.join(O('TO_' + x, '1s') for x in ('INITIAL', 'HELO', 'MAIL', 'RCPT', 'DATAINIT',
                                             'DATABLOCK', 'DATAFINAL', 'RSET', 'QUIT'))
add('silence', 'the server says nothing more at every stage: time-outs',
    [at(n, **{'EHLO': ['SIZE'], s: 'HANG'}) for n, s in zip(NAMES, STAGES)] + [DAEMON] +
    [send(msg(s), 'x@%s.example' % n, 'y@%s.example' % n) for n, s in zip(NAMES, STAGES)] +
    MAILQ + RUN, mc(TIMES))
add('quit', 'QUIT is not answered, or strangely',
    [at('dom1', QUIT='500 what?'), at('dom2', QUIT='DROP'), at('dom3', QUIT='HANG'), DAEMON] +
    [send(msg(n), 'x@%s.example' % n) for n in NAMES[:3]] +
    [run('sendmail', '-bs', '-Am', '-v', stdin='QUIT\r\n')] + MAILQ, mc(TIMES))
add('next_mx', 'the first MX fails in every way, the second one takes it', [
    at('outside', EHLO=['SIZE', 'PIPELINING'], greet=['421 busy', '450 later', '554 no', '220 ok', '220 ok',
                                          '220 ok', 'DROP', '220 ok'],
       MAIL=['421 closing', '451 later', '250 ok'], RCPT={'<tmp@': '451 4.7.1 later',
                                                        '<bad@': '550 5.1.1 no'},
       DATA=['354 go'], DOT=['451 4.3.0 later', '250 ok']),
    at('outside2', EHLO=['SIZE']), DAEMON] +
    [send(msg(str(i)), 'x@outside.example', 'tmp@outside.example', 'bad@outside.example')
     for i in range(9)] + MAILQ + RUN)
add('second_mx', 'both MX fail, differently', [
    at('outside', greet=['554 no', '421 busy', 'DROP', '554 first', '220 ok'],
       MAIL=['451 first later', '421 first closing']),
    at('outside2', greet=['421 busy', '554 no', '450 later', '554 second', '220 ok'],
       MAIL=['451 second later', '550 second no']), DAEMON] +
    [send(msg(str(i)), 'x@outside.example') for i in range(7)] + MAILQ +
    [run('sendmail', '-q', '-v', '-OTimeout.queuereturn=1s')])

# ------------------------------------------------------------ strange replies
NOISE = ['hello', '25', '250-', '250no blank', '2xx ok', '', '250-a\nhello\n250 b', 'hello\n250 ok']
STRANGE = ['250', '999 what', '199 what', '354 go', '250-one\n250 two', '250-one\n251 two', '251 will forward', '252 cannot verify',
           '550-one\n550-two\n550 5.1.1 three', '550 5.1.1', '550 5.1.1 ', '550 9.9.9 odd',
           '550 4.7.1 wrong class', '450 5.7.1 wrong class', '550 5.1 short', '550 5.1.1000 long',
           '550-5.7.1 a\n550 5.7.1 b', '550  two blanks', '550 \ttab', '550 \x07bell',
           '550 ' + 'long ' * 120, '550 "quoted" \\ back', '553 5.1.3 <x@y>... quoted address']
for nm, keys in (('', ['SIZE']), ('_enh', ['SIZE', 'ENHANCEDSTATUSCODES'])):
    add('strange_rcpt' + nm, 'strange replies to RCPT', [
        at('outside', EHLO=keys, RCPT=STRANGE + ['250 ok']), DAEMON] +
        [send(msg('s'), 'x@outside.example') for x in STRANGE] + MAILQ)
    add('strange_dot' + nm, 'strange replies to the message', [
        at('outside', EHLO=keys, DOT=STRANGE + ['250 ok']), DAEMON] +
        [send(msg('s'), 'x@outside.example') for x in STRANGE] + MAILQ)
for stage in ('greet', 'EHLO', 'MAIL', 'RCPT', 'DOT'):
    add('noise_' + stage.lower(), 'lines that are no replies, at the stage ' + stage, [
        at('outside', **({'EHLO': NOISE[0]} if stage == 'EHLO' else {'EHLO': ['SIZE'], stage: NOISE + ['250 ok']})), DAEMON] +
        [send(msg('n'), 'x@outside.example') for x in NOISE] + MAILQ, mc(TIMES))
add('strange_mail', 'strange replies to MAIL and DATA', [
    at('outside', EHLO=['SIZE'], MAIL=STRANGE + ['250 ok']),
    at('dom1', EHLO=['SIZE'], DATA=STRANGE + ['354 go']), DAEMON] +
    [send(msg('s'), 'x@%s.example' % d) for d in ('outside', 'dom1') for x in STRANGE] + MAILQ)
add('strange_ehlo', 'strange greetings and replies to EHLO', [
    at('outside', greet='220-hello\n220-there\n220 nexthop', EHLO='250 just me'),
    at('dom1', greet='220', EHLO='250-a\n250-SIZE 99999\n250-size 5\n250 PIPELINING'),
    at('dom2', greet='220 nexthop SMTP', EHLO='250-mx1.corp.example hello\n250 SIZE'),
    at('dom3', greet='220 mx1.corp.example ESMTP', EHLO=['SIZE']),
    at('nomx', greet='220 x', EHLO='250-x\n250-AUTH=LOGIN\n250-X-UNKNOWN a b\n250-DSN\n250 8BITMIME'),
    at('isp', greet='250 hello', EHLO=['SIZE']), at('partner', EHLO='250 mx1.corp.example')] +
    [DAEMON] + [send(msg('s'), 'x@%s.example' % d) for d in
                ('outside', 'dom1', 'dom2', 'dom3', 'nomx', 'isp', 'partner')] + MAILQ + RUN)

# ------------------------------------------------------------ what servers offer
BIG = msg('big', 'x' * 70 + '\n' + ('y' * 70 + '\n') * 60)
add('size', 'SIZE offered with limits, messages below and above', [
    at('outside', EHLO=['SIZE 1000', 'PIPELINING']), at('dom1', EHLO=['SIZE 0']),
    at('dom2', EHLO=['SIZE abc']), at('dom3', EHLO=['PIPELINING']), at('nomx', EHLO='500 no'),
    at('isp', EHLO=['SIZE 100000000000000000000']), DAEMON] +
    [send(m, 'x@%s.example' % d, 'bob') for d in ('outside', 'dom1', 'dom2', 'dom3', 'nomx', 'isp')
     for m in (msg('small'), BIG)] + MAILQ)
EIGHT = [('body', msg('b', 'caf\xe9 cr\xe8me\n')), ('header', msg('h\xe9ader', 'x')),
         ('mime', msg('m', 'caf\xe9\n', more='MIME-Version: 1.0\nContent-Type: text/plain; '
                      'charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n')),
         ('multi', msg('mp', '--b\n\ncaf\xe9\n--b\nContent-Type: text/html\n\n<p>plain\n--b--\n',
                       more='MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n')),
         ('binary', msg('bin', ''.join(chr(128 + i % 100) for i in range(300)),
                        more='MIME-Version: 1.0\nContent-Type: application/octet-stream\n')),
         ('qp', msg('qp', 'caf=E9\n', more='MIME-Version: 1.0\nContent-Type: text/plain\n'
                    'Content-Transfer-Encoding: quoted-printable\n')),
         ('long', msg('long', 'z' * 2500)), ('dots', msg('dots', '.\n..\n.x\nFrom here\n')),
         ('nolast', msg('nolast', 'no end')), ('empty', 'Subject: empty\n\n')]
for how in ('mimefy', 'pass', 'strict'):
    for keys, which in ((['SIZE'], '7'), (['SIZE', '8BITMIME'], '8')):
        add('eight_%s_%s' % (how, which), 'eight bits, EightBitMode %s, to servers with%s 8BITMIME'
            % (how, '' if which == '8' else 'out'), [at('outside', EHLO=keys), DAEMON] +
            [send(t, 'x@outside.example', frm=A + b) for n, t in EIGHT for b in ('', ' BODY=8BITMIME')]
            + MAILQ, mc(O('EIGHT_BIT_HANDLING', how)))
add('helo_only', 'a server that knows HELO only: eight bits, DSN, SIZE', [
    at('outside', greet='220 old SMTP', EHLO='500 what'), DAEMON,
    *[send(t, 'x@outside.example NOTIFY=SUCCESS', frm=A + ' BODY=8BITMIME RET=HDRS ENVID=e1')
      for n, t in EIGHT[:4]]])

# ------------------------------------------------------------ DSN
LISTS = ALIASES + """\
away: x@outside.example
away2: x@outside.example, y@dom1.example
both: bob, z@outside.example
list: bob, one@outside.example, two@dom1.example, nosuchuser
owner-list: carol
inc: :include:/etc/mail/members
owner-inc: inc-request
inc-request: carol
prog: "|exit 0"
progbad: "|exit 67"
file: /var/tmp/file.out
chain: away
"""
MEMBERS = {'/etc/mail/members': 'bob\nthree@outside.example\nfour@dom1.example\n'}
NOTIFY = ['', 'NOTIFY=NEVER', 'NOTIFY=SUCCESS', 'NOTIFY=FAILURE', 'NOTIFY=DELAY',
          'NOTIFY=SUCCESS,FAILURE', 'NOTIFY=SUCCESS,FAILURE,DELAY', 'NOTIFY=SUCCESS,DELAY']
WHO = ['bob', 'away', 'away2', 'both', 'list', 'inc', 'prog', 'progbad', 'file', 'chain',
       'good@outside.example', 'plain@dom1.example', 'bad@outside.example', 'bad@dom1.example',
       'late@outside.example']


def dsn_hops(dsn=('DSN', 'SIZE', 'PIPELINING')):
    return [at('outside', EHLO=list(dsn), RCPT={'<bad@': '550 5.1.1 no', '<late@': '451 4.7.1 later'}),
            at('dom1', EHLO=['SIZE'], RCPT={'<bad@': '550 5.1.1 no'})]


for i, n in enumerate(NOTIFY):
    tail = lambda w: (w + ' ' + n + (' ORCPT=rfc822;orig+2B' + w if i % 2 else '')).strip()  # noqa: E731
    for ret in (('', ' RET=HDRS ENVID=env+2B%d' % i) if i in (0, 2, 6) else (' RET=FULL ENVID=e%d' % i,)):
        add('notify_%d%s' % (i, '_ret' if ret and i in (0, 2, 6) else ''),
            'DSN: %s%s, to users, aliases, lists, programs, servers with and without DSN'
            % (n or 'no NOTIFY', ret), dsn_hops() + [DAEMON] +
            [send(msg(w), tail(w), frm=A + ret) for w in WHO] +
            [send(msg('all'), *[tail(w) for w in WHO], frm=A + ret)] + MAILQ +
            [run('sendmail', '-q', '-v', '-OTimeout.queuewarn=1s'),
             run('sendmail', '-q', '-v', '-OTimeout.queuereturn=1s')],
            mc(), aliases=LISTS, files=MEMBERS)
add('notify_mixed', 'DSN: other NOTIFY for each recipient of one message', dsn_hops() + [DAEMON] + [
    send(msg('mixed'), 'bob NOTIFY=SUCCESS', 'carol NOTIFY=NEVER', 'bad@outside.example NOTIFY=NEVER',
         'good@outside.example NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;me@x', 'plain@dom1.example NOTIFY=SUCCESS',
         'late@outside.example NOTIFY=DELAY', frm=A + ' ENVID=m1'),
    send(msg('bad'), 'bob NOTIFY=SUCCESS', 'bad@dom1.example NOTIFY=SUCCESS,FAILURE', 'away NOTIFY=SUCCESS'),
    send(msg('same'), 'bob NOTIFY=SUCCESS', 'bob NOTIFY=NEVER', 'team NOTIFY=SUCCESS ORCPT=rfc822;t@x'),
    send(msg('null'), 'bob NOTIFY=SUCCESS', 'bad@outside.example NOTIFY=SUCCESS,FAILURE',
         'plain@dom1.example NOTIFY=SUCCESS', frm='MAIL FROM:<> RET=FULL ENVID=n1')] + MAILQ +
    [run('sendmail', '-q', '-v', '-OTimeout.queuewarn=1s'), run('sendmail', '-q', '-v', '-OTimeout.queuereturn=1s')],
    mc(), aliases=LISTS, files=MEMBERS)
for nm, feat in (('noreceipts', O('PRIVACY_FLAGS', 'noreceipts')), ('nobody', O('PRIVACY_FLAGS', 'nobodyreturn')),
                 ('noactual', O('PRIVACY_FLAGS', 'noactualrecipient')),
                 ('nomime', O('MIME_FORMAT_ERRORS', 'False')), ('header', O('ERROR_MESSAGE', 'Sorry about that.')),
                 ('headerfile', O('ERROR_MESSAGE', '/etc/mail/bounce.txt')),
                 ('onlyhdrs', O('MAX_MESSAGE_SIZE', '2000') + O('DSN_RETURN', 'x')),
                 ('8bit', O('EIGHT_BIT_HANDLING', 'strict')), ('trim', O('LOG_LEVEL', '14'))):
    add('report_' + nm, 'reports with an option: ' + nm, dsn_hops() + [DAEMON] + [
        send(msg('fail'), 'bad@outside.example', 'bad@dom1.example', 'bob NOTIFY=SUCCESS', 'nosuchuser@dom3.example'),
        send(msg('ok'), 'bob NOTIFY=SUCCESS', 'away NOTIFY=SUCCESS', frm=A + ' RET=FULL ENVID=k'),
        send(msg('eight \xe9', 'caf\xe9\n', more='MIME-Version: 1.0\nContent-Type: text/plain; charset=x\n'
                 'Content-Transfer-Encoding: 8bit\n'), 'bad@outside.example', 'progbad', frm=A + ' BODY=8BITMIME'),
        send(msg('long', 'a line\n' * 150), 'bad@outside.example'),
        send(msg('dots', '.\n..\nFrom me\n--x--\n', frm='Alice <alice@corp.example>'), 'bad@outside.example'),
        send('Return-Receipt-To: carol@corp.example\nSubject: receipt\n\nx', 'bob', 'away'),
        send('Errors-To: carol@corp.example\nSubject: errors\n\nx', 'bad@outside.example', 'bob')] + MAILQ,
        mc(feat), aliases=LISTS, files={**MEMBERS, '/etc/mail/bounce.txt': 'Dear friend,\nyour mail to $u at $j.\n'})
for keys, name in ((['SIZE'], 'plain'), (['SIZE', 'PIPELINING'], 'pipe')):
    for up in (0, 1):
        add('late_mx_%s%d' % (name, up), 'the first MX puts off recipients, the second is %s' % ('up' if up else 'down'),
            [at('outside', EHLO=keys, RCPT={'<late': '451 4.7.1 later', '<bad': '550 5.1.1 no'})] +
            ([at('outside2', EHLO=keys, RCPT={'<late2': '452 4.7.2 still later', '<late3': '550 5.7.1 gone'})] if up else []) +
            [DAEMON] + [send(msg(' '.join(x)), *[y + '@outside.example NOTIFY=SUCCESS,FAILURE' for y in x]) for x in (
                ['late'], ['late', 'late2'], ['late', 'bad'], ['good', 'late', 'late2', 'late3'], ['good', 'bad', 'late'],
                ['good', 'good2', 'bad', 'late2'])] + MAILQ, mc())
add('errors_to_more', 'UseErrorsTo: lists, rules, many', dsn_hops() + [DAEMON] + [
    send(t, 'bad@outside.example', 'bob', frm=f) for f in (A, 'MAIL FROM:<>') for t in (
        'Errors-To: <>\nSubject: a\n\nx', 'Errors-To: "|/bin/cat"\nSubject: b\n\nx', 'Errors-To: /tmp/x\nSubject: b\n\nx',
        'Errors-To: list\nSubject: c\n\nx', 'Errors-To: bad@outside.example\nSubject: d\n\nx', 'Errors-To: x@[\nSubject: e\n\nx',
        'Errors-To: carol\nErrors-To: nosuchuser, bob\nSubject: f\n\nx', 'Errors-To: inc, nosuch1, nosuch2\nSubject: f\n\nx')] +
    MAILQ, mc(O('USE_ERRORS_TO', 'True')), aliases=LISTS, files=MEMBERS)
B = ['DELIVERBY', 'DSN', 'SIZE']
SILENT = [('100;N', ['x@dom1.example']), ('100;N', ['x@dom2.example']), ('100;NT', ['x@dom2.example']),
          ('100;N', ['x@dom1.example NOTIFY=NEVER', 'x@dom2.example NOTIFY=NEVER']),
          ('100;N', ['x@dom1.example NOTIFY=FAILURE', 'x@dom2.example NOTIFY=SUCCESS']),
          ('100;NT', ['x@dom1.example NOTIFY=SUCCESS', 'bob', 'prog']), ('100;R', ['file', 'bob', 'x@dom2.example', 'x@outside.example']),
          ('100;RT', ['x@outside.example', 'x@dom1.example NOTIFY=NEVER']), ('300;R', ['x@isp.example', 'x@dom3.example'])]
add('deliverby_relay', 'DELIVERBY: what becomes of it at servers of all kinds', [
    at('outside', EHLO=B), at('dom1', EHLO=['SIZE']), at('dom2', EHLO=['DSN']), at('dom3', EHLO=['DELIVERBY 200', 'DSN']),
    at('isp', EHLO=['DELIVERBY 400', 'DSN', 'SIZE']), DAEMON] + [send(msg(b), *w, frm=A + ' BY=' + b) for b, w in SILENT] +
    [send(msg('null'), 'x@dom1.example', 'x@dom3.example', frm='MAIL FROM:<> BY=%s' % b) for b in ('300;N', '300;R')] + MAILQ,
    mc(), aliases=LISTS)
DSN1 = 'one: bob\ntwo: bob, alice\nself: self, bob\nthree: one, two, x@outside.example\nnested: two\nempty: /dev/null\ndup: bob, bob\nfwd: carol\n'
add('receipts', 'receipts for aliases that lead to one, to many and to files', dsn_hops() + [DAEMON] + [
    send(msg(w), w + n) for n in (' NOTIFY=SUCCESS', ' NOTIFY=SUCCESS,FAILURE') for w in (
        'one', 'two', 'self', 'three', 'nested', 'fwd', 'empty', 'dup')] +
    [send(msg('a'), 'two NOTIFY=SUCCESS', 'bob NOTIFY=SUCCESS'), send(msg('b'), 'bob', 'two NOTIFY=SUCCESS'),
     send(msg('c'), 'bob NOTIFY=NEVER', 'one NOTIFY=SUCCESS'), send(msg('d'), 'one NOTIFY=NEVER', 'bob NOTIFY=SUCCESS'),
     send(msg('e'), 'two', 'bob NOTIFY=SUCCESS'), send(msg('f'), 'fwd NOTIFY=SUCCESS', 'carol')] + MAILQ,
    mc(), aliases=ALIASES + DSN1, files={'/home/carol/.forward': 'bob, x@dom1.example\n'})
ERR = [('none', 'Subject: e\n\nx'), ('one', 'Errors-To: carol@corp.example\nSubject: e\n\nx'),
       ('two', 'Errors-To: carol, bob@corp.example\nSubject: e\n\nx'),
       ('bad', 'Errors-To: nosuchuser\nSubject: e\n\nx'), ('remote', 'Errors-To: good@outside.example\nSubject: e\n\nx'),
       ('list', 'Errors-To: team\nPrecedence: list\nSubject: e\n\nx'), ('bulk', 'Precedence: bulk\nSubject: e\n\nx'),
       ('junk', 'Precedence: junk\nErrors-To: carol\nSubject: e\n\nx'),
       ('urgent', 'Priority: urgent\nSubject: e\n\nx'), ('rrt', 'Return-Receipt-To: carol\nSubject: e\n\nx'),
       ('auto', 'Auto-Submitted: auto-generated (failure)\nSubject: e\n\nx')]
for nm, feat in (('no', ''), ('yes', O('USE_ERRORS_TO', 'True')), ('rrt', O('RRT_IMPLIES_DSN', 'True'))):
    add('errors_to_' + nm, 'Errors-To, precedence and failures: UseErrorsTo ' + nm, dsn_hops() + [DAEMON] +
        [send(t, 'bad@outside.example', 'bob') for n, t in ERR] +
        [send(t, 'bad@outside.example', 'list', frm='MAIL FROM:<>') for n, t in ERR[:4]] + MAILQ,
        mc(feat), aliases=LISTS)
DOUBLE = [send(msg('first'), 'bad@outside.example', frm='MAIL FROM:<bad@outside.example>'),
          send(msg('null'), 'bad@outside.example', frm='MAIL FROM:<>'),
          send(msg('local'), 'nosuch@corp.example', 'list', frm='MAIL FROM:<nosuch@dom1.example>'),
          send(msg('self'), 'bad@dom1.example', frm='MAIL FROM:<bad@dom1.example> RET=HDRS ENVID=q')]
for nm, dba, aliases in (('remote', 'bad@outside.example', LISTS), ('good', 'good@outside.example', LISTS),
                         ('prog', 'doubles', LISTS + 'doubles: "|exit 0"\n'), ('list', 'team', LISTS),
                         ('nosuch', 'nosuchuser', LISTS), ('late', 'late@outside.example', LISTS),
                         ('postmaster', '', LISTS.replace('postmaster: root', 'postmaster: bad@outside.example'))):
    add('double_' + nm, 'DoubleBounceAddress ' + (dba or 'not set, a postmaster far away'), dsn_hops() + [DAEMON] +
        DOUBLE + MAILQ, mc(O('DOUBLE_BOUNCE_ADDRESS', dba) if dba else ''), aliases=aliases)
for nm, copy in (('remote', 'good@outside.example'), ('bad', 'bad@outside.example'), ('nosuch', 'nosuchuser'),
                 ('list', 'team'), ('two', 'carol,bob')):
    add('copy_' + nm, 'PostmasterCopy ' + copy, dsn_hops() + [DAEMON] +
        [send(msg('copy'), 'bad@outside.example', 'bob NOTIFY=SUCCESS'), send(msg('warn'), 'late@outside.example'),
         send(msg('never'), 'bad@outside.example NOTIFY=NEVER')] + DOUBLE[:2] +
        [run('sendmail', '-q', '-v', '-OTimeout.queuewarn=1s'),
         run('sendmail', '-q', '-v', '-OTimeout.queuereturn=1s')] + MAILQ,
        mc(O('COPY_ERRORS_TO', copy)), aliases=LISTS)
add('deliverby', 'DELIVERBY: times that are over, to servers that know it or not', [
    at('outside', EHLO=['DELIVERBY', 'DSN', 'SIZE']), at('dom1', EHLO=['SIZE']), at('dom2', EHLO=['DELIVERBY 600', 'SIZE']),
    at('dom3', EHLO=['DSN'], RCPT='451 4.2.1 later'), DAEMON] +
    [send(msg(b), 'bob NOTIFY=SUCCESS', *['x@%s.example' % d for d in ('outside', 'dom1', 'dom2', 'dom3')],
          frm=A + ' BY=' + b) for b in ('120;R', '120;N', '120;NT', '120;RT', '-5;N', '1;N', '0;N')] + MAILQ +
    [dict(do='wait', s=2)] + RUN + MAILQ)
add('deliverby_min', 'DELIVERBY: DeliverByMin and return when over', [
    at('dom3', EHLO=['DSN'], RCPT='451 4.2.1 later'), DAEMON,
    send(msg('1'), 'x@dom3.example', 'nosuch', 'bob', frm=A + ' BY=2;R'), send(msg('2'), 'x@dom3.example', frm=A + ' BY=2;N'),
    dict(do='wait', s=3)] + RUN + MAILQ, mc(O('DELIVER_BY_MIN', '1')))

# ------------------------------------------------------------ the queue
QT = O('TO_QUEUEWARN', '1s') + O('TO_QUEUEWARN_URGENT', '2h') + O('TO_QUEUEWARN_NONURGENT', '3h')
PRIO = [('urgent', 'Priority: urgent\nSubject: u\n\nx'), ('normal', 'Subject: n\n\nx'),
        ('non-urgent', 'Priority: non-urgent\nSubject: nu\n\nx'), ('bulk', 'Precedence: bulk\nSubject: b\n\nx'),
        ('first', 'Precedence: special-delivery\nSubject: f\n\nx')]
for nm, opts in (('normal', ['warn.normal', 'return.normal']), ('urgent', ['warn.urgent', 'return.urgent']),
                 ('nonurgent', ['warn.non-urgent', 'return.non-urgent']), ('dsn', ['warn.dsn', 'return.dsn']),
                 ('all', ['warn', 'return'])):
    add('overdue_' + nm, 'Timeout.queuewarn and queuereturn by priority: ' + nm, [
        at('outside', RCPT='451 4.7.1 later'), DAEMON] +
        [send(t, 'x@outside.example', 'y@dom1.example') for n, t in PRIO] +
        [send(msg('dn'), 'x@outside.example NOTIFY=NEVER', 'y@dom1.example NOTIFY=DELAY'),
         send(msg('null'), 'x@outside.example', frm='MAIL FROM:<>'),
         send(msg('rem'), 'nosuch@dom2.example', frm='MAIL FROM:<r@outside.example>'), dict(do='wait', s=2)] +
        [run('sendmail', '-q', '-v', '-OTimeout.queue%s=1s' % o) for o in opts] + MAILQ)
add('warn_values', 'texts of warnings for several times', [at('outside', RCPT='451 4.7.1 later'), DAEMON] +
    sum([[send(msg(v), 'x@outside.example'), dict(do='wait', s=2),
          run('sendmail', '-q', '-v', '-OTimeout.queuewarn=' + v, '-OTimeout.queuereturn=' + r)]
         for v, r in (('1s', '90m'), ('1s', '1w2d3h4m5s'), ('1s', '3s'), ('2s', '1s'), ('1s', '100d'))], []) + MAILQ)
Q3 = [send(msg('one'), 'x@outside.example', frm='MAIL FROM:<alice@corp.example>'),
      send(msg('two'), 'y@dom1.example', 'z@outside.example', frm='MAIL FROM:<bob@corp.example>'),
      send(msg('three', 'longer\n' * 50), 'w@dom2.example', 'bob', frm='MAIL FROM:<>'),
      send('Precedence: bulk\nSubject: four\n\nx', 'v@dom1.example', 'x@outside.example')]
DOWN = [at('outside', RCPT=['451 4.7.1 later'] * 3 + ['250 ok']), at('dom1', greet=['421 busy', '421 busy', '220 ok']),
        at('dom2', DOT=['451 4.3.0 disk', '250 ok'])]
SEL = ['-qRoutside', '-qSbob', '-qS<>', '-qSalice', '-q!Routside', '-q!Salice', '-qI6', '-qInosuch', '-qf', '-qQ', '-qL',
       '-qRnosuch', '-q!Q', '-qR@dom1.example', '-qRw@dom2']
for i, o in enumerate(SEL):
    add('select_%02d' % i, 'a run over a part of the queue: ' + o, DOWN + [DAEMON] + Q3 +
        [run('sendmail', '-bp', o)] * (o not in ('-qf',)) + [run('sendmail', o, '-v')] + MAILQ)
add('select_two', 'runs with two selections', DOWN + [DAEMON] + Q3 + [run('mailq', '-qRoutside', '-qSbob'),
    run('sendmail', '-qRoutside', '-qSbob', '-v'), run('sendmail', '-qRdom1', '-qRdom2', '-v'), *MAILQ,
    run('sendmail', '-q', '-qf', '-v'), *MAILQ])
for nm, order in (('host', 'host'), ('time', 'time'), ('prio', 'priority'), ('file', 'filename'), ('mod', 'modification'),
                  ('none', 'none'), ('rand', 'random')):
    if nm not in ('none', 'rand'):
        add('order_' + nm, 'QueueSortOrder ' + order, DOWN + [DAEMON] + Q3 + [dict(do='wait', s=1)] + Q3 + [
            run('mailq', '-v', '-OQueueSortOrder=' + order), run('sendmail', '-q', '-v', '-OQueueSortOrder=' + order)])
add('run_quiet', 'runs without -v, twice, and with MinQueueAge', DOWN + [DAEMON] + Q3 + [
    run('sendmail', '-q'), run('sendmail', '-q', '-v', '-OMinQueueAge=1h'), run('mailq', '-OMinQueueAge=1h'),
    run('sendmail', '-q', '-v', '-OMinQueueAge=1h', '-qRoutside'), run('sendmail', '-q', '-v', '-OMaxQueueRunSize=1'),
    run('sendmail', '-q', '-v', '-OTimeout.hoststatus=1s', '-OSingleThreadDelivery'), run('sendmail', '-q', '-v', '-OCheckpointInterval=1'),
    run('sendmail', '-q', '-v', '-odi'), run('sendmail', '-q', '-v', '-odd'), run('sendmail', '-q', user='alice')] + MAILQ)
for mode in 'iqdb':
    add('mode_' + mode, 'DeliveryMode ' + mode, DOWN + [DAEMON] + Q3 + [dict(do='snapshot')] + MAILQ + RUN + MAILQ,
        mc(O('DELIVERY_MODE', {'i': 'interactive', 'q': 'queueonly', 'd': 'deferred', 'b': 'background'}[mode])))
add('held', 'HoldExpensive: expensive mailers wait for a run', DOWN + [DAEMON] + Q3 + MAILQ + RUN + MAILQ,
    mc("define(`SMTP_MAILER_FLAGS', `e')dnl\n" + O('CON_EXPENSIVE', 'True')))
add('hoststat', 'host status kept in files: hoststat, purgestat', DOWN + [DAEMON] + Q3 + [
    run('hoststat'), run('hoststat', '-v'), *RUN, run('sendmail', '-bh'), run('purgestat'), run('hoststat'), *RUN,
    run('sendmail', '-bH'), run('hoststat')], mc(O('HOST_STATUS_DIRECTORY', '/var/spool/hoststat')),
    setup=['mkdir -p /var/spool/hoststat'])
add('etrn', 'ETRN runs a part of the queue', DOWN + [DAEMON] + Q3 + [
    smtp(INSIDE, E, 'ETRN dom1.example', 'ETRN @example', 'ETRN outside.example', 'ETRN #x', 'ETRN nosuch.example', 'QUIT')] + MAILQ)

# ------------------------------------------------------------ ways out
ALL = [at(n) for n in ('outside', 'dom1', 'dom2', 'isp', 'smtprelay', 'hub')]
HDR = msg('rewritten', frm='Alice Adams <alice>', to='bob, x@dom1.example, "Carol" <carol@localdom.example>, list: a@b.example;',
          more='Cc: nosuch, Root <root>\nSender: alice@mx1.corp.example\nReply-To: bob@mx1.corp.example (Bob)\n'
          'Resent-From: alice@sub.corp.example\nX-Other: bob\nErrors-To: carol\nDisposition-Notification-To: alice\n')
PEOPLE = ['bob', 'x@dom1.example', 'nosuch', 'root', 'alice+d', 'team', 'y@outside.example', 'bob@localdom.example',
          'z@[10.9.9.9]', 'user%dom2.example@corp.example', 'u@mx1.corp.example', 'postmaster']


def ways(name, title, feat, more='', **kw):
    add('way_' + name, title, [*ALL, DAEMON, send(HDR, *PEOPLE), send(HDR, 'x@dom1.example', 'bob', frm='MAIL FROM:<alice>', src=LOCAL),
                               send(HDR, 'x@dom1.example', 'bob', frm='MAIL FROM:<>')] + MAILQ +
        [run('sendmail', '-bv', *[p if '@' in p else p + '@corp.example' for p in PEOPLE])],
        mc(feat) if not more else more, **kw)


SMART = "define(`SMART_HOST', `%s')dnl\n"
for nm, v in (('name', 'isp.example'), ('brackets', '[relay.isp.example]'), ('address', '[10.9.9.9]'), ('mailer', 'esmtp:[10.9.9.9]'),
              ('smtp', 'smtp:[10.9.9.9]'), ('smtp8', 'smtp8:isp.example'), ('dsmtp', 'dsmtp:isp.example'), ('list', 'isp.example:[10.9.9.10]'),
              ('down', 'down.example'), ('downlist', 'mail.down.example:isp.example'), ('nosuch', 'nxdomain.example'), ('self', 'mx1.corp.example'),
              ('commas', '[10.9.9.10]:[10.9.9.9]'), ('local', 'local:alice')):
    ways('smart_' + nm, 'SMART_HOST ' + v, SMART % v)
for nm, feat in (('mail_hub', "define(`MAIL_HUB', `[203.0.113.9]')dnl\n"), ('local_relay', "define(`LOCAL_RELAY', `[203.0.113.9]')dnl\n"),
                 ('hub_and_relay', "define(`MAIL_HUB', `[203.0.113.9]')dnl\ndefine(`LOCAL_RELAY', `[10.9.9.9]')dnl\nFEATURE(`stickyhost')dnl\n"),
                 ('luser_host', "define(`LUSER_RELAY', `relay:[10.9.9.9]')dnl\n"), ('luser_local', "define(`LUSER_RELAY', `local:carol')dnl\n"),
                 ('luser_error', "define(`LUSER_RELAY', `error:5.1.1:\"550 gone\"')dnl\n"),
                 ('luser_keep', "define(`LUSER_RELAY', `esmtp:[10.9.9.9]')dnl\nFEATURE(`preserve_luser_host')dnl\n"),
                 ('local_users', "define(`MAIL_HUB', `[203.0.113.9]')dnl\nLOCAL_USER(`bob')dnl\n"),
                 ('masq_envelope', "MASQUERADE_AS(`masq.example')dnl\nFEATURE(`masquerade_envelope')dnl\nFEATURE(`masquerade_entire_domain')dnl\nMASQUERADE_DOMAIN(`corp.example')dnl\n"),
                 ('allmasq', "MASQUERADE_AS(`masq.example')dnl\nFEATURE(`allmasquerade')dnl\nEXPOSED_USER(`root')dnl\n"),
                 ('limited', "MASQUERADE_AS(`masq.example')dnl\nFEATURE(`limited_masquerade')dnl\nMASQUERADE_DOMAIN(`localdom.example')dnl\n"),
                 ('local_no_masq', "MASQUERADE_AS(`masq.example')dnl\nFEATURE(`local_no_masquerade')dnl\nFEATURE(`always_add_domain')dnl\n"),
                 ('nocanonify', "FEATURE(`nocanonify')dnl\n"), ('accept_unq', "FEATURE(`accept_unqualified_senders')dnl\n" + SMART % 'isp.example'),
                 ('dont_expand', O('DONT_EXPAND_CNAMES', 'True')), ('relay_mx', SMART % 'relay:outside.example')):
    ways(nm, 'ways out: ' + nm, feat)
GEN = {'/etc/mail/genericstable': 'alice\tAlice.Adams@corp.example\nbob@localdom.example\trobert@dom1.example\ncarol\tcarol.c@outside.example\n@localdom.example\tanyone@corp.example\n'}
for nm, feat in (('generics', ''), ('generics_env', "MASQUERADE_AS(`masq.example')dnl\nFEATURE(`masquerade_envelope')dnl\n")):
    ways(nm, 'genericstable ' + nm, "FEATURE(`genericstable', `hash /etc/mail/genericstable')dnl\nGENERICS_DOMAIN(`corp.example')dnl\nGENERICS_DOMAIN(`localdom.example')dnl\nGENERICS_DOMAIN(`mx1.corp.example')dnl\n" + feat, files=GEN)
VIRT = {'/etc/mail/virtusertable': 'bob@corp.example\tbob@dom1.example\nnosuch@corp.example\terror:5.1.1:550 nobody here\nteam@corp.example\talice,x@outside.example\n@localdom.example\t%1@dom1.example\nroot@corp.example\talias2@corp.example\nalias2@corp.example\tx@[10.9.9.9]\n'}
ways('virtual', 'virtusertable to elsewhere', "FEATURE(`virtusertable', `hash /etc/mail/virtusertable')dnl\n", files=VIRT)
MT = {'/etc/mail/mailertable': 'dom1.example\trelay:[10.9.9.9]\n.dom1.example\tsmtp:isp.example\noutside.example\tesmtp:[192.0.2.99]:[10.9.9.9]\ndom2.example\tlocal:carol\nerr.example\terror:5.7.1:550 no mail for %1\nhost.example\terror:nohost no such host\ntmp.example\terror:4.2.1:450 later\ndisc.example\tdiscard:gone\nproc.example\tprocmail:/x\nempty.example\tesmtp:\nlist.example\tesmtp:mail.down.example:isp.example\nnx.example\tesmtp:nxdomain.example\nself.example\tesmtp:[10.0.0.1]\n.example\trelay:[10.9.9.10]\n'}
add('way_mailertable', 'mailertable: every form', [*ALL, DAEMON] + [send(msg(d), 'x@' + d, frm='MAIL FROM:<alice@corp.example>') for d in
    ('dom1.example', 'a.dom1.example', 'b.a.dom1.example', 'outside.example', 'dom2.example', 'err.example', 'host.example', 'tmp.example',
     'disc.example', 'empty.example', 'list.example', 'nx.example', 'self.example', 'other.example', 'corp.example', '[192.0.2.71]')] + MAILQ,
    mc("FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl\n"), files=MT)
DOMS = ['loopmx.example', 'nullmx.example', 'badmx.example', 'bestmx.example', 'backupmx.example', 'equalmx.example', 'cnamemx.example',
        'dangling.example', 'nodata.example', 'refused.example', 'tempfail.example', 'v6only.example', 'a.wild.example', 'nxdomain.example',
        'www.outside.example', 'down.example', 'uni.example', '[192.0.2.36]', '[192.0.2.250]', '[IPv6:2001:db8:99::36]', '[mail.dom1.example]',
        '[nosuch.example]', 'localhost', 'host1', 'mx2.corp.example', 'one', '1.2.3.4', 'x..example', 'x.example.', 'a_b.example', '-x.example']
for nm, feat in (('plain', ''), ('fallback', O('FALLBACK_MX', '[10.9.9.9]')), ('fallback_name', O('FALLBACK_MX', 'isp.example')),
                 ('best', O('TRY_NULL_MX_LIST', 'True')), ('fallback_smart', "define(`confFALLBACK_SMARTHOST', `isp.example')dnl\n"),
                 ('nodns', "FEATURE(`nodns')dnl\n"), ('bestmx', "FEATURE(`bestmx_is_local')dnl\n")):
    add('domains_' + nm, 'where domains of all kinds lead: ' + nm, [at('isp'), at('nomx'), at('outside2'), DAEMON] +
        [send(msg(d), 'x@' + d) for d in DOMS] + MAILQ + [run('sendmail', '-q', '-v', '-OTimeout.queuereturn=1s')], mc(feat))
NULLCLIENT = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nOSTYPE(`linux')dnl\ndefine(`confDOMAIN_NAME', `mx1.corp.example')dnl\nDAEMON_OPTIONS(`Name=MTA, Addr=10.0.0.1')dnl\n"
for nm, feat in (('plain', "FEATURE(`nullclient', `[10.9.9.9]')dnl\n"), ('name', "FEATURE(`nullclient', `isp.example')dnl\n"),
                 ('masq', "FEATURE(`nocanonify')dnl\nMASQUERADE_AS(`masq.example')dnl\nFEATURE(`nullclient', `[10.9.9.9]')dnl\n")):
    ways('null_' + nm, 'nullclient ' + nm, '', NULLCLIENT + feat)

# ------------------------------------------------------------ mailers
MAILER = 'MAILER_DEFINITIONS\nMtest, P=[IPC], F=%s, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990, %s T=DNS/RFC822/SMTP, A=TCP $h\n'
TEST = ['x@dom1.example', 'y@dom1.example', 'z@dom1.example', 'Q"uo"te@dom1.example']
for nm, flags, more in (('plain', 'mDFMuXa', ''), ('no_a', 'mDFMuX', ''), ('no_m', 'DFMuXa', ''), ('no_X', 'mDFMua', ''), ('r2', 'mDFMuXa', 'r=2,'),
                        ('M500', 'mDFMuXa', 'M=500,'), ('M10', 'mDFMuXal', 'M=10,'), ('k', 'mDFMuXak', ''), ('p', 'mDFMuXap', ''), ('b', 'mDFMuXab', ''),
                        ('e', 'mDFMuXae', ''), ('five', 'mDFMuXa5', ''), ('seven', 'mDFMuXa7', ''), ('eight', 'mDFMuXa8', ''), ('nine', 'mDFMuXa9', ''),
                        ('s', 'mDFMuXas', ''), ('P', 'mDFMuXaP', ''), ('h_and_u', 'mDFMXahu', ''), ('no_u', 'mDFMXa', ''), ('n', 'nmDFMuXaU', ''),
                        ('x', 'mxDFMuXa', ''), ('no_DFM', 'muXa', ''), ('C', 'mDFMuXaC', ''), ('L', 'mDFMuXaL', 'L=40,'), ('g', 'mDFMuXag', ''), ('E', 'mDFMuXaE', ''),
                        ('three', 'mDFMuXa3', ''), ('six', 'mDFMuXa6', ''), ('colon', 'mDFMuXa:', ''), ('B', 'mDFMuXaB', ''), ('f', 'mDFMuXaf', ''),
                        ('i', 'mDFMuXai', ''), ('y', 'mDFMuXay', ''), ('q', 'mDFMuXaq', ''), ('lower_c', 'mDFMuXac', ''), ('d', 'mDFMuXad', ''), ('Z', 'mDFMuXaZ', ''),
                        ('m1', 'mDFMuXa', 'm=1,'), ('Q', 'mDFMuXa', 'Q=nosuch,'), ('W', 'mDFMuXa', 'W=1s,'), ('lmtp', 'mDFMuXaz', ''), ('star', 'mDFMuXaW', ''),
                        ('percent', 'mDFMuXa%', ''), ('bang', 'mDFMuXa!', ''), ('I', 'mDFMuXaI', ''), ('o', 'mDFMuXao', ''), ('R', 'mDFMuXaR', ''), ('lF', 'mDFMuXal', ''), ('w', 'mDFMuXaw', ''), ('slash', 'mDFMuXa/', ''), ('at', 'mDFMuXa@', ''), ('bar', 'mDFMuXa|', ''), ('zero', 'mDFMuXa0', ''), ('one', 'mDFMuXa1', ''), ('two', 'mDFMuXa2', '')):
    lhlo = 'nexthop.example\n250-8BITMIME\n250-ENHANCEDSTATUSCODES\n250 PIPELINING'
    add('flag_' + nm, 'a mailer with F=%s %s' % (flags, more), [
        at('dom1', LHLO='250-' + lhlo, **({'DOT': '250 2.1.5 one\n550 5.2.1 two\n450 4.2.2 three\n250 2.0.0 four'} if nm == 'lmtp' else {})), DAEMON,
        send(HDR, *TEST), send(msg('lines', '.dot\nFrom here\n' + 'w' * 120 + '\n'), TEST[0], frm='MAIL FROM:<>'),
        send('Subject: no fields\n\ncaf\xe9', TEST[0], 'Mixed.Case@Dom1.Example', frm=A + ' BODY=8BITMIME')] + MAILQ + RUN,
        mc("FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl\n", mailers="MAILER(`local')dnl\nMAILER(`smtp')dnl\n" + MAILER % (flags, more)),
        files={'/etc/mail/mailertable': 'dom1.example\ttest:[192.0.2.71]\n'})
for nm, opts in (('cache', O('MCI_CACHE_SIZE', '2')), ('no_cache', O('MCI_CACHE_SIZE', '0')), ('single', O('SINGLE_THREAD_DELIVERY', 'True') + O('HOST_STATUS_DIRECTORY', '/var/spool/hoststat')),
                 ('max_rcpts', O('MAX_RCPTS_PER_MESSAGE', '100') + O('CHECKPOINT_INTERVAL', '2')), ('queue', O('FAST_SPLIT', '3')), ('own_name', O('DOUBLE_BOUNCE_ADDRESS', 'bob')),
                 ('seven', O('SEVEN_BIT_INPUT', 'True')), ('hops', O('MAX_HOP', '2')), ('log', O('LOG_LEVEL', '15')), ('helo', O('REJECT_LOG_INTERVAL', '1h')),
                 ('client', "CLIENT_OPTIONS(`Family=inet, Address=10.0.0.1')dnl\n"), ('client_port', "CLIENT_OPTIONS(`Family=inet, Address=10.9.9.10, Modify=h')dnl\n"),
                 ('no_pipe', "define(`SMTP_MAILER_FLAGS', `')dnl\n")):
    add('option_' + nm, 'relaying with an option: ' + nm, [at('outside', EHLO=ENH, RCPT={'<bad@': '550 5.1.1 no'}), at('dom1', RCPT={'<bad@': '550 5.1.1 no'}), at('dom2'), DAEMON,
        send(msg('many'), 'a@outside.example', 'b@dom1.example', 'c@outside.example', 'd@dom2.example', 'bad@dom1.example', 'e@backupmx.example', 'bob'),
        send(msg('own', more='Received: x\nReceived: y\nReceived: z\n'), 'a@outside.example'),
        smtp(INSIDE, E, A, *to('a@outside.example'), 'DATA', {'data': msg('1')}, A, *to('b@outside.example', 'bad@outside.example'), 'DATA', {'data': msg('2')}, 'QUIT')] + MAILQ + RUN,
        mc(opts), setup=['mkdir -p /var/spool/hoststat'])
EXITS = [*range(64, 79), 1, 2, 3, 99, 127, 255]
CODED = ALIASES + ''.join('e%d: "|cat >/dev/null; exit %d"\n' % (n, n) for n in EXITS)
NULL = 'MAIL FROM:<>'
add('exit_codes', 'programs that end with every code: reports, and what is left in the queue', [DAEMON] +
    [send(msg(str(n)), 'e%d' % n) for n in EXITS] + [send(msg('both'), 'e78', 'e67', 'bob')] + MAILQ, mc(), aliases=CODED)
for nm, opts in (('', ''), ('_dba', O('DOUBLE_BOUNCE_ADDRESS', 'bob')), ('_copy', O('COPY_ERRORS_TO', 'carol')),
                 ('_both', O('DOUBLE_BOUNCE_ADDRESS', 'bob') + O('COPY_ERRORS_TO', 'carol')), ('_no_dba', O('DOUBLE_BOUNCE_ADDRESS', ''))):
    add('exit_null' + nm, 'internal errors of programs, with and without a sender' + nm, [DAEMON] + sum([[send(msg(a), *w, frm=a)
        for w in (['e78'], ['e67'], ['e78', 'e67'], ['e67', 'e70'], ['e70 NOTIFY=NEVER'], ['e67 NOTIFY=NEVER', 'e78'])]
        for a in (NULL, A)], []) + MAILQ, mc(opts), aliases=CODED)

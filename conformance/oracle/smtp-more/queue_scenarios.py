"""Scenarios of the queue and of mailers: runs over parts, orders, groups, delivery modes, what servers
do that they should not, and mailers defined with every equate."""
from scenario_lib import *                                     # noqa: F401,F403
from relay_scenarios import A, E, ENH, MAILQ, RELAY, RUN, TIMES, O, at, send, to

S = SCENARIOS = []


def add(name, title, steps, mc_=None, **kw):
    kw['files'] = {**RELAY, **kw.get('files', {})}
    S.append(sc('queue_' + name, title, steps, mc_, **kw))


QUEUE = O('DELIVERY_MODE', 'queueonly')
MT = "FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl\n"
BUSY = '421 4.3.2 busy'

# ------------------------------------------------------------ the order of recipients and messages
MANY = ['a@dom1.example', 'b@outside.example', 'bob', 'c@dom1.example', 'carol', 'd@nomx.example', 'e@dom2.example',
        'f@www.outside.example', 'g@a.wild.example', 'h@[192.0.2.73]', 'i@outside.example', 'j@isp.example']
add('order_rcpts', 'the order of recipients in the queue and in runs', [
    at(n, MAIL='451 4.3.0 later') for n in ('dom1', 'dom2', 'dom3', 'outside', 'nomx', 'isp')] + [DAEMON] +
    [send(msg('many'), *MANY), send(msg('less'), *MANY[:3]), *MAILQ, *RUN, *MAILQ, *RUN, *MAILQ], mc(QUEUE))
add('order_rcpts_now', 'the same with delivery at once', [
    at(n, MAIL='451 4.3.0 later') for n in ('dom1', 'dom2', 'dom3', 'outside', 'nomx', 'isp')] + [DAEMON] +
    [send(msg('many'), *MANY), *MAILQ, *RUN, *MAILQ], mc())
for order in ('none', 'priority', 'time', 'filename', 'host', 'modification'):
    add('sort_' + order, 'QueueSortOrder ' + order, [at('dom1', MAIL='451 4.3.0 later'), at('outside', MAIL='451 4.3.0 later'),
        DAEMON] + sum([[send(msg(str(i), 'x\n' * n), w)] for i, (n, w) in enumerate(
            [(9, 'z@outside.example'), (1, 'a@dom1.example'), (5, 'b@outside.example'), (5, 'c@dom1.example'), (5, 'd@outside.example')])], []) +
        MAILQ + RUN + MAILQ + RUN, mc(QUEUE + O('QUEUE_SORT_ORDER', order)))
add('max_run', 'MaxQueueRunSize', [at('dom1', MAIL='451 4.3.0 later'), DAEMON] + [send(msg(str(i)), 'x@dom1.example') for i in range(4)] +
    [*MAILQ, *RUN, *RUN], mc(QUEUE + O('MAX_QUEUE_RUN_SIZE', '2')))
add('min_age', 'MinQueueAge: too young, with -q of every kind', [at('dom1', MAIL='451 4.3.0 later'), DAEMON, send(msg('1'), 'x@dom1.example'), *RUN, *MAILQ,
    run('sendmail', '-q', '-v', '-OMinQueueAge=1h'), run('sendmail', '-q', '-v', '-OMinQueueAge=0'), run('sendmail', '-qRdom1', '-v'), run('sendmail', '-qI6', '-v'),
    run('sendmail', '-q', '-v', '-OMaxQueueAge=1s')], mc(O('MIN_QUEUE_AGE', '1m')))

# ------------------------------------------------------------ options of runs
BOX = [at('dom1', MAIL='451 4.3.0 later'), at('outside', MAIL='451 4.3.0 later'), DAEMON,
       send(msg('1'), 'x@dom1.example'), send(msg('2'), 'Y@Outside.Example', frm='MAIL FROM:<>'), send(msg('3'), 'z@dom1.example', 'y@outside.example', frm='MAIL FROM:<bob@corp.example>')]
WORDS = ['-qI', '-qR', '-qS', '-qG', '-qQ', '-qL', '-q!', '-q!I', '-q!R', '-q!S', '-q!G', '-q!Q', '-q!L', '-qX', '-q!X', '-qGmqueue', '-qGnosuch', '-q!Gmqueue', '-qz', '-q-1', '-q1x',
         '-q 1', '-qi6', '-qr@', '-qRDOM1', '-qROUTSIDE', '-qS@', '-qSALICE', '-qf', '-qF', '-q!!R', '-qR!x', '-qQx', '-qLx', '-q!Qx', '-qpfoo', '-q0', '-q0s', '-qR<x@dom1.example>', '-qSalice@corp.example',
         '-qS<alice@corp.example>']
for i in range(0, len(WORDS), 7):
    add('words_%d' % (i // 7), 'options -q: ' + ' '.join(WORDS[i:i + 7]), BOX + sum([[run('sendmail', '-bp', w), run('sendmail', w, '-v', timeout=5)]
        for w in WORDS[i:i + 7] if w not in ('-q0', '-q0s', '-qpfoo')], []), mc(QUEUE))
PAIRS = [('-qRdom1', '-qRoutside'), ('-qRdom1', '-qSbob'), ('-qRdom1', '-q!Sbob'), ('-q!Rdom1', '-q!Routside'), ('-q', '-qRdom1'), ('-qRdom1', '-q'), ('-qI6', '-qRoutside', '-qSbob'), ('-qQ', '-qRdom1'),
         ('-qL', '-qQ'), ('-qGmqueue', '-qRdom1'), ('-qRdom1', '-qGmqueue'), ('-qRx', '-q!Rz')]
add('pairs', 'several options -q at once', BOX + sum([[run('sendmail', '-bp', *p), run('sendmail', *p, '-v')] for p in PAIRS], []), mc(QUEUE))
add('quarantined', 'runs over and listings of quarantined and lost messages', BOX + [run('sendmail', '-Qbad words', '-qRoutside'), *MAILQ, run('mailq', '-qQ'), run('sendmail', '-bp', '-qQ', '-v'), *RUN,
    run('sendmail', '-qQ', '-v'), run('sendmail', '-qQRdom1', '-v'), run('sendmail', '-Q', '-qQ', '-qSbob'), *MAILQ, run('mailq', '-qQ'), run('sendmail', '-Q', '-qQ'), *MAILQ, run('sendmail', '-Qx', '-qI6'), run('mailq', '-qQ'),
    run('sendmail', '-Q', '-qRdom1'), run('sendmail', '-Qagain', '-qQ'), run('mailq', '-qQ')], mc(QUEUE))
add('by_user', 'runs and listings by users', BOX + [run('sendmail', *o, user='alice') for o in (('-q',), ('-q', '-v'), ('-qRdom1',), ('-bp',), ('-bp', '-v'), ('-bp', '-qRdom1'), ('-Qx', '-qRdom1'), ('-bh',))],
    mc(QUEUE + O('PRIVACY_FLAGS', 'restrictqrun')))
add('restricted', 'restrictmailq, restrictexpand', BOX + [run('sendmail', *o, user='alice') for o in (('-bp',), ('-bp', '-v'), ('-bv', 'bob'), ('-q',), ('-qRx',))] + [run('sendmail', '-bv', 'bob')],
    mc(QUEUE + O('PRIVACY_FLAGS', 'restrictmailq,restrictexpand')))

# ------------------------------------------------------------ delivery modes
LATE = ['x@tempfail.example', 'y@nxdomain.example', 'z@www.outside.example', 'bob', 'v@virt.example', 'u@dom1.example', 'w@cnamemx.example']
VIRT = {'/etc/mail/virtusertable': 'v@virt.example\tcarol\n@dom2.example\t%1@dom1.example\n', '/etc/mail/mailertable': 'dom1.example\tesmtp:[192.0.2.71]\n'}
for mode in ('interactive', 'background', 'queueonly', 'deferred'):
    add('mode_' + mode, 'DeliveryMode %s: names that need look-ups' % mode, [at('dom1', MAIL=['451 4.3.0 later', '250 ok']), DAEMON] + [send(msg(w), w) for w in LATE] + [send(msg('all'), *LATE),
        smtp(INSIDE, E, 'MAIL FROM:<u@tempfail.example>', *to('bob'), 'DATA', {'data': msg('t')}, 'MAIL FROM:<u@nxdomain.example>', 'VRFY x@tempfail.example', 'QUIT')] + MAILQ + RUN + MAILQ,
        mc(O('DELIVERY_MODE', mode) + MT + "FEATURE(`virtusertable', `hash /etc/mail/virtusertable')dnl\nVIRTUSER_DOMAIN(`virt.example')dnl\nVIRTUSER_DOMAIN(`dom2.example')dnl\n"), files=VIRT)
add('mode_list', 'delivery modes and aliases, lists, programs, a .forward', [at('dom1'), sh('echo "carol, x@dom1.example" >/home/bob/.forward; chown bob:bob /home/bob/.forward'), DAEMON,
    send(msg('1'), 'bob'), send(msg('2'), 'team', 'list', 'prog'), send(msg('3'), 'nosuch@dom9.example', 'team')] + MAILQ + RUN + MAILQ, mc(O('DELIVERY_MODE', 'deferred')),
    aliases=ALIASES + 'list: bob, y@dom1.example\nowner-list: carol\nprog: "|exit 0"\n')

# ------------------------------------------------------------ queue groups
GROUPS = ("define(`QUEUE_DIR', `/var/spool/mqueue/q*')dnl\nQUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, F=f, N=10, I=1h, R=2, J=5')dnl\n"
          "QUEUE_GROUP(`two', `P=/var/spool/mqueue/two, r=2')dnl\nQUEUE_GROUP(`stars', `P=/var/spool/mqueue/x*')dnl\n")
DIRS = ['mkdir -m 700 -p /var/spool/mqueue/q1 /var/spool/mqueue/slow /var/spool/mqueue/two /var/spool/mqueue/xone']
QG = {'/etc/mail/access': 'QGRP:dom1.example\tslow\nQGRP:dom2.example\ttwo\nQGRP:x@outside.example\tslow\nQGRP:isp.example\tnosuch\nQGRP:nomx.example\tstars\n'}
HOPS = [at(n, MAIL='451 4.3.0 later') for n in ('dom1', 'dom2', 'outside', 'nomx', 'isp')]
for nm, mode in (('queue', 'queueonly'), ('now', 'background'), ('inter', 'interactive')):
    add('groups_' + nm, 'queue groups chosen by access_db; mode ' + mode, HOPS + [DAEMON, send(msg('one'), 'a@dom1.example'), send(msg('two'), 'b@dom1.example', 'c@outside.example'),
        send(msg('many'), *['u%d@dom2.example' % i for i in range(5)]), send(msg('all'), 'd@dom1.example', 'bob', 'x@outside.example', 'y@outside.example', 'e@nomx.example', 'f@isp.example', 'g@dom2.example', 'h@dom2.example', 'i@dom2.example')] +
        MAILQ + [run('mailq', '-qGslow'), run('mailq', '-qGtwo'), run('mailq', '-qGnosuch'), run('sendmail', '-qGslow', '-v'), run('sendmail', '-qGtwo', '-qRu1', '-v'), run('sendmail', '-q', '-v'), *MAILQ],
        mc(O('DELIVERY_MODE', mode) + GROUPS + "FEATURE(`access_db')dnl\nFEATURE(`queuegroup')dnl\n"), files=QG, setup=DIRS)
add('group_mailer', 'a queue group of a mailer, and r= of the default group', HOPS + [DAEMON, send(msg('one'), 'a@dom1.example', 'bob', 'b@dom2.example', 'c@dom1.example', 'carol', 'd@outside.example'), send(msg('two'), 'team', 'e@dom1.example')] +
    MAILQ + RUN + MAILQ, mc(QUEUE + GROUPS + "QUEUE_GROUP(`mqueue', `P=/var/spool/mqueue/q*, r=2')dnl\ndefine(`SMTP_MAILER_QGRP', `slow')dnl\n"), setup=DIRS)
add('group_nice', 'queue groups with Nice= and Flags', HOPS + [DAEMON, send(msg('one'), 'a@dom1.example')] + MAILQ + RUN, mc(QUEUE + GROUPS + "QUEUE_GROUP(`mqueue', `P=/var/spool/mqueue/q*, N=5, F=f')dnl\n"), setup=DIRS)

# ------------------------------------------------------------ connections kept
for nm, opts in (('0', O('MCI_CACHE_SIZE', '0')), ('1', O('MCI_CACHE_SIZE', '1')), ('4', O('MCI_CACHE_SIZE', '4')), ('brief', O('MCI_CACHE_TIMEOUT', '0s'))):
    add('cache_' + nm, 'connections kept during runs: ' + nm, [at(n, MAIL=['451 4.3.0 later'] * 3 + ['250 ok']) for n in ('dom1', 'dom2', 'outside')] + [DAEMON] +
        [send(msg(w), w) for w in ('a@dom1.example', 'b@outside.example', 'bob', 'c@dom2.example', 'd@dom1.example', 'carol', 'e@outside.example')] + RUN + RUN + RUN, mc(QUEUE + opts))

# ------------------------------------------------------------ hosts in lists, ports, fallback
OWN = "MAILER(`local')dnl\nMAILER(`smtp')dnl\nMAILER_DEFINITIONS\nMport, P=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990, T=DNS/RFC822/SMTP, A=TCP $h 2525\n"
TABLE = {'/etc/mail/mailertable': 'port.example\tport:[192.0.2.71]\nlist.example\tport:[192.0.2.72]:[192.0.2.71]\nmx.example\tport:outside.example\nsmtp.example\tesmtp:[192.0.2.72]:outside.example:[192.0.2.71]\n'
         'dup.example\tesmtp:[192.0.2.72]:[192.0.2.72]:[192.0.2.71]\nbare.example\tesmtp:mail.down.example:nxdomain.example:[192.0.2.71]\nmany.example\tesmtp:' + ':'.join('[192.0.2.%d]' % (201 + i) for i in range(8)) + ':[192.0.2.71]\n'}
NAMES = ['port', 'list', 'mx', 'smtp', 'dup', 'bare', 'many']
for nm, opts in (('', ''), ('_fallback', O('FALLBACK_MX', '[192.0.2.73]')), ('_fallback_list', O('FALLBACK_MX', 'mail.down.example:[192.0.2.73]'))):
    add('hosts' + nm, 'lists of hosts and ports' + nm, [hop('192.0.2.71', 2525), at('dom1', greet='220 ok'), at('dom2', greet=BUSY), at('dom3'), at('outside', RCPT='451 4.7.1 later'), DAEMON] +
        [send(msg(n), 'x@%s.example' % n) for n in NAMES] + [send(msg('bob'), 'x@dom2.example', 'y@outside.example', 'z@down.example')] + MAILQ + RUN, mc(MT + opts, mailers=OWN), files=TABLE)

# ------------------------------------------------------------ what servers should not do
LONG = 'x' * 3000
for nm, script in (('greet', {'greet': ['garbage\n220 ok', '\n\n220 ok', '220-' + LONG + '\n220 ok', '220 ' + LONG, 'HTTP/1.1 400 Bad Request', '220-a\n421 b', '220\n', '\x00\x01\x02 binary\n220 ok', '220-' + '\n220-'.join(map(str, range(300))) + '\n220 ok', '220 ok']}),
                   ('ehlo', {'EHLO': '250-' + LONG + '\n250-SIZE 10\n250 DSN'}), ('rcpt', {'RCPT': ['250 ok\n250 again', '550-a\n250 b', '250-a\n550 b', '250 ' + LONG, '550 ' + LONG, '354 what', '421 closing', '421 closing\nDROP', '250 ok']}),
                   ('data', {'DATA': ['250 ok', '354 go\n250 early', '354 ' + LONG, '503 no rcpt', '421 busy', '354 go']}), ('dot', {'DOT': ['250 ok\n250 again', '354 more', '250-' + LONG + '\n250 ok', '421 busy', '421 busy\nDROP', '250-a\nDROP', '250 ok']})):
    n = max(len(v) if isinstance(v, list) else 1 for v in script.values())
    add('odd_' + nm, 'what servers should not say, at ' + nm, [at('dom1', **{'EHLO': ['SIZE', 'PIPELINING'], **script}), DAEMON] +
        [send(msg(str(i)), 'x@dom1.example', 'y@dom1.example') for i in range(n)] + MAILQ + RUN, mc(TIMES))

# ------------------------------------------------------------ mailers
BASE = {'P': '[IPC]', 'F': 'mDFMuXa', 'S': 'EnvFromSMTP/HdrFromSMTP', 'R': 'EnvToSMTP', 'E': '\\r\\n', 'L': '990', 'T': 'DNS/RFC822/SMTP', 'A': 'TCP $h'}
PROG = {'P': '/bin/sh', 'F': 'lsDFMqeu9', 'S': 'EnvFromL/HdrFromL', 'R': 'EnvToL/HdrToL', 'T': 'X-Unix/X-Unix/X-Unix', 'E': None, 'L': None}


def mailer(**more):
    eq = {**BASE, **more}
    return "MAILER(`local')dnl\nMAILER(`smtp')dnl\nMAILER_DEFINITIONS\nMtest, " + ', '.join('%s=%s' % x for x in eq.items() if x[1] is not None) + '\n'


CAT = 'sh -c "cat >>/var/tmp/out.txt"'
EQUATES = {'E_lf': dict(E='\\n'), 'E_none': dict(E=None), 'L_20': dict(L='20', F='mDFMuXaL'), 'L_0': dict(L='0'), 'S_none': dict(S=None), 'S_one': dict(S='EnvFromSMTP'), 'S_0': dict(S='0/HdrFromSMTP'), 'R_none': dict(R=None),
           'R_two': dict(R='EnvToSMTP/HdrFromSMTP'), 'T_none': dict(T=None), 'T_odd': dict(T='X-A/X-B/X-C'), 'M_200': dict(M='200'), 'M_0': dict(M='0'), 'm_2': dict(m='2'), 'r_1': dict(r='1'), 'r_3': dict(r='3'), 'C': dict(C='koi8-r'),
           'A_ipc': dict(A='IPC $h'), 'A_port': dict(A='TCP $h 25'), 'A_name': dict(A='TCP $h nosuchport'), 'A_fixed': dict(A='TCP [192.0.2.72]'), 'U': dict(U='bob'), 'Q': dict(Q='mqueue'), 'D': dict(D='/tmp'), 'slash': dict(**{'/': '/tmp'}), 'W': dict(W='1m'), 'N': dict(N='5'),
           'p_cat': dict(PROG, A=CAT), 'p_U': dict(PROG, U='bob', A=CAT), 'p_Ug': dict(PROG, U='bob:mail', A=CAT), 'p_D': dict(PROG, D='/nosuch:/var/tmp', A=CAT), 'p_N': dict(PROG, N='10', A='sh -c "cat >/dev/null"'),
           'p_E': dict(PROG, E='\\r\\n', A='sh -c "od -c >>/var/tmp/out.txt"'), 'p_L': dict(PROG, L='30', A=CAT), 'p_M': dict(PROG, M='50', A=CAT), 'p_S': dict(PROG, F='lsDFMqeuS', U='bob', A=CAT), 'p_exit': dict(PROG, A='sh -c "echo oops; echo more >&2; exit 70"'),
           'p_kill': dict(PROG, A='sh -c "kill -9 $$$$"'), 'p_args': dict(PROG, F='mlsDFMqeu9', A='sh -c "echo $@ >>/var/tmp/out.txt" x -f $f -h $h $u'), 'p_no_prog': dict(PROG, P='/nosuch', A='nosuch $u'),
           'lmtp_p': dict(PROG, P='/usr/libexec/sendmail/mail.local', F='lsDFMAw5:/|@qSXfmnz9', A='mail.local -l'), 'n_no': dict(F='mDFMXa'), 'z_more': dict(F='mDFMuXaz')}
for nm, eq in EQUATES.items():
    lhlo = '250-nexthop.example\n250-8BITMIME\n250 PIPELINING'
    add('mailer_' + nm, 'a mailer with ' + ' '.join('%s=%s' % x for x in eq.items()), [at('dom1', LHLO=lhlo, RCPT={'<bad@': '550 5.1.1 no'}), at('dom2'), DAEMON,
        send(msg('rewritten', frm='Alice Adams <alice>', to='bob, x@dom1.example'), 'x@dom1.example', 'bob@dom1.example', 'bad@dom1.example'),
        send('Subject: no fields\n\ncaf\xe9 ' + 'w' * 50 + '\n.x\nFrom y', 'bob@dom1.example', frm='MAIL FROM:<>')] + MAILQ + [sh('cat /var/tmp/out.txt')],
        mc(MT, mailers=mailer(**eq)), files={'/etc/mail/mailertable': 'dom1.example\ttest:[192.0.2.71]\n'}, setup=['rm -f /var/tmp/out.txt; touch /var/tmp/out.txt; chmod 666 /var/tmp/out.txt'], capture=['/var/tmp/out.txt'])
for nm, flags in (('b', 'mDFMuXab'), ('b_blank', 'mDFMuXab'), ('p', 'mDFMuXap'), ('pe', 'mDFMuXapE'), ('x', 'xmDFMuXa'), ('X', 'mDFMua'), ('I', 'mDFMuXaI'), ('L', 'mDFMuXaL'), ('lg', 'lgmDFMuXa'), ('nP', 'nPmDFMuXa'), ('U', 'nUmDFMu'), ('S7', '7mDFMuXa'), ('c', 'cmDFMuXa'), ('D', 'muXa'), ('v', 'mDFMuXav'),
                  ('A', 'AmDFMuXa'), ('j', 'mDFMuXaj'), ('N', 'mDFMuXaN'), ('J', 'mDFMuXaJ'), ('t', 'mDFMuXat'), ('V', 'mDFMuXaV'), ('G', 'mDFMuXaG'), ('four', 'mDFMuXa4'), ('H', 'mDFMuXaH'), ('O', 'mDFMuXaO'), ('Y', 'mDFMuXaY'), ('K', 'mDFMuXaK'), ('T', 'mDFMuXaT')):
    add('flags_' + nm, 'a mailer with F=' + flags, [at('dom1', RCPT={'<bad@': '550 5.1.1 no'}), DAEMON,
        send(msg('rewritten', '.dot\n\n' if nm == 'b_blank' else '.dot', frm='Alice Adams <alice>', to='bob, x@dom1.example', more='Cc: (comment) Carol <carol@corp.example>\nReply-To: bob@localdom.example\n'), 'x@dom1.example', 'Bob.B@dom1.example', 'bad@dom1.example'),
        send('From: (Full Name) bob\nSubject: no fields\n\ncaf\xe9', 'bob@dom1.example', '"q u"@dom1.example', frm='MAIL FROM:<>'),
        send('Full-Name: Given Name\nSubject: named\n\nx', 'bob@dom1.example', frm='MAIL FROM:<alice>'), send('Subject: y\n\n' + 'z' * 1500, 'bob@dom1.example', frm='MAIL FROM:<u@outside.example>')] + MAILQ,
        mc(MT, mailers=mailer(F=flags)), files={'/etc/mail/mailertable': 'dom1.example\ttest:[192.0.2.71]\n'})
DOTS = {'all': '250 2.1.5 one', 'mixed': '250 2.1.5 one\n550 5.2.2 full\n450 4.2.2 later', 'drop': '250 2.1.5 one\nDROP', '421': '250 2.1.5 one\n421 4.3.2 closing\nDROP', 'hang': '250 2.1.5 one\nHANG', 'odd': '250 2.1.5 one\nwhat?\n250 ok\n250 ok', 'enough': '250 2.1.5 one\n250 two\n250 three\n250 four'}
for nm, dots in DOTS.items():
    for pipe in ('', '_pipe'):
        add('lmtp_%s%s' % (nm, pipe), 'LMTP over TCP: ' + nm + pipe, [at('dom1', LHLO='250-n\n250-SIZE' + ('\n250-PIPELINING' if pipe else '') + '\n250 ENHANCEDSTATUSCODES', RCPT={'<bad@': '550 5.1.1 no', '<tmp@': '451 4.2.1 later'}, DOT=dots), DAEMON,
            send(msg('3'), 'x@dom1.example', 'y@dom1.example', 'z@dom1.example'), send(msg('b'), 'x@dom1.example', 'bad@dom1.example', 'y@dom1.example', 'tmp@dom1.example', 'z@dom1.example'), send(msg('bad'), 'bad@dom1.example', 'tmp@dom1.example')] + MAILQ + RUN,
            mc(MT + TIMES, mailers=mailer(F='mDFMuXaz')), files={'/etc/mail/mailertable': 'dom1.example\ttest:[192.0.2.71]\n'})

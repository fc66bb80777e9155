"""Group D: guessing, and too much of everything; and further hostile input."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

RATES = ACCESS + 'ClientRate:192.0.2.33\t2\nClientConn:192.0.2.33\t2\nGreetPause:\t2000\n'
SHORT = talk(HELO, QUIT)
LIMITED = "define(`confMAX_MESSAGE_SIZE', `1000000')dnl\n"
HOPS = 'Received: by x; Fri, 20 Nov 2026 10:00:00 +0000\r\n'
QUEUE_PARTS = 'sim/testing/queue_parts_test.cc'
LISTENERS = 'sim/testing/listener_test.cc'


def many(line, count, replies, window=1):
    """`count` lines, and the expression for a summary of their replies."""
    return ({'many': line, 'to': count, 'window': window},
            f'(\\(closed by server\\)\n)?\\(many: {replies}\\)')


def session(*lines, **kwargs):
    """A case of one dialogue."""
    return Case(PLAIN, [DAEMON, talk(HELO, *lines)], **kwargs)


def streamed(before, piece, count, behind, expect, where=PLAIN, **kwargs):
    """A message whose middle is a piece many times over."""
    return Case(where, [DAEMON, talk(*envelope(), ({'raw': before, 'replies': 0}, None),
                                     ({'stream': piece, 'count': count}, None),
                                     raw(behind, expect))], **kwargs)


ROWS = [
    Row('D01', 'a thousand guesses in one session', [
        Case(site("define(`confBAD_RCPT_THROTTLE', `4')dnl\n"), [
            DAEMON, talk(HELO, (MAIL, '250'),
                         many('RCPT TO:<user%d@corp.example>', 1000, '550 5\\.1\\.1 x 1000'),
                         QUIT)],
             log=('Possible SMTP RCPT flood',))]),
    Row('D02', 'the same in many connections', [
        Case(site("FEATURE(`ratecontrol', , `terminate')dnl\n", RATES), [
            DAEMON, talk(HELO, (MAIL, '250'), ('RCPT TO:<nosuch@corp.example>', '550'), QUIT),
            talk(HELO, QUIT), *[talk(('EHLO x',
                                      '\\(not sent\\)|421|\\(closed')) for _ in range(20)]])]),
    Row('D03', 'VRFY and a dictionary', [
        Case(HARDENED, [DAEMON, talk(HELO, many('VRFY user%d', 20, '252 2\\.5\\.2 x 20'),
                                     ('VRFY alice', '252'), QUIT)]),
        session(many('VRFY user%d', 20, '550 5\\.1\\.1 x 20'), QUIT)]),
    Row('D04', 'EXPN and a dictionary', [
        Case(HARDENED, [DAEMON, talk(HELO, many('EXPN list%d', 20, '502 5\\.7\\.0 x 20'),
                                     ('EXPN team', '502'), QUIT)])]),
    Row('D05', 'users that are there take as long as others', [
        session((MAIL, '250'), *[(f'RCPT TO:<{user}@corp.example>', expect)
                                 for user, expect in (('alice', '250'), ('nosuch', '550'),
                                                      ('bob', '250'), ('other', '550'))], QUIT,
                seconds=20)]),
    Row('D06', 'RCPT and QUIT over and over', [
        Case(site("FEATURE(`ratecontrol', , `terminate')dnl\n", RATES),
             [DAEMON] + [talk(HELO, (MAIL, '250'), ALICE, QUIT) for _ in range(2)] +
             [talk(('EHLO x', '\\(not sent\\)|421|\\(closed')) for _ in range(10)])]),
    Row('D07', 'commands that are none', [
        session(many('BOGUS %d', 60, '500 5\\.5\\.1 x 25, 421 4\\.7\\.0 x 1'))]),
    Row('D08', 'NOOP, RSET and HELP without end', [
        session(many('NOOP %d', 100, '250 2\\.0\\.0 x 100'), many('RSET', 60, '250 2\\.0\\.0 x 60'),
                many('HELP', 60, '502 5\\.3\\.0 x 60'), QUIT,
                log=('possible SMTP attack: command=NOOP',), seconds=24 * 3600)]),
    Row('D09', 'greetings without end', [
        session(many('EHLO x%d.example', 30, '250[ -].*'), QUIT)]),
    Row('D10', 'ETRN without end', [
        session(many('ETRN x%d.example', 30, '(45[0-9]|250|50[02]).*'), QUIT)]),
    Row('D11', 'a command line of 1 MB', [
        session(({'stream': 'x', 'count': 1 << 20}, None), raw('\r\n',
                                                               '(421|500|501)|\\(closed|\\(send'))]),
    Row('D12', 'a client that says a letter a minute', [
        session(({'drip': 'NOOP' * 60, 'interval': 59, 'replies': 1}, '(421|\\(drip|\\(closed).*'),
                seconds=6 * 3600)]),
    Row('D13', 'a client that says nothing', [
        Case(PLAIN, [DAEMON, talk(({'sleep': 2 * 3600}, None), ('NOOP', '421|\\(send|\\(closed'))],
             seconds=3 * 3600)]),
    Row('D14', 'a thousand idle connections of one client', [
        Case(site("FEATURE(`conncontrol', , `terminate')dnl\n", RATES), [
            DAEMON, parallel(talk(({'sleep': 30}, None)), copies=300),
            talk(HELO, (MAIL, '250'), ALICE, QUIT, client=SECOND)])]),
    Elsewhere('D15', 'too many connections of many clients', [
        LISTENERS + ':RefuseAtMaxDaemonChildren', LISTENERS + ':DelayWhatComesTooFast']),
    Row('D16', 'slowed-down clients take no places for ever', [
        Case(site("define(`confMAX_DAEMON_CHILDREN', `3')dnl\n"), [
            DAEMON, parallel(talk(HELO, many('BOGUS %d', 100, '.*')), copies=3),
            {'do': 'wait', 's': 60}])]),
    Row('D17', 'a hundred thousand recipients', [
        Case(site("define(`confMAX_RCPTS_PER_MESSAGE', `100')dnl\n"), [
            DAEMON, talk(HELO, (MAIL, '250'),
                         many('RCPT TO:<alice+%d@corp.example>', 20000,
                              '250 2\\.1\\.5 x 100, 452 4\\.5\\.3 x 19900', window=200),
                         ('DATA', '354'), message(), QUIT)], mail={'alice': 100})]),
    Row('D18', 'a hundred MB of header', [
        streamed('', 'X-Field: ' + 'x' * 60 + '\r\n', 1_500_000, '\r\nbody\r\n.\r\n', '552 5\\.|5',
                 HARDENED, megabytes=400)]),
    Row('D19', 'a field of 1 MB, and a hundred thousand small fields', [
        streamed('X-Big: ', 'x' * 64, 16384, '\r\n\r\nbody\r\n.\r\n', '552 5', HARDENED),
        streamed('', 'X: 45678\r\n', 100_000, '\r\nbody\r\n.\r\n', '552 5', HARDENED)]),
    Row('D20', 'ten thousand hops', [
        streamed('', HOPS, 10000, 'Subject: x\r\n\r\nx\r\n.\r\n', '55[24] 5')]),
    Row('D21', 'parts in parts, a thousand deep, for a host of seven bits', [
        Case(PLAIN, [hop(EHLO=['PIPELINING']), DAEMON, talk(
            HELO, (MAIL + ' BODY=8BITMIME', '250'), ('RCPT TO:<x@dom1.example>', '250'),
            ('DATA', '354'), ({'data': 'Subject: deep\nMIME-Version: 1.0\n' + ''.join(
                f'Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n' for n in range(1000)) +
                'Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n' + ''.join(
                    f'--b{n}--\n' for n in reversed(range(1000)))}, '250|55'), QUIT,
            client=INSIDE)], connections=('192.0.2.71:25',), sent=('^--b999--$',))]),
    Row('D22', 'a Content-Type of many kB', [
        Case(where, [DAEMON, talk(*envelope(), (
            {'data': 'From: user@outside.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: '
                     'text/plain; name="' + 'x' * 20000 + '"\n\nbody'}, '250'), QUIT)],
             mail={'alice': [expression]})
        for where, expression in ((PLAIN, 'x{900}'), (HARDENED, '\\A(?!.*x{1200})'))]),
    Row('D23', 'a body of one line of many MB', [
        streamed('Subject: long\r\n\r\n', 'y' * 1024, 4096, '\r\n.\r\n', '250',
                 mail={'alice': 1})]),
    Row('D24', 'more than the size that is allowed', [
        Case(site(LIMITED), [
            DAEMON, talk(HELO, (MAIL + ' SIZE=1000001', '552 5\\.2\\.3'), ('RSET', '250'),
                         (MAIL + ' SIZE=10', '250'), ALICE, ('DATA', '354'),
                         ({'raw': 'Subject: big\r\n\r\n', 'replies': 0}, None),
                         ({'stream': 'z' * 78 + '\r\n', 'count': 15000}, None),
                         raw('.\r\n', '552 5\\.2\\.3'), (MAIL, '250'), QUIT)])]),
    Row('D25', 'a disk that is nearly full', [
        Case(site("define(`confMIN_FREE_BLOCKS', `100000000000')dnl\n"), [
            DAEMON, talk(HELO, (MAIL, '452 4\\.4\\.5'), QUIT)], serves=False)]),
    Elsewhere('D26', 'no inodes', [QUEUE_PARTS + ':KeepsTheOldFileOnAFullDisk',
                                   'sim/testing/queue_test.cc:'
                                   'NothingIsHalfAcceptedWhenTheDiskStaysBroken']),
    Row('D27', 'load above the limits', [
        Case(site("define(`confREFUSE_LA', `12')dnl\ndefine(`confQUEUE_LA', `8')dnl\n"), [
            DAEMON, change(load=10), {'do': 'wait', 's': 60}, submit(), change(load=0),
            {'do': 'wait', 's': 60}], mail={'alice': 1}),
        Case(site("define(`confREFUSE_LA', `12')dnl\n"), [
            DAEMON, change(load=20), {'do': 'wait', 's': 60}, talk(('EHLO x', None)),
            change(load=0), {'do': 'wait', 's': 120}])]),
    Row('D28', 'a client that talks first', [
        Case(HARDENED, [DAEMON, talk({'nogreet': True}, raw('EHLO x\r\n', '554.*\n250', 2),
                                     (MAIL, '550|554|5'), ('RCPT TO:<alice@corp.example>', '5'),
                                     ('DATA', '5'))])]),
    Row('D29', 'a whole session before the greeting', [
        Case(HARDENED, [DAEMON, talk({'nogreet': True}, raw(
            f'EHLO x\r\n{MAIL}\r\nRCPT TO:<alice@corp.example>\r\nDATA\r\n' + text().replace(
                '\n', '\r\n') + '\r\n.\r\nQUIT\r\n', '554', 5))])]),
    Elsewhere('D30', 'a long time of everything', ['scenarios/faults/days_later.textproto',
                                                   'scenarios/faults/busy_day.textproto']),
    Row('D31', 'a list of a hundred thousand', [
        Case(site(aliases=ALIASES + 'bomb: ' + ', '.join(f'alice+{n}' for n in range(300)) + '\n'),
             [DAEMON, submit('bomb@corp.example')], mail={'alice': 300})]),
    NotApplicable('D32', 'relaying out: between two hosts'),
    Row('D33', 'aliases and files that lead to themselves', [
        Case(site(aliases=ALIASES + 'a: b\nb: a\nself: self\nlist: :include:/etc/mail/list\n',
                  files={'/etc/mail/list': 'list\nalice\n'}),
             [DAEMON, talk(HELO, (MAIL, '250'), *[(f'RCPT TO:<{a}@corp.example>', '250|55|45')
                                                  for a in ('a', 'self')], QUIT)]),
        Case(PLAIN, [sh('echo alice >/home/alice/.forward; chown alice /home/alice/.forward'),
                     DAEMON, submit()], mail={'alice': 1})]),
    NotApplicable('D34', 'vacation'),
    Elsewhere('D35', 'expressions that take for ever', ['mta/maps/map_text_test.cc']),
    Elsewhere('D36', 'servers of maps that are slow', [
        'sim/testing/map_waits_test.cc:FlagsSayHowLongServersAreWaitedFor']),
    Row('D37', 'name servers that are slow', [
        Case(PLAIN, [DAEMON, change(zone={'slow.example': {'rcode': 'DROP'}}),
                     parallel(talk(HELO, ('MAIL FROM:<x@slow.example>', '451|250'), QUIT),
                              talk(HELO, (MAIL, '250'), ALICE, QUIT, client=SECOND), copies=10)])]),
    NotApplicable('D38', 'AUTH'),
    NotApplicable('D39', 'TLS'),
    Elsewhere('D40', 'keys that collide', ['sim/testing/db_file_test.cc']),
    Row('D41', 'RSET behind each envelope', [
        session(many(f'{MAIL}\r\nRCPT TO:<alice@corp.example>\r\nRSET', 1,
                     '250 2\\.1\\.0 x 1'), ({'read': 2}, None), *[(line, '250') for _ in range(30)
                                                                 for line in (MAIL, ALICE[0],
                                                                              'RSET')], QUIT)]),
    Row('D42', 'a thousand messages that break off', [
        Case(PLAIN, [DAEMON, *[talk(*envelope(), ({'raw': 'Subject: half\r\n\r\nha', 'replies': 0},
                                                  None), ({'eof': True},
                                                          None)) for _ in range(1000)]])
    ]),
    Row('D43', 'a client that leaves before the last reply', [
        Case(PLAIN, [DAEMON, talk(*envelope(), ({'raw': 'Subject: gone\r\n\r\nx\r\n.\r\n',
                                                 'replies': 0}, None), ({'eof': True}, None))],
             mail={'alice': ['Subject: gone']})]),
]

HOSTILE = [
    Row('H01', 'a line of 1 GB, as a command', [
        session(({'stream': 'x' * 1024, 'count': 1 << 20}, None),
                raw('\r\n', '500|421|\\(closed|\\(send|\\(conn'), megabytes=300)]),
    Row('H02', 'a line of 1 GB, as a message', [
        streamed('Subject: long\r\n\r\n', 'x' * 1024, 1 << 20, '\r\n.\r\n', '552 5\\.2\\.3',
                 site(LIMITED), megabytes=300)]),
    Row('H03', 'ten thousand recipients of one message', [
        session((MAIL, '250'), many('RCPT TO:<alice+%d@corp.example>', 10000,
                                    '250 2\\.1\\.5 x 2500, 452 4\\.5\\.3 x 7500', window=200),
                ('DATA', '354'), message(), QUIT, mail={'alice': 2500}, wait=60)],
        safer='sendmail has no limit by itself; ours bounds the memory of a session'),
    Row('H04', 'a chain of a hundred thousand aliases', [
        Case(site(aliases=ALIASES + ''.join(f'c{n}: c{n + 1}\n' for n in range(100_000)) +
                  'c100000: alice\n'), [DAEMON, submit('c0@corp.example', mail=CAROL)],
             mail={'carol': ['[Aa]lias|recursion|loop']}, megabytes=800)]),
    Row('H05', 'a full disk', [
        Case(PLAIN, [DAEMON, change(disk_full=True),
                     talk(HELO, (MAIL, '452 4\\.4\\.5'), QUIT), change(disk_full=False)]),
        Case(PLAIN, [DAEMON, change(after=2, disk_full=True), talk(
            *envelope(), ({'raw': text(body='x\n' * 100).replace('\n', '\r\n'), 'replies': 0},
                          None),
            ({'sleep': 5}, None), raw('\r\n.\r\n', '4[0-9][0-9] 4'), QUIT),
            change(disk_full=False)])]),
    Elsewhere('H06', 'message bytes that vanish from the queue, and corrupt queue files', [
        'conformance/attacks/rows_q.py',
        'sim/testing/queue_listing_test.cc:IsBoundedWhateverAFileHolds']),
]

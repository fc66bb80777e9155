"""Group S: ends of messages and lines that are none. One message, or none; never two."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

HEAD = 'From: Sender <user@outside.example>\r\nTo: alice@corp.example\r\nSubject: outer\r\n\r\n'
INNER = ('MAIL FROM:<admin@corp.example>\r\nRCPT TO:<bob@corp.example>\r\nDATA\r\n'
         'From: admin@corp.example\r\nSubject: smuggled\r\n\r\nsmuggled\r\n.\r\n')
# The message is taken as one, with the inner one as text; or the client is thrown out.
ONE = '250 2\\.0\\.0'
DROPPED = '421 4\\.5\\.0 Bare '


def smuggle(end, expect, count, where=PLAIN, after=(QUIT,), **kwargs):
    """Text, an end that is none, and an inner message. `count`: how many alice gets; bob none."""
    return Case(where, [DAEMON, raw_message(HEAD + 'outer' + end + INNER, expect, after=after)],
                mail={'alice': count}, **kwargs)


def features(flags):
    """The plain server with srv_features for everybody."""
    return site("LOCAL_CONFIG\n", access=ACCESS + f'Srv_Features:\t{flags}\n')


ROWS = [
    Row('S01', 'LF . LF', [smuggle('\n.\n', DROPPED, 0, after=())]),
    Row('S02', 'LF . CRLF', [smuggle('\n.\r\n', DROPPED, 0, after=())]),
    Row('S03', 'CRLF . LF', [smuggle('\r\n.\n', DROPPED, 0, after=())]),
    Row('S04', 'CR . CR', [smuggle('\r.\r', DROPPED, 0, after=())]),
    Row('S05', 'CR . LF', [smuggle('\r.\n', DROPPED, 0, after=())]),
    Row('S06', 'LF . CR', [smuggle('\n.\r', DROPPED, 0, after=())]),
    Row('S07', 'CR . CRLF', [smuggle('\r.\r\n', DROPPED, 0, after=())]),
    Row('S08', 'CRLF . CR', [smuggle('\r\n.\r', DROPPED, 0, after=())]),
    Row('S09', 'CR CRLF . CR CRLF', [smuggle('\r\r\n.\r\r\n', DROPPED, 0, after=())]),
    Row('S10', 'CRLF NUL . CRLF', [smuggle('\r\n\0.\r\n', ONE, 1),
                                   smuggle('\r\n\0.\r\n', '554 5\\.6\\.1', 0,
                                           site("define(`confREJECT_NUL', `true')dnl\n"))]),
    Row('S11', 'CRLF . NUL CRLF', [smuggle('\r\n.\0\r\n', ONE, 1)]),
    Row('S12', 'a stuffed dot', [
        Case(PLAIN, [DAEMON, raw_message(HEAD + 'a\r\n..\r\n..b\r\n.\r\n')],
             mail={'alice': ['\n\na\n\\.\n\\.b\n']})]),
    Row('S13', 'a dot and a space', [smuggle('\r\n. \r\n', ONE, 1)]),
    Row('S14', 'the end in pieces', [
        Case(PLAIN, [DAEMON] + [
            talk(*envelope(), *[({'drip': piece, 'interval': 0.005, 'replies': 0}, None)
                                for piece in pieces[:-1]],
                 ({'raw': pieces[-1], 'replies': 1}, ONE), QUIT)
            for pieces in [[HEAD + 'x' + end[:cut], end[cut:]]
                           for end in ('\r\n.\r\n',) for cut in range(1, 5)]],
             mail={'alice': 4})]),
    Row('S15', 'bare LF in headers', [
        Case(PLAIN, [DAEMON, raw_message('Subject: a\nX-B: c\r\n\r\nx\r\n.\r\n', DROPPED,
                                         after=())],
             mail={}),
        Case(PLAIN, [DAEMON, raw_message('Subject: a\r\n\nx\r\n.\r\n', DROPPED, after=())],
             mail={}),
        Case(PLAIN, [DAEMON, raw_message('Sub\nject: a\r\n\r\nx\r\n.\r\n', DROPPED, after=())],
             mail={})]),
    Row('S16', 'bare CR in a header', [
        Case(PLAIN, [DAEMON, raw_message('Subject: a\rBcc: bob@corp.example\r\n\r\nx\r\n.\r\n',
                                         DROPPED, after=())], mail={})]),
    Row('S17', 'folding with bare LF', [
        Case(PLAIN, [DAEMON, raw_message('Subject: a\n b\r\n\r\nx\r\n.\r\n', DROPPED, after=())],
             mail={})]),
    Row('S18', 'bare LF behind commands', [
        Case(PLAIN, [DAEMON, talk(
            raw('EHLO probe.example\n', '250'), raw('MAIL FROM:<user@outside.example>\n', '250'),
            raw('RCPT TO:<alice@corp.example>\n', '250'), raw('DATA\n', '354'),
            raw('Subject: LF\r\n\r\nx\r\n.\r\n', ONE), QUIT)], mail={'alice': 1})]),
    Row('S19', 'a message without waiting for 354', [
        Case(PLAIN, [DAEMON, talk(*envelope()[:-1], raw('DATA\r\n' + HEAD + 'x\r\n.\r\n',
                                                        '554 5\\.5\\.0', 1))])]),
    Row('S20', 'commands together with EHLO', [
        Case(PLAIN, [DAEMON, talk(raw('EHLO probe.example\r\nMAIL FROM:<user@outside.example>\r\n',
                                      '554 5\\.5\\.0', 2), ('RCPT TO:<alice@corp.example>', '550'),
                                  QUIT)])]),
    Row('S21', 'a whole session in one write', [
        Case(PLAIN, [DAEMON, talk(HELO, raw(
            f'{MAIL}\r\nRCPT TO:<alice@corp.example>\r\nDATA\r\n{HEAD}one\r\n.\r\n'
            f'{MAIL}\r\nRCPT TO:<bob@corp.example>\r\nDATA\r\n{HEAD}two\r\n.\r\n',
            '250.*\n250.*\n554 5\\.5\\.0', 3))])]),
    Row('S22', 'a message where DATA was refused', [
        Case(PLAIN, [DAEMON, talk(HELO, (MAIL, '250'), ('RCPT TO:<nosuch@corp.example>', '550'),
                                  raw('DATA\r\nSubject: x\r\n\r\n' + INNER + '.\r\n', '503', 13),
                                  ('NOOP', '250|421|\\(not sent'))])]),
    Row('S23', 'BDAT, which is not offered', [
        Case(PLAIN, [DAEMON, talk(HELO, (MAIL, '250'), ALICE,
                                  *[(f'BDAT {size}', '500 5\\.5\\.1') for size in (
                                      '0 LAST', '9223372036854775808', '-1', '5')], QUIT)])]),
    Row('S24', 'BDAT and DATA', [
        Case(PLAIN, [DAEMON, talk(HELO, (MAIL, '250'), ALICE, ('BDAT 5 LAST', '500'),
                                  ('DATA', '354'), message(), ('BDAT 0', '500'), QUIT)],
             mail={'alice': 1})]),
    Row('S25', 'what the next hop gets', [
        Case(PLAIN, [hop(), DAEMON, talk(
            HELO, (MAIL, '250'), ('RCPT TO:<x@dom1.example>', '250'), ('DATA', '354'),
            raw('Subject: one\r\n\r\nfirst\r\n..\r\nMAIL FROM:<evil@dom1.example>\r\n'
                'RCPT TO:<y@dom1.example>\r\nDATA\r\n..\r\n.\r\n', '250'), client=INSIDE)],
             connections=('192.0.2.71:25',),
             sent=('^DATA\n.*^first\n\\.\\.\nMAIL FROM:<evil.*^DATA\n\\.\\.\n\\.$',))]),
    NotApplicable('S26', 'command-line submission'),
    Row('S27', 'line ends replaced by spaces on demand', [
        smuggle(end, ONE, 1, where=features(flags))
        for end, flags in (('\n.\n', 'g2'), ('\r.\r', 'u2'), ('\r\n.\n', 'g2'))]),
    Row('S28', 'letters whose low bytes are line ends', [
        Case(PLAIN, [DAEMON, talk(HELO, (MAIL, '250'),
                                  ('RCPT TO:<a\xc4\x8d\xc4\x8ab@corp.example>', '501|55'),
                                  ('RCPT TO:<a\xe5\x98\x8d\xe5\x98\x8ab@corp.example>', '501|55'),
                                  ALICE, ('DATA', '354'),
                                  message('a\xc4\x8d\xc4\x8aBcc: bob@corp.example'), QUIT)],
             mail={'alice': ['^Subject: a\xc4\x8d\xc4\x8aBcc: bob']})]),
    Row('S29', 'line ends in arguments', [
        Case(PLAIN, [DAEMON, talk(raw('EHLO probe\rMAIL FROM:<x@outside.example>\r\n', '501|250'),
                                  raw('EHLO probe\nNOOP\r\n', '250|554', 2),
                                  raw('HELO a\r\r\n', '501|250'), QUIT)])]),
    NotApplicable('S30', 'command-line submission'),
    Elsewhere('S31', 'LMTP with the same bytes', [
        'mta/deliver/lmtp_command_test.cc:IsTheSameHoweverItIsSplit',
        'sim/testing/mail_local_test.cc:UndoesDotStuffing']),
    Elsewhere('S32', 'conversion to seven bits', [
        'mta/message/mime_test.cc:AreUndoneByTheirDecoders',
        'mta/message/mime_test.cc:BreaksLinesAsSendmail']),
    Row('S33', 'a last line without its end', [
        Case(PLAIN, [DAEMON, talk(*envelope(), ({'raw': HEAD + 'no end', 'replies': 0}, None),
                                  ({'eof': True}, None))]),
        Case(PLAIN, [DAEMON, talk(*envelope(), raw('.\r\n', ONE), QUIT)], mail={'alice': 1})]),
    NotApplicable('S34', 'milter'),
]

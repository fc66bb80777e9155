"""Group M: headers and bodies that mean to confuse."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403


def content(body, *expressions, where=PLAIN, reply='250 2\\.0\\.0', **kwargs):
    """A message as it is, and what alice gets."""
    return Case(where, [DAEMON, talk(*envelope(), ({'data': body}, reply), QUIT)],
                mail={'alice': list(expressions)}, **kwargs)


def seven_bits(body, *expressions, **kwargs):
    """A message as it is, for a host that has never heard of 8BITMIME, and what it gets."""
    return Case(PLAIN, [hop(EHLO=['PIPELINING', 'SIZE']), DAEMON,
                        talk(HELO, (MAIL + ' BODY=8BITMIME', '250'),
                             ('RCPT TO:<x@dom1.example>', '250'), ('DATA', '354'),
                             ({'data': body}, '250'), QUIT, client=INSIDE)],
                sent=expressions, connections=('192.0.2.71:25',), **kwargs)


FROM = 'From: Sender <user@outside.example>\n'

ROWS = [
    Row('M01', 'fields that are missing or there twice', [
        content(FROM + 'From: <other@outside.example>\nSubject: two\n\nx',
                '^From: Sender <user@outside\\.example>$.*^From: <other@outside\\.example>$'),
        content('Subject: none\n\nx', '^From: user@outside\\.example$'),
        content('To: a@corp.example\nTo: b@corp.example\nSubject: to\n\nx',
                '^To: a@corp\\.example.*b@corp\\.example'),
        content('\nonly a body', '^Date: .*^From: user@outside\\.example.*^Message-Id: <')]),
    Row('M02', 'lines that are no fields', [
        content(FROM + 'no colon here\nSubject: behind\n\nx',
                '\n\nno colon here\nSubject: behind\n'),
        content(FROM + 'Subject : space\n\nx', '^Subject ?: space$'),
        content(FROM + ': empty name\nSubject: x\n\nx', 'empty name'),
        content(FROM + 'X' * 1000 + ': long name\nSubject: x\n\nx', 'long name')]),
    Row('M03', 'a first line that begins with a space', [
        content(' folded where nothing is\nSubject: x\n\nx',
                '^Received: from [^\n]*\n\tby [^\n]*\n\t(for [^\n]*\n?\t?)?[^\n]*\n(?!.*^ folded.*^Received)'),
        content('\tfolded\nSubject: x\n\nx', 'folded')]),
    Row('M04', 'From lines in the header', [
        content('From root Fri Nov 20 10:00:00 2026\n' + FROM + 'Subject: x\n\nbody',
                '^Subject: x$'),
        content(FROM + 'From evil@outside.example Fri Nov 20 10:00:00 2026\nSubject: x\n\nbody',
                '^From: Sender', 'Subject: x')]),
    Row('M05', 'Bcc in mail from elsewhere', [
        content(FROM + 'To: alice@corp.example\nBcc: bob@corp.example\nSubject: x\n\nx',
                '^Subject: x$')]),
    Row('M06', 'Resent fields', [
        content(FROM + 'Resent-From: bob@corp.example\nSubject: x\n\nx',
                '^Resent-Message-Id: <.*|^Resent-Date: ')]),
    Row('M07', 'a Content-Length that lies', [
        content(FROM + 'Subject: x\nContent-Length: 1\n\nall of this\n\nFrom here on too',
                '^Content-Length: [3-9][0-9]$', 'on too')]),
    Row('M08', 'encodings that are binary, unknown, there twice', [
        content(FROM + f'Subject: x\nMIME-Version: 1.0\nContent-Transfer-Encoding: {cte}\n\nb\xe9',
                f'^Content-Transfer-Encoding: {cte.partition(chr(10))[0]}$.*b\xe9')
        for cte in ('binary', 'x-unknown', '7bit\nContent-Transfer-Encoding: 8bit')]),
    Row('M09', 'boundaries that are not there, in the text, or of a thousand letters', [
        content(FROM + f'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed{rest}\n\n'
                '--b\n\none\n--b--\nend', '\nend\n')
        for rest in ('', '; boundary=""', '; boundary="b\n c"', '; boundary=' + 'b' * 1000)]),
    Row('M10', 'eight bits for a host of seven', [
        seven_bits(FROM + 'Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n'
                   'Content-Transfer-Encoding: 8bit\n\ncaf\xe9\n',
                   '^Content-Transfer-Encoding: (quoted-printable|base64)$.*^(caf=E9|Y2Fm6Q)'),
        seven_bits(FROM + 'Subject: caf\xe9\n\nplain\n', '^Subject: caf.*^plain$')]),
    Row('M11', 'what is signed, for a host of seven bits', [
        seven_bits(FROM + 'Subject: x\nMIME-Version: 1.0\n'
                   'Content-Type: multipart/signed; boundary=b;\n'
                   ' protocol="application/pgp-signature"\n\n--b\nContent-Type: text/plain\n'
                   'Content-Transfer-Encoding: 8bit\n\ncaf\xe9\n--b--\n', '^caf\xe9$')]),
    Row('M12', 'messages in messages, for a host of seven bits', [
        seven_bits(FROM + 'Subject: x\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n' + FROM +
                   'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n'
                   'Content-Transfer-Encoding: 8bit\n\ncaf\xe9\n',
                   '^Content-Transfer-Encoding: (quoted-printable|base64)$')]),
    Row('M13', 'hops', [
        content(FROM + 'Received: by x; Fri, 20 Nov 2026 10:00:00 +0000\n' * 24 + 'Subject: x\n\nx',
                '^Subject: x$'),
        Case(PLAIN, [DAEMON, talk(*envelope(mail=CAROL), (
            {'data': FROM + 'Received: by x; Fri, 20 Nov 2026 10:00:00 +0000\n' * 26 +
                     'Subject: x\n\nx'}, '554 5\\.4\\.6|250'), QUIT)],
             mail={'carol': ['Too many hops']})]),
    Row('M14', 'a header check sees the field without its comments, and folded', [
        Case(site("LOCAL_CONFIG\nHX-Check: $>CheckX\nHX-Whole: $>+CheckX\nLOCAL_RULESETS\n"
                  "SCheckX\nR$* evil $*\t$#error $: 550 5.7.1 evil\n"),
             [DAEMON] + [talk(*envelope(), ({'data': FROM + field + '\n\nx'}, expect), QUIT)
                         for field, expect in (('X-Check: good evil thing', '550 5\\.7\\.1 evil'),
                                               ('X-Check: good\n evil thing', '550 5\\.7\\.1 evil'),
                                               ('X-Check: good (evil) thing', '250'),
                                               ('X-Whole: good ( evil ) thing', '550'),
                                               ('X-Check: =?utf-8?q?evil?=', '250'))],
             mail={'alice': 2})]),
    Row('M15', 'precedences', [
        content(FROM + f'Precedence: {p}\nSubject: x\n\nx', f'^Precedence: {p}$')
        for p in ('junk', 'nonsense', 'bulk')]),
    Row('M16', 'a Message-Id with dollars, percents and backslashes', [
        content(FROM + 'Message-Id: <$(x$)${y}%s%n\\r@outside.example>\nSubject: x\n\nx',
                'Message-Id: <\\$\\(x\\$\\)\\$\\{y\\}%s%n\\\\r@outside\\.example>',
                log=('msgid=<\\$\\(x\\$\\)\\$\\{y\\}%s%n\\\\r@outside\\.example>',))]),
    Row('M17', 'control characters on the way to the log', [
        Case(PLAIN, [DAEMON,
                     talk(('EHLO a\x1b[31m', '250|501'), ('EHLO ok.example', '250'),
                          ('MAIL FROM:<a\x1b[31mb@outside.example>', None), ('RSET', '250'),
                          (MAIL, '250'), ('RCPT TO:<x\x1b]0;evil\x07@corp.example>', '501|55'),
                          ALICE,
                          ('DATA', '354'),
                          ({'data': FROM + 'Message-Id: <a\x1b[2J\x08b@outside.example>\n'
                                    'Subject: x\n\nx'}, '250'), ('FOO\x1b[1m\x07', '500'), QUIT)],
             mail={'alice': 1}, not_log=('[\\x00-\\x1f\\x7f]',))]),
    NotApplicable('M18', 'milter'),
]

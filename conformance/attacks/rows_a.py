"""Group A: addresses and parameters that try the parser."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

UNKNOWN = '550 5\\.1\\.1 .*User unknown'
BOTH = (PLAIN, HARDENED)
ALICE_PAIR = ('<alice@corp.example>', '250')


def say(*lines, where=PLAIN, before=(MAIL,), **kwargs):
    """A case of one dialogue inside of a transaction."""
    return Case(where, [DAEMON, talk(HELO, *[(line, '250') for line in before], *lines, QUIT)],
                **kwargs)


def rcpt(*pairs, where=PLAIN, **kwargs):
    """A case of recipients, each with what is said to it."""
    return say(*[(f'RCPT TO:{path}', expect) for path, expect in pairs], where=where, **kwargs)


def mail(*pairs, where=PLAIN):
    """A case of senders; each begins anew."""
    lines = []
    for rest, expect in pairs:
        lines += [(f'MAIL FROM:{rest}', expect), ('RSET', '250')]
    return say(*lines, where=where, before=())


def local(length):
    """A user of our domain."""
    return f'<{"x" * length}@corp.example>'


def deep(count):
    """Comments in one another."""
    return '(' * count + 'x' + ')' * count


DOMAIN = '.'.join(['a' * 60] * 4)  # 243 bytes

ROWS = [
    Row('A01', 'long local parts, domains and paths', [
        rcpt((local(64), UNKNOWN), (local(65), UNKNOWN), (local(200), UNKNOWN),
             (local(242), '553 5\\.1\\.0'), (local(1000), '553 5\\.1\\.0')),
        mail((f'<a@{DOMAIN}.outside.example>', '55[013]|501|451'), (f'<{"a" * 300}@corp.example>',
                                                                   '55[013]|501'))]),
    Row('A02', 'addresses of a thousand words', [
        rcpt(('<' + '.'.join(['a'] * 120) + '@corp.example>', UNKNOWN),
             ('<' + '.'.join(['a'] * 500) + '@corp.example>', '55[03]'),
             ('<' + '.'.join(['a'] * 501) + '@corp.example>', '55[03]'))]),
    Row('A03', 'quotes, comments and brackets that do not end', [
        rcpt(('<">', '553'), ('<"alice@corp.example>', '553'), ('<a(b@corp.example>', '553'),
             ('<<alice@corp.example>', '553|250'), ('<alice@corp.example', '553|250'),
             ('<alice)@corp.example>', '553'), ('<alice@corp.example>>', '553|250'),
             ('<alice@corp.example\\>', '553|55'), ALICE_PAIR)]),
    Row('A04', 'comments a thousand deep in From', [
        Case(PLAIN, [DAEMON, talk(*envelope(), ({'data': 'Subject: deep\nFrom: ' + deep(1000) +
                                                 ' <user@outside.example>\n\nx'}, '250'), QUIT)],
             mail={'alice': ['Subject: deep']})]),
    Row('A05', 'bytes of all ones in an address', [
        rcpt(('<alice\xff@corp.example>', '55[03]|501'), ('<' + '\xff' * 200 + '@corp.example>',
                                                      '55[03]|501'),
             ('<\xff>', '55[03]|501'), ('<"\\\xff\\\xff"@corp.example>', '55[03]|501'),
             ALICE_PAIR)]),
    Row('A06', 'hundreds of pairs of brackets in From and To', [
        Case(PLAIN, [DAEMON, talk(*envelope(), (
            {'data': f'Subject: brackets\nFrom: {"<>" * 500} <user@outside.example>\n'
                     f'To: {"<" * 300}alice{">" * 300}\nReply-To: {"<><" * 200}\n\nx'}, '250'),
            QUIT)], mail={'alice': ['Subject: brackets']})]),
    Row('A07', 'NUL in a recipient', [
        say(raw('RCPT TO:<ali\0ce@corp.example>\r\n', '5'),
            raw('RCPT TO:<alice@corp.example>\0\r\n', '250|5'))]),
    Row('A08', 'control characters in an address', [
        rcpt(*[(f'<ali{chr(c)}ce@corp.example>', '55[03]|501')
               for c in (1, 2, 7, 8, 11, 12, 14, 27, 31, 127)])]),
    Row('A09', '8-bit without SMTPUTF8', [
        rcpt(('<\xc3\xa4lice@corp.example>', UNKNOWN), ('<alice@corp\xc3\xa4.example>', '55')),
        mail(('<\xc3\xa4@outside.example>', '250'))]),
    NotApplicable('A10', 'SMTPUTF8: and relaying out'),
    Row('A11', 'a look-alike of a domain in the access map', [
        Case(site(access=ACCESS + 'From:nomx.example\tREJECT\n'),
             [DAEMON, talk(HELO, ('MAIL FROM:<x@nomx.example>', '550 5\\.7\\.1'),
                           ('MAIL FROM:<x@NOMX.Example>', '550 5\\.7\\.1'),
                           ('MAIL FROM:<x@n\xd0\xbemx.example>', '55'), QUIT)])]),
    Row('A12', 'dots at the edges of a local part', [
        rcpt(('<a..b@corp.example>', UNKNOWN), ('<.a@corp.example>', UNKNOWN),
             ('<a.@corp.example>', UNKNOWN), where=where) for where in BOTH]),
    Row('A13', 'host names that are none', [
        rcpt(('<a@corp..example>', '553 5\\.1\\.2'), ('<a@-corp.example>', '550 5\\.7\\.1'),
             ('<a@corp_example>', '55'), ('<a@.corp.example>', '55'), where=where)
        for where in BOTH]),
    Row('A14', 'quoted pairs', [
        rcpt(('<"a\\"b"@corp.example>', '55[03]'), ('<"a b"@corp.example>', '55[03]'),
             ('<"a\\\\\\@b"@corp.example>', '55[03]'), ('<"alice"@corp.example>', '250'),
             ('<a\\lice@corp.example>', '250|55[03]'))]),
    Row('A15', 'an empty quoted local part', [rcpt(('<""@corp.example>', '55[03]'),
                                                   ('<"">', '55[03]'))]),
    Row('A16', 'IPv6 literals', [
        rcpt(('<x@[IPv6:2001:db8:99::35]>', '550 5\\.7\\.1'), ('<x@[2001:db8:99::35]>', '55'),
             ('<x@[IPv6:2001:db8:99::35%eth0]>', '55'),
             ('<x@[IPv6:2001:db8:99:0:0:0:0:35]>', '55'), ('<x@[IPv6:]>', '55'),
             ('<x@[IPv6:::ffff:10.0.0.1]>', '55'))]),
    Row('A17', 'root at localhost, from outside', [
        rcpt(('<root@localhost>', '250|550')),
        Case(site("FEATURE(`blocklist_recipients')dnl\n",
                  access=ACCESS + 'To:root@\tREJECT\n'),
             [DAEMON, talk(HELO, (MAIL, '250'), ('RCPT TO:<root@localhost>', '550'),
                           ('RCPT TO:<root@corp.example>', '550'), ('RCPT TO:<root>', '550'),
                           ('RCPT TO:<root@[10.0.0.1]>', '550'), QUIT)])]),
    Row('A18', 'details behind plus', [
        Case(PLAIN, [DAEMON, submit('alice+x@corp.example', 'alice+@corp.example',
                                    'alice++x@corp.example', 'alice+x+y@corp.example')],
             mail={'alice': 3}),
        rcpt(('<+@corp.example>', '55[03]'), ('<+alice@corp.example>', '55[03]'))]),
    Row('A19', 'names of aliases with spaces and capitals', [
        Case(site(aliases=ALIASES + 'Sales : bob\n'), [
            DAEMON, submit('SALES@corp.example', 'sales@corp.example'),
            submit('mailer-daemon@corp.example', 'MAILER-DAEMON@corp.example',
                   'Mailer-Daemon@localdom.example')],
             mail={'bob': 1, 'root': 1})]),
    Row('A20', 'a local part that looks like an option', [
        rcpt(('<-oX/tmp/x@corp.example>', '55[03]'), ('<-d@corp.example>', '55[03]'),
             ('<-t>', '55[03]'), files={'/tmp/x': None}),
        Case(PLAIN, [DAEMON, talk(*envelope(mail='MAIL FROM:<-f@outside.example>'),
                                  message('from an option'), QUIT)],
             mail={'alice': ['^From: .*Subject: from an option']})]),
    Row('A21', 'a size beyond numbers', [
        mail((f'<{BARE}> SIZE=99999999999999999999', '55[02]|501'),
             (f'<{BARE}> SIZE=18446744073709551617', '55[02]|501'))]),
    Row('A22', 'sizes that are none', [
        mail((f'<{BARE}> SIZE=-1', '501|55'), (f'<{BARE}> SIZE=abc', '501|250'),
             (f'<{BARE}> SIZE=', '501|250'), (f'<{BARE}> SIZE=1 SIZE=2', '501|250'))]),
    Row('A23', 'more parameters than there are', [
        mail((f'<{BARE}>' + ' X=1' * 21, '5'), (f'<{BARE}>' + ' SIZE=1' * 30,
                                                '501 5\\.5\\.4 Too many'),
             (f'<{BARE}>' + ' =' * 900, '5'))]),
    Row('A24', 'an unknown parameter', [
        mail((f'<{BARE}> FOO=bar', '555 5\\.5\\.4')),
        say((f'RCPT TO:<alice@corp.example> FOO=bar', '555 5\\.5\\.4'))]),
    Row('A25', 'xtext that is none', [
        mail((f'<{BARE}> ENVID=+ZZ', '501'), (f'<{BARE}> ENVID=+', '501')),
        say(('RCPT TO:<alice@corp.example> ORCPT=rfc822;+', '501'),
            ('RCPT TO:<alice@corp.example> ORCPT=rfc822', '501'))]),
    Row('A26', 'line ends in xtext', [
        Case(PLAIN, [DAEMON, talk(HELO, (MAIL + ' ENVID=a+0D+0AX-Evil:+20yes', '250|501'),
                                  (MAIL, '250|503'),
                                  ('RCPT TO:<alice@corp.example> NOTIFY=FAILURE '
                                   'ORCPT=rfc822;a+0D+0ARPF:root@corp.example', '250|501'),
                                  ('RCPT TO:<alice@corp.example>', '250'), ('DATA', '354'),
                                  message(), QUIT)], mail={'alice': 1})]),
    Row('A27', 'times of DELIVERBY without sense', [
        mail((f'<{BARE}> BY=-5;N', '250|501|555'), (f'<{BARE}> BY=9999999999;R', '501|555'),
             (f'<{BARE}> BY=0;R', '501|555'), (f'<{BARE}> BY=99999999999999999999;R', '501|555'),
             (f'<{BARE}> BY=5;X', '501|555'))]),
    Row('A28', 'AUTH= of 10 kB, and without AUTH', [
        mail((f'<{BARE}> AUTH=+ZZ', '5|250')),
        Case(PLAIN, [DAEMON, talk(HELO, (f'{MAIL} AUTH=' + 'x' * 10000, '421 4\\.7\\.0'))])]),
    Row('A29', 'spaces around the colon', [
        say((f'MAIL FROM :<{BARE}>', '250|501'), ('RSET', '250'), (f'MAIL FROM: <{BARE}>', '250'),
            ('RCPT TO :<alice@corp.example>', '250|501'), ('RCPT TO: <alice@corp.example>', '250'),
            before=())]),
    Row('A30', 'one mailbox twice', [
        Case(PLAIN, [DAEMON, submit('alice@corp.example', 'ALICE@corp.example',
                                    'Alice@CORP.example', 'alice@localdom.example', '"alice"')],
             mail={'alice': 1})]),
]

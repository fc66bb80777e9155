"""Group B: bounces, and those who would have them sent to others."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403
from conformance.attacks.rows_c import BOUNCE, HOP

NULL = 'MAIL FROM:<>'
# Nobody has a host of this name: mail to it comes back.
GONE = 'x@gone.test'
SECOND = '192.0.2.72'


def asked(*lines, mail=None, **kwargs):
    """A dialogue alone."""
    return Case(PLAIN, [DAEMON, talk(HELO, *lines, QUIT)], mail=mail or {}, **kwargs)


def failing(*recipients, sender=CAROL, where=PLAIN, content=None, steps=(), **kwargs):
    """Mail from inside that cannot be delivered."""
    lines = [HELO, (sender, '250'), *[(f'RCPT TO:{r}', '250') for r in recipients], ('DATA', '354'),
             ({'data': content or text()}, '250 2\\.0\\.0'), QUIT]
    return Case(where, [*steps, DAEMON, talk(*lines, client=INSIDE)],
                **{'mail': {'carol': [BOUNCE]}, **kwargs})


ROWS = [
    Row('B01', 'users that there are not, from a forged sender', [
        asked((MAIL, '250'), ('RCPT TO:<nosuch@corp.example>', '550 5\\.1\\.1'))]),
    NotApplicable('B02', 'configuration audit: a backup MX without a list of users'),
    Row('B03', 'the same from nobody', [
        asked((NULL, '250'), ('RCPT TO:<nosuch@corp.example>', '550 5\\.1\\.1'))]),
    Row('B04', 'bounces that cannot be delivered', [
        Case(PLAIN, [hop(SECOND, RCPT='550 5.1.1 nobody'), DAEMON,
                     submit(GONE, client=INSIDE, mail='MAIL FROM:<x@dom2.example>')],
             mail={'root': ['Subject: Postmaster notify']}, connections=(f'{SECOND}:25',))]),
    Elsewhere('B05', 'the address for them fails, too', [
        'scenarios/bounce/no_third_generation.textproto']),
    Row('B06', 'no address for them', [
        Case(site("define(`confDOUBLE_BOUNCE_ADDRESS', `')dnl\n"),
             [hop(SECOND, RCPT='550 5.1.1 nobody'), DAEMON,
              submit(GONE, client=INSIDE, mail='MAIL FROM:<x@dom2.example>')],
             connections=(f'{SECOND}:25',))]),
    Elsewhere('B07', 'an address that throws them away',
              ['scenarios/bounce/double_to_dev_null.textproto']),
    Row('B08', 'nobody writes to two', [
        Case(PLAIN, [DAEMON, submit('alice@corp.example', 'bob@corp.example', mail=NULL)],
             mail={'alice': 1, 'bob': 1})]),
    Row('B09', 'what the next hop finds too large', [
        failing('<x@dom1.example>', sender=CAROL + ' RET=HDRS',
                steps=[hop(EHLO=['SIZE 100', 'DSN'])],
                content=text(body='secret ' * 100), connections=(f'{HOP}:25',),
                mail={'carol': ['text/rfc822-headers(?!.*secret)']})]),
    Row('B10', 'NOTIFY=NEVER', [failing(f'<{GONE}> NOTIFY=NEVER', mail={})]),
    Row('B11', 'NOTIFY=SUCCESS through an alias', [
        failing('<team@corp.example> NOTIFY=SUCCESS',
                mail={'carol': [r'<team@corp\.example>\.\.\. expanded to multiple addresses'],
                      'alice': 1, 'bob': 1})]),
    Row('B12', 'RET=FULL with nobodyreturn', [
        Case(site("define(`confPRIVACY_FLAGS', `nobodyreturn')dnl\n"),
             [DAEMON, talk(HELO, (CAROL + ' RET=FULL', '250'), (f'RCPT TO:<{GONE}>', '250'),
                           ('DATA', '354'), ({'data': text(body='secret')}, '250'), QUIT,
                           client=INSIDE)],
             mail={'carol': [BOUNCE + '(?!.*secret)']})]),
    Elsewhere('B13', 'warnings after four hours', ['scenarios/delivery/dead_host.textproto']),
    Elsewhere('B14', 'returns after five days', ['scenarios/delivery/dead_host.textproto']),
    Row('B15', 'Errors-To', [
        failing(f'<{GONE}>', content=text(more='Errors-To: bob@corp.example\n'))]),
    Elsewhere('B16', 'Return-Receipt-To with noreceipts',
              ['scenarios/privacy/no_receipts.textproto']),
    Row('B17', 'Disposition-Notification-To', [
        Case(PLAIN, [DAEMON, submit(more='Disposition-Notification-To: bob@corp.example\n')],
             mail={'alice': 1})]),
    Row('B18', 'the owner of a list has its bounces', [
        failing('<list@corp.example>', mail={'bob': [BOUNCE]},
                where=site(aliases=ALIASES + f'list: {GONE}\nowner-list: bob\n'))]),
    Row('B19', 'a forged return path', [
        Case(PLAIN, [DAEMON, submit(more='Return-Path: <bob@corp.example>\n')],
             mail={'alice': ['^Return-Path: <user@outside\\.example>$(?!.*^Return-Path: <bob)']})]),
    Row('B20', 'bounces of bounces', [
        asked(('MAIL FROM:<MAILER-DAEMON@outside.example>', '250'),
              ('RCPT TO:<nosuch@corp.example>', '550 5\\.1\\.1')),
        Case(PLAIN, [DAEMON, submit(GONE, client=INSIDE, mail=NULL)], mail={'root': 1})]),
    Elsewhere('B21', 'a hundred thousand bounces of others',
              ['scenarios/limits/rate_control.textproto']),
    Row('B22', 'what is in quarantine does not come back', [
        Case(site(access=ACCESS + 'From:carol@corp.example\tQUARANTINE:look first\n'),
             [DAEMON, submit(GONE, client=INSIDE, mail=CAROL), run('sendmail', '-q')], queue=1)]),
    NotApplicable('B23', 'milter'),
    Row('B24', 'one of two fails at the end', [
        failing('<alice@corp.example>', '<x@dom1.example>', steps=[hop(DOT='554 5.6.0 no')],
                connections=(f'{HOP}:25',), mail={'carol': [BOUNCE], 'alice': 1})]),
    Row('B25', 'what others said is text', [
        failing('<x@dom1.example>', steps=[hop(RCPT='550 5.7.1 <b>no</b> caf\xe9')],
                connections=(f'{HOP}:25',),
                mail={'carol': ['^Content-Type: multipart/report.*<b>no</b>']})]),
    Row('B26', 'replies of a megabyte', [
        failing('<x@dom1.example>', steps=[hop(RCPT='550 ' + 'x' * (1 << 20))],
                connections=(f'{HOP}:25',), mail={}, queue=1)],
        safer='sendmail cuts such a reply and believes it; ours takes it for none, and waits'),
    NotApplicable('B27', 'vacation'),
    Row('B28', 'PostmasterCopy', [
        failing(f'<{GONE}>', content=text(body='secret'),
                where=site("define(`confCOPY_ERRORS_TO', `postmaster')dnl\n"),
                mail={'carol': [BOUNCE], 'root': ['(?!.*secret)']})]),
]

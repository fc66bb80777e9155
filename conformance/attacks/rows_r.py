"""Group R: forms of relaying. dom1.example is anybody's domain, partner.example one we serve."""
import re

# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

DENIED = '550 5\\.7\\.1 .*Relaying denied'
ROUTE = '553 5\\.1\\.3 .*Invalid route address'
# With delay_checks the sender is refused at RCPT.
# sendmail takes it from this client; ours, as without delay_checks, does not.
ANY_REPLY = ('250', '250|553 5\\.5\\.4')
NO_SENDER, LATER = ('553 5\\.5\\.4', '503'), ('250', '553 5\\.5\\.4')
ANY = '<user@outside.example>'


# The forms are those that the audit tries, in the names of this world.
WORLD = {'user': 'target', 'outside': 'outside.example', 'foreign': 'dom1.example',
         'local': 'corp.example', 'host': 'mx1.corp.example', 'address': '10.0.0.1',
         'partner': 'partner.example', 'literal': '192.0.2.71', 'literal6': '2001:db8:99::35',
         'integer': '3221225543'}


def read_forms():
    """By number: what it is, MAIL and RCPT."""
    forms = {}
    with open('tools/audit/relay_forms.tsv', encoding='utf-8') as table:
        for line in table:
            if not line.startswith('#'):
                number, *columns = line.rstrip('\n').split('\t')
                forms.setdefault(number, columns)
    return forms


FORMS = read_forms()


def fill_in(pattern):
    """A pattern of the table with this world's names, as an argument."""
    def value(match):
        name = match.group(1)
        return WORLD[name] if name in WORLD else WORLD[name.lower()].upper()
    text = re.sub(r'\{(\w+)\}', value, pattern)
    return text[1:] if text.startswith('=') else f'<{text}>'


def form(number, stranger=DENIED, trusted='250', **kwargs):
    """A line of the table, refused to strangers."""
    what, mail, rcpt = FORMS[number]
    return Relay(number, what, f'MAIL FROM:{fill_in(mail)}', f'RCPT TO:{fill_in(rcpt)}', stranger,
                 trusted, **kwargs)


def one(mail, rcpt, expect, client=STRANGER, mail_expect='250', helo='EHLO probe.example',
        **kwargs):
    """A dialogue that asks for one envelope."""
    return talk((helo, '250'), (f'MAIL FROM:{mail}', mail_expect), (f'RCPT TO:{rcpt}', expect),
                ('RSET', '250'), QUIT, client=client, **kwargs)


def access(*lines):
    """The access map with further lines."""
    return ACCESS + ''.join(line + '\n' for line in lines)


ROWS = [
    form('R01'),
    form('R02'),
    form('R03'),
    form('R04'),
    form('R05', but={'plain stranger': NO_SENDER, 'plain inside': NO_SENDER,
                     'hardened inside': ANY_REPLY}),
    form('R06', but={'plain stranger': NO_SENDER, 'plain inside': NO_SENDER,
                     'plain loopback': NO_SENDER, 'hardened inside': LATER,
                     'hardened loopback': LATER}),
    form('R07'),
    form('R08', but={'plain stranger': NO_SENDER, 'plain inside': NO_SENDER,
                     'hardened inside': LATER}),
    form('R09'),
    form('R10'),
    form('R11'),
    form('R12'),
    form('R13'),
    form('R14'),
    form('R15'),
    form('R16'),
    form('R17'),
    form('R18'),
    form('R19', ROUTE, ROUTE),
    form('R20', ROUTE, ROUTE),
    form('R21'),
    form('R22'),
    form('R23'),
    form('R24'),
    form('R25'),
    form('R26'),
    form('R27'),
    form('R28'),
    form('R29'),
    form('R30', but={f'hardened {kind}': ('250', '553 5\\.1\\.2')
                     for kind in ('stranger', 'inside', 'loopback')}),
    form('R31', *['553 5\\.1\\.3'] * 2),
    form('R32', *['553 5\\.1\\.3'] * 2),
    form('R33', ROUTE, ROUTE),
    form('R34', ROUTE, ROUTE),
    form('R35'),
    form('R36'),
    form('R37'),
    form('R38'),
    form('R39'),
    form('R40'),
    form('R41'),
    form('R42'),
    form('R43'),
    form('R44'),
    Row('R45', 'a host below a domain that is relayed', [
        Case(PLAIN, [DAEMON, one(ANY, '<target@x.partner.example>', '250')]),
        Case(site("FEATURE(`relay_hosts_only')dnl\n"),
             [DAEMON, one(ANY, '<target@x.partner.example>', DENIED),
              one(ANY, '<target@partner.example>', '250')])]),
    Row('R46', 'a domain that names us as its mail host', [
        Case(PLAIN, [DAEMON, one(ANY, '<target@bestmx.example>', DENIED)]),
        Case(HARDENED, [DAEMON, one(ANY, '<target@bestmx.example>', DENIED)]),
        Case(site("FEATURE(`relay_based_on_MX')dnl\n"),
             [DAEMON, one(ANY, '<target@bestmx.example>', '250'),
              one(ANY, '<target@dom1.example>', DENIED)])]),
    Row('R47', 'a forged reverse name that may relay', [
        Case(site(access=access('Connect:mail.outside.example\tRELAY')),
             [DAEMON, one(ANY, '<target@dom1.example>', '550 5\\.7\\.1', client=FORGED)])]),
    Row('R48', 'a reverse name below a domain that may relay', [
        Case(site(access=access('Connect:outside.example\tRELAY')),
             [DAEMON, one(ANY, '<target@dom1.example>', '550 5\\.7\\.1', client=FORGED),
              one(ANY, '<target@dom1.example>', DENIED, client=LISTED),
              one(ANY, '<target@dom1.example>', '250')])]),
    Row('R49', 'a greeting with the name of one who may relay', [
        Case(where, [DAEMON, one(ANY, '<target@dom1.example>', DENIED,
                                 helo='EHLO desk3.corp.example'),
                     one(ANY, '<target@dom1.example>', DENIED, helo='HELO [10.1.2.3]')])
        for where in (PLAIN, HARDENED)]),
    Row('R50', 'IPv6 where the rules know IPv4 only', [
        Case(where, [DAEMON, one(ANY, '<target@dom1.example>', DENIED, client=STRANGER6)])
        for where in (PLAIN, HARDENED)]),
    Row('R51', 'IPv4 clients of an IPv6 socket', [
        Case(site(ports="DAEMON_OPTIONS(`Name=MTA6, Family=inet6')dnl\n"),
             [DAEMON, one(ANY, '<target@dom1.example>', DENIED),
              one(ANY, '<target@dom1.example>', '250', client=INSIDE),
              one(ANY, '<target@dom1.example>', DENIED, client=STRANGER6)])]),
    Row('R52', 'who comes through an address that may relay may relay', [
        Case(site(access='Connect:198.51.100\tRELAY\n'),
             [DAEMON, one(ANY, '<target@dom1.example>', '250', client=LISTED),
              one(ANY, '<target@dom1.example>', DENIED)])]),
    Row('R53', 'the beginning of an octet is not the octet', [
        Case(site(access='Connect:192.0.2.3\tRELAY\nConnect:192.0.2.7\tRELAY\n'),
             [DAEMON, one(ANY, '<target@dom1.example>', DENIED),
              one(ANY, '<target@dom1.example>', DENIED, client=NO_NAME)])]),
    Row('R54', 'a network is that network', [
        Case(site(access='Connect:198.51.100\tRELAY\nConnect:192.0\tREJECT\nConnect:192.0.2\tOK\n'),
             [DAEMON, one(ANY, '<target@dom1.example>', '250', client=PARTNER),
              one(ANY, '<target@dom1.example>', DENIED),
              one(ANY, '<target@dom1.example>', DENIED, client=INSIDE)])]),
    Row('R55', 'OK is not RELAY', [
        Case(site(access='corp.example\tOK\ndom1.example\tOK\nConnect:192.0.2.33\tOK\n'),
             [DAEMON, one('<alice@corp.example>', '<target@dom1.example>', DENIED),
              one('<x@dom1.example>', '<target@dom1.example>', DENIED)])]),
    Row('R56', 'RELAY for a sender is no right', [
        Case(site(access='nomx.example\tRELAY\nFrom:nomx.example\tRELAY\n'),
             [DAEMON, one('<x@nomx.example>', '<target@dom1.example>', DENIED)])]),
    Row('R57', 'relay_mail_from believes the sender', [
        Case(site("FEATURE(`relay_mail_from')dnl\n", 'From:ceo@corp.example\tRELAY\n'),
             [DAEMON, one('<ceo@corp.example>', '<target@dom1.example>', '250'),
              one('<alice@corp.example>', '<target@dom1.example>', DENIED)])]),
    Row('R58', 'a virtual domain that leads elsewhere', [
        Case(site("FEATURE(`virtusertable')dnl\nVIRTUSER_DOMAIN(`virt1.example')dnl\n",
                  files={'/etc/mail/virtusertable': '@virt1.example\t%1@dom1.example\n'}),
             [DAEMON, one(ANY, '<target@virt1.example>', '250'),
              one(ANY, '<target@dom1.example>', DENIED),
              one(ANY, '<target%dom2.example@virt1.example>', DENIED)])]),
    Row('R59', 'percent before a virtual domain with a catch-all', [
        Case(site("FEATURE(`virtusertable')dnl\nVIRTUSER_DOMAIN(`virt2.example')dnl\n",
                  files={'/etc/mail/virtusertable': '@virt2.example\talice\n'}),
             [DAEMON, one(ANY, '<target%dom1.example@virt2.example>', DENIED),
              one(ANY, '<target@virt2.example>', '250')])]),
    Row('R60', 'a mail route for everybody', [
        Case(site("FEATURE(`mailertable')dnl\n",
                  files={'/etc/mail/mailertable': '.\tesmtp:[10.9.9.9]\n'}),
             [DAEMON, one(ANY, '<target@dom1.example>', DENIED),
              one(ANY, '<target%dom1.example@corp.example>', DENIED)])]),
    NotApplicable('R61', 'relaying out: the leak is between two hosts'),
    Row('R62', 'percent before a domain that we back up', [
        Case(site(access='To:dom2.example\tRELAY\n'),
             [DAEMON, one(ANY, '<target%dom1.example@dom2.example>', DENIED),
              one(ANY, '<target@dom2.example>', '250')])]),
    form('R63'),
    Row('R64', 'postmaster without a domain', [
        Case(where, [DAEMON, talk(HELO, (MAIL, '250'), ('RCPT TO:<Postmaster>', '250'),
                                  ('DATA', '354'), message('to the postmaster'), QUIT)],
             mail={'root': ['Subject: to the postmaster']})
        for where in (PLAIN, HARDENED)]),
    Row('R65', 'files, programs and lists as recipients', [
        Case(where, [DAEMON] + [one(ANY, f'<{path}@corp.example>', '55[03] 5\\.[17]\\.1')
                                for path in ('/dev/null', '|cmd', ':include:/etc/passwd')] +
             [one(ANY, f'<{path}>', '55[03]')
              for path in ('/etc/passwd', '"|/bin/echo x"', ':include:/etc/passwd')])
        for where in (PLAIN, HARDENED)]),
    Row('R66', 'ORCPT of elsewhere', [
        Case(PLAIN, [DAEMON, talk(HELO, (MAIL + ' RET=HDRS ENVID=a1', '250'),
                                  ('RCPT TO:<bob@corp.example> NOTIFY=FAILURE '
                                   'ORCPT=rfc822;target@dom1.example', '250'),
                                  ('DATA', '354'), message(), QUIT)], mail={'bob': 1})]),
    Row('R67', 'ETRN for a domain of elsewhere', [
        Case(where, [DAEMON, talk(HELO, ('ETRN dom1.example', '45[89]|250|50[02]'), QUIT)])
        for where in (PLAIN, HARDENED)]),
    Row('R68', 'the name of a client changes while it is served', [
        Case(site(access=access('Connect:desk9.corp.example\tRELAY')),
             [DAEMON, change(after=5, zone={'33.2.0.192.in-addr.arpa': {
                 'PTR': ['desk9.corp.example']}, 'desk9.corp.example': {'A': [STRANGER]}}),
              talk(HELO, (MAIL, '250'), ('RCPT TO:<target@dom1.example>', DENIED),
                   ({'sleep': 10}, None), ('RCPT TO:<target@dom1.example>', DENIED),
                   ('RSET', '250'), (MAIL, '250'), ('RCPT TO:<target@dom1.example>', DENIED),
                   QUIT)])]),
    Row('R69', 'RSET takes rights along', [
        Case(where, [DAEMON, talk(HELO, (MAIL, '250'), ('RCPT TO:<x@partner.example>', '250'),
                                  ('RSET', '250'), (MAIL, '250'),
                                  ('RCPT TO:<target@dom1.example>', DENIED), ('DATA', '503'),
                                  QUIT)])
        for where in (PLAIN, HARDENED)]),
    NotApplicable('R70', 'AUTH: rights after a second STARTTLS or EHLO'),
    Row('R71', 'the submission port without AUTH', [
        Case(where, [DAEMON, one(ANY, '<target@dom1.example>', '5[35]0', to=['10.0.0.1', 587])])
        for where in (PLAIN, HARDENED)]),
    Row('R72', 'standard input of a local user', [
        Case(PLAIN, [DAEMON, run('sendmail', '-bs', '-Am',
                                 stdin='MAIL FROM:<alice@corp.example>\r\n'
                                       'RCPT TO:<target@dom1.example>\r\nRSET\r\nQUIT\r\n',
                                 output='250 2\\.1\\.5 <target@dom1\\.example>')])]),
    Row('R73', 'a proxy request before SMTP', [
        Case(where, [DAEMON] + [
            talk(raw(f'{verb} http://10.0.0.1:25/ HTTP/1.0\r\n\r\n'
                     'EHLO x\r\nMAIL FROM:<a@outside.example>\r\n'
                     'RCPT TO:<alice@corp.example>\r\nDATA\r\n', '421.*\n.*clos', 9))
            for verb in ('CONNECT', 'POST', 'GET')])
        for where in (PLAIN, HARDENED)]),
    NotApplicable('R74', 'command-line submission: -t'),
    NotApplicable('R75', 'command-line submission: -f of a user'),
    Row('R76', 'a user names a queue of his own', [
        Case(PLAIN, [DAEMON, run('sendmail', '-OQueueDirectory=/var/spool/mqueue/../mqueue', '-bp',
                                 user='alice', output='Permission denied', code=78)])]),
]

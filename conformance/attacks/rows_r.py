"""Group R: forms of relaying. dom1.example is anybody's domain, partner.example one we serve."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

DENIED = '550 5\\.7\\.1 .*Relaying denied'
ROUTE = '553 5\\.1\\.3 .*Invalid route address'
# With delay_checks the sender is refused at RCPT.
# sendmail takes it from this client; ours, as without delay_checks, does not.
ANY_REPLY = ('250', '250|553 5\\.5\\.4')
NO_SENDER, LATER = ('553 5\\.5\\.4', '503'), ('250', '553 5\\.5\\.4')
ANY = '<user@outside.example>'


def form(row, what, rcpt, stranger=DENIED, trusted='250', mail=ANY, **kwargs):
    """A recipient, refused to strangers."""
    return Relay(row, what, f'MAIL FROM:{mail}', f'RCPT TO:{rcpt}', stranger, trusted, **kwargs)


def one(mail, rcpt, expect, client=STRANGER, mail_expect='250', helo='EHLO probe.example',
        **kwargs):
    """A dialogue that asks for one envelope."""
    return talk((helo, '250'), (f'MAIL FROM:{mail}', mail_expect), (f'RCPT TO:{rcpt}', expect),
                ('RSET', '250'), QUIT, client=client, **kwargs)


def access(*lines):
    """The access map with further lines."""
    return ACCESS + ''.join(line + '\n' for line in lines)


ROWS = [
    form('R01', 'a stranger to a stranger', '<target@dom1.example>', mail='<spam@outside.example>'),
    form('R02', 'the null sender', '<target@dom1.example>', mail='<>'),
    form('R03', 'a forged local sender', '<target@dom1.example>', mail='<alice@corp.example>'),
    form('R04', 'a sender at our host', '<target@dom1.example>', mail='<spam@mx1.corp.example>'),
    form('R05', 'a sender at localhost', '<target@dom1.example>', mail='<spam@localhost>',
         but={'plain stranger': NO_SENDER, 'plain inside': NO_SENDER,
              'hardened inside': ANY_REPLY}),
    form('R06', 'a sender without a domain', '<target@dom1.example>', mail='<spam>',
         but={'plain stranger': NO_SENDER, 'plain inside': NO_SENDER, 'plain loopback': NO_SENDER,
              'hardened inside': LATER, 'hardened loopback': LATER}),
    form('R07', 'a sender at our address', '<target@dom1.example>', mail='<spam@[10.0.0.1]>'),
    form('R08', 'a sender at the loopback address', '<target@dom1.example>',
         mail='<spam@[127.0.0.1]>',
         but={'plain stranger': NO_SENDER, 'plain inside': NO_SENDER, 'hardened inside': LATER}),
    form('R09', 'percent before our domain', '<target%dom1.example@corp.example>'),
    form('R10', 'percent before our address', '<target%dom1.example@[10.0.0.1]>'),
    form('R11', 'percent only', '<target%dom1.example>'),
    form('R12', 'percent before a domain that is relayed', '<target%dom1.example@partner.example>'),
    form('R13', 'percent twice', '<target%dom1.example%partner.example@corp.example>'),
    form('R14', 'an address in quotes', '<"target@dom1.example">'),
    form('R15', 'an address in quotes at our domain', '<"target@dom1.example"@corp.example>'),
    form('R16', 'an address in quotes at our address', '<"target@dom1.example"@[10.0.0.1]>'),
    form('R17', 'percent in quotes', '<"target%dom1.example">'),
    form('R18', 'percent in quotes at our domain', '<"target%dom1.example"@corp.example>'),
    form('R19', 'two at signs', '<target@dom1.example@corp.example>', ROUTE, ROUTE),
    form('R20', 'two at signs, our address', '<target@dom1.example@[10.0.0.1]>', ROUTE, ROUTE),
    form('R21', 'a route through us', '<@corp.example:target@dom1.example>'),
    form('R22', 'a route through our address', '<@[10.0.0.1]:target@dom1.example>'),
    form('R23', 'a route of two', '<@corp.example,@partner.example:target@dom1.example>'),
    form('R24', 'a bang path', '<dom1.example!target>'),
    form('R25', 'a bang path at our domain', '<dom1.example!target@corp.example>'),
    form('R26', 'a bang path at our address', '<dom1.example!target@[10.0.0.1]>'),
    form('R27', 'a bang path through us', '<corp.example!dom1.example!target>'),
    form('R28', 'bang and percent', '<dom1.example!target%corp.example>'),
    form('R29', 'a dot at the end', '<target@dom1.example.>'),
    form('R30', 'an at sign at the end', '<target@dom1.example@>',
         but={f'hardened {kind}': ('250', '553 5\\.1\\.2')
              for kind in ('stranger', 'inside', 'loopback')}),
    form('R31', 'no host', '<target@>', *['553 5\\.1\\.3'] * 2),
    form('R32', 'no user', '<@dom1.example>', *['553 5\\.1\\.3'] * 2),
    form('R33', 'two at signs, theirs last', '<target@corp.example@dom1.example>', ROUTE, ROUTE),
    form('R34', 'two addresses in one path', '<target@dom1.example,bob@corp.example>', ROUTE,
         ROUTE),
    form('R35', 'a group', '<group: target@dom1.example;>'),
    form('R36', 'no brackets', 'target@dom1.example'),
    form('R37', 'a literal of elsewhere', '<target@[192.0.2.71]>'),
    form('R38', 'an IPv6 literal of elsewhere', '<target@[IPv6:2001:db8:99::35]>'),
    form('R39', 'an address as a number', '<target@3221225543>'),
    form('R40', 'a name in brackets', '<target@[10.0.0.1.dom1.example]>'),
    form('R41', 'capitals', '<TARGET@DOM1.Example>'),
    form('R42', 'a host below our domain that is not ours', '<target@host1.corp.example>'),
    form('R43', 'a name that ends like one that is relayed', '<target@evilpartner.example>'),
    form('R44', 'a name that begins like one that is relayed',
         '<target@partner.example.evil.example>'),
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
    form('R63', 'percent behind postmaster', '<postmaster%dom1.example@corp.example>'),
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

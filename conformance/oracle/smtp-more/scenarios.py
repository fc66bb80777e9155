"""More scenarios that record.py plays: other configurations, other clients, other users' files."""
from scenario_lib import *                                     # noqa: F401,F403

S = SCENARIOS = []


def add(*a, **k):
    S.append(sc(*a, **k))


F = lambda n, *a: "FEATURE(`%s'%s)dnl\n" % (n, ''.join(", `%s'" % x if x != '' else ', ' for x in a))  # noqa: E731
O = lambda n, v: "define(`conf%s', `%s')dnl\n" % (n, v)  # noqa: E731
U = 'MAIL FROM:<u@outside.example>'
E = 'EHLO c.example'


def to(*names):
    return ['RCPT TO:<%s>' % (n if '@' in n or n.startswith('"') else n + '@corp.example') for n in names]


def deliver(text, *names, src=OUT, frm=U, **kw):
    return smtp(src, E, frm, *to(*(names or ('alice',))), 'DATA', {'data': text}, 'QUIT', **kw)


# ------------------------------------------------------------ access_db
ACC1 = """\
Connect:198.51.100.66	ERROR:4.7.1:450 Come back later
Connect:198.51.100.5	550 5.7.1 We don't want you
Connect:192.0.2.77	"550 quoted text with $1 and $&{client_addr}"
Connect:203.0.113	DISCARD
Connect:mail.partner.example	QUARANTINE:partner is under watch
Connect:192.0.2.99	REJECT
Connect:10.1.2.3	OK
From:quar@	QUARANTINE:look at this one
From:skip.example	SKIP
From:a.skip.example	550 not reached
From:nodsn@outside.example	553 no dsn here
From:quit@outside.example	ERROR:421 closing now
From:quit2@outside.example	ERROR:4.7.0:421 closing now with dsn
From:rel@outside.example	RELAY
From:odd@outside.example	ODDVALUE here
From:err@outside.example	ERROR:550 no dsn
From:errd@outside.example	ERROR:"5.7.99:554 quoted dsn"
From:subj@outside.example	SUBJECT: hello
From:disc@outside.example	DISCARD
From:u+detail@outside.example	REJECT
From:plus@outside.example	REJECT
From:.dom2.example	REJECT
From:dom3.example	REJECT
bare@outside.example	REJECT
wild.example	550 5.7.1 wild
To:quart@	QUARANTINE:rcpt quarantine
To:nodsn@corp.example	551 moved
To:quit@corp.example	ERROR:421 rcpt closing
To:disc@corp.example	DISCARD
To:tmp@corp.example	ERROR:4.3.2:451 system busy
To:bob+spam@corp.example	REJECT
To:carol@	ERROR:5.1.1:550 carol left
To:localdom.example	ERROR:5.7.1:550 no mail for localdom
To:ok@localdom.example	OK
"""
ACCMC = F('access_db') + F('blocklist_recipients')
scr = [E] + ['MAIL FROM:<%s>' % x if x != 'RSET' else x for f in ('quar@outside.example', 'x@skip.example', 'x@a.skip.example', 'nodsn@outside.example', 'rel@outside.example', 'odd@outside.example', 'err@outside.example', 'errd@outside.example', 'subj@outside.example', 'u+detail@outside.example', 'u+other@outside.example', 'plus+x@outside.example', 'x@a.dom2.example', 'x@dom2.example', 'x@sub.dom3.example', 'bare@outside.example', 'x@one.wild.example', 'BARE@OUTSIDE.example') for x in (f, 'RSET')] + ['QUIT']
add('access_from_forms', 'values of From: entries', [DAEMON, smtp(OUT, *scr), smtp(OUT, E, 'MAIL FROM:<quit@outside.example>', 'NOOP', 'QUIT'), smtp(OUT, E, 'MAIL FROM:<quit2@outside.example>', 'NOOP', 'QUIT')], mc(ACCMC), files={'/etc/mail/access': ACC1})
add('access_connect_forms', 'values of Connect: entries and what every command says then',
    [DAEMON] + [smtp(a, 'HELO c.example', 'NOOP', 'VRFY alice', U, *to('alice', 'x@elsewhere.example'), 'DATA', {'data': msg('from ' + a)}, 'RSET', 'EXPN team', 'ETRN corp.example', 'HELP', 'FOO', 'QUIT') for a in (SPAM, EVIL, NOPTR, '203.0.113.9', PARTNER, '192.0.2.99', INSIDE)] + [run('mailq'), run('mailq', '-qQ')],
    mc(ACCMC), files={'/etc/mail/access': ACC1})
add('access_to_forms', 'values of To: entries',
    [DAEMON, smtp(OUT, E, U, *to('quart', 'nodsn', 'disc', 'tmp', 'bob+spam', 'bob+ok', 'carol', 'carol@localdom.example', 'alice@localdom.example', 'ok@localdom.example', 'QUART', 'alice'), 'DATA', {'data': msg('some')}, 'QUIT'), smtp(OUT, E, U, *to('disc'), 'DATA', {'data': msg('discarded')}, U, *to('quart', 'alice'), 'DATA', {'data': msg('quarantined')}, 'QUIT'), smtp(OUT, E, U, *to('quit', 'alice'), 'QUIT'), run('mailq'), run('mailq', '-qQ')],
    mc(ACCMC), files={'/etc/mail/access': ACC1})
add('access_no_blocklist', 'the same entries without blocklist_recipients',
    [DAEMON, smtp(OUT, E, U, *to('quart', 'nodsn', 'disc', 'carol', 'alice@localdom.example', 'bare@outside.example'), 'QUIT')], mc(F('access_db')), files={'/etc/mail/access': ACC1})
add('access_quarantine_mail', 'a quarantined sender: the queue file, mailq, release',
    [DAEMON, deliver(msg('q'), frm='MAIL FROM:<quar@outside.example>'), dict(do='snapshot'), run('mailq'), run('mailq', '-qQ'), run('mailq', '-qQ', '-v'), run('sendmail', '-Q', '-qQ'), run('mailq'), run('sendmail', '-q'), run('mailq')],
    mc(ACCMC), files={'/etc/mail/access': ACC1})
add('access_discard', 'discarding by sender, then an ordinary message on the same connection',
    [DAEMON, smtp(OUT, E, 'MAIL FROM:<disc@outside.example>', *to('alice', 'nosuch', 'x@elsewhere.example'), 'DATA', {'data': msg('gone')}, U, *to('alice'), 'DATA', {'data': msg('kept')}, 'QUIT')], mc(ACCMC), files={'/etc/mail/access': ACC1})
add('access_lookupdotdomain', 'lookupdotdomain and relay_hosts_only',
    [DAEMON, smtp(OUT, E, 'MAIL FROM:<x@a.dom2.example>', 'RSET', 'MAIL FROM:<x@dom2.example>', *to('a@partner.example', 'a@sub.partner.example', 'a@10.1', 'alice'), 'QUIT'), smtp(PARTNER, E, U, *to('a@elsewhere.example'), 'QUIT')],
    mc(F('access_db') + F('lookupdotdomain') + F('relay_hosts_only')), files={'/etc/mail/access': ACC1, '/etc/mail/relay-domains': 'partner.example\n'})
add('access_tmpf', 'access_db skip and TMPF arguments; ldap-less missing map optional',
    [DAEMON, smtp(OUT, E, U, *to('alice', 'quart'), 'QUIT')], mc(F('access_db', 'hash -T<TMPF> -o /etc/mail/nosuch') + F('blocklist_recipients')))
add('access_missing_map', 'access.db is missing', [dict(do='sh', cmd='rm /etc/mail/access.db'), DAEMON, smtp(OUT, E, U, *to('alice'), 'QUIT'), run('sendmail', '-bv', 'alice')], mc(F('access_db')), files={'/etc/mail/access': ACC1})

# ------------------------------------------------------------ delay_checks
DACC = """\
Connect:198.51.100.66	ERROR:5.7.1:550 connection refused for 66
Connect:203.0.113.9	ERROR:4.7.1:421 try another day
From:bad@outside.example	REJECT
From:drop@outside.example	DISCARD
From:q@outside.example	QUARANTINE:held
Spam:alice@corp.example	FRIEND
Spam:bob@	FRIEND
Spam:corp.example	HATER
To:carol@corp.example	REJECT
"""
dscript = [E, 'VRFY alice', 'MAIL FROM:<bad@outside.example>', *to('alice', 'bob', 'carol', 'dave.d', 'alice+x', 'nosuch', 'abuse'), 'RSET', 'MAIL FROM:<drop@outside.example>', *to('dave.d', 'alice'), 'RSET', U, *to('dave.d'), 'DATA', {'data': msg('last')}, 'QUIT']
for n, a in (('delay', ()), ('friend', ('friend',)), ('hater', ('hater',)), ('friend_n', ('friend', 'n'))):
    add('delayed_' + n, 'delay_checks with senders and clients that are refused', [DAEMON] + [smtp(x, *dscript) for x in (OUT, SPAM, '203.0.113.9')], mc(ACCMC + F('delay_checks', *a)), files={'/etc/mail/access': DACC})
add('delayed_quarantine', 'delay_checks and a quarantined sender', [DAEMON, deliver(msg('held'), frm='MAIL FROM:<q@outside.example>'), run('mailq', '-qQ')], mc(ACCMC + F('delay_checks')), files={'/etc/mail/access': DACC})

# ------------------------------------------------------------ DNS lists
for n, m in (('two', F('dnsbl', 'bl.example', '"550 5.7.1 Rejected: " $&{client_addr} " listed at bl.example"') + F('dnsbl', 'dul.example', '554 dial-up', 't')),
             ('enh_plain', F('enhdnsbl', 'bl.example') + F('enhdnsbl', 'ehl.example', '', '', '127.0.0.2.')),
             ('quarantine', F('dnsbl', 'bl.example', 'quarantine') + F('dnsbl', 'dul.example', 'discard')),
             ('rhsbl', F('rhsbl', 'rhs.example', '"550 5.7.1 " $&{RHS} " is listed"', 't'))):
    add('lists_' + n, 'DNS lists: ' + n, [DAEMON] + [smtp(a, E, U, *to('alice'), 'RSET', 'MAIL FROM:<u@spam.example>', *to('alice'), 'RSET', 'MAIL FROM:<u@evil.example>', *to('bob'), 'DATA', {'data': msg('x')}, 'QUIT') for a in (OUT, SPAM, EVIL, NOPTR, PARTNER, '192.0.2.99')] + [run('mailq', '-qQ')], mc(m))

# ------------------------------------------------------------ rates
RATE = """\
ClientRate:192.0.2.33	2
ClientRate:	5
ClientConn:192.0.2.33	1
ClientConn:	5
GreetPause:192.0.2.33	1500
GreetPause:	0
"""
short = lambda a, **k: smtp(a, E, U, *to('alice'), 'QUIT', **k)  # noqa: E731
slow = lambda a: smtp(a, E, {'sleep': 2}, U, 'QUIT')  # noqa: E731
add('rates_together', 'ratecontrol, conncontrol and greet_pause together',
    [DAEMON, short(OUT), dict(do='parallel', clients=[slow(OUT), slow(OUT), slow(NOPTR)]), short(OUT), smtp(OUT, {'nogreet': True, 'send': ['EHLO e.example', U], 'replies': 3}, 'QUIT')],
    mc(F('access_db') + F('ratecontrol') + F('conncontrol') + F('greet_pause', '1000')), files={'/etc/mail/access': RATE})
add('rates_nodelay', 'ratecontrol and conncontrol, nodelay and terminate, with delay_checks', [DAEMON, dict(do='parallel', clients=[slow(OUT), slow(OUT), slow(OUT)]), short(OUT), short(OUT)],
    mc(F('access_db') + F('delay_checks') + F('ratecontrol', 'nodelay', 'terminate') + F('conncontrol', 'nodelay', 'terminate')), files={'/etc/mail/access': RATE})
add('greet_pause_quit', 'greet_pause: client sends QUIT early, closes early, sends after the greeting', [DAEMON, smtp(OUT, {'nogreet': True, 'send': ['QUIT'], 'replies': 2}), smtp(OUT, {'nogreet': True, 'send': ['HELO x'], 'replies': 2}, U, *to('alice'), 'AUTH PLAIN', 'ETRN x', 'EXPN team', 'FOO', 'STARTTLS', 'QUIT'), short(OUT)], mc(F('greet_pause', '1200')))
add('client_ratelimit_option', 'the option ConnectionRateThrottle with short connections', [DAEMON, short(OUT), short(OUT), short(OUT)], mc(O('CONNECTION_RATE_THROTTLE', '1')))

# ------------------------------------------------------------ tables
VIRT = """\
one@virt1.example	alice+%1
sales+*@virt1.example	bob+%2
tech+++*@virt1.example	carol+%3
plus++@virt1.example	dave.d+%2%3
list@virt1.example	alice, bob
chain@virt1.example	one@virt1.example
ext@virt1.example	x@elsewhere.example
gone@virt1.example	error:nouser 550 gone for good
gone2@virt1.example	error:5.1.6:551 moved away
tmp@virt1.example	error:tempfail 450 later
cant@virt1.example	error:unavailable not now
badmailer@virt1.example	error:nosuchword text
ali@virt1.example	team
prog@virt1.example	"|/bin/cat"
@virt2.example	%1@corp.example
@virt3.example	%1%2%3@corp.example
catch@	alice
corp.example	bob
root	carol
"""
VM = F('virtusertable') + "VIRTUSER_DOMAIN(`virt1.example virt2.example virt3.example')dnl\n"
vr = ['one@virt1.example', 'sales@virt1.example', 'sales+x@virt1.example', 'sales+x+y@virt1.example', 'tech@virt1.example', 'tech+a@virt1.example', 'plus@virt1.example', 'plus+z@virt1.example', 'plus+z+w@virt1.example', 'chain@virt1.example', 'one+d@virt1.example', 'alice@virt2.example', 'alice+q@virt2.example', 'bob+r@virt3.example', 'nosuch@virt2.example', 'none@virt1.example', 'alice@virt1.example', 'ali@virt1.example']
vb = ['gone@virt1.example', 'gone2@virt1.example', 'tmp@virt1.example', 'cant@virt1.example', 'badmailer@virt1.example', 'ext@virt1.example', 'list@virt1.example', 'prog@virt1.example', 'root', 'catch@corp.example', 'catch@virt1.example', 'postmaster@virt1.example', 'abuse@virt2.example', 'x@sub.virt1.example']
add('virtual_entire', 'virtuser_entire_domain, preserve_local_plus_detail, domains from a file',
    [DAEMON, smtp(OUT, E, U, *to('one@virt1.example', 'x@sub.virt1.example', 'alice+keep@corp.example', 'alice+a+b', 'team+x'), 'DATA', {'data': msg('entire')}, 'QUIT'), run('sendmail', '-bv', 'alice+keep', 'team+x')],
    mc(F('virtusertable') + F('virtuser_entire_domain') + F('preserve_local_plus_detail') + "VIRTUSER_DOMAIN_FILE(`/etc/mail/virtdomains')dnl\n"), files={'/etc/mail/virtusertable': VIRT + 'x@sub.virt1.example	carol\n', '/etc/mail/virtdomains': 'virt1.example\n'})
add('domaintable', 'domaintable: old names of the domain in the envelope and in headers', [DAEMON, deliver(msg('old', frm='x@old.example', to='alice@old.example, z@b.old.example, y@older.example'), 'alice@old.example', 'bob@older.example', 'carol@b.old.example', frm='MAIL FROM:<x@dom1.example>'), run('sendmail', '-bv', 'alice@old.example', 'x@older.example')], mc(F('domaintable')), files={'/etc/mail/domaintable': 'old.example	corp.example\nolder.example	localdom.example\ndom1.example	outside.example\n'})
GEN = 'alice	Alice.Adams@public.example\nbob@corp.example	Bob.B@public.example\nmx1.corp.example	hostwide@public.example\n@localdom.example	%1@public.example\ncarol+x	c.x@public.example\ndave.d@localdom.example	%1@dd.example\n'
lm = msg('local headers', frm='alice', to='bob@corp.example, alice@mx1.corp.example, carol+x', more='Cc: u@localdom.example, dave.d@localdom.example, root, x@outside.example\nReply-To: bob\nErrors-To: alice\nSender: alice@corp.example\nResent-From: carol\nDisposition-Notification-To: bob\nReturn-Receipt-To: alice\n')
for n, m in (('generics', F('genericstable') + "GENERICS_DOMAIN(`corp.example localdom.example')dnl\n"),
             ('masq', "MASQUERADE_AS(`public.example')dnl\nEXPOSED_USER(`alice')dnl\n" + F('allmasquerade')),
             ('no_local', "MASQUERADE_AS(`public.example')dnl\n" + F('local_no_masquerade') + F('masquerade_envelope')),
             ('entire', "MASQUERADE_AS(`public.example')dnl\nMASQUERADE_DOMAIN(`example')dnl\nMASQUERADE_EXCEPTION(`localdom.example')dnl\n" + F('masquerade_entire_domain') + F('always_add_domain')),
             ('add_domain', F('always_add_domain', 'added.example')), ('add_domain_plain', F('always_add_domain'))):
    add('headers_' + n, 'addresses in the headers of local mail: ' + n, [DAEMON, deliver(lm, 'bob', src=INSIDE, frm='MAIL FROM:<alice@corp.example>'), deliver(lm, 'bob', 'nosuch', src=LOCAL, frm='MAIL FROM:<alice>')], mc(m), files={'/etc/mail/genericstable': GEN})
add('redirects', 'redirect with several aliases, local names, lists', [DAEMON, smtp(OUT, E, U, *to('gone', 'some', 'gone+x', 'x@new.example.REDIRECT', 'x@corp.example.REDIRECT', 'Gone@localdom.example'), 'DATA', {'data': msg('r')}, 'VRFY gone', 'EXPN gone', 'QUIT'), run('sendmail', '-bv', 'gone', 'some', 'x@new.example.REDIRECT')], mc(F('redirect')), aliases=ALIASES + 'gone: gone@new.example.REDIRECT\nsome: alice, gone\n')
add('redirects_off', 'an address of .REDIRECT without the feature', [DAEMON, smtp(OUT, E, U, *to('gone', 'x@new.example.REDIRECT'), 'QUIT'), run('sendmail', '-bv', 'gone')], mc(), aliases=ALIASES + 'gone: gone@new.example.REDIRECT\n')
add('luser_local', 'LUSER_RELAY to a local mailer, preserve_luser_host', [DAEMON, smtp(OUT, E, U, *to('nosuch', 'nosuch+x@localdom.example', 'alice', 'postmaster'), 'DATA', {'data': msg('l')}, 'QUIT'), run('sendmail', '-bv', 'nosuch')], mc("define(`LUSER_RELAY', `local:bob')dnl\n"))
add('sticky', 'stickyhost, MAIL_HUB to the local mailer and LOCAL_USER', [DAEMON, smtp(OUT, E, U, *to('alice', 'alice@mx1.corp.example', 'root', 'nosuch@localdom.example'), 'DATA', {'data': msg('s')}, 'QUIT'), run('sendmail', '-bv', 'alice', 'root', 'alice@localdom.example', 'nosuch')], mc("define(`MAIL_HUB', `local:')dnl\nLOCAL_USER(`root')dnl\n" + F('stickyhost')))
add('bestmx_is_local', 'bestmx_is_local', [DAEMON, smtp(OUT, E, U, *to('alice@bestmx.example', 'alice@equalmx.example', 'alice@backupmx.example', 'bob@virt1.example', 'x@nomx.example'), 'DATA', {'data': msg('best')}, 'QUIT'), run('sendmail', '-bv', 'alice@bestmx.example')], mc(F('bestmx_is_local')))
add('relay_mx', 'relay_based_on_MX', [DAEMON, smtp(OUT, E, U, *to('alice@bestmx.example', 'alice@equalmx.example', 'alice@backupmx.example', 'x@nomx.example', 'x@nxdomain.example', 'x@tempfail.example'), 'QUIT')], mc(F('relay_based_on_MX')))

# ------------------------------------------------------------ client checks
clients = (OUT, NOPTR, FORGED, SPAM, '192.0.2.99', INSIDE, LOCAL, NAS)
add('require_rdns', 'require_rdns', [DAEMON] + [smtp(a, E, U, *to('alice'), 'QUIT') for a in clients], mc(F('access_db') + F('require_rdns')), files={'/etc/mail/access': 'Connect:192.0.2.77	OK\n', '/etc/mail/relay-domains': '10.1\n'})
add('require_rdns_plain', 'require_rdns without access_db, with delay_checks', [DAEMON] + [smtp(a, E, U, *to('alice'), 'QUIT') for a in (NOPTR, FORGED, '192.0.2.99')], mc(F('delay_checks') + F('require_rdns')))
helos = ['EHLO c.example', 'HELO mx1.corp.example', 'EHLO corp.example', 'HELO localhost', 'EHLO [10.0.0.1]', 'HELO [127.0.0.1]', 'EHLO [192.0.2.33]', 'HELO 192.0.2.33', 'EHLO nodots', 'HELO localdom.example', 'EHLO .', 'EHLO a..b', 'EHLO _x.example', 'EHLO x y', 'HELO [192.0.2.34]', 'EHLO IPv6:::1', 'EHLO [IPv6:::1]']
add('bad_helo', 'block_bad_helo', [DAEMON] + [smtp(OUT, h, U, *to('alice'), 'QUIT') for h in helos] + [smtp(LOCAL, 'EHLO localhost', U, *to('alice'), 'QUIT'), smtp(INSIDE, 'EHLO corp.example', U, *to('alice'), 'QUIT'), smtp(OUT, U, *to('alice'), 'QUIT')], mc(F('block_bad_helo')), files={'/etc/mail/relay-domains': '10.1\n'})
add('bad_helo_allowed', 'AllowBogusHELO', [DAEMON] + [smtp(OUT, h, U, 'QUIT') for h in helos[8:] + ['HELO', 'EHLO', 'HELO ' + 'y' * 300, 'EHLO a\tb', 'EHLO \xe9.example']], mc(O('ALLOW_BOGUS_HELO', 'True')))
doms = ('outside.example', 'badmx.example', 'loopmx.example', 'nullmx.example', 'nomx.example', 'cname.example', 'dangling.example', 'tempfail.example', 'nodata.example', 'nxdomain.example', 'refused.example', '[192.0.2.33]', 'one.wild.example')
add('badmx', 'badmx', [DAEMON, smtp(OUT, E, *sum([['MAIL FROM:<u@%s>' % d, 'RSET'] for d in doms], []), 'QUIT')], mc(F('badmx')))
add('badmx_canon', 'badmx and nocanonify with DaemonPortOptions modifiers c and C', [DAEMON, smtp(OUT, E, *sum([['MAIL FROM:<u@%s>' % d, 'RSET'] for d in doms + ('www',)], []), U, *to('alice@www', 'alice@mx1', 'alice@alias.corp.example'), 'QUIT')], mc(F('nocanonify') + F('accept_unresolvable_domains')))


def rules(text):
    return mc('', mailers="MAILER(`local')dnl\nMAILER(`smtp')dnl\nLOCAL_CONFIG\n" + text if text.startswith('K') or 'LOCAL_RULESETS' in text else "MAILER(`local')dnl\nMAILER(`smtp')dnl\nLOCAL_RULESETS\n" + text)


# ------------------------------------------------------------ rulesets
add('own_check_commands', 'check_vrfy, check_expn, check_etrn, check_data of one\'s own',
    [DAEMON, smtp(OUT, E, 'VRFY alice', 'VRFY bob', 'VRFY carol', 'EXPN team', 'EXPN alice', 'ETRN corp.example', 'ETRN dom1.example', U, *to('alice'), 'DATA', {'data': msg('x')}, 'QUIT'),
     smtp(OUT, E, U, *to('bob'), 'DATA', {'data': msg('y')}, 'RSET', U, *to('carol', 'alice'), 'DATA', {'data': msg('z')}, 'QUIT')],
    rules("""Scheck_vrfy
R bob	$#error $@ 5.7.1 $: "550 not " $&{client_addr}
Rbob	$#error $@ 5.7.1 $: "550 not bob from " $&{client_addr}
Rcarol	$#discard $: discard
Scheck_expn
Rteam	$#error $@ 4.7.1 $: "450 team is busy"
Scheck_etrn
Rdom1.example	$#error $: "459 no etrn for " dom1.example
Scheck_data
R1	$#error $@ 4.5.0 $: "451 one recipient is not enough"
R$*	$: $&{nrcpts}
R2	$#error $@ 5.5.0 $: "554 two are too many"
"""))
add('own_check_data', 'check_data sees the number of recipients, discards, quarantines, closes',
    [DAEMON] + [smtp(OUT, E, U, *to(*n), 'DATA', {'data': msg(' '.join(n))}, 'NOOP', 'QUIT') for n in (('alice',), ('alice', 'bob'), ('alice', 'bob', 'carol'), ('alice', 'bob', 'carol', 'dave.d'))] + [run('mailq', '-qQ'), run('mailq')],
    rules("""Scheck_data
R2	$#discard $: discard
R3	$#error $@ quarantine $: three of them
R4	$#error $@ 4.7.0 $: 421 four, goodbye
"""))
add('own_check_eoh', 'check_eoh and check_eom: number and size of headers, size of the message',
    [DAEMON, deliver(msg('few')), deliver(msg('many', more=''.join('X-%d: y\n' % i for i in range(12)))), deliver(msg('big', body='z' * 70 + '\n' + 'y' * 900)), deliver('Subject: no from\n\nx'), deliver('\nbody only')],
    rules("""KN arith
Scheck_eoh
R$- $| $-	$: $(N l $@ 14 $@ $1 $) $| $2
RTRUE $| $*	$#error $@ 5.6.0 $: "554 too many headers, " $1 " bytes"
Scheck_eom
R$*	$: $(N l $@ 900 $@ $1 $) $| $1
RTRUE $| $*	$#error $@ 5.2.3 $: "552 message of " $1 " bytes is too big"
""".replace('Scheck_eoh', 'LOCAL_RULESETS\nScheck_eoh')))
hd = """KStore macro
KQ dequote
HSubject: $>CheckSubject
HX-Mailer: $>+CheckMailer
HMessage-Id: $>CheckId
HTo: $>CheckTo
H*: $>CheckAny
LOCAL_RULESETS
SCheckSubject
RMake Money $*	$#error $@ 5.7.1 $: "553 no money please"
R$* later	$#error $: 451 4.7.1 try later
Rdrop me	$#discard $: discard
Rwatch $*	$#error $@ quarantine $: watched $1
Rbad	$#error $: 5.7.1:550 colon form
SCheckMailer
R$* ( $* )	$: $1
R$* EvilMail $*	$#error $: 554 mailer $&{hdr_name} with value $&{currHeader}
SCheckId
R< $+ @ $+ >	$@ OK
R$*	$#error $: 553 Header Error: $&{hdr_name}
SCheckTo
R$* nobody $*	$#error $: 550 nobody
SCheckAny
R$* secret $*	$#error $@ 5.7.1 $: "550 header " $&{hdr_name} " of " $&{hdrlen} " says too much"
"""
subj = ['ordinary', 'Make Money Fast', 'come back later', 'drop me', 'watch this', 'bad', '"Make Money" x', 'MAKE money now', '=?iso-8859-1?q?Make_Money?=', '', 'with (comment) and <a@b> "quotes', 'caf\xe9', 'x' * 600]
add('own_header_rules_more', 'header rulesets with $>+, H*:, comments, folded fields, missing and broken fields',
    [DAEMON] + [smtp(OUT, E, *sum([[U, *to('bob'), 'DATA', {'data': t}] for t in part], []), 'QUIT') for part in (
        [msg('a', more='X-Mailer: Good (EvilMail)\n'), msg('b', more='X-Mailer: The EvilMail 1.0 (x)\n'), msg('c', more='X-Foo: a secret thing\n'), msg('d', more='X-Foo: a\n secret\n\tthing\n')],
        ['Message-Id: broken\nSubject: e\n\nx', 'Message-Id: <a@b> trailing\nSubject: e\n\nx', 'Subject: f\n\nno id', msg('g', to='alice, nobody <x@y>'), 'To: x\nTo: nobody\nSubject: two\n\nx', 'subject: Make Money lower\n\nx', 'Subject : Make Money space\n\nx'])], rules(hd))
add('own_try_rules', 'Local_check_ rules that return OK, relay-like results and odd reply forms',
    [DAEMON, smtp(OUT, E, U, *to(*['r%d' % i for i in range(14)]), *to('alice'), 'QUIT')],
    rules("SLocal_check_rcpt\nR$*	$: $1 $| $>3 $1\n" + ''.join('R$* $| r%d < @ $*	%s\n' % x for x in enumerate(['$#error $: plain text', '$#error $: 550', '$#error $@ nouser $: no user word', '$#error $@ tempfail $: temp word', '$#error $@ unavailable $: unavail', '$#error $@ 5.1.1 $: no code', '$#error $@ 4.1.1 $: no code temp', '$#error $@ 5.1.1 $: 450 code differs', '$#error $@ usage $: use', '$#error $@ config $: conf', '$#error $@ protocol $: 5xx text', '$#error $: 5.7.1 dsn only', '$#error $@ 75 $: exit number', '$#error'])) + 'R$* $| $*	$: $1\n'))
add('own_local_rules', 'LOCAL_RULE_0, LOCAL_RULE_3, LOCAL_NET_CONFIG, LOCAL_USER, own mailer of a file kind',
    [DAEMON, smtp(OUT, E, U, *to('x@three.example', 'zero@corp.example', 'box@corp.example', 'fail@corp.example', 'alice'), 'DATA', {'data': msg('rules')}, 'QUIT'), run('sendmail', '-bv', 'zero', 'box', 'fail', 'x@three.example'), sh('cat /var/tmp/box')],
    mc('', mailers="""MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_RULE_3
R$* < @ three.example > $*	$: bob < @ corp.example > $2
LOCAL_RULE_0
Rzero < @ $=w . >	$#local $: carol
Rbox < @ $=w . >	$#*file* $@ $: /var/tmp/box
Rfail < @ $=w . >	$#error $@ 5.3.5 $: "553 rule zero says no to " $1
"""), capture=['/var/tmp/box'])
add('own_other', 'check_other (check_other feature) and unknown commands', [DAEMON, smtp(OUT, 'FOO', E, 'FOO', 'GET x', 'NOOP', 'BAR x y', 'QUIT'), smtp(OUT, 'HELO x', 'AUTH', 'HELP', U, 'QUIT')], mc(F('check_other')))

# ------------------------------------------------------------ options
opt = [E, U, *to('alice', 'bob'), 'DATA', {'data': msg('opt', frm='a@outside.example (first), b@outside.example', more='X-Folded: one\n two\n three\nCc: x:y@z, list: a@b.example, c;, "q" <d@e.example>\n')}, 'QUIT']
add('opt_single_line', 'SingleLineFromHeader, ColonOkInAddr', [DAEMON, smtp(OUT, *opt), deliver('From: one\n two <u@outside.example>,\n three@outside.example\nSubject: s\n\nx')], mc(O('SINGLE_LINE_FROM_HEADER', 'True') + O('COLON_OK_IN_ADDR', 'False')))
add('opt_colon_ok', 'ColonOkInAddr true with addresses that have colons', [DAEMON, smtp(OUT, *opt), smtp(OUT, E, U, *to('a:alice', 'list:alice@corp.example;', '@corp.example:alice'), 'QUIT')], mc(O('COLON_OK_IN_ADDR', 'True')))
HELPTEXT = '#vers\t2\ncpyr\nsmtp\tThis is %v help of $j\nsmtp\tTwo lines\nsmtp\t$v/$Z %h\nmail\tMAIL as you like\n-bt\tprompt help\nbt\tx\nrset\tResets.\n'
e8 = msg('eight', 'caf\xc3\xa9 \xe9\n' + 'x' * 1200 + ' \xff=\n.dot\nFrom x\n')
for m in ('mimefy', 'pass', 'strict'):
    add('opt_eightbit_' + m, 'EightBitMode ' + m, [DAEMON, deliver(e8), deliver(e8, frm=U + ' BODY=8BITMIME'), deliver(e8, frm=U + ' BODY=7BIT'), deliver(msg('hdr \xe9', 'plain')), deliver(msg('mime', '--b\n\n\xe9\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n\xe8\n--b--\n', more='MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n'))], mc(O('EIGHT_BIT_HANDLING', m)))
add('opt_seven_bit_input', 'SevenBitInput', [DAEMON, deliver(e8), deliver(e8, frm=U + ' BODY=8BITMIME'), deliver(msg('caf\xe9'))], mc(O('SEVEN_BIT_INPUT', 'True')))
add('opt_max_hops', 'MaxHopCount=3', [DAEMON] + [deliver(''.join('Received: from a by b; date\n' for _ in range(n)) + msg('h%d' % n)) for n in (1, 2)], mc(O('MAX_HOP', '3')))
add('opt_limits', 'MaxRecipientsPerMessage=3, MaxMessageSize, MaxHeadersLength, with RSET between', [DAEMON, smtp(OUT, E, U + ' SIZE=4001', U + ' SIZE=3999', *to('alice', 'nosuch', 'bob', 'carol', 'dave.d', 'eve'), 'DATA', {'data': msg('l', 'x\n' * 2500)}, U, *to('alice', 'bob', 'carol', 'eve'), 'RSET', U, *to('eve', 'alice'), 'DATA', {'data': msg('ok')}, 'QUIT')], mc(O('MAX_RCPTS_PER_MESSAGE', '3') + O('MAX_MESSAGE_SIZE', '4000')))
for n, v in (('interactive', 'interactive'), ('queue', 'queue')):
    add('opt_mode_' + n, 'DeliveryMode ' + n + ' and SuperSafe', [DAEMON, smtp(OUT, E, U, *to('alice', 'nosuch'), 'DATA', {'data': msg(n)}, U, *to('bob'), 'DATA', {'data': msg('second')}, 'QUIT'), dict(do='snapshot'), run('mailq'), run('mailq', '-v'), run('sendmail', '-q'), run('mailq')], mc(O('DELIVERY_MODE', v) + O('SAFE_QUEUE', 'interactive' if v == 'interactive' else 'True')))
add('opt_daemon_modifiers', 'DaemonPortOptions: M=a, M=E, M=f, M=r, M=u, names of ports in macros', [dict(do='daemon')] + [smtp(OUT, E, 'MAIL FROM:<u>', U, *to('alice', 'bob@www'), 'ETRN x', 'EXPN team', 'VRFY alice', 'DATA', {'data': msg('p%d' % p, frm='u', to='bob@www')}, 'QUIT', to=['10.0.0.1', p]) for p in (2501, 2502, 2503, 2504, 2505)],
    mc(F('no_default_msa') + "DAEMON_OPTIONS(`Name=Eport, Port=2501, M=E')dnl\nDAEMON_OPTIONS(`Name=fport, Port=2502, M=f')dnl\nDAEMON_OPTIONS(`Name=uport, Port=2503, M=u')dnl\nDAEMON_OPTIONS(`Name=CCport, Port=2504, M=CC, DeliveryMode=q')dnl\nDAEMON_OPTIONS(`Name=rport, Port=2505, M=Ec, children=4, InputMailFilters=')dnl\n"))
add('opt_msa', 'the submission port: unqualified addresses, missing headers', [DAEMON] + [smtp(a, E, 'MAIL FROM:<alice>', *to('bob'), 'RCPT TO:<bob>', 'RCPT TO:<x@www>', 'ETRN corp.example', 'DATA', {'data': 'Subject: msa\nTo: bob\n\nx'}, 'QUIT', to=['10.0.0.1', 587]) for a in (OUT, INSIDE)], mc(), files={'/etc/mail/relay-domains': '10.1\n'})
add('opt_timeouts', 'Timeout.command and Timeout.datablock are short', [DAEMON, smtp(OUT, E, {'sleep': 4}, {'read': 1}), smtp(OUT, E, U, *to('alice'), 'DATA', {'raw': 'Subject: x\r\n\r\nhalf', 'replies': 0}, {'sleep': 4}, {'read': 1})], mc(O('TO_COMMAND', '2s') + O('TO_DATABLOCK', '2s') + O('TO_MISC', '2s')))

# ------------------------------------------------------------ clients
add('client_pipelines', 'pipelining with errors, data in one packet, commands after the dot', [DAEMON,
    smtp(OUT, E, {'send': [U, 'RCPT TO:<nosuch@corp.example>', 'DATA', 'NOOP'], 'replies': 4}, 'QUIT'),
    smtp(OUT, E, {'raw': U + '\r\nRCPT TO:<alice@corp.example>\r\nDATA\r\nSubject: at once\r\n\r\n..dot\r\n.\r\nNOOP\r\nQUIT\r\n', 'replies': 6}),
    smtp(OUT, {'nogreet': True, 'raw': 'EHLO c.example\r\n' + U + '\r\nQUIT\r\n', 'replies': 4}),
    smtp(OUT, E, {'raw': 'mail from:<u@outside.example> body=8bitmime\r\nrcpt to:<alice@corp.example> notify=never\r\n', 'replies': 2}, 'data', {'data': msg('lower case')}, 'quit'),
    smtp(OUT, E, {'raw': 'MA', 'replies': 0}, {'sleep': 1}, {'raw': 'IL FROM:<u@outside.example>\r', 'replies': 0}, {'sleep': 1}, {'raw': '\n', 'replies': 1}, 'QUIT'),
    smtp(OUT, E, U, *to('alice'), 'DATA', {'raw': 'Subject: pieces\r\n\r\n', 'replies': 0}, {'sleep': 1}, {'raw': 'x\r\n.', 'replies': 0}, {'sleep': 1}, {'raw': '\r\nNO', 'replies': 1}, {'raw': 'OP\r\n', 'replies': 1}, 'QUIT')], mc())
add('client_headers', 'Resent- fields, groups, From_ lines, several From, Received kept, Bcc only, Full-Name, Errors-To', [DAEMON,
    deliver('Resent-From: bob@corp.example\nResent-To: alice\nResent-Bcc: eve\nResent-Date: Fri, 20 Nov 2026 09:00:00 +0000\n' + msg('resent')), deliver('Resent-From: bob\n' + msg('resent no date')), deliver('Resent-To: alice\nResent-Cc: carol, x@outside.example\nSubject: only to\n\nx'), deliver('Resent-Sender: a@b.example\nFrom: x@y.example\nSubject: s\n\nx'),
    deliver('From: A <a@outside.example>\nFrom: B <b@outside.example>\nSender: s@outside.example\nSender: t@outside.example\nSubject: double\nTo: alice\nTo: bob\n\nx'), deliver('To: undisclosed-recipients:;\nCc: A Group: a@x.example, b@y.example;, alone@z.example\nBcc: secret\nSubject: groups\n\nx'), deliver('Full-Name: Fritz\nErrors-To: e@outside.example\nApparently-To: alice\nX-Authentication-Warning: fake\nDelivered-To: alice\nContent-Length: 7\nLines: 1\nStatus: RO\nX-Status: A\nReturn-Path: <x@y>\nSubject: unusual\n\nx'),
    deliver('From old@outside.example Fri Nov 20 10:00:00 2026\n>From other\nSubject: from lines\n\nx'), deliver('>From stuffed Fri Nov 20 10:00:00 2026\nSubject: x\n\ny'), deliver('Received: (from a@localhost) by b; date\nReceived: from x (y [1.2.3.4]) by z with ESMTP id 1; Thu, 1 Jan 1970 00:00:00 +0000\nDate: wrong date\nMessage-Id: no brackets\nSubject: x\n\ny'), deliver('Date: 20 Nov 26 10:00 UT\nFrom: "A. B." (c) <@r.example:u@outside.example>\nTo: a%b@corp.example, corp.example!alice, alice@[10.0.0.1], "x y"@corp.example, alice@CORP.Example., \xe9@outside.example\nSubject: routes\n\nx'), deliver('Precedence: bulk\nPriority: non-urgent\nImportance: low\nReturn-Receipt-To: u@outside.example\nSubject: prio\n\nx', frm='MAIL FROM:<>'), deliver(msg('x'), frm='MAIL FROM:<owner-list@outside.example>'), deliver(msg('x'), frm='MAIL FROM:<"a b"@outside.example>'), deliver(msg('x'), frm='MAIL FROM:<alice@[192.0.2.33]>'), deliver('From: alice\nTo: bob\nReply-To: "c" carol\nSubject: local names\n\nx', src=LOCAL, frm='MAIL FROM:<alice>')], mc())

# ------------------------------------------------------------ aliases
AL = ALIASES + """\
owner-list: bob
list: alice, carol
list2: list, alice, eve
owner-list2: owner-list
incl: :include:/etc/mail/lists/incl
owner-incl: carol
nested: :include:/etc/mail/lists/nested
missing: :include:/etc/mail/lists/nosuch
inclq: ":include:/etc/mail/lists/incl"
prog: "|cat >>/var/tmp/prog.out"
progfail: "|exit 67"
progtemp: |"exit 75"
prog2: "|/bin/sh -c 'echo $# args; exit 0' >/var/tmp/p2"
file: /var/tmp/file.out
fileq: "/var/tmp/file two"
back: \\alice, bob
backself: \\backself
quoted: "alice"
plus+detail: carol
plus+*: dave.d
plus: bob
Mixed.Case: alice
"spaced name": bob
err: :error: no
errx: error:5.7.1:550 no more
comment: alice (this is Alice), Bob <bob>
continued: alice,
	bob,
 carol
empty-target: ""
dotted: dave.d
loop1: loop2
loop2: loop1
self: self
deep: d1
d1: d2
d2: d3
d3: d4
d4: d5
d5: d6
d6: d7
d7: d8
d8: d9
d9: d10
d10: d11
d11: alice
remote: x@localdom.example
nowhere: nosuchuser
mixed: alice, nosuchuser
root: alice
trailing: alice,,bob,
domain: alice@corp.example, bob@localdom.example, carol@mx1.corp.example
"""
LISTS = {'/etc/mail/lists/incl': '# comment\nalice\n\nbob, carol # not a comment?\n "|cat >>/var/tmp/incl.out"\n/var/tmp/incl.file\n', '/etc/mail/lists/nested': ':include:/etc/mail/lists/incl\neve\nteam\n'}
names = [l.split(':')[0] for l in AL.splitlines() if ':' in l and not l[0].isspace() and not l.startswith(('d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9', '"sp', 'domain_'))]
add('alias_verify', '-bv and VRFY, EXPN of many alias forms', [run('newaliases'), run('sendmail', '-bv', *names, '"spaced name"', 'plus+x', 'PLUS+DETAIL', 'mixed.case', 'nosuch', 'alice+x', '\\\\alice', '"alice"'), DAEMON] + [smtp(OUT, E, *['EXPN ' + n for n in names[i:i + 4]], 'QUIT') for i in range(0, len(names), 4)] + [smtp(OUT, E, *['VRFY ' + n for n in names[i:i + 4]], 'QUIT') for i in range(0, len(names), 8)] + [smtp(OUT, E, U, *to(*names, '"spaced name"@corp.example', 'plus+x', 'plus+detail'), 'QUIT')], mc(), aliases=AL, files=LISTS)
add('alias_include_modes', ':include: files that are writable, foreign, in the home of a user', [DAEMON] + sum([[sh('mkdir -p /home/alice/l; printf "bob\\n|cat >>/var/tmp/i.out\\n" >/home/alice/l/x; chown -R alice:alice /home/alice/l; chmod 755 /home/alice/l; chmod 644 /home/alice/l/x; ' + c), deliver(msg(c), 'inc'), run('sendmail', '-bv', 'inc')] for c in ('true', 'chmod 664 /home/alice/l/x', 'chmod 666 /home/alice/l/x', 'chmod 777 /home/alice/l', 'chown eve /home/alice/l/x', 'chown root /home/alice/l/x', 'chmod 000 /home/alice/l/x', 'rm /home/alice/l/x; mkdir /home/alice/l/x')], []) + [sh('cat /var/tmp/i.out')], mc(), aliases=ALIASES + 'inc: :include:/home/alice/l/x\n', capture=['/var/tmp/i.out'])
add('alias_two_files', 'two alias files, an optional one, a text file without newaliases run', [run('newaliases'), run('sendmail', '-bv', 'first', 'second', 'both'), DAEMON, deliver(msg('x'), 'first', 'second', 'both'), sh('echo "third: carol" >>/etc/mail/aliases2'), run('sendmail', '-bv', 'third'), deliver(msg('y'), 'first', 'third'), run('sendmail', '-bi'), run('sendmail', '-bv', 'third'), run('newaliases', user='alice'), run('newaliases', 'x')], mc("define(`ALIAS_FILE', `/etc/mail/aliases,/etc/mail/aliases2')dnl\n"), aliases=ALIASES + 'first: alice\nboth: alice\n', files={'/etc/mail/aliases2': 'second: bob\nboth: bob\n'})

# ------------------------------------------------------------ .forward
fwd = [('bob', 'bob\n'), ('self', '\\alice\n'), ('selfcopy', '\\alice, carol\n'), ('plain', 'alice\nbob\n'), ('comment', '# note\n\nbob # x\n'), ('prog', '"|cat >>/var/tmp/fw.out"\n'), ('progself', '\\alice\n"|/bin/sh -c \'id -un >>/var/tmp/fw.id\'"\n'), ('file', '/home/alice/inbox\n'), ('include', ':include:/home/alice/list\n'), ('empty', ''), ('blank', '\n\n'), ('remote', 'bob@localdom.example\ncarol@mx1.corp.example\n'), ('nosuch', 'nosuchuser, bob\n'), ('syntax', 'bob@@x\ncarol\n'), ('nonl', 'bob'), ('crlf', 'bob\r\ncarol\r\n'), ('temp', '"|exit 75"\n'), ('devnull', '/dev/null\n'), ('quoted', '"bob"\n"carol"@corp.example\n'), ('name', 'Bob Brown <bob>\n')]
add('forward_paths', 'ForwardPath with $z, $h, $r, $f and +detail', [DAEMON, sh('echo bob >/home/alice/.forward+x; echo carol >/home/alice/.forward; echo eve >/home/alice/.forward.mx1.corp.example; mkdir /var/fw; echo dave.d >/var/fw/bob; chown -R alice:alice /home/alice'), *[deliver(msg(n, to=n), n) for n in ('alice', 'alice+x', 'alice+y', 'bob', 'carol')], run('sendmail', '-bv', 'alice', 'alice+x', 'bob')], mc(O('FORWARD_PATH', '/var/fw/$u:$z/.forward.$w+$h:$z/.forward+$h:$z/.forward.$w:$z/.forward')))

# ------------------------------------------------------------ command line, mailq
wrong = [('-bx',), ('-b',), ('-bs', 'x'), ('-q5x',), ('-qR',), ('-qz',), ('-qGnogroup',), ('-OFoo=1', '-bp'), ('-oZ1', '-bp'), ('-O',), ('-o',), ('-C',), ('-C/etc/passwd', '-bp'), ('-M',), ('-Mfoo',), ('-bv',), ('-bv', ''), ('-bv', '@'), ('-bv', 'a b'), ('-bv', 'alice,bob'), ('-bv', '<alice>'), ('-bv', 'Alice <alice>'), ('-bv', '-x'), ('-bv', '--', 'alice'), ('-bv', 'alice@corp.example', 'x@localdom.example', 'x@nxdomain.example', 'team'), ('-bv', '-v', 'team'), ('-bp', 'x'), ('-bp', '-v', '-v'), ('-bP', 'x'), ('-bd', '-bp'), ('-bp', '-bv', 'alice'), ('-d', '-bp', '-OLogLevel=0')[1:2], ('-d0', '-bv', 'alice'), ('-d0-99.0', '-bv', 'alice'), ('-X/var/tmp/x.log', '-bv', 'alice'), ('-bi', '-v'), ('-I',), ('-v', '-bi'), ('-bH',), ('-bh',), ('-x', '-bp'), ('-n', '-bv', 'team'), ('-n', '-bv', 'alice'), ('-m', '-bv', 'team'), ('-e', '-bp'), ('-ep', '-bv', 'alice'), ('-eZ', '-bv', 'alice'), ('-h', 'x', '-bv', 'alice'), ('-s', '-bp'), ('-k', '-bp'), ('-W', '-bp'), ('-Ax', '-bp'), ('-Am', '-bp'), ('-L', '', '-bp'), ('-p', '', '-bp'), ('-B', 'x', '-bv', 'alice'), ('-f', 'x', '-f', 'y', '-bv', 'alice'), ('-r', 'x', '-bv', 'alice'), ('-F', '', '-bv', 'alice'), ('-R', 'x', '-bv', 'alice'), ('-V', '', '-bv', 'alice'), ('-N', 'x', '-bv', 'alice'), ('-Q', '-bp'), ('-qQ', '-bp'), ('-qL', '-bp'), ('-qf', '-bp'), ('-qp1m', '-bp'), ('-q!Ix', '-bp'), ('-q', '-bp'), ('-T', '1h', '-bp'), ('-U', '-bp'), ('-G', '-bv', 'alice'), ('-D/var/tmp/dbg', '-d0.1', '-bv', 'alice')]
add('cli_bs_more', 'sendmail -bs: errors, end of input, unknown recipients', [run('sendmail', '-bs', '-Am', stdin='VRFY team\r\nEHLO x\r\nFOO\r\nMAIL FROM:<>\r\nRCPT TO:<nosuch>\r\nRCPT TO:<bob+x>\r\nDATA\r\nSubject: one\r\n\r\n..x\r\n.\r\nMAIL FROM:<alice>\r\nRCPT TO:<team>\r\nDATA\r\nunended\r\n'), run('sendmail', '-bs', '-Am', stdin='helo x\nmail from:<bob>\nrcpt to:<alice>\ndata\nSubject: lf\n\nx\n.\nquit\n'), run('sendmail', '-bs', '-Am', stdin='EHLO x\r\nMAIL FROM:<u@outside.example>\r\n', user='alice'), run('sendmail', '-bs', '-Am', '-odi', stdin='QUIT\r\nNOOP\r\n')], mc())

# ------------------------------------------------------------ more forms
N = 'MAIL FROM:<>'
add('null_sender','null sender',[DAEMON]+[deliver(t,frm=N) for t in ('Subject: a\n\nx','From: x@y.example\nSubject: b\n\nx','Precedence: bulk\nSubject: c\n\nx','Precedence: bulk\nFrom: x@y.example\nSubject: d\n\nx','Precedence: list\nSubject: e\n\nx','Precedence: junk\nSubject: f\n\nx','Precedence: first-class\nSubject: g\n\nx','Return-Receipt-To: u@outside.example\nSubject: h\n\nx','Priority: non-urgent\nSubject: i\n\nx','Subject: j\nErrors-To: a@b.example\n\nx')],mc())
add('alias_comments','alias comment lines',sum([[dict(do='sh', cmd="printf '"+t.replace("\n","\\n").replace("\t","\\t")+"' >/etc/mail/aliases"), run('newaliases'), run('sendmail', '-bv', 'a','b','lead', 'postmaster')] for t in ('# c\n  lead: bob\na: carol\n','a: bob\n\n lead: carol\n','a: bob\n  # c\nb: carol\n','a: bob\n# c\n alice\nb: carol\n','a: bob,\n# c\n alice\nb: carol\n','a: bob,\n\n alice\nb: carol\n','a: bob\n \n\t\nb: carol\n','a: bob','a: bob,','  # c\n\tx\na: bob\n')],[])
,mc())
add('verify_lists','blank lists',[DAEMON,smtp(OUT,E,'VRFY alice bob','EXPN alice bob','EXPN alice, bob','EXPN alice,bob nosuch','VRFY alice,nosuch','QUIT'),smtp(OUT,E,'VRFY nosuch,alice','VRFY <alice','VRFY alice>','EXPN @','EXPN a@b@c','QUIT'),smtp(OUT,E,'VRFY tmp@tempfail.example','VRFY x@outside.example','EXPN x@outside.example','EXPN nosuch@outside.example,alice','QUIT')],mc())
add('bogus_helo_forms','AllowBogusHELO',[DAEMON]+[smtp(OUT,h,U,'QUIT') for h in ('HELO','EHLO','HELO a b','EHLO a b','HELO '+'y'*300,'EHLO a\tb','EHLO \xe9','EHLO ...','HELO .','EHLO a_b','HELO  x','EHLO (x)','EHLO [x')],mc(O('ALLOW_BOGUS_HELO','True')))
add('timeouts','timeouts',[DAEMON,smtp(OUT,{'sleep':3},{'read':1}),smtp(OUT,E,U,{'sleep':3},{'read':1}),smtp(OUT,E,U,*to('alice'),{'sleep':3},{'read':1}),smtp(OUT,E,U,*to('alice'),'DATA',{'sleep':3},{'read':1}),smtp(OUT,E,U,*to('alice'),'DATA',{'raw':'Subject: x\r\n\r\n','replies':0},{'sleep':3},{'raw':'y\r\n.\r\n'},'QUIT')],mc(O('TO_COMMAND','1s')+O('TO_DATABLOCK','1s')))
add('eight_bits','eight bits',[DAEMON]+[deliver(t,frm=f) for f in (U,U+' BODY=8BITMIME',U+' BODY=7BIT') for t in (msg('b','\xe9'),msg('h\xe9','x'),msg('m','\xe9',more='MIME-Version: 1.0\n'),'X-A: \xe9\nMIME-Version: 1.0\n\nx')],mc(O('EIGHT_BIT_HANDLING','strict')+O('SEVEN_BIT_INPUT','True')))

# ------------------------------------------------------------ mail that goes on, by itself
import os                                                      # noqa: E402
import queue_scenarios                                         # noqa: E402
import relay_scenarios                                         # noqa: E402
S += [s for s in relay_scenarios.SCENARIOS + queue_scenarios.SCENARIOS
      if os.path.exists(os.path.join(os.path.dirname(os.path.abspath(__file__)), s['name'] + '.json'))]

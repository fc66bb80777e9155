"""Scenarios that record.py plays: where mail goes, by MX records, lists of hosts and what fails."""
from scenario_lib import *                                     # noqa: F401,F403

S = SCENARIOS = []


def A(*addresses):
    return {'A': list(addresses)}


def MX(*hosts, **more):
    return {'MX': list(hosts), **more}


def O(name, value):                                            # noqa: E743
    return "define(`conf%s', `%s')dnl\n" % (name, value)


# Names below "test." are asked for as the mailertable has them, not canonified before.
ZONE = {
    'mxfail.test': {'fail': {'MX': 'SERVFAIL'}, 'A': ['192.0.2.36']},
    'afail.test': MX('10 h.afail.test'), 'h.afail.test': {'fail': {'A': 'SERVFAIL'}},
    'a6fail.test': MX('10 h.a6fail.test'),
    'h.a6fail.test': {'A': ['192.0.2.36'], 'fail': {'AAAA': 'SERVFAIL'}},
    'a4fail.test': MX('10 h.a4fail.test'),
    'h.a4fail.test': {'AAAA': ['2001:db8:99::36'], 'fail': {'A': 'SERVFAIL'}},
    'allfail.test': MX('10 h.allfail.test'), 'h.allfail.test': {'rcode': 'SERVFAIL'},
    'zero.test': MX('10 h.zero.test'), 'h.zero.test': A('0.0.0.0'),
    'loop6.test': MX('10 h.loop6.test'), 'h.loop6.test': {'AAAA': ['::1']},
    'priv.test': MX('10 h.priv.test'), 'h.priv.test': A('10.9.9.77'),
    'own.test': MX('10 h.own.test'), 'h.own.test': A('10.0.0.1'),
    'mxcname.test': MX('10 c.mxcname.test'), 'c.mxcname.test': {'CNAME': ['nomx.example']},
    'mxdangle.test': MX('10 c.mxdangle.test'), 'c.mxdangle.test': {'CNAME': ['gone.test']},
    'nxfirst.test': MX('5 gone.test', '10 nomx.example'),
    'nxall.test': MX('5 gone.test', '10 gone2.test'),
    'nxthentemp.test': MX('5 gone.test', '10 h.allfail.test'),
    'tempthennx.test': MX('5 h.allfail.test', '10 gone.test'),
    'refthennx.test': MX('5 h.priv.test', '10 gone.test'),
    'nodatamx.test': MX('10 nodata.example'),
    'iptext.test': MX('10 192.0.2.36'),
    'nullplus.test': MX('0 .', '10 nomx.example'), 'null10.test': MX('10 .'),
    'dup.test': MX('10 h.priv.test', '20 h.priv.test', '30 nomx.example'),
    'many.test': MX(*['%d h%03d.many.test' % (i, i) for i in range(1, 121)]),
    **{'h%03d.many.test' % i: A('10.9.9.77') for i in range(1, 121)},
    'multi.test': A('10.9.9.77', '10.9.9.78', '192.0.2.36'),
    'selfsecond.test': MX('5 h.priv.test', '10 mx1.corp.example', '20 nomx.example'),
    'selfadr.test': MX('10 mx1.corp.example', A=['192.0.2.36']),
    'mxself.test': MX('10 corp.example'),
    'three.test': MX('1 a1.test', '2 a2.test', '3 a3.test'),
    'a1.test': A('10.9.9.71'), 'a2.test': A('10.9.9.72'), 'a3.test': A('10.9.9.73'),
    'smart.test': A('10.9.9.74'),
}
HOSTS = {name.split('.')[0]: name + '.' for name in ZONE if name.count('.') == 1}
HOSTS.update({
    'nodata': 'nodata.example', 'nx': 'nx.test', 'nulls': 'nullmx.example',
    'brname': '[nomx.example]', 'brmx': '[outside.example]', 'lit': '[10.9.9.77]',
    'bad1': '[192.0.2', 'bad2': '[300.1.1.1]', 'bad3': '[nonexist.test]',
    'l1': 'h.priv.test:nomx.example', 'l2': '[10.9.9.77]:[192.0.2.36]',
    'l3': 'nx.test:nomx.example',
    'l4': 'nullmx.example:nomx.example', 'l5': 'bestmx.example:nomx.example',
    'l7': 'mxfail.test:nomx.example', 'l8': 'gone.test:gone2.test', 'l9': 'down.example:nx.test',
    'l10': 'nomx.example:', 'l12': 'nullmx.example:nullmx.example', 'ms': 'backupmx.example',
    'deadlist': 'down.example:[10.9.9.78]', 'cm2': 'three.test,priv.test',
    'list3': 'a1.test:a2.test:a3.test',
})
TABLE = ''.join('%s.k.example\tesmtp:%s\n' % row for row in HOSTS.items())
DATA = {'data': msg(body='Hello.')}


def deliver(*names):
    """One message to each, one after the other."""
    return [smtp(INSIDE, 'EHLO c.example', 'MAIL FROM:<alice@corp.example>',
                 'RCPT TO:<x@%s>' % (n if '.' in n else n + '.k.example'), 'DATA', DATA, 'QUIT')
            for n in names]


def add(name, title, names, options='', before=(), after=(), hops=None, zone=None):
    # What waits is shown one by one: in which order a queue is listed is another matter.
    steps = [hop('192.0.2.36') if hops is None else hops, *before, DAEMON, *deliver(*names),
             *[run('mailq', '-qRx@%s.k.example' % n) for n in names], *after]
    S.append(sc(name, title, steps,
                mc("FEATURE(`mailertable', `hash -o /etc/mail/mailertable.db')dnl\n" + options),
                zone={**ZONE, **(zone or {})},
                files={'/etc/mail/mailertable': TABLE, '/etc/mail/relay-domains': '10.1\n'}))


add('route_fails', 'name servers that do not answer for one type or another',
    ('mxfail', 'afail', 'a6fail', 'a4fail', 'allfail', 'nxthentemp', 'tempthennx', 'refthennx'))
add('route_addresses', 'MX records that lead to addresses of this machine and its network',
    ('zero', 'loop6', 'priv', 'iptext', 'multi', 'lit', 'brmx'))
add('route_mx', 'CNAMEs, hosts that there are not, no MX at all, null MX, our own name',
    ('mxcname', 'mxdangle', 'nxfirst', 'nxall', 'nodatamx', 'nullplus', 'dup',
     'selfsecond', 'selfadr', 'mxself', 'nodata', 'nx', 'nulls'))
add('route_many', 'more MX records than are looked at', ('many',))
add('route_lists', 'lists of hosts, brackets',
    ('l1', 'l2', 'l3', 'l4', 'l5', 'l7', 'l8', 'l9', 'l10', 'l12', 'brname', 'bad2', 'bad3',
     'cm2', 'list3'))
FALL = ('nx', 'nodata', 'mxfail', 'afail', 'nxall', 'nulls', 'null10', 'selfadr', 'priv', 'lit',
        'bad1', 'bad3', 'ms', 'l5', 'l8', 'deadlist', 'tempthennx')
add('route_fallback_mx', 'FallbackMXhost', FALL, O('FALLBACK_MX', 'nomx.example'))
add('route_fallback_mx_address', 'FallbackMXhost in brackets', ('nx', 'mxfail', 'lit', 'selfadr'),
    O('FALLBACK_MX', '[192.0.2.36]'))
add('route_fallback_mx_self', 'FallbackMXhost is this host', ('nx', 'mxfail', 'lit'),
    O('FALLBACK_MX', 'mx1.corp.example'))
add('route_fallback_mx_gone', 'FallbackMXhost that there is not', ('nx', 'mxfail', 'lit', 'nodata'),
    O('FALLBACK_MX', 'gone.test'))
add('route_fallback_mx_list', 'FallbackMXhost with MX records', ('nx', 'mxfail', 'priv'),
    O('FALLBACK_MX', 'dup.test'))
add('route_smart_host', 'FallbackSmartHost', FALL + ('three',),
    O('FALLBACK_SMARTHOST', 'nomx.example'))
add('route_smart_host_down', 'FallbackSmartHost that is down',
    ('priv', 'nx', 'three', 'list3', 'l1'),
    O('FALLBACK_SMARTHOST', 'smart.test'))
add('route_null_list', 'TryNullMXList', ('selfadr', 'mxself', 'selfsecond', 'l5', 'nx'),
    O('TRY_NULL_MX_LIST', 'true'))
add('route_broken_aaaa', 'WorkAroundBrokenAAAA', ('a6fail', 'a4fail', 'allfail'),
    O('BIND_OPTS', 'WorkAroundBrokenAAAA'))
add('route_no_mx', 'mailer flag 0',
    ('nx', 'mxfail', 'nulls', 'selfadr', 'mxself', 'priv', 'l2', 'brmx', 'dup'),
    "MODIFY_MAILER_FLAGS(`ESMTP',`+0')dnl\n" + O('FALLBACK_MX', 'nomx.example'))
for number, port in enumerate(('2525', 'submission', 'nosuchservice', '0', '25x')):
    S.append(sc('route_port_%d' % number, 'a port of A=: ' + port,
                [hop('192.0.2.36', 2525), hop('192.0.2.36', 587), hop('192.0.2.36'), DAEMON,
                 *deliver('nomx.example')],
                mc("FEATURE(`no_default_msa')dnl\n"
                   "define(`ESMTP_MAILER_ARGS', `TCP $h %s')dnl\n" % port),
                files={'/etc/mail/relay-domains': '10.1\n'}))


def status(*steps):
    return sc('host_status', 'HostStatusDirectory: what is kept, what it is good for, hoststat',
              [sh('mkdir -m 755 /var/spool/mqueue/.hoststat'), hop('192.0.2.36'),
               hop('192.0.2.71', greet='554 no way'), hop('192.0.2.73', MAIL='451 4.3.0 later'),
               DAEMON, *steps],
              mc(O('HOST_STATUS_DIRECTORY', '.hoststat')),
              files={'/etc/mail/relay-domains': '10.1\n'})


S.append(status(*deliver('nomx.example', 'dom1.example', 'dom1.example', 'dom3.example',
                         'down.example', '[192.0.2.36]'),
                *[run('mailq', '-qRx@' + n) for n in ('dom3.example', 'down.example')]))
S.append(sc('host_status_none', 'hoststat without HostStatusDirectory, or without the directory',
            [run('hoststat'), run('purgestat'),
             run('hoststat', '-OHostStatusDirectory=.hoststat'),
             run('purgestat', '-OHostStatusDirectory=.hoststat')]))

"""Group N: name servers that lie, fail, or lead somewhere else."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

# The mail goes where the mailertable says, so that nothing but its hosts is looked up.
TABLE = "FEATURE(`mailertable', `hash -o /etc/mail/mailertable.db')dnl\n"


def routed(zone, hosts, body='', steps=(), **kwargs):
    """Mail from inside to x@NAME.k.example goes to hosts[NAME], with these names in DNS."""
    table = ''.join(f'{name}.k.example\tesmtp:{host}\n' for name, host in hosts.items())
    kwargs = {'seconds': 2 * 3600, **kwargs}
    return Case(site(TABLE + body, files={'/etc/mail/mailertable': table}),
                [change(zone=zone), *steps, DAEMON,
                 *[submit(f'x@{name}.k.example', client=INSIDE, mail=CAROL) for name in hosts]],
                **kwargs)


def asks(zone, address, expect):
    """What a sender's domain is worth."""
    return Case(PLAIN, [change(zone=zone), DAEMON,
                        talk(HELO, (f'MAIL FROM:<{address}>', expect), QUIT)])


# PLAIN leaves names as they are.
CANONIFY = "FEATURE(`access_db')dnl\n"
# What a TXT record says, in the workspace of a rule that would reject what is an error.
TXT_RULES = """\
LOCAL_CONFIG
Ktxt dns -R TXT
LOCAL_RULESETS
SLocal_check_mail
R$*\t$: $(txt odd.test $: NONE $)
RNONE\t$#error $@ 5.7.1 $: "550 not found"
R$#error $*\t$#error $@ 5.7.1 $: "550 taken for an operator"
"""
# Nobody listens there.
DOWN = ('10.9.9.77:25',)
# Who it was stands in brackets, whatever is before it.
SHOWN = '^Received: from probe\\.example \\([^\n]*\\[192\\.0\\.2\\.33\\]'
REFUSED = 'Deferred: Connection refused by'
LOOPS = 'MX list for .* points back to mx1\\.corp\\.example'
SELF = {'self.test': {'MX': ['10 mx1.corp.example']},
        'equal.test': {'MX': ['10 mx1.corp.example', '10 h.test']},
        'worse.test': {'MX': ['10 mx1.corp.example', '20 h.test']},
        'h.test': {'A': ['10.9.9.77']}}
MANY = {'many.test': {'MX': [f'{n} h{n}.many.test' for n in range(1, 201)]},
        **{f'h{n}.many.test': {'A': ['10.9.9.77']} for n in range(1, 201)}}

ROWS = [
    Row('N01', 'MX records that lead back to this host', [
        routed(SELF, {'a': 'self.test', 'b': 'equal.test', 'c': 'worse.test'},
               mail={'carol': [LOOPS] * 3, 'root': 3}, log=('SYSERR.*' + LOOPS,)),
        routed({**SELF, 'self.test': {'MX': ['10 mx1.corp.example'], 'A': ['10.9.9.77']}},
               {'a': 'self.test'}, "define(`confTRY_NULL_MX_LIST', `true')dnl\n", queue=1,
               connections=DOWN, log=(REFUSED + ' self\\.test',))]),
    Row('N02', 'MX records with addresses of this machine and its network', [
        routed({f'{n}.test': {'MX': [f'10 h.{n}.test']} for n in 'abcd'} | {
            'h.a.test': {'A': ['127.0.0.1']}, 'h.b.test': {'A': ['0.0.0.0']},
            'h.c.test': {'A': ['10.0.0.1']}, 'h.d.test': {'AAAA': ['2001:db8:5::7']}},
               {n: f'{n}.test' for n in 'abcd'},
               mail={'carol': ['mail loops back to me'] * 4, 'root': 4},
               connections=('127.0.0.1:25', '10.0.0.1:25', '[2001:db8:5::7]:25'),
               log=('config error: mail loops back to me',)),
        routed({'p.test': {'MX': ['10 h.p.test']}, 'h.p.test': {'A': ['10.9.9.77']}},
               {'p': 'p.test'}, queue=1, connections=DOWN, log=(REFUSED + ' h\\.p\\.test',))]),
    Row('N03', 'MX records that are aliases, addresses, nothing, or two hundred', [
        routed({'cname.test': {'MX': ['10 c.test']}, 'c.test': {'CNAME': ['h.test']},
                'h.test': {'A': ['10.9.9.77']}, 'text.test': {'MX': ['10 10.9.9.77']},
                'dangling.test': {'MX': ['10 d.test']}, 'd.test': {'CNAME': ['gone.test']},
                'null.test': {'MX': ['0 .']}, 'dot.test': {'MX': ['10 .']},
                'empty.test': {'TXT': ['nothing else']}, **MANY},
               {'a': 'cname.test', 'b': 'text.test', 'c': 'dangling.test', 'd': 'null.test',
                'e': 'dot.test', 'f': 'empty.test', 'g': 'many.test'}, queue=3,
               connections=DOWN,
               mail={'carol': ['Name server: d\\.test\\.: host not found',
                               '556 Host does not accept mail', 'Host unknown', 'no data known']},
               log=(REFUSED + ' c\\.test', REFUSED + ' 10\\.9\\.9\\.77\\.',
                    REFUSED + ' h99\\.many\\.test'),
               not_log=('h100\\.many\\.test',))]),
    Row('N04', 'a name server that fails for the sender', [
        asks({'slow.test': {'rcode': 'SERVFAIL'}}, 'x@slow.test', '451 4\\.1\\.8'),
        asks({'no.test': {'rcode': 'REFUSED'}}, 'x@no.test', '451 4\\.1\\.8')]),
    Row('N05', 'a sender whose domain does not exist', [
        asks({}, 'x@gone.test', '553 5\\.1\\.8')]),
    Row('N06', 'an answer for IPv4 and a failure for IPv6', [
        routed({'broken.test': {'MX': ['10 h.test']},
                'h.test': {'A': ['10.9.9.77'], 'fail': {'AAAA': 'SERVFAIL'}}},
               {'a': 'broken.test'}, queue=1,
               log=('Name server: h\\.test\\.: host name lookup failure',)),
        routed({'broken.test': {'MX': ['10 h.test']},
                'h.test': {'A': ['10.9.9.77'], 'fail': {'AAAA': 'SERVFAIL'}}},
               {'a': 'broken.test'}, "define(`confBIND_OPTS', `WorkAroundBrokenAAAA')dnl\n",
               queue=1, connections=DOWN, log=(REFUSED + ' h\\.test',))]),
    Elsewhere('N07', 'answers that are malformed, cut off, of another query', [
        'fuzz/dns_message_fuzz.cc', 'mta/dns/dns_test.cc:MalformedOnesAreErrors',
        'mta/posix/resolver_test.cc', 'sim/world/sim_resolver_test.cc']),
    Row('N08', 'names of clients with odd bytes', [
        Case(PLAIN, [change(zone={'33.2.0.192.in-addr.arpa': {'PTR': [name]}}), DAEMON,
                     submit()], mail={'alice': [shown]})
        for name, shown in (('a$b.outside.example', SHOWN), ('a(b.outside.example', SHOWN),
                            ('a b.outside.example', SHOWN), ('.'.join(['a'] * 100), SHOWN))]),
    Row('N09', 'TXT records with quotes and operators', [
        Case(site(TXT_RULES), [change(zone={'odd.test': {'TXT': [value]}}), DAEMON, submit()],
             mail={'alice': 1})
        for value in ('$#error $: 550 no', '"unbalanced', 'a < b @ c $| $1 $* (x',
                      '$&{client_addr}',                      '\\\\', '<<<>>>')]),
    Row('N10', 'answers of lists of blocked hosts that are none', [
        Case(site("FEATURE(`enhdnsbl', `ehl.example', `\"554 listed\"', `t', "
                  "`127.0.0.2.', `127.0.0.4.')dnl\n"),
             [change(zone={'33.2.0.192.ehl.example': answer}), DAEMON,
              talk(HELO, (MAIL, expect), QUIT)])
        for answer, expect in (({'A': ['127.0.0.2']}, '554'), ({'A': ['127.255.255.254']}, '250'),
                               ({'A': ['192.0.2.1']}, '250'), ({'TXT': ['no address']}, '250'))]),
    Row('N11', 'a list of blocked hosts that has the whole world in it', [
        Case(site("FEATURE(`enhdnsbl', `dead.example', `\"554 listed\"', `t', `127.0.0.2.')dnl\n"),
             [change(zone={'*.dead.example': {'A': ['192.0.2.200']}}), DAEMON, submit()],
             mail={'alice': 1})]),
    Row('N12', 'a parked domain with a wildcard does not become local', [
        Case(site("FEATURE(`bestmx_is_local')dnl\n"),
             [change(zone={'*.parked.test': {'MX': ['10 h.outside.example'], 'A': ['192.0.2.50']}}),
              DAEMON, talk(HELO, (MAIL, '250'),
                           ('RCPT TO:<alice@any.parked.test>', '550 5\\.7\\.1'), QUIT)])]),
    Row('N13', 'relay_based_on_MX with a name server that fails', [
        Case(site("FEATURE(`relay_based_on_MX')dnl\n"),
             [change(zone={'slow.test': {'rcode': 'SERVFAIL'}}), DAEMON,
              talk(HELO, (MAIL, '250'), ('RCPT TO:<x@slow.test>', '4|550'), QUIT)])]),
    Elsewhere('N14', 'names that change between check and use', ['conformance/attacks/rows_r.py']),
    Row('N15', 'a search list that makes other hosts of names', [
        routed({'far.test': {'MX': ['10 gone.test']},
                'gone.test.corp.example': {'A': ['10.9.9.77']}},
               {'a': 'far.test'}, mail={'carol': ['gone\\.test\\.: host not found']})],
        safer='sendmail looks for the host of an MX record in the search list, too'),
    Row('N16', 'canonical names of senders', [
        Case(site(CANONIFY + option),
             [change(zone={'alias.test': {'CNAME': ['www.outside.example']}}), DAEMON,
              submit(mail='MAIL FROM:<x@alias.test>')],
             mail={'alice': [f'^Return-Path: <x@{name}>$']})
        for option, name in (('', 'www\\.outside\\.example'),
                             ("define(`confDONT_EXPAND_CNAMES', `True')dnl\n", 'alias\\.test'))]),
]

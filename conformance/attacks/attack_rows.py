"""What the tables of attacks are made of: rows, cases, steps; and who the parties are.

The world is that of conformance/oracle/smtp: mx1.corp.example takes mail for corp.example and
localdom.example and relays for partner.example and for clients of 10.1; dom1.example is a domain of
strangers with a mail host of its own.
"""
import dataclasses
import typing

STRANGER, SECOND, FRIEND = '192.0.2.33', '192.0.2.34', '192.0.2.35'
NO_NAME, FORGED = '192.0.2.77', '192.0.2.88'
LISTED, PARTNER = '198.51.100.66', '198.51.100.25'
INSIDE, LOOPBACK = '10.1.2.3', '127.0.0.1'
STRANGER6, OWN6 = '2001:db8:bad::1', '2001:db8:5::7'
# Where each of them connects to.
TO = {LOOPBACK: ['127.0.0.1', 25], STRANGER6: [OWN6, 25], OWN6: [OWN6, 25]}

ALIASES = """\
MAILER-DAEMON: postmaster
postmaster: root
dev-null: /dev/null
team: alice, bob
"""
# Of the machine's own names the catalogue has an address, too.
NAMES = 'corp.example\nlocaldom.example\n[10.0.0.1]\n'
ACCESS = 'Connect:10.1\tRELAY\n'
HARDENED_ACCESS = (ACCESS + 'To:partner.example\tRELAY\n'
                   'GreetPause:10.1\t0\nGreetPause:127.0.0.1\t0\n')

_BASE = """\
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`attacks')
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx1.corp.example')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
FEATURE(`local_lmtp', `/usr/libexec/sendmail/mail.local')dnl
FEATURE(`use_cw_file')dnl
"""
PORTS = """\
DAEMON_OPTIONS(`Name=MTA, Addr=10.0.0.1')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1')dnl
DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Addr=2001:db8:5::7')dnl
"""
_MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"
# The documents' server: privacy, limits, lists of blocked hosts, delayed checks, rates, pauses.
HARDENING = """\
define(`confPRIVACY_FLAGS', `authwarnings,novrfy,noexpn,restrictqrun,needmailhelo')dnl
define(`confSMTP_LOGIN_MSG', `$j Sendmail; $b')dnl
define(`confMIN_FREE_BLOCKS', `4000')dnl
define(`confMAX_HEADERS_LENGTH', `32000')dnl
define(`confMAX_MIME_HEADER_LENGTH', `1024')dnl
define(`confMAX_RCPTS_PER_MESSAGE', `10')dnl
define(`confBAD_RCPT_THROTTLE', `4')dnl
define(`confDOUBLE_BOUNCE_ADDRESS', `dev-null')dnl
FEATURE(`access_db')dnl
FEATURE(`dnsbl', `bl.example', `"554 Spam blocked - see http://bl.example/query/"$&{client_addr}')dnl
FEATURE(`dnsbl', `dul.example', `"554 Rejected - see http://dul.example/"')dnl
FEATURE(`delay_checks', `friend')dnl
FEATURE(`ratecontrol', , `terminate')dnl
FEATURE(`conncontrol', , `terminate')dnl
FEATURE(`greet_pause', `5000')dnl
"""


def mc(body='', ports=PORTS):
    """A site file with these lines in it."""
    return _BASE + ports + body + _MAILERS


def site(body='', access=ACCESS, ports=PORTS, aliases=ALIASES, names=NAMES, files=(), setup=(),
         relay='partner.example\n'):
    """A server: shipped rules with an access map, and what is said here."""
    if 'access_db' not in body:
        body = "FEATURE(`access_db')dnl\nFEATURE(`nocanonify')dnl\n" + body
    return {'mc': mc(body, ports), 'aliases': aliases, 'cw': names, 'setup': list(setup),
            'files': {'/etc/mail/relay-domains': relay, '/etc/mail/access': access, **dict(files)}}


PLAIN = site()
HARDENED = site(HARDENING, HARDENED_ACCESS, relay='')


@dataclasses.dataclass
class Case:
    """One world and what is done to it. After it, a friend's clean message must get through."""
    site: dict
    steps: list
    queue: int = 0  # messages that stay
    # Of each user: how many messages, or expressions, one for each message in order.
    mail: dict = dataclasses.field(default_factory=dict)
    log: tuple = ()  # expressions, each for some line
    not_log: tuple = ()
    files: dict = dataclasses.field(default_factory=dict)  # path: expression, or None: not there
    # Where the server has connected to, each once: "10.9.9.77:25". Usually nowhere.
    connections: tuple = ()
    # Expressions for what each connection to a next hop was told, the first ones in order.
    sent: tuple = ()
    seconds: int = 2 * 3600  # of virtual time
    megabytes: typing.Optional[int] = None  # of memory; the case is played by a process of its own
    serves: bool = True
    wait: int = 2  # seconds between the steps and the friend


@dataclasses.dataclass
class Row:
    """One line of the catalogue, played."""
    id: str
    what: str
    cases: list
    # Where it differs from what sendmail 8.17 does. Otherwise sendmail does the same.
    safer: str = ''


@dataclasses.dataclass
class Relay:
    """One line of group R that is an envelope: the replies to RCPT, or to MAIL and RCPT."""
    id: str
    what: str
    mail: str
    rcpt: str
    stranger: str
    trusted: str
    # Where it is otherwise: "plain inside", "hardened loopback", ..., and the replies.
    but: dict = dataclasses.field(default_factory=dict)

    def replies(self, where, client):
        """To MAIL and RCPT at the server `where`: "plain" or "hardened"."""
        kind = {INSIDE: 'inside', LOOPBACK: 'loopback'}.get(client, 'stranger')
        usual = ('250', self.stranger if kind == 'stranger' else self.trusted)
        return self.but.get(f'{where} {kind}', usual)


@dataclasses.dataclass
class Elsewhere:
    """One line that other tests cover: "FILE:TEST", or a file."""
    id: str
    what: str
    tests: list


@dataclasses.dataclass
class NotApplicable:
    """One line that needs what is not there yet."""
    id: str
    why: str


# What a line may need; with `detail` after a colon where that helps.
NEEDS = ('relaying out', 'TLS', 'AUTH', 'milter', 'bounces', 'command-line submission',
         'configuration audit', 'SMTPUTF8', 'vacation')


# ------------------------------------------------------------------ steps
DAEMON = {'do': 'daemon'}
RESTART = [{'do': 'stop'}, DAEMON]
SNAPSHOT = {'do': 'snapshot'}


def talk(*lines, client=STRANGER, to=None, timeout=3600, settle=True):
    """A dialogue. A line is what is said, or that and an expression for the reply."""
    pairs = [line if isinstance(line, tuple) else (line, None) for line in lines]
    return {'do': 'smtp', 'from': client, 'to': to or TO.get(client, ['10.0.0.1', 25]),
            'timeout': timeout, 'settle': settle, 'script': [say for say, _ in pairs],
            'expect': [expect for _, expect in pairs]}


def parallel(*talks, gap=0.0, copies=1):
    """Dialogues at the same time."""
    return {'do': 'parallel', 'clients': list(talks), 'gap': gap, 'copies': copies}


def sh(command):
    """A command of root's."""
    return {'do': 'sh', 'cmd': command}


def write(path, text):
    """A file of root's."""
    return {'do': 'write', 'path': path, 'text': text}


def run(*argv, user='root', stdin='', output=None, code=None):
    """A program, and expressions for its output, standard error included, and exit code."""
    return {'do': 'run', 'argv': list(argv), 'user': user, 'stdin': stdin, 'timeout': 3600,
            'expect_output': output, 'expect_exit': code}


def hop(at='192.0.2.71', **script):
    """A server that mail may go to; conformance/smtp/recorded_next_hop.h. This one is that of
    dom1.example."""
    return {'do': 'nexthop', 'addr': at, 'port': 25, 'script': script}


def change(**what):
    """Something outside of any program; conformance/smtp/recorded_changes.h."""
    return {'do': 'change', **what}


HELO = ('EHLO probe.example', '250')
BARE = 'user@outside.example'
MAIL = f'MAIL FROM:<{BARE}>'
ALICE = ('RCPT TO:<alice@corp.example>', '250')
QUIT = ('QUIT', '221')


def envelope(*recipients, mail=MAIL):
    """Up to the message."""
    return [HELO, (mail, '250'),
            *[(f'RCPT TO:<{r}>', '250') for r in recipients or ['alice@corp.example']],
            ('DATA', '354')]


def text(subject='test', body='Hello.', more=''):
    """A message without faults."""
    return (f'From: Sender <{BARE}>\nTo: alice@corp.example\nSubject: {subject}\n'
            f'Date: Fri, 20 Nov 2026 10:00:00 +0000\nMessage-Id: <m1@outside.example>\n{more}\n'
            f'{body}')


def message(*args, expect='250 2\\.0\\.0', **kwargs):
    """text(), sent after DATA."""
    return ({'data': text(*args, **kwargs)}, expect)


def raw(content, expect, replies=1):
    """Bytes as they are."""
    return ({'raw': content, 'replies': replies}, expect)


def submit(*recipients, client=STRANGER, expect='250 2\\.0\\.0', mail=MAIL, **kwargs):
    """A whole dialogue with one message."""
    return talk(*envelope(*recipients, mail=mail), message(expect=expect, **kwargs), QUIT,
                client=client)


# Reports about what this sender's mail could not do stay here.
CAROL = 'MAIL FROM:<carol@corp.example>'


def raw_message(content, expect='250 2\\.0\\.0', recipients=(), replies=1, after=(QUIT,), **kwargs):
    """A whole dialogue with a message given byte for byte, its end included."""
    return talk(*envelope(*recipients), raw(content, expect, replies), *after, **kwargs)

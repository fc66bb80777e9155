"""Group C: servers that mean no good to whoever brings them mail."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

# Where mail for dom1.example goes, and for outside.example in this order.
HOP, FIRST, SECOND_HOP = '192.0.2.71', '192.0.2.33', '192.0.2.34'
SENT, LATER = 'stat=Sent', 'stat=Deferred'
BOUNCE = 'Subject: Returned mail'


def served(script, *expressions, wait=2, queue=0, body='Hello.', **kwargs):
    """One message for a server like this, and what is in the log."""
    mail = {} if queue or expressions[:1] == (SENT,) else {'carol': [BOUNCE]}
    return Case(PLAIN, [hop(**script), DAEMON,
                        submit('x@dom1.example', client=INSIDE, mail=CAROL, body=body)],
                log=expressions, queue=queue, wait=wait, mail=kwargs.pop('mail', mail),
                connections=(f'{HOP}:25',), **kwargs)


def two(script, second, *expressions, queue=0):
    """The same with a second server."""
    return Case(PLAIN, [hop(FIRST, **script), hop(SECOND_HOP, **second), DAEMON,
                        submit('x@outside.example', client=INSIDE, mail=CAROL)],
                log=expressions, queue=queue,
                connections=(f'{FIRST}:25', f'{SECOND_HOP}:25'))


# The same lines from end to end: what becomes of mail for such servers.
PLAYED = [
    Row('C01', 'greetings that refuse, never come, never end', [
        served({'greet': '421 4.3.2 busy'}, LATER + ': 421', queue=1),
        served({'greet': '554 5.3.2 go away'}, 'dsn=5.5.0.*reply=554 5.3.2 go away'),
        served({'greet': 'HANG'}, LATER + ': Connection (timed out|reset)', wait=400, queue=1),
        served({'greet': '220-one\n220-two\nHANG'}, LATER + ': Connection (timed out|reset)',
               wait=400, queue=1),
        served({'greet': '220 ' + 'x' * (1 << 20)}, LATER, queue=1),
        served({'greet': 'DROP'}, LATER + ': Connection reset', queue=1),
        two({'greet': '421 4.3.2 busy'}, {}, r'relay=mail2\.outside\.example.*' + SENT)],
        safer='sendmail reads a greeting of any length; ours takes one of 1 MB for none'),
    Row('C02', 'EHLO refused, HELO refused', [
        served({'EHLO': '500 5.5.1 what'}, SENT),
        served({'EHLO': '500 5.5.1 what', 'HELO': '500 5.5.1 what'}, 'dsn=5'),
        served({'EHLO': '421 4.3.2 no', 'HELO': '421 4.3.2 no'}, LATER, queue=1)]),
    Row('C04', 'DATA refused', [
        served({'DATA': '451 4.3.0 later'}, LATER, queue=1),
        served({'DATA': '554 5.6.0 no'}, 'dsn=5')]),
    Row('C05', 'servers that close at the end', [
        served({'DATA': '354 go\nDROP'}, LATER, queue=1),
        served({'DOT': 'DROP'}, LATER, queue=1),
        served({'QUIT': 'DROP'}, SENT)]),
    Row('C06', '421 at each step', [
        served({step: '421 4.3.2 closing'}, LATER, queue=1)
        for step in ('MAIL', 'RCPT', 'DATA', 'DOT')]),
    Row('C07', 'replies that are none', [
        served({'MAIL': reply}, LATER, queue=1)
        for reply in ('199 odd', '600 odd', '25', 'letters', '2x0 ok', '\xff\xfe')],
        safer='sendmail sends mail back for codes such as 199 and 600; ours tries again'),
    Row('C08', 'a server that has our name', [
        served({'EHLO': '250 mx1.corp.example Hello'},
               'config error: mail loops back to me', mail={'carol': [BOUNCE], 'root': 1})]),
    Row('C10', 'what a server does not take', [
        served({'EHLO': ['SIZE 100']}, 'dsn=5', body='x' * 50 + '\n' + 'y' * 500),
        served({'EHLO': ['PIPELINING']}, SENT, body='caf\xe9')],
        safer='sendmail sends what is a little too large, and the server refuses it'),
    Row('C11', 'a server that would like a password', [
        served({'EHLO': ['AUTH PLAIN LOGIN'], 'AUTH': 'DROP'}, SENT)]),
    Row('C13', 'enhanced codes that disagree', [
        served({'RCPT': '550 2.1.5 all is well'}, 'dsn=', 'reply=550 2.1.5'),
        served({'RCPT': '250 5.1.1 no such user'}, SENT)]),
    Row('C14', 'greylisting', [
        Case(PLAIN, [hop(RCPT=['451 4.7.1 later', '250 ok']), DAEMON,
                     submit('x@dom1.example', client=INSIDE, mail=CAROL), {'do': 'wait', 's': 300},
                     run('sendmail', '-q')],
             log=(LATER + ': 451 4.7.1', SENT), connections=(f'{HOP}:25',))]),
    Row('C15', 'a server that keeps us waiting keeps nobody else', [
        Case(PLAIN, [hop(RCPT='HANG'), hop('192.0.2.36'), DAEMON,
                     submit('x@dom1.example', client=INSIDE, mail=CAROL),
                     submit('x@nomx.example', client=INSIDE, mail=CAROL)],
             log=(r'relay=nomx\.example.*' + SENT, LATER), queue=1,
             wait=3700, seconds=3 * 3600, connections=(f'{HOP}:25', '192.0.2.36:25'))]),
]

SESSION = 'mta/smtp/smtp_client_hostile_test.cc'
# Servers in the simulated world: greylisting, slow, closing, silent, talking nonsense, small.
HOPS = 'scenarios/delivery/next_hops.textproto'
RUNS = 'sim/testing/queue_run_test.cc'

ROWS = [
    Elsewhere('C01', 'greetings', [SESSION + ':C01Greetings', HOPS]),
    Elsewhere('C02', 'EHLO and HELO refused', [SESSION + ':C02Hello', HOPS]),
    Elsewhere('C03', 'fewer or more replies than commands', [
        SESSION + ':C03MoreOrFewerRepliesThanCommands']),
    Elsewhere('C04', 'DATA refused', [SESSION + ':C04RefusedData']),
    Elsewhere('C05', 'connections that are lost', [
        SESSION + ':C05ClosesAtEachStep', SESSION + ':ClosesInTheMiddleOfAMessage', HOPS]),
    Elsewhere('C06', '421 at each step', [SESSION + ':C06ClosingAtEachStep', HOPS]),
    Elsewhere('C07', 'replies that are none', [
        SESSION + ':C07RepliesThatAreNone', 'mta/smtp/server_reply_test.cc:RefusesNonsense', HOPS]),
    Elsewhere('C08', 'our commands back', [SESSION + ':C08SaysOurCommandsBack']),
    Elsewhere('C09', 'dripping replies', [
        SESSION + ':C09DripsWithinEveryTimeout', SESSION + ':C09DripsByteByByte', HOPS]),
    Elsewhere('C10', 'a server that takes less', [HOPS]),
    NotApplicable('C11', 'AUTH: the client does not authenticate'),
    Elsewhere('C12', 'users of LMTP', [SESSION + ':C12MixedCodesOfLmtp']),
    Elsewhere('C13', 'codes that disagree', [
        SESSION + ':C13EnhancedCodesThatDisagree',
        'mta/smtp/server_reply_test.cc:TakesEnhancedCodesOfItsClassOnly']),
    Elsewhere('C14', 'greylisting', [HOPS]),
    Elsewhere('C15', 'a server that keeps us waiting', [
        SESSION + ':C15KeepsUsWaiting', RUNS + ':OneReturningHostDoesNotStarveOthers']),
]

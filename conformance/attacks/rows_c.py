"""Group C: hostile servers, where we are the client."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

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

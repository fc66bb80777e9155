"""Group Q: the queue under crashes and other people's hands."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

QUEUE, PARTS = 'sim/testing/queue_test.cc', 'sim/testing/queue_parts_test.cc'
LISTING = 'sim/testing/queue_listing_test.cc'
FILES = 'mta/queue/queue_file_test.cc'
DELIVER = 'sim/testing/crash_points_test.cc:NoCallIsTheWrongMoment'
ID = '6AK6XWcK000111'
LINES = ('V8', 'T1795156000', 'K0', 'N0', 'P30000', 'Fbs', '$_x.example [192.0.2.1]',
         'S<user@outside.example>', 'RPFD:<alice@corp.example>', 'H??Subject: planted', '.')


def planted(*lines, mode='600', body=True, behind='', name='qf', **kwargs):
    """A queue file of these lines, and a run of the queue."""
    content = '\\n'.join(lines).replace("'", "'\\''") + '\\n' + behind
    # $_x would be a variable of the shell in double quotes; printf has no use for the rest.
    make = [sh(f"printf '{content}' >/var/spool/mqueue/{name}{ID}; "
               f'chmod {mode} /var/spool/mqueue/{name}{ID}')]
    if body:
        make.append(sh(f'echo body >/var/spool/mqueue/df{ID}; chmod 600 /var/spool/mqueue/df{ID}'))
    return Case(PLAIN, [*make, run('sendmail', '-q'), DAEMON], **kwargs)


ROWS = [
    Elsewhere('Q01', 'power fails between any two calls', [
        QUEUE + ':ACrashLosesNothingThatWasAcceptedAndKeepsNothingHalf',
        DELIVER,
        'scenarios/crash/before_accepted.textproto', 'scenarios/crash/after_accepted.textproto']),
    Elsewhere('Q02', 'power fails between syncs', [
        QUEUE + ':ACrashLosesNothingThatWasAcceptedAndKeepsNothingHalf',
        PARTS + ':SyncsAsSuperSafeSays']),
    Elsewhere('Q03', 'two who work on one message', [QUEUE + ':OneWorksOnAMessageAtATime']),
    Elsewhere('Q04', 'a lock of one who is dead', ['sim/world/disk_locks_test.cc',
                                                   QUEUE + ':OneWorksOnAMessageAtATime']),
    Row('Q05', 'queue files without end, with garbage, with more behind the end', [
        planted(*LINES, mail={'alice': ['Subject: planted']}),
        planted(*LINES[:-1], queue=1),
        planted(*LINES[:3], '\\377\\376garbage', *LINES[3:], queue=1),
        planted(*LINES[:3], 'zunknown', *LINES[3:], queue=1),
        planted(*LINES, 'RPFD:<bob@corp.example>', queue=1),
        planted('', queue=1, body=False)]),
    Row('Q06', 'a queue file of a later version', [planted('V99', *LINES[1:], queue=1)]),
    Row('Q07', 'half of the files', [
        planted(*LINES, body=False, queue=1),
        Case(PLAIN, [sh(f'echo body >/var/spool/mqueue/df{ID}'), run('sendmail', '-q'), DAEMON])],
        safer='sendmail delivers a message without text where the text is missing'),
    Row('Q08', 'queue files that others may write to, of others, with two names', [
        planted(*LINES, mode='666', queue=1),
        Case(PLAIN, [*planted(*LINES).steps[:2],
                     sh(f'chown alice /var/spool/mqueue/qf{ID}'),
                     run('sendmail', '-q'), DAEMON], queue=1)],
        safer='sendmail believes whoever owns a file in its private directory'),
    Row('Q09', 'a field with line ends in it', [
        planted(*LINES[:-2], 'H??Subject: one', ' two', '.',
                mail={'alice': ['^Subject: one\n two$']})
    ]),
    Row('Q10', 'clocks that leap', [
        Case(PLAIN, [DAEMON, submit(subject='before'), change(clock=-86400),
                     submit(subject='yesterday'), change(clock=20 * 365 * 86400),
                     submit(subject='after 2038'), change(clock=-20 * 365 * 86400)],
             mail={'alice': ['Subject: before', 'Subject: yesterday', 'Subject: after 2038']})]),
    Elsewhere('Q11', 'a queue that is long', [LISTING + ':IsLimited']),
    Elsewhere('Q12', 'the order of a run', [LISTING + ':Orders']),
    NotApplicable('Q13', 'bounces: returned when it is too old'),
    Elsewhere('Q14', 'power fails between recipients', [DELIVER]),
    Elsewhere('Q15', 'quarantine', [PARTS + ':KeepsAMessageAwayUntilItIsReleased',
                                    PARTS + ':ACrashLeavesTheMessageOnce']),
    Row('Q16', 'mailq while the server works, and where it is restricted', [
        Case(PLAIN, [DAEMON, submit(), run('mailq', output='is empty', code=0)],
             mail={'alice': 1}),
        Case(site("define(`confPRIVACY_FLAGS', `restrictmailq')dnl\n"),
             [DAEMON, run('mailq', user='bob', output='not permitted|special privileges',
                          code=78)])]),
    Elsewhere('Q17', 'a disk that is full while a queue file is written anew', [
        PARTS + ':KeepsTheOldFileOnAFullDisk']),
    Row('Q18', 'signals without end', [
        Case(PLAIN, [DAEMON] + [{'do': 'kill', 'signal': 'HUP', 'pid_file': '/var/run/sendmail.pid'}
                                ] * 20 + [submit()], mail={'alice': 1})]),
    Elsewhere('Q19', 'ETRN', ['sim/testing/server_session_test.cc:StartsQueueRuns']),
    Elsewhere('Q20', 'a queue from elsewhere', [FILES + ':SendmailsFilesComeBackByteForByte',
                                                FILES + ':KeepsLargeDeviceNumbers']),
]

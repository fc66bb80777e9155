"""Group L: mailboxes, files and programs of users, and what others may write."""
# pylint: disable=wildcard-import,unused-wildcard-import
from conformance.attacks.attack_rows import *  # noqa: F401,F403

BOX = '/var/spool/mail/alice'
CLEAN = f'rm -f {BOX}'
EXPAND = 'sim/testing/expand_test.cc'
DELIVER = 'sim/testing/deliver_test.cc'


def box(*commands, files=None, **kwargs):
    """A mailbox made so, and mail for it, of which the sender hears."""
    return Case(PLAIN, [*[sh(c) for c in commands], DAEMON, submit(mail=CAROL), sh(CLEAN)],
                files=files or {}, mail={'carol': ['alice.*(irregular|links|owner)']}, **kwargs)


def aliased(aliases, steps, mail=None, setup=(), body='', **kwargs):
    """A server with more aliases."""
    return Case(site(body, aliases=ALIASES + aliases, setup=setup), [DAEMON, *steps],
                mail=mail or {}, **kwargs)


def forwarded(*commands, mail):
    """A .forward of alice's that says bob, made worse."""
    fix = ("rm -rf /home/alice/.forward; chmod 755 /home/alice; chown alice /home/alice; "
           'echo bob >/home/alice/.forward; chown alice /home/alice/.forward')
    return Case(PLAIN, [sh(fix), *[sh(c) for c in commands], DAEMON,
                        submit(subject='to be forwarded'),
                        sh('rm -rf /home/alice/.forward; chmod 755 /home/alice')], mail=mail)


KEPT, SENT_ON = {'alice': 1}, {'bob': 1}

ROWS = [
    Row('L01', 'a mailbox that is a link to another file', [
        box(f'echo root >/etc/secret; ln -s /etc/secret {BOX}',
            files={'/etc/secret': '^file 644 root\n$'})]),
    Row('L02', 'a mailbox with two names', [
        box(f'echo x >/home/alice/x; chown alice /home/alice/x; ln /home/alice/x {BOX}',
            files={'/home/alice/x': ' x\n$'})]),
    Row('L03', 'a mailbox of somebody else', [
        box(f'echo x >{BOX}; chown bob {BOX}; chmod 600 {BOX}')]),
    Elsewhere('L04', 'a mailbox replaced between check and use', [
        'sim/testing/mail_local_test.cc:RefusesWhatIsNoMailboxOfTheUser']),
    Row('L05', 'a spool that everybody may write to', [
        Case(PLAIN, [sh('chmod 777 /var/spool/mail'), DAEMON, submit()], mail={'alice': 1})]),
    Row('L06', 'a lock that is a link or a FIFO', [
        Case(PLAIN, [sh(f'ln -s /etc/new {BOX}.lock'), DAEMON, submit(), sh(f'rm {BOX}.lock')],
             mail={'alice': 1}, files={'/etc/new': None}),
        Case(PLAIN, [change(fifo=f'{BOX}.lock'), DAEMON, submit(), sh(f'rm -f {BOX}.lock')],
             mail={'alice': 1})],
        safer='sendmail holds the mail for as long as somebody leaves such a lock'),
    Row('L07', 'a .forward that others may write to', [
        forwarded('chmod 664 /home/alice/.forward', mail=KEPT),
        forwarded('chmod 666 /home/alice/.forward', mail=KEPT),
        forwarded('chmod 644 /home/alice/.forward', mail=SENT_ON)]),
    Row('L08', 'a .forward in a home that others may write to', [
        forwarded('chmod 775 /home/alice', mail=KEPT),
        forwarded('chmod 777 /home/alice', mail=KEPT)]),
    Row('L09', 'a .forward that is no file of the user', [
        forwarded('rm /home/alice/.forward; echo bob >/home/bob/f; chown bob /home/bob/f; '
                  'ln -s /home/bob/f /home/alice/.forward', mail=KEPT),
        forwarded('ln /home/alice/.forward /home/alice/second', mail=SENT_ON),
        forwarded('rm /home/alice/.forward; mkdir /home/alice/.forward', mail=KEPT),
        forwarded('rm /home/alice/.forward; ln -s /dev/null /home/alice/.forward', mail=KEPT),
        Case(PLAIN, [change(fifo='/home/alice/.forward'), DAEMON, submit(),
                     sh('rm -f /home/alice/.forward')], mail=KEPT)]),
    Row('L10', 'a program of a user without a valid shell', [
        Case(PLAIN, [sh("echo '\"|/bin/cat >/home/eve/out\"' >/home/eve/.forward; "
                        'chown eve /home/eve/.forward'), DAEMON,
                     submit('eve@corp.example', mail=CAROL)],
             files={'/home/eve/out': None}, mail={'carol': 1})]),
    Row('L11', "a user's .forward to a file of root's", [
        Case(PLAIN, [sh('echo /etc/motd >/home/alice/.forward; chown alice '
                        '/home/alice/.forward; echo hello >/etc/motd'), DAEMON, submit(mail=CAROL),
                     sh('rm /home/alice/.forward')], mail={'carol': 1},
                     files={'/etc/motd': ' hello\n$'}),
        Case(PLAIN, [sh('echo /etc/new >/home/alice/.forward; chown alice '
                        '/home/alice/.forward'), DAEMON, submit(mail=CAROL),
                     sh('rm /home/alice/.forward')], mail={'carol': 1}, files={'/etc/new': None})]),
    Row('L12', "a user's .forward to a table of cron's", [
        Case(PLAIN, [sh('mkdir -p /etc/cron.d; echo /etc/cron.d/x >/home/alice/.forward; '
                        'chown alice /home/alice/.forward'), DAEMON, submit(mail=CAROL),
                     sh('rm /home/alice/.forward')], mail={'carol': 1},
                     files={'/etc/cron.d/x': None})]),
    Row('L13', 'a file that runs as somebody', [
        aliased('out: /var/log/out\n', [
            sh(f'mkdir -p /var/log; echo x >/var/log/out; chmod {mode} /var/log/out'),
            submit('out@corp.example', mail=CAROL)], mail={'carol': 1},
            files={'/var/log/out': f'{mode.lstrip("0")} x\n$'})
        for mode in ('04644', '02644', '0755')]),
    Elsewhere('L14', 'a device that is not /dev/null', [
        DELIVER + ':FilesThatAreNotForMailAreRefused']),
    Row('L15', 'a file by a link, or with two names', [
        aliased('out: /var/log/out\n', [
            sh('mkdir -p /var/log; echo x >/var/log/real; ' + command),
            submit('out@corp.example', mail=CAROL)], mail={'carol': 1},
            files={'/var/log/real': ' x\n$'})
        for command in ('ln -s real /var/log/out', 'ln /var/log/real /var/log/out')]),
    Row('L16', 'a list in /tmp', [
        aliased('list: :include:/tmp/list\n', [
            sh("echo '\"|/bin/cat >/home/alice/out\"' >/tmp/list; chown alice /tmp/list"),
            submit('list@corp.example', mail=CAROL)], mail={'carol': 1},
            files={'/home/alice/out': None})]),
    Row('L17', 'a list of a user, with a program', [
        aliased('list: :include:/home/alice/list\n', [
            sh("echo '\"|/bin/cat >/home/alice/out\"' >/home/alice/list; "
               'chown alice /home/alice/list'), submit('list@corp.example')],
                files={'/home/alice/out': '^file 6.. From '})]),
    Row('L18', 'characters of a shell in an address', [
        aliased('prog: "|/bin/echo $(id) >/home/alice/out"\n', [
            talk(HELO, (MAIL, '250'), ('RCPT TO:<alice;id@corp.example>', '55'),
                 ('RCPT TO:<`id`@corp.example>', '55'), ('RCPT TO:<$(id)@corp.example>', '55'),
                 ('RCPT TO:<|id@corp.example>', '55'), QUIT)])]),
    NotApplicable('L19', 'configuration audit: smrsh is a program of its own, with its own tests'),
    Elsewhere('L20', 'the environment of programs', [
        DELIVER + ':ProgramsOfUsersRunAsTheUser']),
    Elsewhere('L21', 'how programs end', [DELIVER + ':ExitCodesSayHowItWent',
                                          DELIVER + ':AProgramThatNeverEndsIsKilled']),
    Elsewhere('L22', 'endless output of a program', [
        DELIVER + ':EndlessOutputIsReadAndForgotten']),
    Elsewhere('L23', 'a user over quota', ['sim/testing/mail_local_test.cc:'
                                           'AnyFailingCallLeavesTheMailboxAsItWas',
                                           'scenarios/spool/queue_over_quota.textproto']),
    Row('L24', 'From at the beginning of a line', [
        Case(PLAIN, [DAEMON, submit(body='one\nFrom evil Fri Nov 20 10:00:00 2026\n\n'
                                         'From: x\n.From y')],
             mail={'alice': ['^Content-Length: 56$', '^\n?evil|evil']})]),
    Row('L25', 'an alias file that others may write to', [
        Case(PLAIN, [sh(f'chmod {mode} /etc/mail/aliases; rm -f /etc/mail/aliases.db'), DAEMON,
                     talk(*envelope('team@corp.example')[:-1], QUIT),
                     sh('chmod 644 /etc/mail/aliases'), run('newaliases')])
        for mode in ('666',)]),
    Row('L26', 'an alias database that is missing, corrupt or half', [
        Case(PLAIN, [DAEMON, sh(command),
                     talk(HELO, (MAIL, '250'), ('RCPT TO:<team@corp.example>', '250|45|55'),
                          ('RCPT TO:<target@dom1.example>', '550 5\\.7\\.1'),
                          ('RCPT TO:<team%dom1.example@corp.example>', '550 5\\.7\\.1'), QUIT),
                     run('newaliases')])
        for command in ('rm /etc/mail/aliases.db', 'echo garbage >/etc/mail/aliases.db',
                        ': >/etc/mail/aliases.db')]),
    Elsewhere('L27', 'class files and maps in unsafe directories', [
        'sim/testing/cf_reader_test.cc:PathsOfClassFilesAreChecked']),
    Row('L28', 'a configuration that others may write to', [
        Case(PLAIN, [sh('chmod 666 /etc/mail/sendmail.cf'),
                     run('sendmail', '-bv', 'alice', output='deliverable'),
                     sh('chmod 644 /etc/mail/sendmail.cf'), DAEMON])]),
    Row('L29', 'a queue that everybody may write to', [
        Case(PLAIN, [sh('chmod 777 /var/spool/mqueue'), DAEMON, submit(),
                     sh('chmod 700 /var/spool/mqueue')], mail={'alice': 1})]),
    Row('L30', "a queue file of a user's making", [
        Case(PLAIN, [sh("printf 'V8\\nT1795156000\\nK0\\nN0\\nP30000\\nFbs\\n$_x\\nS<a@b>\\n"
                        "RPFD:|/bin/cat\\nH??Subject: planted\\n.\\n' "
                        ">/var/spool/mqueue/qf6AK6XWcK000111; "
                        "echo x >/var/spool/mqueue/df6AK6XWcK000111; "
                        f"chown alice /var/spool/mqueue/qf6AK6XWcK000111; "
                        f"chmod {mode} /var/spool/mqueue/qf6AK6XWcK000111"),
                     run('sendmail', '-q'), DAEMON], queue=1)
        for mode in ('600', '666')]),
    Row('L31', 'a configuration and options of a user', [
        Case(PLAIN, [DAEMON, sh('cp /etc/mail/sendmail.cf /home/alice/my.cf; '
                                'chown alice /home/alice/my.cf'),
                     run('sendmail', '-C/home/alice/my.cf', '-bp', user='alice', code=78),
                     run('sendmail', '-oQ/home/alice', '-bp', user='alice'),
                     run('sendmail', '-C/home/alice/my.cf', '-bD', user='alice', code=64)])]),
    Row('L32', 'a traffic log of a user', [
        Case(PLAIN, [DAEMON, run('sendmail', '-X', '/etc/x', '-bs', '-Am', user='alice',
                                 stdin='QUIT\r\n')], files={'/etc/x': None})]),
    Row('L33', 'test mode of a user with a private map', [
        Case(PLAIN, [sh('echo "secret: bob" >/etc/mail/private; chmod 600 /etc/mail/private'),
                     run('sendmail', '-bt', user='alice',
                         stdin='.D{x}1\n/map access nothing\n3,0 x\n'), DAEMON])]),
    Row('L34', 'a private list and restrictexpand', [
        Case(site("define(`confPRIVACY_FLAGS', `restrictexpand')dnl\n",
                  aliases=ALIASES + 'list: :include:/home/bob/list\n',
                  setup=['echo hidden@outside.example >/home/bob/list; '
                         'chown bob /home/bob/list; chmod 600 /home/bob/list']),
             [run('sendmail', '-bv', 'list', user='alice',
                  output='(?s)\\A(?!.*hidden@outside)'), DAEMON])]),
    Elsewhere('L35', 'descriptors of programs', [
        'mta/posix/programs_test.cc']),
    Elsewhere('L36', 'supplementary groups', ['mta/posix/posix_root_test.cc']),
    Elsewhere('L37', 'a change of user that fails', ['mta/posix/posix_root_test.cc']),
    Row('L38', "root's mail and .forward", [
        Case(PLAIN, [sh("echo '\"|/bin/cat >/etc/asroot\"' >/home/root/.forward; mkdir -p /root; "
                        "echo '\"|/bin/cat >/etc/asroot\"' >/root/.forward"), DAEMON,
                     submit('root@corp.example', mail=CAROL)],
             files={'/etc/asroot': None}, mail={'carol': 1})]),
    Elsewhere('L39', 'recipients that are paths', [
        'mta/deliver/lmtp_command_test.cc:NeverLeavesTheDirectory']),
    Elsewhere('L40', 'names of mailboxes', [
        'mta/deliver/lmtp_command_test.cc:NeverLeavesTheDirectory',
        'sim/testing/mail_local_test.cc:RefusesWhatIsNoMailboxOfTheUser']),
    NotApplicable('L41', 'configuration audit: where the kernel puts cores is for the unit file'),
    NotApplicable('L42', 'configuration audit: statistics are written by later work'),
    Row('L43', 'a file for the process id that is a link', [
        Case(PLAIN, [sh('echo x >/etc/secret; rm -f /var/run/sendmail.pid; '
                        'ln -s /etc/secret /var/run/sendmail.pid'), DAEMON],
             files={'/etc/secret': ' x\n$'})]),
    NotApplicable('L44', 'configuration audit: the control socket is written by later work'),
    NotApplicable('L45', 'milter'),
]

"""A private world for running the real sendmail (needs root).

enter() re-executes the program inside new mount, network, UTS and IPC
namespaces.  setup() then gives it its own /etc, /var, /home, /usr/sbin ...
(overlays on a tmpfs: nothing on the machine is changed), its own loopback
network with some extra addresses, host name, users and resolver.
"""
import os, shutil, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTNAME = 'mx1.corp.example'
SCRATCH = '/mnt'
USERS = [  # name, uid, gid, gecos, shell
    ('smmta', 301, 301, 'Mail daemon', '/usr/sbin/nologin'),
    ('smmsp', 302, 302, 'Mail Submission Program', '/usr/sbin/nologin'),
    ('alice', 2001, 2001, 'Alice Adams', '/bin/sh'),
    ('bob', 2002, 2002, 'Bob Brown', '/bin/sh'),
    ('carol', 2003, 2003, 'Carol O\'Hara', '/bin/sh'),
    ('dave.d', 2004, 2004, 'Dave Dot', '/bin/sh'),
    ('web1_user1', 2005, 2005, 'Web User', '/bin/sh'),
    ('eve', 2006, 2006, 'Eve', '/usr/sbin/nologin'),
]
ADDRESSES = ['10.0.0.1/8', '10.1.2.3/32', '10.9.9.9/32', '10.9.9.10/32',
             '192.168.7.9/32', '192.0.2.33/32', '192.0.2.34/32',
             '192.0.2.35/32', '192.0.2.36/32', '192.0.2.71/32',
             '192.0.2.72/32', '192.0.2.73/32', '192.0.2.77/32',
             '192.0.2.88/32', '192.0.2.99/32', '198.51.100.5/32',
             '198.51.100.25/32', '198.51.100.66/32', '203.0.113.9/32']
ADDRESSES6 = ['2001:db8:5::7/128', '2001:db8:bad::1/128']


def sh(*cmd, check=True, **kw):
    return subprocess.run(cmd, check=check, **kw)


def enter(pid=False):
    """Re-execute this program inside the namespaces; returns inside them.

    With pid=True also in a process namespace; then process 1 only reaps.
    """
    if os.environ.get('SMENV') == 'inner':
        if os.getpid() == 1:
            child = os.fork()
            while child:
                p, st = os.wait()
                if p == child:
                    os._exit(os.waitstatus_to_exitcode(st) & 255)
        return
    if os.geteuid() != 0:
        sys.exit('must be run as root')
    os.environ['SMENV'] = 'inner'
    os.environ['SMENV_ORACLE'] = oracle_dir()
    more = ['-p', '--fork', '--mount-proc'] if pid else []
    os.execvp('unshare', ['unshare', '-mnui', '--propagation', 'private',
                          *more, '--', sys.executable] + sys.argv)


def oracle_dir():
    """Where the Debian packages are unpacked: ../../../.deps unless ORACLE_DIR says otherwise."""
    d = os.path.abspath(os.environ.get('SMENV_ORACLE') or os.environ.get('ORACLE_DIR') or
                        os.path.join(HERE, '..', '..', '..', '.deps'))
    if not all(os.path.isdir(f'{d}/sendmail-{p}') for p in ('bin', 'base', 'cf')):
        sys.exit(f"{d}: Debian's sendmail is not unpacked here; run ./tools/setup.sh test")
    return d


def overlay(path):
    name = path.strip('/').replace('/', '_')
    up, wk = f'{SCRATCH}/{name}.u', f'{SCRATCH}/{name}.w'
    os.makedirs(up)
    os.makedirs(wk)
    sh('mount', '-t', 'overlay', 'overlay', '-o',
       f'lowerdir={path},upperdir={up},workdir={wk}', path)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='latin-1') as f:
        f.write(text)
    os.chmod(path, mode)


def setup():
    x = oracle_dir()
    os.umask(0o022)
    sh('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', SCRATCH)
    sh('mkdir', SCRATCH + '/x')
    sh('mount', '--bind', x, SCRATCH + '/x')
    for d in ('/etc', '/usr/share', '/usr/libexec', '/usr/sbin', '/usr/bin',
              '/usr/lib'):
        overlay(d)
    # programs and the m4 library at the places of the Debian packages
    shutil.copytree(x + '/sendmail-cf/usr/share/sendmail/cf',
                    '/usr/share/sendmail/cf', dirs_exist_ok=True)
    shutil.copytree(x + '/sendmail-bin/usr/libexec/sendmail',
                    '/usr/libexec/sendmail', dirs_exist_ok=True)
    sm = '/usr/libexec/sendmail/sendmail'
    sh('chown', '-R', 'root:root', '/usr/libexec/sendmail')
    for dst in ('/usr/sbin/sendmail', '/usr/lib/sendmail', '/usr/bin/mailq',
                '/usr/bin/newaliases', '/usr/sbin/hoststat',
                '/usr/sbin/purgestat'):
        if os.path.lexists(dst):
            os.unlink(dst)
        os.symlink(sm, dst)
    for b in ('makemap', 'praliases', 'mailstats', 'editmap'):
        dst = '/usr/sbin/' + b
        if os.path.lexists(dst):
            os.unlink(dst)
        os.symlink('/usr/libexec/sendmail/' + b, dst)
    # Debian keeps smrsh's allowed programs and helpers in sm.bin
    os.makedirs('/usr/lib/sm.bin', exist_ok=True)
    for b in ('mail.local', 'smrsh'):
        if not os.path.lexists('/usr/lib/sm.bin/' + b):
            os.symlink('/usr/libexec/sendmail/' + b, '/usr/lib/sm.bin/' + b)
    # users
    pw = [l for l in open('/etc/passwd') if l.split(':')[2] == '0' or
          l.split(':')[0] in ('daemon', 'bin', 'mail', 'nobody')]
    # root's real home must stay untouched (dead.letter)
    pw = ['root:x:0:0:root:/home/root:/bin/sh\n' if l.startswith('root:') else l
          for l in pw]
    gr = [l for l in open('/etc/group') if l.split(':')[0] in
          ('root', 'daemon', 'bin', 'mail', 'nogroup')]
    os.makedirs(SCRATCH + '/home')
    sh('mount', '--bind', SCRATCH + '/home', '/home')
    os.makedirs('/home/root', 0o700)
    for (n, u, g, ge, shell) in USERS:
        pw.append(f'{n}:x:{u}:{g}:{ge}:/home/{n}:{shell}\n')
        gr.append(f'{n}:x:{g}:\n')
        os.makedirs('/home/' + n)
        os.chown('/home/' + n, u, g)
    write('/etc/passwd', ''.join(pw))
    write('/etc/group', ''.join(gr))
    write('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nshadow: files\n'
          'hosts: files dns\nservices: files\nprotocols: files\n'
          'ethers: files\nrpc: files\nnetworks: files\n')
    write('/etc/shells', '/bin/sh\n/bin/bash\n')
    for f in ('/etc/aliases', '/etc/aliases.db', '/etc/hosts.allow',
              '/etc/hosts.deny', '/etc/host.conf'):
        if os.path.lexists(f):
            os.unlink(f)
    shutil.rmtree('/etc/mail', ignore_errors=True)
    os.makedirs('/etc/mail')
    # spool directories
    os.makedirs(SCRATCH + '/var/spool')
    sh('mount', '--bind', SCRATCH + '/var', '/var')
    for (d, mode, u, g) in (
            ('/var/spool/mqueue', 0o700, 0, 0),
            ('/var/spool/clientmqueue', 0o770, 302, 302),
            ('/var/spool/mail', 0o1777, 0, 8), ('/var/run', 0o755, 0, 0),
            ('/var/lib/sendmail/host_status', 0o755, 301, 301),
            ('/var/run/sendmail/mta', 0o755, 301, 301),
            ('/var/run/sendmail/msp', 0o755, 302, 302),
            ('/var/run/sendmail/stampdir', 0o755, 302, 302),
            ('/var/log/mail', 0o755, 0, 0), ('/var/tmp', 0o1777, 0, 0)):
        os.makedirs(d, exist_ok=True)
        os.chown(d, u, g)
        os.chmod(d, mode)
    os.symlink('spool/mail', '/var/mail')
    # network and names
    sh('hostname', HOSTNAME)
    sh('ip', 'link', 'set', 'lo', 'up')
    for a in ADDRESSES:
        sh('ip', 'addr', 'add', a, 'dev', 'lo')
    for a in ADDRESSES6:
        sh('ip', '-6', 'addr', 'add', a, 'dev', 'lo', 'nodad', check=False)
    write('/etc/resolv.conf', 'search corp.example\nnameserver 127.0.0.1\n'
          'options timeout:1 attempts:1\n')
    write('/etc/hosts', open(os.path.join(HERE, 'hosts')).read())
    write('/etc/hostname', HOSTNAME + '\n')
    write('/etc/mailname', 'corp.example\n')


def load_config(src, dns=True, cf=None):
    """Install a config directory as /etc/mail, build its maps, make the .cf."""
    for n in os.listdir('/etc/mail'):
        p = os.path.join('/etc/mail', n)
        shutil.rmtree(p) if os.path.isdir(p) else os.unlink(p)
    for n in os.listdir(src):
        if n.endswith('.jsonl') or n.endswith('.gz'):
            continue
        dst = shutil.copy(os.path.join(src, n), '/etc/mail/' + n)
        os.chown(dst, 0, 0)
        os.chmod(dst, 0o644)
    write('/etc/mail/service.switch',
          'hosts\tfiles dns\naliases\tfiles\n' if dns else
          'hosts\tfiles\naliases\tfiles\n')
    errs = ''
    if cf is None and os.path.exists('/etc/mail/sendmail.mc'):
        r = sh('m4', '-D_CF_DIR_=/usr/share/sendmail/cf/',
               '/etc/mail/sendmail.mc', cwd='/etc/mail', check=False,
               capture_output=True, text=True, encoding='latin-1')
        write('/etc/mail/sendmail.cf', r.stdout)
        errs = r.stderr
    for n in sorted(os.listdir('/etc/mail')):
        if n in MAPS:
            r = sh('makemap', '-C/etc/mail/sendmail.cf', 'hash',
                   '/etc/mail/' + n, stdin=open('/etc/mail/' + n),
                   capture_output=True, text=True, check=False)
            errs += r.stdout + r.stderr
    return errs


MAPS = ('access', 'mailertable', 'virtusertable', 'genericstable', 'authinfo',
        'domaintable', 'bitdomain', 'uudomain', 'ldaphost', 'ldapaddr',
        'userdomains', 'numbers')

"""Postfix, Exim and OpenSMTPD: how each is configured and started from its unpacked package.

All three serve peer.example on ADDRESS, have the users of the test with a Maildir each, refuse
others at RCPT, take messages of at most SIZE_LIMIT bytes, and send everything else to the next hop
without asking any name server. No line here is taken from the packages' own configurations.
"""

import os

ADDRESS = "10.0.0.2"
SIZE_LIMIT = 2_000_000

# {next_hop}, {address}, {limit}, {users} are filled in.
POSTFIX_MAIN = """compatibility_level = 3.6
queue_directory = /var/spool/postfix
data_directory = /var/lib/postfix
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = /var/log/postfix.log
inet_interfaces = {address}
inet_protocols = ipv4
myhostname = mail.peer.example
mydestination = peer.example
mynetworks = 10.0.0.0/24
local_recipient_maps = inline:{{ {users} }}
alias_maps =
alias_database =
transport_maps = inline:{{ {{ ours.example = smtp:[{next_hop}]:25 }} }}
disable_dns_lookups = yes
smtpd_peername_lookup = no
home_mailbox = Maildir/
message_size_limit = {limit}
mailbox_size_limit = 0
smtputf8_enable = no
"""

# name type private unpriv chroot wakeup maxproc command
POSTFIX_MASTER = """{address}:25 inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

EXIM = """primary_hostname = mail.peer.example
local_interfaces = {address}
daemon_smtp_ports = 25
log_file_path = /var/log/exim4/%slog
keep_environment =
tls_advertise_hosts =
rfc1413_hosts =
host_lookup =
message_size_limit = {limit}
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept hosts = 10.0.0.0/24
         verify = recipient
  deny message = no such user
begin routers
others:
  driver = manualroute
  domains = ! peer.example
  route_list = * {next_hop} byname
  self = send
  transport = others
users:
  driver = accept
  domains = peer.example
  check_local_user
  transport = users
begin transports
others:
  driver = smtp
  port = 25
users:
  driver = appendfile
  directory = $home/Maildir
  maildir_format
begin retry
* * F,1h,1m
"""

OPENSMTPD = """smtp max-message-size "{limit}"
listen on {address} hostname mail.peer.example
action "users" maildir "%{{user.directory}}/Maildir"
action "others" relay host smtp+notls://{next_hop}:25
match from any for domain peer.example action "users"
match from src 10.0.0.0/24 for any action "others"
"""

# Runs in mount and process namespaces of its own. $WORK, $USR and $ETC are set; /var and /run are
# fresh.
START = """set -eu
mount -t overlay -o "lowerdir=$USR:/usr" overlay /usr
mount -t overlay -o "lowerdir=$ETC:/etc" overlay /etc
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind "$WORK/var" /var
ln -s /run /var/run
cd /
"""

PEERS = {
    "postfix": {
        "packages": ["postfix"],
        "users": ["postfix", "postdrop"],
        "pipelining": True,
        "files": {"postfix/main.cf": POSTFIX_MAIN, "postfix/master.cf": POSTFIX_MASTER,
                  "postfix/dynamicmaps.cf": ""},
        "start": "mkdir -p /var/spool/postfix /var/lib/postfix\n"
                 "chown postfix /var/lib/postfix\n"
                 "exec postfix start-fg\n",
    },
    "exim": {
        "packages": ["exim4-base", "exim4-daemon-light"],
        "users": ["Debian-exim"],
        "pipelining": True,
        "files": {"exim4/exim4.conf": EXIM},
        "start": "mkdir -p /var/spool/exim4 /var/log/exim4\n"
                 "chown Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4\n"
                 # It starts itself again to deliver, and wants to be root then.
                 "cp /usr/sbin/exim4 /run/exim4\n"
                 "chmod 4755 /run/exim4\n"
                 "mount --bind /run/exim4 /usr/sbin/exim4\n"
                 "exec exim4 -bdf -q1h\n",
    },
    "opensmtpd": {
        "packages": ["opensmtpd"],
        "users": ["opensmtpd", "opensmtpq"],
        "pipelining": False,
        "files": {"smtpd.conf": OPENSMTPD},
        "start": "mkdir -p /var/lib/opensmtpd/empty\n"
                 "exec smtpd -F\n",
    },
}


def write(path, text):
    """Writes a file that everybody may read."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, 0o644)


def prepare(name, work, users, next_hop):
    """Makes `work` a home for the peer; the script to start it by."""
    peer = PEERS[name]
    etc = f"{work}/etc"
    accounts = dict(users)
    accounts.update({user: 300 + number for number, user in enumerate(peer["users"])})
    write(f"{etc}/passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n" +
          "".join(f"{user}:x:{number}:{number}::/var/home/{user}:/bin/sh\n"
                  for user, number in accounts.items()))
    write(f"{etc}/group", "root:x:0:\nmail:x:8:\nnogroup:x:65534:\n" +
          "".join(f"{user}:x:{number}:\n" for user, number in accounts.items()))
    write(f"{etc}/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\naliases: files\n")
    write(f"{etc}/hosts", f"127.0.0.1 localhost\n{ADDRESS} mail.peer.example\n")
    write(f"{etc}/resolv.conf", "nameserver 127.0.0.1\n")
    write(f"{etc}/mailname", "peer.example\n")
    values = {"address": ADDRESS, "limit": SIZE_LIMIT, "next_hop": next_hop,
              "users": ", ".join(f"{{ {user} = x }}" for user in users)}
    for path, text in peer["files"].items():
        write(f"{etc}/{path}", text.format(**values))
    for folder in ("spool", "lib", "log", "tmp", "mail", "home"):
        os.makedirs(f"{work}/var/{folder}")
    os.chmod(f"{work}/var/tmp", 0o1777)
    os.chmod(f"{work}/var/spool", 0o711)
    for user, number in users.items():
        os.mkdir(f"{work}/var/home/{user}", 0o755)
        os.chown(f"{work}/var/home/{user}", number, number)
    write(f"{work}/start", START + peer["start"])
    return f"{work}/start"

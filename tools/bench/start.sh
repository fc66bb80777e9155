#!/bin/bash
# Starts our sendmail for one run of a side-by-side benchmark of mail transfer agents (README.md).
#
# Gets BENCH_DIR (empty, on the disk under test), BENCH_PORT and BENCH_SINK (ports at 127.0.0.1: where
# to listen, and the next hop). Runs as root in a mount and a pid namespace of its own, stays in the
# foreground and is killed in the end. The programs come from STAGEPOST_BIN, by default those that
# Bazel built last in this repository.
set -eu
: "${BENCH_DIR:?}" "${BENCH_PORT:?}" "${BENCH_SINK:?}"
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
bin=${STAGEPOST_BIN:-$top/bazel-bin/mta/bin}
m4=${STAGEPOST_M4:-m4}
cf=${STAGEPOST_CF:-$top/.deps/sendmail-cf/usr/share/sendmail/cf}
etc=$BENCH_DIR/etc
mail=$BENCH_DIR/mail

mkdir -p "$etc" "$mail"
mkdir -m 700 "$BENCH_DIR/queue"
chmod 755 "$BENCH_DIR"
chmod 1777 "$mail"
printf '127.0.0.1 localhost mail.local.test\n' > "$etc/hosts"
printf 'hosts files\npasswd files\naliases files\n' > "$etc/service.switch"
printf 'null: /dev/null\n' > "$etc/aliases"

# The owner of the mailbox; where names come from: files, as for every target; and where mail.local
# delivers to. Only this namespace sees them.
printf 'passwd: files\ngroup: files\nhosts: files\n' > "$etc/nsswitch.conf"
cp /etc/passwd "$etc/passwd"
echo 'bench:x:64001:64001::/nonexistent:/bin/sh' >> "$etc/passwd"
mount --bind "$etc/passwd" /etc/passwd
mount --bind "$etc/nsswitch.conf" /etc/nsswitch.conf
mount --bind "$mail" /var/mail
# sendmail takes no maps from below directories that everybody may write, such as /tmp.
world=/mnt
mount --bind "$BENCH_DIR" "$world"

"$m4" -D_CF_DIR_="$cf/" -DBENCH_DIR="$world" -DBENCH_PORT="$BENCH_PORT" \
    -DBENCH_SINK="$BENCH_SINK" -DBENCH_MAIL_LOCAL="$bin/mail.local" \
    "$cf/m4/cf.m4" "$here/bench.mc" > "$BENCH_DIR/sendmail.cf"
echo /queue > "$BENCH_DIR/queue_dirs"
echo /mail/bench > "$BENCH_DIR/mailbox"
cd "$world"
"$bin/sendmail" -C"$world/sendmail.cf" -bi
exec "$bin/sendmail" -C"$world/sendmail.cf" -bD -q1h

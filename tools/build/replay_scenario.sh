#!/bin/sh
# The body of every scenario_test: STAGEPOST replay [option...] FILE.
export STAGEPOST_M4_LIBRARY="$PWD/external/sendmail_deb/sendmail-cf/usr/share/sendmail/cf"
exec "$@"

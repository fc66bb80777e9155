#!/bin/bash
# Installs the Debian packages that are missing, saying which and why.
#
#   ./tools/setup.sh [GROUP...]      GROUP: build (default), test, quickstart
#
# Debian's sendmail is never installed: the group `test` unpacks it into .deps/, as tests compile its
# m4 library and run its programs beside ours, and `quickstart` its m4 library alone. Other mail
# transfer agents are unpacked there, too.
#
# The entry points under tools/ source this file and call `setup_packages`; nobody has to run it
# first. Idempotent: takes a few milliseconds when nothing is missing.
#
# Exit codes: 0 all there; 69 (EX_UNAVAILABLE) something is missing and cannot be installed, with
# the command to run on stderr; 64 (EX_USAGE) an unknown group.

# group|package|why
readonly SETUP_PACKAGES="
build|bazel-bootstrap|builds and tests everything
build|bazel-rules-java|a rule set that Bazel 4.2 asks for at start
build|clang-19|the C++20 compiler; earlier ones on Debian 12 mistranslate coroutines
build|lld-19|links in seconds
build|libclang-rt-19-dev|sanitizers and libFuzzer
build|libabsl-dev|Abseil: status, strings, containers, time
build|libc-ares-dev|asks name servers
build|libdb5.3-dev|writes Berkeley DB maps
build|libmimalloc-dev|memory for the many small things of a message
build|libprotobuf-dev|scenarios and traces are Protocol Buffers
build|protobuf-compiler|generates their C++
build|libgtest-dev|GoogleTest
build|libgmock-dev|GoogleMock
build|libbenchmark-dev|Google Benchmark
build|libre2-dev|regular expressions in expectations
build|python3|the lint and the test counter
test|m4|compiles the .mc files of tests; the measure of our own evaluator
test|libnsl2|needed by the real sendmail, which runs unpacked beside ours
test|libldap-2.5-0|the same
test|libsasl2-2|the same
test|libwrap0|the same
test|libgnutls-dane0|needed by Exim, which runs unpacked to exchange mail with us
test|libidn12|the same
test|libicu72|needed by Postfix, which runs so too
test|libevent-2.1-7|needed by OpenSMTPD, which runs so too
quickstart|swaks|sends the demonstration message
"

# group|package|why: unpacked into .deps/PACKAGE, as two MTAs cannot be installed on one machine
readonly SETUP_UNPACKED="
test|sendmail-bin|the real sendmail and its tools, to be compared with
test|sendmail-base|their manual pages and helpers
test|sendmail-cf|the m4 library and sample configurations
test|procmail|a mailer that many sites have mail delivered by
test|postfix|exchanges mail with us
test|exim4-base|the same
test|exim4-daemon-light|the same
test|opensmtpd|the same
quickstart|sendmail-cf|the m4 library that the scenarios' configurations are made with
"

setup_say() { printf '%s\n' "$*" >&2; }

# The lines of the table that belong to the groups given and whose package is not installed.
setup_missing() {
  local installed group package why wanted
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' 2>/dev/null)
  while IFS='|' read -r group package why; do
    [[ -n $package ]] || continue
    for wanted in "$@"; do
      if [[ $group == "$wanted" && $'\n'$installed$'\n' != *$'\n'"$package installed"$'\n'* ]]; then
        printf '%s|%s\n' "$package" "$why"
      fi
    done
  done <<<"$SETUP_PACKAGES"
}

# Runs apt-get, as root or through sudo. Never asks a question.
setup_apt() {
  "${SETUP_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

# Finds out how to become root: SETUP_ROOT is what to put before a command.
setup_find_root() {
  SETUP_ROOT=()
  (($(id -u) == 0)) && return 0
  SETUP_ROOT=(sudo)
  command -v sudo >/dev/null || return 1
  # Without a terminal sudo must not wait for a password.
  if [[ ! -t 0 ]]; then SETUP_ROOT=(sudo -n); fi
  "${SETUP_ROOT[@]}" true
}

# Downloads `package` into the current folder, renewing the lists of packages if it has to.
setup_download() {
  apt-get -qq download "$1" 2>/dev/null && return 0
  setup_find_root && setup_apt update && apt-get -qq download "$1"
}

# Unpacks what SETUP_UNPACKED lists for the groups given and .deps/ lacks. A package appears there
# whole or not at all.
setup_unpack() {
  local group package why scratch
  while IFS='|' read -r group package why; do
    [[ -n $package && " $* " == *" $group "* && ! -d .deps/$package ]] || continue
    setup_say "Debian package to unpack into .deps/:"
    setup_say "$(printf '  %-20s %s' "$package" "$why")"
    mkdir -p .deps && scratch=$(mktemp -d .deps/unpack.XXXXXX) || return 69
    if ! (cd "$scratch" && setup_download "$package" &&
      dpkg-deb -x "$package"_*.deb tree && chmod -R ug-s,u+rwX,go+rX tree) >&2 ||
      ! mv "$scratch/tree" ".deps/$package"; then
      rm -rf "$scratch"
      setup_say "setup: cannot get $package. Please see to it that this works:"
      setup_say "  apt-get download $package"
      return 69
    fi
    rm -rf "$scratch"
  done <<<"$SETUP_UNPACKED"
}

# setup_packages GROUP... : returns 0 when every package of these groups is installed.
setup_packages() {
  local group
  for group in "$@"; do
    if [[ $SETUP_PACKAGES != *$'\n'"$group|"* ]]; then
      setup_say "setup: no such group of packages: $group"
      return 64
    fi
  done
  setup_install "$@" || return
  setup_unpack "$@"
}

# Installs the packages of these groups that are not installed.
setup_install() {
  local missing package why packages=()
  missing=$(setup_missing "$@")
  [[ -n $missing ]] || return 0

  while IFS='|' read -r package why; do
    packages+=("$package")
  done <<<"$missing"
  local command="apt-get install --no-install-recommends ${packages[*]}"
  if ! command -v apt-get >/dev/null; then
    setup_say "setup: this is not a Debian system; needed are the equivalents of: ${packages[*]}"
    return 69
  fi
  setup_say "Debian packages to install:"
  while IFS='|' read -r package why; do
    setup_say "$(printf '  %-20s %s' "$package" "$why")"
  done <<<"$missing"
  if ! setup_find_root; then
    setup_say "setup: neither root nor allowed to use sudo. Please run, as root:"
    setup_say "  apt-get update && $command"
    return 69
  fi
  # With the package lists as they are when they know all of it; they may be absent, or so old
  # that the files they name are gone.
  local install=(install --no-install-recommends "${packages[@]}")
  if apt-get -qq --simulate "${install[@]}" >/dev/null 2>&1; then
    setup_apt "${install[@]}" && return 0
  fi
  setup_apt update && setup_apt "${install[@]}" && return 0
  setup_say "setup: installation failed. Please see to it that this works, as root:"
  setup_say "  apt-get update && $command"
  return 69
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -u
  cd "$(dirname "$0")/.." || exit 69
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    sed -n '2,/^$/s/^# \{0,1\}//p' tools/setup.sh
    exit 0
  fi
  if (($# == 0)); then set -- build; fi
  setup_packages "$@"
fi

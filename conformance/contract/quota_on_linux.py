#!/usr/bin/env python3
"""Asks a Linux kernel what sim/world/disk_quota_test.cc expects of simulated quota.

    quota_on_linux.py DIRECTORY DEVICE

DIRECTORY is where an ext4 of DEVICE is mounted with usrquota,grpquota, made by

    mkfs.ext4 -b 4096 -O quota -E quotatype=usrquota:grpquota DEVICE

Needs root, and a kernel with CONFIG_QFMT_V2, which many do not have; Debian's user-mode-linux
does, in the modules quota_tree and quota_v2. Everything in DIRECTORY is removed. Prints a line for
each case; exit status 1 if the kernel and the simulator differ.
"""

import ctypes
import errno
import os
import shutil
import sys

BLOCK = 4096
OF_USER, OF_GROUP = 0, 1
SYS_QUOTACTL = 179  # x86_64
Q_SETQUOTA = 0x800008
LIMITS_VALID = 1 | 4  # QIF_BLIMITS, QIF_ILIMITS

LIBC = ctypes.CDLL(None, use_errno=True)

ALICE = (1001, 1001, [])
BOB = (1002, 1002, [])
CAROL = (1003, 50, [])  # group 50 is staff
DAVE = (1004, 1004, [50])
ROOT = (0, 0, [])


class Quota(ctypes.Structure):
    """struct dqblk of quotactl(2)."""
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "block_hard", "block_soft", "space", "inode_hard", "inode_soft", "inodes", "block_time",
        "inode_time")] + [("valid", ctypes.c_uint32)]


class Disk:
    """The file system under test, emptied for each case."""

    def __init__(self, directory, device):
        self._device = device.encode()
        os.chdir(directory)

    def set_quota(self, kind, number, blocks, inodes):
        quota = Quota(block_hard=blocks * BLOCK // 1024, inode_hard=inodes, valid=LIMITS_VALID)
        command = (Q_SETQUOTA << 8 | kind) & 0xffffffff
        if LIBC.syscall(SYS_QUOTACTL, command, self._device, number, ctypes.byref(quota)) != 0:
            raise OSError(ctypes.get_errno(), "quotactl")

    def empty(self):
        for entry in os.scandir("."):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.name)
            else:
                os.unlink(entry.name)
        os.chmod(".", 0o777)


def told(call, *arguments):
    """The result of a system call: a number, "ok", or the name of the error."""
    try:
        result = call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok" if result is None else result


def run_as(who, actions):
    """What `actions()`, a list of numbers and texts, gives in a process of that identity."""
    user, group, groups = who
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups(groups)
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        os.write(write, repr(actions()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return [word.strip(" '") for word in text.strip("[]").split(",")]


def make(path):
    return os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)


def opens(path):
    result = told(make, path)
    return "opens" if isinstance(result, int) else result


def fill(path, blocks, flags=os.O_CREAT):
    """How many blocks of so many can be written, from the beginning."""
    descriptor = os.open(path, flags | os.O_WRONLY, 0o666)
    result = told(os.pwrite, descriptor, b"x" * (blocks * BLOCK), 0)
    os.close(descriptor)
    return result // BLOCK if isinstance(result, int) else result


def write_at(path, block, text=b"x"):
    return told(os.pwrite, os.open(path, os.O_WRONLY), text, block * BLOCK)


def fill_while_acting_for_alice(path, blocks):
    LIBC.setfsgid(ALICE[1])
    LIBC.setfsuid(ALICE[0])
    return fill(path, blocks, 0)


def inodes():
    first = make("f")
    seen = [told(os.symlink, "f", "l"), told(os.mkdir, "d"), opens("g"), told(os.mkfifo, "p"),
            told(os.link, "f", "h"), told(os.unlink, "h"), told(os.unlink, "f"), opens("g")]
    os.close(first)
    return seen + [opens("g")]


def user_cases(disk):
    disk.set_quota(OF_USER, ALICE[0], 4, 3)
    yield "blocks run out", run_as(ALICE, lambda: [
        fill("f", 5), write_at("f", 4), write_at("f", 0, b"over"), told(os.mkdir, "d"),
        told(os.truncate, "f", 3 * BLOCK), told(os.mkdir, "d")]), \
        "4 EDQUOT 4 EDQUOT ok ok"
    yield "inodes run out", run_as(ALICE, inodes), \
        "ok ok EDQUOT EDQUOT ok ok ok EDQUOT opens"
    run_as(ALICE, lambda: [fill("f", 4), told(os.chmod, "f", 0o666)])
    yield "the owner pays", run_as(BOB, lambda: [write_at("f", 4), fill("g", 50)]), "EDQUOT 50"
    run_as(ALICE, lambda: [fill("f", 4)])
    yield "root is not stopped", run_as(ROOT, lambda: [
        fill_while_acting_for_alice("f", 6), fill("f", 8, 0)]), "6 8"
    run_as(ROOT, lambda: [fill("r", 10)])
    yield "nor when root gives away", [str(told(os.chown, "r", ALICE[0], -1))], "ok"
    run_as(ALICE, lambda: [fill("f", 4)])
    os.chown("f", BOB[0], -1)
    yield "chown moves the charge", run_as(ALICE, lambda: [fill("g", 5)]), "4"
    run_as(BOB, lambda: [fill("f", 10)])
    disk.set_quota(OF_USER, BOB[0], 5, 0)
    stopped = run_as(BOB, lambda: [write_at("f", 10)])
    disk.set_quota(OF_USER, BOB[0], 0, 0)
    yield "may be set later and lifted", stopped + run_as(BOB, lambda: [write_at("f", 10)]), \
        "EDQUOT 1"


def group_cases(disk):
    disk.set_quota(OF_USER, ALICE[0], 0, 0)
    disk.set_quota(OF_GROUP, 50, 4, 3)
    yield "the group of the file pays", run_as(CAROL, lambda: [fill("c", 5)]) + run_as(
        DAVE, lambda: [fill("d", 5), told(os.chown, "d", -1, 50), told(os.truncate, "d", 0),
                       told(os.chown, "d", -1, 50), write_at("d", 0)]), \
        "4 5 EDQUOT ok ok EDQUOT"
    os.mkdir("staff")
    os.chown("staff", 0, 50)
    os.chmod("staff", 0o2777)
    disk.set_quota(OF_GROUP, 50, 4, 3)
    yield "in a set-gid directory the group of that pays", \
        run_as(ALICE, lambda: [opens("staff/1"), opens("staff/2"), opens("staff/3")]) + \
        run_as(BOB, lambda: [opens("staff/3"), opens("3")]) + \
        run_as(ROOT, lambda: [opens("staff/3")]), \
        "opens opens EDQUOT EDQUOT opens opens"
    disk.set_quota(OF_USER, CAROL[0], 2, 0)
    seen = run_as(CAROL, lambda: [fill("c", 5)])
    disk.set_quota(OF_USER, CAROL[0], 9, 0)
    seen += run_as(CAROL, lambda: [fill("c", 5)])
    disk.set_quota(OF_GROUP, 50, 0, 0)
    yield "the tighter of two counts", seen + run_as(CAROL, lambda: [fill("c", 20)]), "2 4 9"
    disk.set_quota(OF_USER, CAROL[0], 0, 0)
    disk.set_quota(OF_GROUP, 50, 4, 3)
    seen = run_as(CAROL, lambda: [fill("c", 4), fill("e", 1)])
    os.chown("c", -1, CAROL[0])
    yield "chgrp moves the charge", seen + run_as(CAROL, lambda: [fill("e", 1)]), "4 EDQUOT 1"
    disk.set_quota(OF_GROUP, 50, 0, 0)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    disk = Disk(sys.argv[1], sys.argv[2])
    differ = False
    os.umask(0o022)
    for cases in (user_cases, group_cases):
        disk.empty()
        for name, seen, expected in cases(disk):
            same = " ".join(seen) == expected
            differ = differ or not same
            print(f"{'same  ' if same else 'DIFFER'} {name}: {' '.join(seen)}"
                  + ("" if same else f"; the simulator: {expected}"))
            disk.empty()
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()

"""What mail.local is made to do, ours and sendmail's, to be compared.

A case has a name and steps, made one after the other with an empty /var/mail, as root or as
`user`. After each call everything is compared: exit code, replies, errors, and all files with their
modes, owners and contents.

A case that has `why` is one that ours answers in another way, for that reason: then `ours` is its
exit codes, and what alice's mailbox holds in the end.
"""

MESSAGE = "Subject: x\n\nHello.\n"
STORED = "Subject: x\nContent-Length: 7\n\nHello.\n\n"


def call(*arguments, text=MESSAGE):
    return ("call", list(arguments), text)


def lmtp(*lines, options=()):
    return ("call", ["-l", *options], "".join(line + "\r\n" for line in lines))


def deliver(*users, sender="u@outside.example", message=MESSAGE, options=()):
    """One whole transaction."""
    return lmtp("LHLO client", f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{user}>" for user in users),
                "DATA", *message.split("\n")[:-1], ".", "QUIT", options=options)


def sh(command):
    return ("sh", command, "")


def case(name, *steps, **more):
    return {"name": name, "steps": list(steps), **more}


LMTP = [
    case("one", deliver("alice")),
    case("two", deliver("alice", "bob")),
    case("one of two", deliver("alice", "nosuch")),
    case("none", deliver("nosuch")),
    case("twice the same", deliver("alice", "alice")),
    case("domains", deliver("alice@corp.example", "bob+x@corp.example")),
    case("null sender", deliver("alice", sender="")),
    case("no eight bits", deliver("alice", options=["-7"])),
    case("quotes and cases", deliver("Alice", "\"alice\"", "dot.ted", "a/b", "../x", ".", "")),
    case("route", deliver("@a,@b:alice@c")),
    case("order", lmtp("RCPT TO:<alice>", "DATA", "MAIL FROM:<a@b>", "MAIL FROM:<c@d>", "DATA",
                       "RSET", "RCPT TO:<alice>", "QUIT")),
    case("verbs", lmtp("NOOP", "VRFY alice", "EXPN alice", "HELP", "HELO x", "EHLO x", "LHLO",
                       "noop", "Noop x", "RSET x", "QUIT x", "", " NOOP", "quit")),
    case("syntax", lmtp("MAIL", "MAIL FROM:", "MAIL FROM:a@b", "MAIL FROM:<a@b", "MAIL TO:<a@b>",
                        "mail from:<a@b> BODY=8BITMIME SIZE=5", "RCPT", "RCPT TO:alice",
                        "RCPT FROM:<alice>", "RCPT TO: <alice>", "rcpt to:<alice> NOTIFY=NEVER",
                        "RCPT TO:<bob", "DATA x", "QUIT")),
    case("end without quit", lmtp("LHLO x")),
    case("end after rcpt", lmtp("LHLO x", "MAIL FROM:<a@b>", "RCPT TO:<alice>")),
    case("nothing", ("call", ["-l"], "")),
    case("two messages", lmtp("MAIL FROM:<a@b>", "RCPT TO:<alice>", "DATA", "S: 1", "", "1", ".",
                              "MAIL FROM:<c@d>", "RCPT TO:<alice>", "DATA", "S: 2", "", "2", ".",
                              "QUIT")),
    case("dots", deliver("alice", message="A: b\n\n..\n...x\n.y\n")),
]

ARGUMENTS = [
    case("one", call("-f", "u@v", "alice")),
    case("r", call("-r", "u@v", "alice")),
    case("d", call("-d", "alice")),
    case("two users", call("-f", "u", "alice", "bob")),
    case("one unknown", call("-f", "u", "alice", "nosuch")),
    case("unknown first", call("-f", "u", "nosuch", "alice")),
    case("unknown", call("nosuch")),
    case("no sender", call("alice")),
    case("empty sender", call("-f", "", "alice"),
         why="a From line without a sender is none",
         ours=([0], "From MAILER-DAEMON (date)\n" + STORED)),
    case("bundled", call("-df", "u", "alice")),
    case("joined", call("-fu", "alice")),
    case("dashes", call("-f", "u", "--", "alice")),
    case("options behind users", call("alice", "-f", "u")),
    case("usage", call()),
    case("usage with l", call("-l", "-z")),
    case("f twice", call("-f", "a", "-r", "b", "alice")),
    case("f lacks", call("-f")),
    case("unknown option", call("-z", "alice")),
    case("users and l", call("-l", "alice")),
    case("7 b", call("-7", "-b", "-f", "u", "alice")),
    case("D pw", call("-D", "pw", "-f", "u", "alice")),
    case("D other", call("-D", "nosuch", "-f", "u", "alice")),
    case("D lacks", call("-D")),
    case("h", call("-h", "inbox", "-f", "u", "alice"), call("-h", "inbox", "-f", "u", "alice")),
    case("h no folder", call("-h", "mail/inbox", "-f", "u", "alice"),
         why="the folder may be made",
         ours=([75], None)),
    case("h absolute", call("-h", "/mnt/x", "-f", "u", "alice"),
         why="the folder may be made",
         ours=([75], None)),
    case("h up", call("-h", "../bob/x", "-f", "u", "alice"),
         why="users write where they may, and nowhere else",
         ours=([75], None)),
    case("h lmtp", deliver("alice", options=["-h", "inbox"])),
    case("D lmtp", deliver("alice", options=["-D", "pw"])),
    case("h lacks", call("-h")),
    case("empty message", call("-f", "u", "alice", text=""),
         why="sendmail's writes Content-Length behind the header",
         ours=([0], "From u (date)\nContent-Length: 0\n\n\n")),
    case("slash", call("-f", "u", "../x")),
    case("name with domain", call("-f", "u", "alice@corp.example")),
    case("detail", call("-f", "u", "alice+x")),
]

MAILBOXES = [
    case("symlink", sh("ln -s /etc/passwd alice"), deliver("alice"), call("-f", "u", "alice")),
    case("dangling symlink", sh("ln -s nowhere alice"), deliver("alice")),
    case("own symlink", sh("touch x; chown alice:alice x; ln -s x alice"), deliver("alice")),
    case("two links", sh("touch alice; chown alice:alice alice; chmod 600 alice; ln alice x"),
         deliver("alice"), call("-f", "u", "alice")),
    case("wrong owner", sh("touch alice; chown bob:bob alice; chmod 666 alice"), deliver("alice"),
         call("-f", "u", "alice")),
    case("root's", sh("touch alice; chmod 666 alice"), deliver("alice")),
    case("wrong group", sh("touch alice; chown alice:bob alice; chmod 600 alice"),
         deliver("alice")),
    case("group may read", sh("touch alice; chown alice:mail alice; chmod 660 alice"),
         deliver("alice")),
    case("world may read", sh("touch alice; chown alice:alice alice; chmod 666 alice"),
         deliver("alice")),
    case("no rights", sh("touch alice; chown alice:alice alice; chmod 0 alice"), deliver("alice")),
    case("read only", sh("touch alice; chown alice:alice alice; chmod 400 alice"),
         deliver("alice")),
    case("directory", sh("mkdir alice; chown alice:alice alice"), deliver("alice")),
    case("fifo", sh("mkfifo alice; chown alice:alice alice"), deliver("alice")),
    case("ends in a line", sh("printf 'From x\\nA: b\\n\\nbody' > alice; "
                              "chown alice:alice alice; chmod 600 alice"), call("-f", "u", "alice"),
         why="readers must find the next message",
         ours=([0], "From x\nA: b\n\nbody\n\nFrom u (date)\n" + STORED)),
    case("ends without a blank line", sh("printf 'From x\\nA: b\\n\\nbody\\n' > alice; "
                                         "chown alice:alice alice; chmod 600 alice"),
         call("-f", "u", "alice"),
         why="readers must find the next message",
         ours=([0], "From x\nA: b\n\nbody\n\nFrom u (date)\n" + STORED)),
    case("spool of root", sh("chmod 755 ."), deliver("alice"), call("-f", "u", "alice"),
         why="root makes no mailbox, which then could not be locked",
         ours=([0, 75], None)),
    case("spool of mail", sh("chgrp mail .; chmod 2775 ."), deliver("alice"),
         why="root makes no mailbox, which then could not be locked",
         ours=([0], None)),
    case("disk full", deliver("alice", message="A: b\n\n" + "x" * 99 + "\n" * 2000 +
                              ("y" * 900 + "\n") * 200), size="64k"),
    case("disk full classic", call("-f", "u", "alice", text="A: b\n\n" + ("y" * 900 + "\n") * 200),
         size="64k"),
    case("disk full of old mail",
         sh("printf 'From x\\nA: b\\n\\nbody\\n\\n' > alice; chown alice:alice alice; "
            "chmod 600 alice"),
         deliver("alice", message="A: b\n\n" + ("y" * 900 + "\n") * 200), size="64k"),
    case("not root", call("-f", "u", "alice"), call("-f", "u", "bob"), user=2001,
         why="users need no privilege for their own mailboxes",
         ours=([0, 75], "From u (date)\n" + STORED)),
    case("not root lmtp", deliver("alice", "bob", sender="u"), user=2001,
         why="users need no privilege for their own mailboxes",
         ours=([0], "From u (date)\n" + STORED)),
]

TEXT = [case(repr(text)[:40], call("-f", "u", "alice", text=text),
             call("-f", "u", "alice", text="S: y\n\nz\n")) for text in [
    "Subject: x\n\nFrom me\n\nFrom you\n", "\n", "\n\n",
    "From a b\nSubject: x\n\nb\n", "no header\n\nb\n", "Content-Length: 99\nS: x\n\nabc\n",
    "S: x\nContent-Length: 1\nContent-Length: 2\n\nabc\n", "S: x\ncontent-length: 7\n\nabc\n",
    "S: x\n\nabc\n\n\n", "S: x\r\n\r\nabc\r\n", "S: x\n\n" + "y" * 5000 + "\n", "S: \xe9\n\n\xe9\n",
    "S: x\n\nabc\n.\ndef\n", "S: x\n\n>From x\n",
]]
TEXT += [case(repr(text), call("-f", "u", "alice", text=text), why=why,
              ours=([0], "From u (date)\n" + stored)) for text, stored, why in [
    ("Subject: x", "Subject: x\nContent-Length: 0\n\n\n", "its last line lacks an end"),
    ("Subject: x\n", "Subject: x\nContent-Length: 0\n\n\n", "its header lacks an end"),
    ("x\n", "x\nContent-Length: 0\n\n\n", "its header lacks an end"),
    ("S: x\n\nabc", "S: x\nContent-Length: 4\n\nabc\n\n", "its last line lacks an end"),
    ("S: x\n\na\x00b\n", "S: x\nContent-Length: 4\n\na\x00b\n\n", "a NUL is a byte like any other"),
    ("S: x\nContent-Length: 3\n 4\nT: u\n\nabc\n", "S: x\nT: u\nContent-Length: 4\n\nabc\n\n",
     "a field goes with all of its lines"),
]]
TEXT += [case("sender " + repr(sender), call("-f", sender, "alice"), deliver("bob", sender=sender))
         for sender in ["a b", "a\tb", "x" * 300, "\xe9@x"]]

# How long a lock that is held is waited for, the simulator tests: it has the time.
LOCKS = [
    case("stale", sh("touch -d '10 minutes ago' alice.lock; chown alice:alice alice.lock"),
         deliver("alice")),
]

GROUPS = {"lmtp": LMTP, "arguments": ARGUMENTS, "mailboxes": MAILBOXES, "text": TEXT,
          "locks": LOCKS}

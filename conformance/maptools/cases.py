"""What the map tools are made to do, ours and sendmail's, to be compared.

A case is a list of steps in a new directory, as root:

    makemap("-e", "hash", "m", text="a\\n")     runs a tool, with `-C t.cf` before its options
    sh("chmod 600 m.db")                        prepares something
    cf("O TrustedUser=nobody")                  writes t.cf, which is empty at first

After each tool everything is compared: exit code, output, errors, files with their modes and owners,
contents of maps.
"""


def makemap(*arguments, text=""):
    return ("makemap", ["-C", "t.cf", *arguments], text)


def editmap(*arguments):
    return ("editmap", ["-C", "t.cf", *arguments], "")


def praliases(*arguments):
    return ("praliases", ["-C", "t.cf", *arguments], "")


def plain(tool, *arguments, text=""):
    """Without -C."""
    return (tool, list(arguments), text)


def sh(command):
    return ("sh", command, "")


def cf(text):
    return ("cf", text, "")


# --- The text of makemap.

LINES = [
    "a b c  \n", "a\t b\t c\t\n", "A 1\n", "a  \n", "a\t\n", "a\n", "   \n", "\n", " #x\n", "#x 1\n",
    "a #c\n", "a 1 #c\n", "a\\#b 1\n", "a 1 \\# c\n", "\"a b\" c\n", "a 'b\n", "a\r\n", "a 1\r\n",
    "\r\n", "a\x0b1\n", "a\x0c1\n", "\xe9 \xff\n", "\xc9 1\n", "a\x001 2\n", "a 1\x00\nb 2\n", "a 1",
    "a", "#", "", "a \\\n b\n", "a 1\nb\n c 3\nd 4\n", "\x01 2\n", "\\ 3\n", "a:b\n", "BcD\n",
    "\x00a 1\nb 2\n", "a 1\x00", "\x00", "a\n\n\n# x\n b\na 1\na 2\n", "k v\x00w\n" * 3,
    "a\xa0b\n", "a\x85b c\n", "@ @\n", "% 1\n", "a %1 %%\n", " \x00\n", "a \x00b", "\n" * 50 + "a\n",
]
for length in (1020, 1021, 1022, 1023, 1024, 1025, 2045, 2046, 2047, 3000):
    LINES += ["k " + "v" * (length - 2) + "\n", "k " + "v" * (length - 2),
              "k" * (length - 2) + " v\n"]
LINES += ["k " + "v" * 3000 + "\nb 2\n", "k" * 1000 + " " + "v" * 3000 + "\nb 2\n",
          "#" + "c" * 2000 + "\na 1\n", " " * 1500 + "\na 1\n"]

SEPARATED = ["a:1\n", "a : 1\n", "a b:1 2\n", " a:1\n", "a::1\n", "a:: :1\n", ":1\n", "a:\n", "a\t1\n",
             "a: 1 \n", "A:B\n", "\t:1\n", "::1\n", "#:1\n", "a:   \n", ":\n", "a:b:c\n"]

TEXT = [[makemap("hash", "m", text=text)] for text in LINES]
TEXT += [[makemap("-e", "hash", "m", text=text)] for text in LINES[:40]]
TEXT += [[makemap("-t", ":", "hash", "m", text=text)] for text in SEPARATED]
TEXT += [[makemap("-t", ":", "-e", "hash", "m", text=text)] for text in SEPARATED]
TEXT += [[makemap("-t", separator, "hash", "m", text=text)] for separator, text in [
    ("::", "a::1\n"), ("", "a b\n"), ("\t", "a b\tc d\n"), (" ", "a\tb c d\n"), ("x", "axb\n"),
    ("A", "aAb\n"), ("#", "a#b\n#c#d\n")]]
TEXT += [[makemap(*options, "hash", "m", text=text)] for options, text in [
    (["-t:"], "a:1\n"), (["-D", "%"], "%a 1\n#b 2\n"), (["-D", ""], "#b 2\n\nx 1\n"),
    (["-D", "ab"], "a 1\nb 2\n"), (["-D", " "], " 1\nb 2\n"), (["-N"], "a 1\n"),
    (["-N", "-e"], "a\n"), (["-N", "-f"], "A B\n"), (["-v"], "A 1\nb\nc 3\nA 2\n#x\n"),
    (["-v", "-e", "-N"], "a\n"), (["-v", "-r"], "a 1\na 2\n"), (["-vfN"], "A 1\n"),
    (["-d"], "a 1\na 2\n"), (["-r"], "a 1\na 2\nb 1\nA 3\n"), (["-c", "100"], "a 1\n"),
    (["-c", "abc"], "a 1\n"), (["-c", "-5"], "a 1\n"), (["-c", "99999999999"], "a 1\n"),
    (["-c", "2000000000"], "a 1\n"), (["-c", "0"], "a 1\n"), (["-i", "btree"], "a 1\n"),
]]
TEXT += [[makemap(*options, "btree", "m", text=text)] for options, text in [
    (["-d"], "b 1\na 1\na 2\na 1\n"), (["-d", "-r"], "a 1\na 2\n"), ([], "b 1\na 2\nb 3\n"),
    (["-N", "-e", "-d"], "a\nb b\na c\n")]]

# --- Types, names and options.

USAGE = [[plain("makemap", *arguments)] for arguments in [
    ["-l", "-C", "nonexist"], ["-l", "hash", "m"], ["-l", "-Z"], ["-Z", "-l"], ["-lv"], ["-L"], ["-x"],
    ["-h"], ["--help"], ["--"], [], ["-C"], ["-C", "nonexist", "hash", "m"], ["hash"], ["-i"],
    ["-D", "hash", "m"], ["-C", "t.cf/x", "hash", "m"],
    ["-:", "hash", "m"], ["-", "hash", "m"]]]
USAGE += [[makemap(*arguments, text="A 1\n")] for arguments in [
    ["--", "hash", "m"], ["hash", "m", "-v"], ["hash", "-f", "m"], ["hash", "m.db"], ["hash", "./m"],
    ["hash", "nodir/x"], ["hash", "t.cf/x"], ["hash", "m", "-f"], ["hash", "m", "x"],
    ["-i", "btree", "foo", "m"], ["-i", "hash", "dbm", "m"], ["-i", "btree", "cdb", "m"],
    ["hash", "--", "m"], ["--", "hash", "m", "-v"], ["hash", "m.dbx"], ["hash", "m.db.db"]]]
for name in ["implicit", "cdb", "dbm", "HASH", "ndbm", "text", "", "recno", "btree", "hashx", "hash "]:
    USAGE += [[makemap(name, "m", text="a 1\n")], [makemap("-u", name, "m")],
              [editmap("-q", name, "m", "a")], [editmap("-u", name, "m", "a", "b")]]
K_LINES = [
    "Ka btree /x/m", "Ka btree x/m", "Ka btree m", "Ka btree m.db", "Ka btree M", "Ka btree /m",
    "Ka hash m\nKb btree m", "Ka  btree m", "Ka\tbtree\tm", "Ka btree -o -T<TMP> m", "Ka btree \"m\"",
    "Ka btree file:m", "Ka btree -a. m ", "Ka btree m x", "Ka btree x m", "K a btree m", " Ka btree m",
    "Ka btree\n m", "Ka BTREE m", "Ka sequence x m", "Kbtree m", "Ka btree m -o", "#Ka btree m",
    "O AliasFile=btree:m", "Ka dbm m\nKb btree m", "K", "K ", "Km", "Ka btree /m/"]
for line in K_LINES:
    for kind in ("cf", "CF", "cF"):
        USAGE.append([cf(line + "\n"), makemap(kind, "m", text="a 1\n")])
    USAGE.append([cf(line + "\n"), makemap("-i", "hash", "cf", "m", text="a 1\n")])
USAGE += [
    [cf("Ka btree m\n"), makemap("cf", "m.db", text="a 1\n")],
    [cf("Ka btree m\n"), makemap("CF", "m.db", text="a 1\n")],
    [cf("Ka btree m"), makemap("CF", "./m", text="a 1\n"), makemap("-u", "cf", "m"),
     makemap("-o", "CF", "m", text="b 1\n"), editmap("-q", "cf", "m", "a")],
    [cf("Ka btree m\n"), makemap("-v", "-i", "hash", "cf", "n", text="a 1\n")],
    [cf("Ka btree m\n"), makemap("-i", "foo", "cf", "n", text="a 1\n")],
    [cf("Ka btree m\n"), makemap("", "m", text="a 1\n")],
    [cf("Ka btree m\n"), makemap("-i", "hash", "", "m", text="a 1\n")],
    [cf("Ka btree m\n"), makemap("CFx", "m", text="a 1\n")],
]

# --- The owner of maps.

OWNERS = [[cf(line), makemap("hash", "m", text="a 1\n"), makemap("hash", "m", text="a 1\n"),
           editmap("-q", "hash", "m", "a"), praliases("-f", "m")] for line in [
    "O TrustedUser=nobody\n", "O TrustedUser = nobody\n", "O TrustedUser nobody\n",
    "OTrustedUser=nobody\n", "O  TrustedUser=nobody\n", "O TrustedUser=nobody:x\n",
    "O TrustedUser=65534\n", "O TrustedUser=99999\n", "O trusteduser=nobody\n", "O TrustedUser=\n",
    "O TrustedUser= nobody # c\n", "O TrustedUser=nobody\nO TrustedUser=daemon\n",
    "O\tTrustedUser=nobody\n", " O TrustedUser=nobody\n", "#O TrustedUser=nobody\n",
    "O TrustedUser\n", "O TrustedUser=nosuch\nO TrustedUser=nobody\n",
    "O TrustedUser=nobody\nO TrustedUser=nosuch\n", "O Trusted\n TrustedUser=nobody\n",
    "O TrustedUserx=nobody\n", "O TrustedUser=nobody", "O TrustedUser\t=\tnobody\t\n",
    "O TrustedUser=-1\n", "O TrustedUser=0\n", "O TrustedUser=1x\n", "O TrustedUser==nobody\n"]]
OWNERS += [
    [cf("O TrustedUser=nobody\n"), makemap("hash", "m", text="a 1\n"), cf(""),
     makemap("hash", "m", text="a 2\n")],
    [makemap("hash", "m", text="a 1\n"), cf("O TrustedUser=nobody\n"), makemap("-u", "hash", "m"),
     makemap("-u", "btree", "m"), editmap("-q", "btree", "m", "a"), editmap("-q", "hash", "m", "z")],
    [makemap("hash", "m", text="a 1\n"), cf("O TrustedUser=nobody\n"), praliases("-f", "m"),
     makemap("-o", "btree", "m", text="c 1\n"), editmap("-u", "btree", "m", "c", "1"),
     editmap("-x", "hash", "m", "z")],
    [makemap("hash", "m", text="a 1\n"), sh("chown 0:1000 m.db; chmod 664 m.db"),
     makemap("hash", "m", text="a 2\n"), editmap("-u", "hash", "m", "b", "2"),
     makemap("-o", "hash", "m", text="c 2\n")],
    [makemap("hash", "m", text="a 1\n"), sh("chown 1000:1000 m.db; chmod 666 m.db"),
     cf("O TrustedUser=nobody\n"), makemap("hash", "m", text="a 2\n"),
     editmap("-x", "hash", "m", "a")],
]

OWNERS += [[cf("O TrustedUser=nobody\n"), sh("mkdir d; " + setup), makemap("hash", "d/m", text="a 1\n"),
            makemap("-u", "hash", "d/m"), editmap("-q", "hash", "d/m", "a"), praliases("-f", "d/m")]
           for setup in ["chown nobody d", "chown nobody d; chmod 500 d", "chown nobody d; chmod 700 d",
                         "touch d/m.db; chmod 440 d/m.db; chown nobody d/m.db",
                         "touch d/m.db; chmod 260 d/m.db; chown nobody:0 d/m.db",
                         "touch d/m.db; chmod 600 d/m.db; chown daemon d/m.db"]]

# --- Old maps.

MAP = makemap("hash", "m", text="a 1\nb 2\n")
TREE = makemap("btree", "m", text="a 1\nb 2\n")
DUPLICATES = makemap("-d", "btree", "m", text="a 1\na 2\nb 3\n")
OLD = [
    [MAP, makemap("-o", "hash", "m", text="a 2\nb 3\nc 4\n"), makemap("-u", "hash", "m")],
    [MAP, makemap("-o", "-r", "hash", "m", text="a 5\nc 3\n")],
    [MAP, makemap("-o", "-d", "hash", "m", text="a 6\n")],
    [MAP, makemap("-o", "-N", "hash", "m", text="a 7\n"), makemap("-u", "hash", "m")],
    [MAP, makemap("-u", "-N", "-f", "-v", "hash", "m"), makemap("-u", "-t", ":", "hash", "m"),
     makemap("-u", "-t", "::", "hash", "m"), makemap("-u", "-t", "", "hash", "m")],
    [makemap("-o", "hash", "m", text="a 1\n")],
    [MAP, makemap("hash", "m", text="c 1\n")],
    [MAP, makemap("btree", "m", text="c 1\n"), makemap("-o", "hash", "m", text="d 1\n"),
     makemap("-u", "hash", "m"), makemap("-u", "btree", "m")],
    [TREE, makemap("-o", "implicit", "m", text="new 1\n"), makemap("-u", "implicit", "m"),
     makemap("implicit", "m", text="new 2\n")],
    [DUPLICATES, makemap("-o", "btree", "m", text="a 2\nb 3\nc 3\n")],
    [DUPLICATES, makemap("-o", "-d", "btree", "m", text="a 2\nb 3\n"), makemap("-u", "btree", "m")],
    [DUPLICATES, makemap("-o", "-r", "btree", "m", text="a 9\nb 9\n")],
    [TREE, makemap("-d", "-o", "btree", "m", text="a 2\n")],
    [TREE, makemap("-d", "btree", "m", text="a 2\n")],
    [sh("echo hello > m.db; chmod 640 m.db"), makemap("-u", "hash", "m"),
     makemap("-o", "hash", "m", text="a 1\n"), editmap("-q", "hash", "m", "a"),
     makemap("hash", "m", text="a 1\n")],
    [sh("touch m.db; chmod 640 m.db"), makemap("-u", "hash", "m"), makemap("-u", "implicit", "m"),
     makemap("-o", "hash", "m", text="a 1\n"), praliases("-f", "m"), editmap("-q", "hash", "m", "a"),
     editmap("-x", "hash", "m", "x")],
    [sh("touch m.db; chmod 640 m.db"), editmap("-u", "btree", "m", "a", "1")],
    [sh("touch m.db; chmod 640 m.db"), makemap("btree", "m", text="a 1\n")],
    [makemap("-u", "hash", "nosuch"), makemap("-u", "implicit", "nosuch"), makemap("-u", "hash", "no/m")],
]

# --- Who may write what.

SAFETY = []
for setup, name in [
        ("chmod 775 d", "d/m"), ("chmod 777 d", "d/m"), ("chmod 1777 d", "d/m"),
        ("chown 1000 d", "d/m"), ("chown 1000 d; chmod 777 d", "d/m"), ("chown 1000 d; chmod 700 d", "d/m"),
        ("chown 1000:0 d; chmod 770 d", "d/m"), ("chmod 2775 d; chgrp 1000 d", "d/m"),
        ("mkdir -m 777 d/e; ln -s e d/f", "d/f/m"),
        ("chmod 777 d; mkdir -m 777 d/e; ln -s e d/f", "d/f/m"),
        ("chmod 777 d; mkdir -m 775 d/e; ln -s $PWD/d/e d/f", "d/f/m"),
        ("chmod 777 d; mkdir -m 777 d/e d/e/g", "d/e/g/m"), ("chmod 777 d; mkdir d/e", "d/e/../m"),
        ("chmod 777 d", "./d/m"), ("chmod 777 d", "d//m"), ("ln -s nowhere d/f", "d/f/m"),
        ("ln -s f d/f", "d/f/m"), ("touch d/f", "d/f/m"), ("chmod 777 .", "m"), ("chown 1000 .", "m")]:
    for options in ([], ["-s"]):
        SAFETY.append([sh("mkdir d; " + setup), makemap(*options, "hash", name, text="a 1\n"),
                       makemap(*options, "hash", name, text="a 2\n"),
                       makemap(*options, "-u", "hash", name)])
    SAFETY.append([sh("mkdir d; " + setup), editmap("-u", "hash", name, "a", "1"),
                   editmap("-q", "hash", name, "a"), praliases("-f", name)])
for setup in [
        "echo x > d/m.db; chmod 666 d/m.db", "ln -s nowhere.db d/m.db", "touch d/y.db; ln -s y.db d/m.db",
        "touch d/y.db; ln d/y.db d/m.db", "touch d/m.db; chmod 400 d/m.db", "touch d/m.db; chmod 200 d/m.db",
        "touch d/m.db; chown 1000:1000 d/m.db; chmod 666 d/m.db",
        "touch d/m.db; chown 1000:0 d/m.db; chmod 660 d/m.db",
        "touch d/m.db; chown 1000:1000 d/m.db; chmod 660 d/m.db",
        "chmod 1777 d; touch d/y.db; ln -s y.db d/m.db", "chmod 777 d; touch d/m.db; chmod 666 d/m.db",
        "touch d/m.db; chmod 4755 d/m.db", "touch d/m.db; chown 0:1000 d/m.db", "mkfifo d/m.db",
        "mkdir d/m.db", "ln -s nowhere d/m.db; ln d/m.db d/y", "mkfifo d/m.db; chmod 755 d/m.db",
        "touch d/m.db; chmod 755 d/m.db; ln d/m.db d/x", "touch d/m.db; chmod 155 d/m.db",
        "touch d/m.db; chmod 055 d/m.db", "touch d/m.db; chmod 055 d/m.db; chown 1000:1000 d/m.db",
        "touch d/m.db; chmod 444 d/m.db; ln d/m.db d/x", "touch d/m.db; chmod 040 d/m.db"]:
    SAFETY.append([sh("mkdir d; " + setup), makemap("-u", "hash", "d/m"),
                   editmap("-q", "hash", "d/m", "a"), makemap("hash", "d/m", text="a 1\n")])
    if "ln d/" not in setup:  # a new file replaces the old one, which keeps its other names
        SAFETY.append([sh("mkdir d; " + setup), makemap("-s", "-u", "hash", "d/m"),
                       makemap("-s", "hash", "d/m", text="a 1\n"), editmap("-x", "hash", "d/m", "a")])
        if "mkfifo" not in setup and "mkdir" not in setup:  # sendmail's waits for a FIFO
            SAFETY[-1].append(praliases("-f", "d/m"))

# --- editmap.

EDIT = [[editmap(*arguments)] for arguments in [
    [], ["-Z"], ["-h"], ["-q"], ["-q", "hash", "m"], ["hash", "m", "a"], ["-v", "-q", "hash", "m", "a"],
    ["-q", "hash", "nosuch", "a"], ["-x", "hash", "nosuch", "a"], ["-u", "hash", "nosuch", "a", "b"],
    ["-x", "implicit", "nosuch", "a"], ["-q", "implicit", "nosuch", "a"], ["-u", "btree", "nosuch", "A", "b"]]]
EDIT += [[MAP, editmap(*arguments)] for arguments in [
    ["-q", "hash", "m", "a"], ["-q", "hash", "m", "A"], ["-q", "-f", "hash", "m", "A"],
    ["-q", "hash", "m", "zz"], ["-q", "hash", "m", "a", "b"], ["-q", "-N", "hash", "m", "a"],
    ["-q", "btree", "m", "a"], ["-q", "implicit", "m", "a"], ["-q", "hash", "m", ""],
    ["-u", "hash", "m", "a"], ["-u", "hash", "m", "a", "new"], ["-u", "hash", "m", "C", "3"],
    ["-u", "-f", "hash", "m", "C", "4"], ["-u", "hash", "m", "d", "x", "y"], ["-u", "hash", "m", "e", ""],
    ["-u", "-N", "hash", "m", "n", "nn"], ["-u", "btree", "m", "a", "b"], ["-u", "hash", "m", "", "b"],
    ["-x", "hash", "m", "a"], ["-x", "hash", "m", "zz"], ["-x", "hash", "m", "A"],
    ["-x", "-f", "hash", "m", "A"], ["-x", "hash", "m", "a", "b"], ["-x", "-N", "hash", "m", "a"],
    ["-q", "-x", "hash", "m", "b"], ["-q", "-u", "hash", "m", "b", "c"], ["-u", "-x", "hash", "m", "b"],
    ["-q", "hash", "m", "b", "--"], ["hash", "-q", "m", "b"], ["-q", "hash", "--", "m", "b"],
    ["-q", "hash", "m.db", "b"], ["-x", "btree", "m", "a"], ["-x", "implicit", "m", "a"]]]
EDIT += [[DUPLICATES, editmap(*arguments)] for arguments in [
    ["-q", "btree", "m", "a"], ["-u", "btree", "m", "a", "9"], ["-x", "btree", "m", "a"],
    ["-q", "hash", "m", "b"], ["-u", "btree", "m", "0", "first"]]]
EDIT += [[makemap("-N", "hash", "m", text="k v\n"), editmap("-q", "hash", "m", "k"),
          editmap("-q", "-N", "hash", "m", "k"), editmap("-u", "hash", "m", "k", "z"),
          editmap("-x", "-N", "hash", "m", "k")],
         [plain("editmap", "-C", "nonexist", "-q", "hash", "m", "a")], [plain("editmap")],
         [plain("editmap", "-C")],
         [cf("O TrustedUser=nobody\n"), MAP, editmap("-u", "hash", "m", "c", "3"),
          sh("chown 0:0 m.db"), editmap("-q", "hash", "m", "a"), editmap("-x", "hash", "m", "a")]]

# --- praliases.

ALIASES = [
    makemap("-N", "-f", "hash", "al", text="root x\nbob \"|cat\"\n@ @\nUPPER y\nemp 1\n"),
    makemap("-N", "btree", "al2", text="zed q\n@ @\n")]
PRALIASES = [[*ALIASES, cf("O AliasFile=al\n"), praliases(*arguments)] for arguments in [
    [], ["root"], ["ROOT"], ["nosuch"], ["root", "nosuch", "@"], ["-f", "al"], ["-f", "al2"],
    ["-f", "nosuch"], ["-f", "nosuch", "root"], ["-f", "al", "root", "BOB", "UPPER", "upper"], ["-Z"],
    ["-h"], ["-f"], ["-l"], ["-f", "hash:al"], ["-f", "al.db"], ["-f", "btree:al2"], ["-f", "al,al2"],
    ["-f", "hash:al2"], ["-f", ""], ["-f", "HASH:al"], ["-f", "hash:nosuch"], ["-f", "cdb:al"],
    ["-f", "-o al"], ["-f", "hash: -o -f al"], ["--", "root"], ["root", "-f", "al2"], ["-f", "x:al"]]]
PRALIASES += [[*ALIASES, cf(line + "\n"), praliases()] for line in [
    "O AliasFile=al,al2", "O AliasFile=btree:al2", "O AliasFile=hash:al2",
    "O AliasFile=al\nO AliasFile=al2", "O AliasFile=nosuch", "O AliasFile=nosuch, al", "OAal",
    "O A=al", "O aliasfile = al ", "", "O AliasFile=dbm:al", "O AliasFile=ldap:",
    "O AliasFile=nis:mail.aliases@x", "O AliasFile=implicit:al", "O AliasFile=hash -o:al",
    "O AliasFile=sequence:x", "O AliasFile=text:al", "O AliasFile=-o al", "O AliasFile=",
    "#O AliasFile=al", "O AliasFile=al,, al2,", "OAal,al2", "OAbtree:al2", "O AliasFile=hash:-o al",
    "OAal\nO AliasFile=al2", "O  AliasFile=al", "O AliasFile =al", "O AliasFile", "O AliasFilex=al",
    "O AliasFile=a\\,l", "O AliasFile=\"al\"", "O AliasFile=al al2", "OA", "OA=al", "OA al",
    "O AliasFile=al2 , al", "O AliasFile=,al", "O AliasFile=hash:", "O AliasFile=-o"]]
PRALIASES += [
    [makemap("-e", "hash", "e", text="a\nb c\n"), praliases("-f", "e"), praliases("-f", "e", "a")],
    [makemap("-d", "btree", "d", text="a 1\na 2\n"), praliases("-f", "d"), praliases("-f", "d", "a")],
    [makemap("hash", "n", text="k v\n"), praliases("-f", "n"), praliases("-f", "n", "k")],
    [sh("head -c 9000 /dev/zero | tr '\\0' x > ju.db; chmod 640 ju.db"), praliases("-f", "ju")],
    [*ALIASES, sh("ln -s al.db sy.db"), praliases("-f", "sy"), sh("ln al.db hl.db"),
     praliases("-f", "hl"), praliases("-f", "al")],
    [*ALIASES, sh("chmod 777 al.db"), praliases("-f", "al", "root"), sh("chmod 0 al.db"),
     praliases("-f", "al", "root")],
    [*ALIASES, cf("O TrustedUser=nosuch\nO AliasFile=al2\n"), praliases("zed")],
    [plain("praliases", "-C", "nonexist")], [plain("praliases", "-C", "nonexist", "-l")],
    [makemap("hash", "m", text="a 1\n"), makemap("-o", "-N", "hash", "m", text="a 2\n"),
     praliases("-f", "m", "a"), praliases("-f", "m")],
]

GROUPS = {
    "text": TEXT, "usage": USAGE, "owners": OWNERS, "old": OLD, "safety": SAFETY, "edit": EDIT,
    "praliases": PRALIASES,
}

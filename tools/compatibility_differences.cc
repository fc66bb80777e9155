#include "tools/compatibility_differences.h"

namespace stagepost {
namespace {

constexpr Difference kDifferences[] = {
    // Sessions.
    {"reply codes that rules give", "any number is sent, 999 too",
     "outside 200 to 559 it becomes 554", "RFC 5321, 4.2"},
    {"`arg2=` in the log about a block list", "the last address that was looked up",
     "the client's address", "the ruleset's argument"},
    {"PTR records that are no host names", "taken as the client's name", "as if there were none",
     "RFC 1123, 2.1"},
    {"ETRN, growing delays", "cut short by signals of children", "1, 2, 4, 8 seconds and so on",
     "no children, no signals"},
    {"VERB", "`050` lines about deliveries", "deliveries are awaited, without the lines",
     "one session, one stream of replies"},
    {"an `Addr=` that is no host", "exit code 70 when the configuration is read",
     "an error when the port is opened", "names may come back"},
    {"port `smtps`", "listens", "says that there is no TLS, and does not listen",
     "what does not work is not offered"},
    // Queue.
    {"a queued message without its df file", "delivered with an empty body",
     "set aside as `Qf`, and logged", "nothing is delivered that was not sent"},
    {"control files of another owner, or with other names", "read",
     "refused, and set aside by queue runs", "safe files"},
    {"MaxQueueAge", "some sort orders only", "all of them, in queue runs", "8.18.2"},
    {"queue directories of a wildcard", "the order of the directory", "sorted by name",
     "the same every time"},
    {"`-OTimeout.queuewarn.normal=…`, `queuereturn.urgent` and so on",
     "without effect if the configuration has the time for all of them", "as they say",
     "what is asked for later counts"},
    // Expansion.
    {"values of aliases", "cut at 16 MB or what memory gives", "temporary failure above 16 MB",
     "nobody is dropped silently"},
    {"`:include:` and `.forward` files", "read to their end", "refused above 16 MB",
     "bounded memory"},
    {"MaxAliasRecursion", "any number", "1,000 at most", "bounded depth"},
    // Delivery.
    {"`U=` with `F=S`", "the group is not set", "all of the identity is set", "privileges.md"},
    {"mailers without `F=o` and `F=S`", "may run as whoever the sender claims to be",
     "run as the controlling or the default user", "least privilege"},
    {"`D=` of which nothing can be entered", "stays in the queue's directory", "`/`",
     "no program starts inside the queue"},
    {"mail to a FIFO", "waits for a reader", "refused at once", "nothing blocks"},
    {"files that end inside a line", "the message begins there", "a line end comes first",
     "whole messages"},
    {"delivery to files as root", "possible", "never", "least privilege"},
    {"servers that answer with lines that are no replies, or with unknown codes",
     "such lines are passed over, such codes fail for good",
     "the session ends, and the mail is tried again", "nobody guesses what was meant"},
    {"mailers to other hosts without `F=X`", "send dots at the start of lines as they are",
     "double them", "a message ends where it ends"},
    {"mail for programs", "each message has a process", "20 of one mailer at a time; others wait",
     "programs that hang do not hold all deliveries"},
    {"mailers that do not end", "run on", "killed after an hour, or `Timeout.datafinal`",
     "every job ends"},
    {"`SafeFileEnvironment`", "chroot(2)", "every part of the path is checked",
     "one process, one root"},
    {"a queue file that cannot be split for an owner- alias", "delivered under the old sender",
     "tried again as it came", "the right sender, if need be twice"},
    // Messages.
    {"`=XY` that is no quoted-printable", "dropped", "kept as it is", "RFC 2045, 6.7"},
    {"boundaries beyond 126 bytes, parts nested deeper than 20", "cut", "not looked into",
     "bounded depth"},
    {"lines `Message:` and `Text:` that begin a body", "lose their line end", "keep it",
     "bodies stay whole"},
    // Programs.
    {"`-bt` together with `-q`", "goes on", "an error", "nothing is ignored"},
    {"`$v` and `-d0`", "sendmail's", "our name, version, features and map classes",
     "no false colours"},
    {"SIGHUP", "the daemon starts anew",
     "the configuration is read again; new directories of the queue, `SuperSafe`, `RunAsUser` and "
     "`PidFile` wait for a restart, and the log says so",
     "sessions and deliveries go on"},
    {"a file that is broken when SIGHUP comes", "the daemon ends",
     "the configuration in force stays, and the log says why", "mail goes on"},
};

}  // namespace

absl::Span<const Difference> Differences() { return kDifferences; }

}  // namespace stagepost

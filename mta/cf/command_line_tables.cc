#include "mta/cf/command_line_tables.h"

namespace stagepost {
namespace {

constexpr TableRow kOperationModeRows[] = {
    {"-ba", "SMTP of the ARPANET, with codes in front", "8.1", Support::kNo},
    {"-bC", "checks the configuration", "8.15", Support::kYes},
    {"-bd", "daemon in the background", "8.1", Support::kYes},
    {"-bD", "daemon in the foreground", "8.8", Support::kYes},
    {"-bh", "shows what is known of hosts", "8.8", Support::kYes},
    {"-bH", "forgets what is known of hosts", "8.8", Support::kYes},
    {"-bi", "builds the alias maps", "8.1", Support::kYes},
    {"-bm", "takes a message on standard input", "8.1", Support::kNo},
    {"-bO", "shows the options there are", "8.17", Support::kNo},
    {"-bp", "shows the queue", "8.1", Support::kYes},
    {"-bP", "shows how many messages wait", "8.12", Support::kPartly, "no shared memory"},
    {"-bs", "SMTP on standard input and output", "8.1", Support::kPartly,
     "what is for elsewhere waits in the queue"},
    {"-bt", "address test mode", "8.1", Support::kYes},
    {"-bv", "says what it would do with addresses", "8.1", Support::kYes},
    {"-bz", "freezes the configuration", "8.1", Support::kRefused, "gone from sendmail too"},
};

constexpr TableRow kCommandFlagRows[] = {
    {"-Ac, -Am", "submit.cf or sendmail.cf, whatever the mode", "8.12", Support::kYes},
    {"-B TYPE", "7BIT or 8BITMIME: the body of the message", "8.1", Support::kNo},
    {"-b MODE", "see operation modes", "8.1", Support::kPartly},
    {"-C FILE", "another configuration; gives privileges up", "8.1", Support::kYes},
    {"-c", "HoldExpensive", "8.1", Support::kNo},
    {"-D FILE", "where debug output goes", "8.13", Support::kYes},
    {"-d LIST", "debug categories and levels", "8.1", Support::kPartly,
     "0.1 to 0.10, and 21 with -bt"},
    {"-E, -J, -x, -z", "nothing", "8.7", Support::kNo},
    {"-e MODE", "ErrorMode", "8.1", Support::kNo},
    {"-F NAME", "full name of the sender", "8.1", Support::kNo},
    {"-f ADDRESS", "sender", "8.1", Support::kNo},
    {"-G", "the message is relayed, not new", "8.12", Support::kNo},
    {"-h NUMBER", "hops it has had", "8.1", Support::kNo},
    {"-I", "builds the alias maps", "8.1", Support::kNo},
    {"-i", "a dot alone does not end the message", "8.1", Support::kNo},
    {"-L TAG", "what log lines begin with", "8.10", Support::kYes},
    {"-M XVALUE", "sets a macro", "8.7", Support::kYes},
    {"-m", "MeToo", "8.1", Support::kNo},
    {"-N LIST", "which reports are wanted: never, failure, delay, success", "8.8", Support::kNo},
    {"-n", "no aliases", "8.1", Support::kPartly, "-bv"},
    {"-O NAME=VALUE", "sets an option", "8.7", Support::kYes},
    {"-o XVALUE", "sets an option by its letter", "8.1", Support::kYes},
    {"-p PROTOCOL:HOST", "how the message came, and from where", "8.1", Support::kNo},
    {"-Q REASON", "quarantines messages of the queue", "8.13", Support::kYes},
    {"-q", "one queue run", "8.1", Support::kYes},
    {"-q TIME", "queue runs, so often", "8.1", Support::kYes},
    {"-qp TIME", "queue runners that stay", "8.12", Support::kPartly, "as -q TIME"},
    {"-qf", "queue run in the foreground", "8.12", Support::kYes},
    {"-qG NAME", "of one queue group", "8.12", Support::kYes},
    {"-qI, -qR, -qS, -qQ", "of messages by id, recipient, sender, quarantine reason", "8.1",
     Support::kYes},
    {"-qL", "of lost messages", "8.13", Support::kYes},
    {"-R full, -R hdrs", "what reports give back", "8.8", Support::kNo},
    {"-r ADDRESS", "sender; old", "8.1", Support::kNo},
    {"-s", "SaveFromLine", "8.1", Support::kNo},
    {"-T TIME", "QueueTimeout", "8.1", Support::kNo},
    {"-t", "recipients out of the header", "8.1", Support::kNo},
    {"-U", "the message is new", "8.8", Support::kNo},
    {"-V ID", "envelope id of reports", "8.8", Support::kNo},
    {"-v", "tells what it does", "8.1", Support::kPartly, "-bv, -bp"},
    {"-X FILE", "all traffic goes there too", "8.1", Support::kNo},
    {"--", "end of the flags", "8.7", Support::kYes},
};

}  // namespace

absl::Span<const TableRow> OperationModeRows() { return kOperationModeRows; }

absl::Span<const TableRow> CommandFlagRows() { return kCommandFlagRows; }

}  // namespace stagepost

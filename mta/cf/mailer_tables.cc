#include "mta/cf/mailer_tables.h"

namespace stagepost {
namespace {

constexpr TableRow kMailerFlagRows[] = {
    {"a", "speaks ESMTP (RFC 1869)", "8.1", Support::kYes},
    {"A", "recipients may be aliases", "8.7", Support::kYes},
    {"b", "a blank line behind the message, of senders elsewhere", "8.1", Support::kYes},
    {"B", "backslashes in front of an address are taken away", "8.12", Support::kNo},
    {"c", "comments are taken out of addresses in the header", "8.9", Support::kYes},
    {"C", "header addresses without a domain get the sender's", "8.1", Support::kYes},
    {"d", "no angle brackets around route addresses", "8.7", Support::kNo},
    {"D", "wants a Date: field", "8.1", Support::kYes},
    {"e", "expensive: see HoldExpensive", "8.1", Support::kYes},
    {"E", "a > in front of lines that begin with From", "8.1", Support::kYes},
    {"f", "gets -f and the sender", "8.1", Support::kYes},
    {"F", "wants a From: field", "8.1", Support::kYes},
    {"g", "the null sender becomes MAILER-DAEMON", "8.1", Support::kYes},
    {"h", "case of host names is kept", "8.1", Support::kYes},
    {"H", "mail11: previews the header", "8.12", Support::kNo},
    {"i", "asks the user database about the sender", "8.7", Support::kNo},
    {"I", "talks to another sendmail: uses VERB", "8.1", Support::kYes},
    {"j", "asks the user database about recipients", "8.7", Support::kNo},
    {"k", "no look for loops in HELO", "8.7", Support::kYes},
    {"l", "local: delivery ends here", "8.1", Support::kYes},
    {"L", "lines of at most 990 bytes, and seven bits", "8.1", Support::kYes},
    {"m", "takes several recipients at a time", "8.1", Support::kYes},
    {"M", "wants a Message-Id: field", "8.1", Support::kYes},
    {"n", "no From line in front", "8.1", Support::kYes},
    {"N", "mail11: a status for each recipient", "8.12", Support::kNo},
    {"o", "runs as the recipient", "8.7", Support::kYes},
    {"O", "recipients of one domain in a transaction", "8.18.2", Support::kNo},
    {"p", "a route address in MAIL, of senders elsewhere", "8.1", Support::kYes},
    {"P", "wants a Return-Path: field", "8.1", Support::kYes},
    {"q", "VRFY says 250 instead of 252", "8.8", Support::kYes},
    {"r", "gets -r and the sender", "8.1", Support::kYes},
    {"R", "calls from a reserved port", "8.1", Support::kNo},
    {"s", "quotes are taken out of addresses", "8.1", Support::kYes},
    {"S", "keeps the identity of sendmail, or that of U=", "8.1", Support::kYes},
    {"u", "case of users is kept", "8.1", Support::kYes},
    {"U", "From line in the way of UUCP", "8.1", Support::kYes},
    {"v", "wants a Content-Length: field, of an H line", "8.12", Support::kYes},
    {"w", "recipients must be users of this host", "8.7", Support::kYes},
    {"W", "what is known of hosts does not count", "8.8", Support::kYes},
    {"x", "wants a Full-Name: field", "8.1", Support::kYes},
    {"X", "a dot more in front of lines that begin with one", "8.1", Support::kYes},
    {"z", "speaks LMTP (RFC 2033)", "8.9", Support::kYes},
    {"Z", "DialDelay holds", "8.12", Support::kNo},
    {"0", "no MX look-up", "8.8", Support::kYes},
    {"1", "NUL bytes are taken out", "8.10", Support::kNo},
    {"2", "never ESMTP, whatever the greeting says", "8.12", Support::kYes},
    {"3", "more characters encoded in quoted-printable", "8.7", Support::kYes},
    {"4", "IPv4 only", "8.16", Support::kYes},
    {"5", "asks ruleset 5 about recipients that are no aliases", "8.7", Support::kYes},
    {"6", "header fields of seven bits", "8.10", Support::kYes},
    {"7", "all of seven bits", "8.7", Support::kYes},
    {"8", "eight bits as they are", "8.7", Support::kYes},
    {"9", "seven bits may become eight again", "8.8", Support::kYes},
    {":", "recipients may be :include: lists", "8.7", Support::kYes},
    {"|", "recipients may be programs", "8.7", Support::kYes},
    {"/", "recipients may be files", "8.7", Support::kYes},
    {"@", "recipients are looked up in the user database", "8.7", Support::kYes},
    {"%", "waits for ETRN, or a queue run for it", "8.10", Support::kYes},
    {"!", "a From: field that is like the sender stays", "8.12", Support::kNo},
    {"~", "asks whether the home directory is there", "8.12", Support::kNo},
    {"_", "TLS from the first byte", "8.16", Support::kNo},
};

constexpr TableRow kMailerEquateRows[] = {
    {"P=", "path; [IPC] a network, [LPC] the same host, [FILE] a file", "8.1", Support::kPartly,
     "no [LPC]"},
    {"F=", "flags, above", "8.1", Support::kPartly, "as they say"},
    {"S=", "rulesets for the sender, envelope/header", "8.1", Support::kYes},
    {"R=", "rulesets for recipients, envelope/header", "8.1", Support::kYes},
    {"A=", "arguments; of [IPC]: TCP host [port], or FILE path", "8.1", Support::kPartly,
     "no FILE"},
    {"E=", "what ends a line", "8.1", Support::kYes},
    {"M=", "largest message, in bytes", "8.1", Support::kYes},
    {"m=", "messages in one connection", "8.10", Support::kYes},
    {"r=", "recipients of one transaction", "8.12", Support::kYes},
    {"L=", "longest line, in bytes", "8.7", Support::kYes},
    {"D=", "directories to start in, colons between", "8.7", Support::kYes},
    {"U=", "user:group to run as", "8.7", Support::kYes},
    {"N=", "niceness", "8.7", Support::kNo},
    {"C=", "character set of 8-bit text that names none", "8.7", Support::kYes},
    {"T=", "kinds of MTA, address and diagnostic, for reports", "8.7", Support::kPartly,
     "the kind of MTA is DNS"},
    {"W=", "how long to wait for the program's end", "8.11", Support::kNo},
    {"Q=", "queue group", "8.12", Support::kYes},
    {"/=", "directory that becomes its root", "8.10", Support::kNo},
};

constexpr TableRow kBuiltInMailerRows[] = {
    {"local", "delivers to users of this host; must be defined", "8.1", Support::kYes},
    {"prog", "delivers to programs", "8.1", Support::kYes},
    {"*file*", "delivers into files", "8.1", Support::kYes},
    {"*include*", "stands for :include: lists", "8.1", Support::kYes},
    {"error", "refuses: $@ status $: text", "8.1", Support::kYes},
    {"discard", "takes and forgets; from check rulesets", "8.9", Support::kYes},
};

}  // namespace

absl::Span<const TableRow> MailerFlagRows() { return kMailerFlagRows; }

absl::Span<const TableRow> MailerEquateRows() { return kMailerEquateRows; }

absl::Span<const TableRow> BuiltInMailerRows() { return kBuiltInMailerRows; }

}  // namespace stagepost

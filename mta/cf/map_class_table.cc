#include "mta/cf/map_class_table.h"

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr MapClassInfo kClasses[] = {
    {"hash", true, true, ".db", "8.1", Support::kYes, "Berkeley DB, hashed"},
    {"btree", true, true, ".db", "8.1", Support::kYes, "Berkeley DB, a tree"},
    {"dbm", false, true, ".dir, .pag", "8.1", Support::kRefused, "NDBM"},
    {"cdb", false, true, ".cdb", "8.16", Support::kRefused, "constant database"},
    {"implicit", true, true, "", "8.1", Support::kYes, "hash, and for aliases text too"},
    {"text", true, true, "", "8.7", Support::kYes, "a text file in columns"},
    {"stab", true, true, "", "8.7", Support::kYes, "a table in memory"},
    {"sequence", true, true, "", "8.7", Support::kYes, "several maps, one after the other"},
    {"switch", true, true, "", "8.7", Support::kYes, "a sequence from the service switch file"},
    {"user", true, false, "", "8.7", Support::kYes, "a field of a user of this host"},
    {"host", true, false, "", "8.1", Support::kYes, "the canonical name of a host"},
    {"dns", true, false, "", "8.12", Support::kYes, "DNS records of one type"},
    {"bestmx", true, false, "", "8.7", Support::kYes, "the best mail exchanger of a domain"},
    {"arpa", true, false, "", "8.15", Support::kYes, "an IP address as DNS turns it round"},
    {"regex", true, false, "", "8.9", Support::kYes, "a regular expression",
     "RE2: a back-reference is an error"},
    {"dequote", true, false, "", "8.1", Support::kYes, "takes quotes away"},
    {"macro", true, false, "", "8.10", Support::kYes, "sets a macro, or takes it away"},
    {"arith", true, false, "", "8.10", Support::kYes, "arithmetic and comparison"},
    {"syslog", true, false, "", "8.10", Support::kYes, "logs its key"},
    {"program", true, true, "", "8.7", Support::kYes, "asks a program"},
    {"socket", true, true, "", "8.13", Support::kYes, "asks a server, with netstrings"},
    {"ldap", true, true, "", "8.8", Support::kRefused, "asks a directory"},
    {"ph", false, false, "", "8.10", Support::kRefused, "CCSO name server"},
    {"nis", true, true, "", "8.1", Support::kRefused, "Network Information Service"},
    {"nisplus", true, true, "", "8.7", Support::kRefused, "its successor"},
    {"hesiod", false, true, "", "8.7", Support::kRefused, "Hesiod"},
    {"netinfo", false, true, "", "8.7", Support::kRefused, "NetInfo"},
    {"nsd", false, true, "", "8.10", Support::kRefused, "IRIX name service"},
    {"userdb", true, false, ".db", "8.1", Support::kNo, "the user database"},
    {"null", true, true, "", "8.7", Support::kYes, "never finds anything"},
    {"bogus", false, true, "", "8.7", Support::kRefused, "fails always; for sendmail's own tests"},
    {"dprintf", false, false, "", "8.16", Support::kRefused, "prints its key while debugging"},
    {"setdebug", false, false, "", "8.16", Support::kRefused, "sets a level of debugging"},
    {"setopt", false, false, "", "8.16", Support::kRefused, "sets an option"},
};

constexpr TableRow kFlags[] = {
    {"-a TEXT", "put behind what was found", "8.1", Support::kYes},
    {"-T TEXT", "put behind the key when the map has failed for now", "8.9", Support::kYes},
    {"-A", "in alias files, entries of one key add up", "8.9", Support::kYes},
    {"-B DOMAIN", "dns: behind every key", "8.16", Support::kYes},
    {"-b", "regex: basic expressions", "8.9", Support::kYes},
    {"-D", "not asked with DeliveryMode d", "8.8", Support::kYes},
    {"-d TIME", "host, dns: wait for an answer; socket: wait; regex: what stands between results",
     "8.9", Support::kYes},
    {"-f", "case of keys counts", "8.1", Support::kYes},
    {"-k COLUMN", "text: the column of the key", "8.7", Support::kYes},
    {"-L LEVEL", "syslog: how important", "8.10", Support::kYes},
    {"-l TIME", "close the map when it was not asked for so long", "8.12"},
    {"-m", "say only that the key is there", "8.1", Support::kYes},
    {"-N", "keys end with a NUL", "8.1", Support::kYes},
    {"-n", "regex: find what does not match", "8.9", Support::kYes},
    {"-O", "keys never end with a NUL; neither flag: both are tried", "8.1", Support::kYes},
    {"-o", "the map need not exist", "8.1", Support::kYes},
    {"-q", "keep the quotes of a key", "8.1", Support::kYes},
    {"-R TYPE", "dns: the type of record", "8.12", Support::kYes},
    {"-r NUMBER", "host, dns: how often to ask", "8.12", Support::kYes},
    {"-S C", "blanks in what was found become C", "8.10", Support::kYes},
    {"-s LIST", "dequote: blanks become the character; regex: which parts to give", "8.9",
     Support::kYes},
    {"-t", "a failure for now is taken as not found", "8.9", Support::kYes},
    {"-v COLUMN", "text: the column of the value", "8.7", Support::kYes},
    {"-Z NUMBER", "dns: at most so many records", "8.13", Support::kYes},
    {"-z C", "text: what stands between columns; dns: between records", "8.7", Support::kYes},
};

}  // namespace

absl::Span<const MapClassInfo> MapClasses() { return kClasses; }

const MapClassInfo* FindMapClass(absl::string_view name) {
  for (const MapClassInfo& map_class : kClasses) {
    if (absl::EqualsIgnoreCase(map_class.name, name)) return &map_class;
  }
  return nullptr;
}

absl::Span<const TableRow> MapFlagRows() { return kFlags; }

}  // namespace stagepost

#include "mta/cf/map_class_table.h"

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr MapClassInfo kClasses[] = {
    {"hash", true, true, ".db", "8.1", Support::kAddressTest, "Berkeley DB, hashed"},
    {"btree", true, true, ".db", "8.1", Support::kAddressTest, "Berkeley DB, a tree"},
    {"dbm", false, true, ".dir, .pag", "8.1", Support::kRefused, "NDBM"},
    {"cdb", false, true, ".cdb", "8.16", Support::kRefused, "constant database"},
    {"implicit", true, true, "", "8.1", Support::kAddressTest, "hash, and for aliases text too"},
    {"text", true, true, "", "8.7", Support::kAddressTest, "a text file in columns"},
    {"stab", true, true, "", "8.7", Support::kAddressTest, "a table in memory"},
    {"sequence", true, true, "", "8.7", Support::kAddressTest, "several maps, one after the other"},
    {"switch", true, true, "", "8.7", Support::kAddressTest,
     "a sequence from the service switch file"},
    {"user", true, false, "", "8.7", Support::kAddressTest, "a field of a user of this host"},
    {"host", true, false, "", "8.1", Support::kAddressTest, "the canonical name of a host"},
    {"dns", true, false, "", "8.12", Support::kAddressTest, "DNS records of one type"},
    {"bestmx", true, false, "", "8.7", Support::kAddressTest,
     "the best mail exchanger of a domain"},
    {"arpa", true, false, "", "8.15", Support::kAddressTest, "an IP address as DNS turns it round"},
    {"regex", true, false, "", "8.9", Support::kAddressTest, "a regular expression",
     "RE2: a back-reference is an error"},
    {"dequote", true, false, "", "8.1", Support::kAddressTest, "takes quotes away"},
    {"macro", true, false, "", "8.10", Support::kAddressTest, "sets a macro, or takes it away"},
    {"arith", true, false, "", "8.10", Support::kAddressTest, "arithmetic and comparison"},
    {"syslog", true, false, "", "8.10", Support::kAddressTest, "logs its key"},
    {"program", true, true, "", "8.7", Support::kAddressTest, "asks a program"},
    {"socket", true, true, "", "8.13", Support::kAddressTest, "asks a server, with netstrings"},
    {"ldap", true, true, "", "8.8", Support::kRefused, "asks a directory"},
    {"ph", false, false, "", "8.10", Support::kRefused, "CCSO name server"},
    {"nis", true, true, "", "8.1", Support::kRefused, "Network Information Service"},
    {"nisplus", true, true, "", "8.7", Support::kRefused, "its successor"},
    {"hesiod", false, true, "", "8.7", Support::kRefused, "Hesiod"},
    {"netinfo", false, true, "", "8.7", Support::kRefused, "NetInfo"},
    {"nsd", false, true, "", "8.10", Support::kRefused, "IRIX name service"},
    {"userdb", true, false, ".db", "8.1", Support::kNo, "the user database"},
    {"null", true, true, "", "8.7", Support::kAddressTest, "never finds anything"},
    {"bogus", false, true, "", "8.7", Support::kRefused, "fails always; for sendmail's own tests"},
    {"dprintf", false, false, "", "8.16", Support::kRefused, "prints its key while debugging"},
    {"setdebug", false, false, "", "8.16", Support::kRefused, "sets a level of debugging"},
    {"setopt", false, false, "", "8.16", Support::kRefused, "sets an option"},
};

constexpr TableRow kFlags[] = {
    {"-a TEXT", "put behind what was found", "8.1", Support::kAddressTest},
    {"-T TEXT", "put behind the key when the map has failed for now", "8.9", Support::kAddressTest},
    {"-A", "in alias files, entries of one key add up", "8.9", Support::kAddressTest},
    {"-B DOMAIN", "dns: behind every key", "8.16", Support::kAddressTest},
    {"-b", "regex: basic expressions", "8.9", Support::kAddressTest},
    {"-D", "not asked with DeliveryMode d", "8.8", Support::kAddressTest},
    {"-d TIME", "host, dns: wait for an answer; socket: wait; regex: what stands between results",
     "8.9", Support::kAddressTest},
    {"-f", "case of keys counts", "8.1", Support::kAddressTest},
    {"-k COLUMN", "text: the column of the key", "8.7", Support::kAddressTest},
    {"-L LEVEL", "syslog: how important", "8.10", Support::kAddressTest},
    {"-l TIME", "close the map when it was not asked for so long", "8.12"},
    {"-m", "say only that the key is there", "8.1", Support::kAddressTest},
    {"-N", "keys end with a NUL", "8.1", Support::kAddressTest},
    {"-n", "regex: find what does not match", "8.9", Support::kAddressTest},
    {"-O", "keys never end with a NUL; neither flag: both are tried", "8.1", Support::kAddressTest},
    {"-o", "the map need not exist", "8.1", Support::kAddressTest},
    {"-q", "keep the quotes of a key", "8.1", Support::kAddressTest},
    {"-R TYPE", "dns: the type of record", "8.12", Support::kAddressTest},
    {"-r NUMBER", "host, dns: how often to ask", "8.12", Support::kAddressTest},
    {"-S C", "blanks in what was found become C", "8.10", Support::kAddressTest},
    {"-s LIST", "dequote: blanks become the character; regex: which parts to give", "8.9",
     Support::kAddressTest},
    {"-t", "a failure for now is taken as not found", "8.9", Support::kAddressTest},
    {"-v COLUMN", "text: the column of the value", "8.7", Support::kAddressTest},
    {"-Z NUMBER", "dns: at most so many records", "8.13", Support::kAddressTest},
    {"-z C", "text: what stands between columns; dns: between records", "8.7",
     Support::kAddressTest},
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

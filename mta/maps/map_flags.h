// The arguments of a K line: flags, file, and what follows. Operations Guide, 5.8.
//
// Most classes share one set of flags; regex, dns, host, syslog and dequote have sets of their own,
// in which sendmail lets pass what it does not know.
#ifndef STAGEPOST_MTA_MAPS_MAP_FLAGS_H_
#define STAGEPOST_MTA_MAPS_MAP_FLAGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/maps/map.h"

namespace stagepost {

struct MapFlags {
  std::string append;                           // -a
  std::optional<std::string> temporary_append;  // -T
  bool aliases_append = false;                  // -A
  bool skip_deferred = false;                   // -D
  bool keep_case = false;                       // -f
  bool match_only = false;                      // -m
  bool try_without_nul = true;                  // not with -N
  bool try_with_nul = true;                     // not with -O
  bool optional = false;                        // -o
  bool keep_quotes = false;                     // -q
  bool temporary_is_missing = false;            // -t
  std::optional<std::string> key_column;        // -k
  std::optional<std::string> value_column;      // -v
  std::optional<char> delimiter;                // -z (dequote: -s)
  std::optional<char> blank_substitute;         // -S; '\0': nothing is put in for a blank
  std::optional<absl::Duration> timeout;        // -d
  std::optional<int> retries;                   // -r (host, dns)
  int limit = 0;                                // -Z (dns); 0: none
  std::string base_domain;                      // -B (dns)
  std::optional<std::string> record_type;       // -R (dns)
  std::optional<std::string> level;             // -L (syslog)

  bool negate = false;                // -n (regex)
  bool basic = false;                 // -b (regex)
  std::optional<std::string> fields;  // -s (regex)
  // -d (regex)
  std::optional<std::string> field_delimiter;

  size_t max_value_bytes = kMaxMapValueBytes;  // not to be written

  std::string file;  // the first word behind the flags; of regex: all that is there
  std::string rest;  // what follows it
};

// The flags of most classes. `errors` gets sendmail's words about each unknown letter; it is
// skipped.
MapFlags ParseCommonFlags(absl::string_view arguments, absl::string_view map_name,
                          std::vector<std::string>& errors);
// Those of the class dns: the common ones but -S, which is skipped, and -B -r -R -Z; unknown
// letters are no errors.
MapFlags ParseDnsFlags(absl::string_view arguments);
// host: -a -d -D -m -r -S -t -T.
MapFlags ParseHostFlags(absl::string_view arguments);
// dequote, and the classes without flags of their own (arith, macro): -a, -D, -s or -S; what
// follows the first word is not looked at.
MapFlags ParseDequoteFlags(absl::string_view arguments);
// syslog: -D and -L.
MapFlags ParseSyslogFlags(absl::string_view arguments, std::vector<std::string>& errors);

// regex: -a -b -d -D -f -m -n -q -s -S -t -T; -d is the delimiter between fields, no time.
MapFlags ParseRegexFlags(absl::string_view arguments);

// What a match gives: %0 … %9 of `value` from the key and the arguments, %% a percent sign, up to
// the first NUL; then -a. At most max_value_bytes; what would be longer is cut.
std::string FillInValue(absl::string_view value, absl::string_view key,
                        absl::Span<const absl::string_view> arguments, const MapFlags& flags);
// The same for -m, and for values in which % means nothing.
std::string AppendToValue(absl::string_view value, const MapFlags& flags);

// As sendmail's maps read numbers: digits at the start, 0 without.
int LeadingNumber(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_FLAGS_H_

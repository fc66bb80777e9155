// Envelope addresses as sendmail understands them, as far as that goes without rulesets: source
// routes, the %-hack, bang paths, quoted local parts.
//
// The one question that must never be answered wrongly is where an address leads: a "local" address
// with another one inside (user%elsewhere@here, "user@elsewhere"@here, @here:user@elsewhere,
// elsewhere!user@here) leads elsewhere. What this code does not understand leads elsewhere, too.
#ifndef STAGEPOST_MTA_SMTP_ADDRESS_H_
#define STAGEPOST_MTA_SMTP_ADDRESS_H_

#include <functional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace stagepost {

// Tokens and whole addresses, in bytes; sendmail's MAXNAME less one.
inline constexpr size_t kMaxAddressLength = 255;

// Why an address cannot be used, in sendmail's words.
struct AddressError {
  int code = 553;
  std::string enhanced;
  std::string text;
};

// The address in a path ("<u@h>", "u@h", "Name<u@h>(comment)"): inside its first angle brackets,
// without comments and without blanks but those between two words. REQUIRES: quotes, brackets and
// comments are balanced (ParsePathArgument sees to it).
std::string AddressOfPath(absl::string_view path);

// Lengths of the whole and of its tokens. `shown` stands in front of the text of the error.
std::variant<std::monostate, AddressError> CheckAddressLength(absl::string_view address);

// One reading of an address: a source route with what is behind its first host, or a local part
// with its domain.
struct SplitAddress {
  bool route = false;
  std::string domain;  // lower case, without a final dot; empty: the address has none
  std::string local;   // for a route: the address without its first hop
};
std::variant<SplitAddress, AddressError> SplitOnce(absl::string_view address);

// Where an address leads.
struct Destination {
  bool local = false;
  std::string domain;  // not local: the host it would be sent to
  std::string user;    // local: the local part, unquoted
};

// Follows `address` through hosts for which is_local(lower-case domain) holds until it ends at a
// user of ours or leaves.
std::variant<Destination, AddressError> ResolveAddress(
    absl::string_view address, const std::function<bool(absl::string_view)>& is_local);

// Whether `domain` has only the characters of host names (letters, digits, '-', '_', '.').
bool IsHostName(absl::string_view domain);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_ADDRESS_H_

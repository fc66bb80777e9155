// Domain names of DNS, as text and as on the wire (RFC 1035, sections 2.3.4, 3.1 and 5.1).
//
// In text, labels are separated by dots; a byte that could be misread (a dot in a label, a
// backslash, a space, anything not printable) is written \. \\ or \DDD. Names are compared without
// regard to the case of ASCII letters (RFC 4343).
#ifndef STAGEPOST_MTA_DNS_NAME_H_
#define STAGEPOST_MTA_DNS_NAME_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

inline constexpr size_t kMaxDnsLabel = 63;
inline constexpr size_t kMaxDnsNameOnWire = 255;

// The uncompressed form: each label behind its length, the root's zero at the end. `text` may end
// in a dot; "." is the root. kInvalidArgument: an empty label (so also the empty text), a label of
// more than 63 or a name of more than 255 bytes on the wire, a backslash before nothing.
absl::StatusOr<std::string> DnsNameToWire(absl::string_view text);

// Appends a label to the text of a name, with the dot before it if it is not the first.
void AppendDnsLabel(std::string& name, absl::string_view label);

// Lower case, without the final dot ("" for the root): equal for names that are the same. Text that
// is no name is no error here.
std::string CanonicalDnsName(absl::string_view text);

// Whether both are the same name.
bool SameDnsName(absl::string_view a, absl::string_view b);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_NAME_H_

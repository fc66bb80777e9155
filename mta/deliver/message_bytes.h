// How large a queued message is, as sendmail counts: what its priority is made from.
#ifndef STAGEPOST_MTA_DELIVER_MESSAGE_BYTES_H_
#define STAGEPOST_MTA_DELIVER_MESSAGE_BYTES_H_

#include <cstdint>

#include "absl/strings/ascii.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// The body, and of each field its name, the colon and the value; a field that depends on the mailer
// counts one more, but nothing if there is nothing in it. Line ends behind fields do not.
inline int64_t MessageBytes(const Envelope& envelope) {
  if (envelope.message_bytes.has_value()) return *envelope.message_bytes;
  int64_t bytes = envelope.body_bytes;
  for (const HeaderField& field : envelope.header) {
    const bool depends = !field.mailer_flags.empty();
    if (depends && absl::StripAsciiWhitespace(field.value).empty()) continue;
    bytes += static_cast<int64_t>(field.name.size() + 1 + field.value.size()) + (depends ? 1 : 0);
  }
  return bytes;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MESSAGE_BYTES_H_

// How large a queued message is, as sendmail counts: what its priority is made from.
#ifndef STAGEPOST_MTA_DELIVER_MESSAGE_BYTES_H_
#define STAGEPOST_MTA_DELIVER_MESSAGE_BYTES_H_

#include <cstdint>

#include "mta/queue/envelope.h"

namespace stagepost {

// The body, and of each field its name, the colon and the value; a field that depends on the mailer
// counts one more. Line ends behind fields do not.
inline int64_t MessageBytes(const Envelope& envelope) {
  if (envelope.message_bytes.has_value()) return *envelope.message_bytes;
  int64_t bytes = envelope.body_bytes;
  for (const HeaderField& field : envelope.header) {
    bytes += static_cast<int64_t>(field.name.size() + 1 + field.value.size());
    if (!field.mailer_flags.empty()) ++bytes;
  }
  return bytes;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MESSAGE_BYTES_H_

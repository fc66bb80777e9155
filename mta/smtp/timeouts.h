// How long a server session waits where no option of sendmail's says so; the others are Timeout.*
// (RFC 5321, section 4.5.3.2; Installation and Operation Guide, "Read Timeouts").
#ifndef STAGEPOST_MTA_SMTP_TIMEOUTS_H_
#define STAGEPOST_MTA_SMTP_TIMEOUTS_H_

#include "absl/time/time.h"

namespace stagepost {

// For one write of replies: a peer that does not read. The RFC gives the client 5 minutes to react.
inline constexpr absl::Duration kReplyWriteTimeout = absl::Minutes(5);

// What a session that is receiving or storing a message still gets after the daemon was asked to
// stop; idle sessions are closed at once.
inline constexpr absl::Duration kShutdownGrace = absl::Seconds(30);

// For the 421 of a session that ends by itself: the client may be gone, or deaf.
inline constexpr absl::Duration kFarewellGrace = absl::Seconds(2);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_TIMEOUTS_H_

// Timeout.NAME: how long everything may take. Operations Guide, 5.6, "Timeout".
#ifndef STAGEPOST_MTA_CF_TIMEOUTS_H_
#define STAGEPOST_MTA_CF_TIMEOUTS_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/support.h"

namespace stagepost {

enum class TimeoutId : uint8_t {
  kInitial,
  kConnect,
  kInitialConnect,  // iconnect
  kAllConnects,     // aconnect
  kHelo,
  kMail,
  kRcpt,
  kDataInit,
  kDataBlock,
  kDataFinal,
  kRset,
  kQuit,
  kMisc,
  kCommand,
  kIdent,
  kFileOpen,
  kLhlo,
  kAuth,
  kStartTls,
  kControl,
  kHostStatus,
  kQueueReturn,  // sets the four below too, as the others of this kind do
  kQueueReturnNormal,
  kQueueReturnUrgent,
  kQueueReturnNonUrgent,
  kQueueReturnDsn,
  kQueueWarn,
  kQueueWarnNormal,
  kQueueWarnUrgent,
  kQueueWarnNonUrgent,
  kQueueWarnDsn,
  kResolverRetransmit,
  kResolverRetransmitFirst,
  kResolverRetransmitNormal,
  kResolverRetry,  // a number of tries, not a time
  kResolverRetryFirst,
  kResolverRetryNormal,
};

inline constexpr size_t kTimeoutCount = static_cast<size_t>(TimeoutId::kResolverRetryNormal) + 1;

// In place of a unit: not a time at all.
inline constexpr char kPlainNumber = 'n';

struct TimeoutInfo {
  TimeoutId id;
  absl::string_view name;           // as it stands behind "Timeout."
  char unit;                        // of a number without one; 'n': a plain number
  absl::string_view default_value;  // empty: none, or the resolver's own
  absl::string_view since;
  Support support;
  absl::string_view meaning;
};

// All, in the order of TimeoutId.
absl::Span<const TimeoutInfo> AllTimeouts();

// Case does not count, and there are no abbreviations. Null: none of that name.
const TimeoutInfo* FindTimeout(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_TIMEOUTS_H_

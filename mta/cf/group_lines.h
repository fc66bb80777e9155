// Q and X lines: queue groups and mail filters. Operations Guide, 5.10 and 5.11.
#ifndef STAGEPOST_MTA_CF_GROUP_LINES_H_
#define STAGEPOST_MTA_CF_GROUP_LINES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/cf/load_context.h"

namespace stagepost {

// The one that needs no line, mqueue, included.
inline constexpr size_t kMaxQueueGroups = 50;
inline constexpr size_t kMaxMilters = 256;

// `line` is what stands behind the Q.
void ReadQueueGroupLine(absl::string_view line, LoadContext& context);

// `line` is what stands behind the X. Gives the name of the host that must be known, if any;
// "Xname: Unknown host name NAME" is what sendmail says of one that is not.
std::optional<std::string> ReadMilterLine(absl::string_view line, LoadContext& context);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_GROUP_LINES_H_

// What we call ourselves.
#ifndef STAGEPOST_MTA_BASE_VERSION_H_
#define STAGEPOST_MTA_BASE_VERSION_H_

#include "absl/strings/string_view.h"

namespace stagepost {

inline constexpr absl::string_view kVersion = "0.1";

// $v: name and version, in greetings and Received fields where the configuration puts it. As long
// as kSendmailVersion: sizes and priorities of messages count it, and are compared with sendmail's.
inline constexpr absl::string_view kNameAndVersion = "SP-0.1.0";

// The sendmail whose behaviour, and whose words where they name a version, are ours too.
inline constexpr absl::string_view kSendmailVersion = "8.17.1.9";
static_assert(kNameAndVersion.size() == kSendmailVersion.size());

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_VERSION_H_

// The way a message has come, as its Received fields tell.
#ifndef STAGEPOST_SIM_CHECK_TRAIL_H_
#define STAGEPOST_SIM_CHECK_TRAIL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// One MTA that a message has passed: "by NAME … id ID".
struct Hop {
  std::string by;  // lower case
  std::string id;  // queue id

  friend bool operator==(const Hop& a, const Hop& b) { return a.by == b.by && a.id == b.id; }
};

// The hops in the header at the beginning of `message`, the last one first. Lines end in LF or
// CRLF. A Received field without an id is a hop with an empty one.
std::vector<Hop> TrailOf(absl::string_view message);

// The hops anywhere in a text: also those of messages within the message.
std::vector<Hop> AllHops(absl::string_view text);

// The hops in the H lines of a queue file.
std::vector<Hop> TrailOfQueueFile(absl::string_view queue_file);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_TRAIL_H_

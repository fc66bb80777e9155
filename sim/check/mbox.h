// Reading a mailbox as a mail reader does: mbox format, messages apart by Content-Length, or, where
// that leads nowhere, by "From " lines.
#ifndef STAGEPOST_SIM_CHECK_MBOX_H_
#define STAGEPOST_SIM_CHECK_MBOX_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

struct MboxMessage {
  std::string from_line;  // without "From " and the line end
  absl::string_view header;
  absl::string_view body;  // without the empty line that ends the message
  // The queue id in the first Received field; empty if there is none.
  std::string queue_id;
  // Why it is not a whole message (no header's end, Content-Length is another one, no empty line
  // after it); empty if it is one.
  std::string damage;
};

// Splits a mailbox. A message begins with a line "From …" at the beginning, after the last one's
// Content-Length and an empty line, or, if that is not so, after any empty line.
// Bytes in front of the first such line make a damaged message of their own. `mailbox` outlives the
// result.
std::vector<MboxMessage> ParseMbox(absl::string_view mailbox);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_MBOX_H_

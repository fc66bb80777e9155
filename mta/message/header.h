// Message header fields (RFC 5322, section 2.2), as they are kept in an envelope.
#ifndef STAGEPOST_MTA_MESSAGE_HEADER_H_
#define STAGEPOST_MTA_MESSAGE_HEADER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// One field of a message header, as it will be sent: `value` is what stands behind the colon, its
// leading white space and the line ends (LF) of folded lines included, without the final one.
struct HeaderField {
  std::string name;
  std::string value;
  // sendmail's condition of an H line: the mailer flags of which one is needed for the field to be
  // sent ("P" for Return-Path); empty: always.
  std::string mailer_flags;
};

using Header = std::vector<HeaderField>;

// The first field `name`; null if there is none.
const HeaderField* FindField(const Header& header, absl::string_view name);

// Its value without surrounding white space; empty if there is none.
std::string FieldValue(const Header& header, absl::string_view name);

// Whether a value has bytes above 127.
bool HasEightBits(const Header& header);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_HEADER_H_

// Where the parts of a message are, for writing it into a mailbox.
//
//   MboxLayout layout;
//   layout.Take(piece);  // any number of times, LF line ends
//   layout.Finish();
//
// In the mailbox a message is: the From line; the header without any Content-Length fields; our
// Content-Length with the bytes of the body; an empty line; the body; a line end if its last line
// has none; an empty line. As with sendmail's mail.local (built as Debian does) nothing is put in
// front of body lines that begin with "From ": readers go by Content-Length, and who serves other
// ones has the MTA escape such lines (mailer flag E). Only a first line that begins so gets a '>',
// since it would be a second From line.
//
// The header ends at the first empty line, whatever is in front of it. Only offsets are kept: a
// message of any size costs the same.
#ifndef STAGEPOST_MTA_DELIVER_MBOX_LAYOUT_H_
#define STAGEPOST_MTA_DELIVER_MBOX_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// Content-Length fields that are taken out of one header; more than one is a forgery already.
inline constexpr size_t kMaxContentLengthFields = 16;

class MboxLayout {
 public:
  void Take(absl::string_view text);
  void Finish();

  // After Finish(). Pieces of the header that are kept: [begin, end), by offset.
  const std::vector<std::pair<uint64_t, uint64_t>>& header() const { return header_; }
  // The first line is like a From line.
  bool begins_with_from() const { return begins_with_from_; }
  // A line end is missing behind the header (its last line is the message's last, and unfinished).
  bool header_unfinished() const { return header_unfinished_; }
  uint64_t body_begin() const { return body_begin_; }
  uint64_t body_end() const { return position_; }
  bool body_unfinished() const { return body_unfinished_; }
  // What Content-Length says.
  uint64_t body_bytes() const { return body_end() - body_begin() + (body_unfinished() ? 1 : 0); }

 private:
  void TakeHeaderByte(char c);
  void EndHeaderLine();

  uint64_t position_ = 0;
  bool in_header_ = true;
  uint64_t line_begin_ = 0;  // of the header line being read
  std::string line_start_;   // its first bytes, as many as tell the field
  bool skipping_ = false;    // the field this line belongs to is left out
  char last_ = '\n';         // the byte before position_
  bool header_unfinished_ = false, body_unfinished_ = false, begins_with_from_ = false;
  uint64_t body_begin_ = 0;
  size_t fields_skipped_ = 0;
  std::vector<std::pair<uint64_t, uint64_t>> header_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MBOX_LAYOUT_H_

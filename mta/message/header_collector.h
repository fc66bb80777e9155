// Finds the header of a message while its text streams in, and lets the body pass.
//
//   HeaderCollector collector(32768);
//   collector.Take(text, body);   // any number of times; `body` gets what is behind the header
//   collector.Finish(body);
//
// The boundary is sendmail's: an empty line, which belongs to neither, or the first line that is no
// header field, or one named Message or Text, or with too long a name, which is the first of the
// body. A "From " line of a mailbox in front is taken off.
#ifndef STAGEPOST_MTA_MESSAGE_HEADER_COLLECTOR_H_
#define STAGEPOST_MTA_MESSAGE_HEADER_COLLECTOR_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/message/header.h"

namespace stagepost {

class HeaderCollector {
 public:
  // `max_bytes` bounds the header, names, values and line ends together (MaxHeadersLength).
  explicit HeaderCollector(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Takes text with LF line ends, cut anywhere; appends body bytes to `body`.
  void Take(absl::string_view text, std::string& body);
  // The message has ended.
  void Finish(std::string& body);

  // The header is complete: whatever comes is body.
  bool in_body() const { return in_body_; }
  // The header was longer than max_bytes; what came after that is not in header().
  bool too_large() const { return too_large_; }
  const Header& header() const { return header_; }
  // The "From " line, without its end; empty if there was none.
  const std::string& from_line() const { return from_line_; }

 private:
  enum class LineKind { kUndecided, kField, kContinuation, kFromLine, kEmpty, kNoField };
  LineKind Classify() const;
  void TakeLine();  // the complete line in line_
  void StartBody(std::string& body);

  const size_t max_bytes_;
  std::string line_;  // the line under way, without its end
  size_t bytes_ = 0;  // of the header so far
  bool in_body_ = false, too_large_ = false, first_line_ = true;
  Header header_;
  std::string from_line_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_HEADER_COLLECTOR_H_

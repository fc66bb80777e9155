#include "mta/smtp/message_encoder.h"

#include "absl/strings/str_cat.h"
#include "mta/message/line_ends.h"

namespace stagepost {

void MessageEncoder::Append(absl::string_view text, std::string& wire) {
  if (escape_dots_) {
    AppendLines(text, end_of_line_, true, line_start_, wire);
  } else {
    AppendUnescaped(text, wire);
  }
}

void MessageEncoder::AppendUnescaped(absl::string_view text, std::string& wire) {
  while (!text.empty()) {
    // A bare CR too may end a line where the server is lenient.
    if (lone_dot_ && (text[0] == '\n' || text[0] == '\r')) wire.push_back('.');
    lone_dot_ = line_start_ && text[0] == '.';
    if (lone_dot_) {
      wire.push_back('.');
      line_start_ = false;
      text.remove_prefix(1);
      continue;
    }
    const size_t end = text.find('\n');
    absl::StrAppend(&wire, text.substr(0, end));
    line_start_ = end != absl::string_view::npos;
    if (!line_start_) return;
    absl::StrAppend(&wire, end_of_line_);
    text.remove_prefix(end + 1);
  }
}

void MessageEncoder::Finish(std::string& wire) {
  if (lone_dot_) wire.push_back('.');
  if (!line_start_) wire.append(end_of_line_);
  absl::StrAppend(&wire, ".", end_of_line_);
}

}  // namespace stagepost

#include "mta/smtp/server_reply.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace stagepost {
namespace {

// Takes "2.1.5" (RFC 3463) from the front of `text`; empty if there is none of this class.
std::string TakeEnhancedCode(absl::string_view text, char reply_class) {
  const absl::string_view code = text.substr(0, text.find(' '));
  if (code.size() < 5 || code.size() > 9) return "";
  if (code[0] != reply_class || code[1] != '.') return "";
  const size_t dot = code.find('.', 2);
  if (dot == absl::string_view::npos || dot == 2 || dot + 1 == code.size()) return "";
  for (size_t i = 2; i < code.size(); ++i) {
    if (i != dot && !absl::ascii_isdigit(code[i])) return "";
  }
  return std::string(code);
}

}  // namespace

std::string PrintableReply(absl::string_view line) {
  std::string text(line);
  std::replace_if(text.begin(), text.end(), [](char c) { return !absl::ascii_isprint(c); }, '?');
  return text;
}

bool IsRemark(absl::string_view line) {
  return line.size() > 3 && line[0] == '0' && absl::ascii_isdigit(line[1]) &&
         absl::ascii_isdigit(line[2]) && (line[3] == ' ' || line[3] == '-');
}

ServerReplyParser::State ServerReplyParser::Take(absl::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, absl::ascii_isdigit)) {
    return State::kInvalid;
  }
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (code < 200 || code > 599) return State::kInvalid;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return State::kInvalid;
  bytes_ += line.size();
  if (++lines_ > kMaxReplyLines || bytes_ > kMaxReplyBytes) return State::kInvalid;
  if (lines_ == 1) {
    reply_.code = code;
    if (line.size() > 4) reply_.dsn = TakeEnhancedCode(line.substr(4), line[0]);
    reply_.text = PrintableReply(line);
  }
  if (code != reply_.code) return State::kInvalid;
  if (lines_ > 1)
    reply_.more.push_back(PrintableReply(line.substr(std::min<size_t>(line.size(), 4))));
  return line.size() > 3 && line[3] == '-' ? State::kMore : State::kDone;
}

}  // namespace stagepost

#include "mta/base/reply.h"

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

// A peer's bytes go into replies and, from there, into logs: no control character may pass.
std::string Printable(absl::string_view text) {
  std::string result(text.substr(0, kMaxReplyText));
  if (text.size() > kMaxReplyText) {
    constexpr size_t kHalf = (kMaxReplyText - 3) / 2;
    result = absl::StrCat(text.substr(0, kHalf), "...", text.substr(text.size() - kHalf));
  }
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return result;
}

}  // namespace

Reply::Reply(int reply_code, absl::string_view enhanced_code, absl::string_view text)
    : code(reply_code), enhanced(enhanced_code), lines{Printable(text)} {
  CHECK(reply_code >= 200 && reply_code <= 559);
}

void Reply::AddLine(absl::string_view text) { lines.push_back(Printable(text)); }

std::string Reply::Text() const {
  return absl::StrCat(code, lines.size() > 1 ? "-" : " ", enhanced, enhanced.empty() ? "" : " ",
                      lines.front());
}

std::string Reply::Format() const {
  std::string result = absl::StrCat(Text(), "\r\n");
  for (size_t i = 1; i < lines.size(); ++i) {
    absl::StrAppend(&result, code, i + 1 < lines.size() ? "-" : " ", lines[i], "\r\n");
  }
  return result;
}

}  // namespace stagepost

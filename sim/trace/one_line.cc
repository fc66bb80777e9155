#include "sim/trace/one_line.h"

#include "absl/strings/str_cat.h"

namespace stagepost {

std::string OneLine(absl::string_view text, size_t max) {
  std::string line;
  for (const char c : text.substr(0, max)) {
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\r') {
      line += "\\r";
    } else if (c == '\t') {
      line += "\\t";
    } else if (c >= 0x20 && c < 0x7f) {
      line.push_back(c);
    } else {
      absl::StrAppend(&line, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  if (text.size() > max) absl::StrAppend(&line, "... (", text.size() - max, " more)");
  return line;
}

}  // namespace stagepost

#include "mta/cf/lines.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

void TrimEnd(std::string& text) {
  while (!text.empty() && IsSpace(text.back())) text.pop_back();
}

// Takes the next physical line from `rest`, without its line end.
absl::string_view TakeLine(absl::string_view& rest) {
  const size_t end = rest.find('\n');
  absl::string_view line = rest.substr(0, end);
  rest = end == rest.npos ? absl::string_view() : rest.substr(end + 1);
  absl::ConsumeSuffix(&line, "\r");
  return line;
}

// What belongs to the dollar sign at the beginning of `text`, itself included.
size_t DollarLength(absl::string_view text) {
  size_t length = 1;
  if (length < text.size() && absl::string_view("&=~?").find(text[length]) != text.npos) ++length;
  if (length < text.size() && text[length] == '{') {
    length = text.find('}', length);
    if (length == text.npos) return text.size();
  }
  return std::min(length + 1, text.size());
}

}  // namespace

ConfigurationLine ConfigurationLines::NextFolded() {
  ConfigurationLine line;
  bool nul = false;
  const auto append = [&](absl::string_view part) {
    const size_t zero = part.find('\0');
    if (!nul) {
      const absl::string_view taken = part.substr(0, zero);
      const size_t room = max_line_bytes_ - line.text.size();
      line.too_long |= taken.size() > room;
      line.text.append(taken.data(), taken.size() < room ? taken.size() : room);
    }
    nul |= zero != part.npos;
  };
  append(TakeLine(rest_));
  ++number_;
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) {
    append("\n");
    append(TakeLine(rest_));
    ++number_;
  }
  line.number = number_;
  return line;
}

std::string WithoutComments(absl::string_view text) {
  if (text.find('#') == text.npos) return std::string(text);
  std::string kept;
  kept.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$') {
      // "$#" begins no comment, nor does "${#}".
      const size_t length = DollarLength(text.substr(i));
      kept.append(text.data() + i, length);
      i += length - 1;
    } else if (text[i] != '#') {
      kept.push_back(text[i]);
    } else if (!kept.empty() && kept.back() == '\\') {
      kept.back() = '#';
    } else {
      // Up to the end of this physical line.
      while (!kept.empty() && IsSpace(kept.back())) kept.pop_back();
      const size_t end = text.find('\n', i);
      if (end == text.npos) break;
      i = end - 1;
    }
  }
  return kept;
}

std::optional<ConfigurationLine> ConfigurationLines::Next() {
  while (!rest_.empty()) {
    ConfigurationLine line = NextFolded();
    if (line.text.empty() || line.text[0] == '#') continue;
    if (inline_comments_) line.text = WithoutComments(line.text);
    TrimEnd(line.text);
    if (!line.text.empty()) return line;
  }
  return std::nullopt;
}

}  // namespace stagepost

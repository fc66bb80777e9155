#include "mta/message/mime_type.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace stagepost {
namespace {

bool IsTokenCharacter(char c) {
  return c > ' ' && c < 127 && !absl::StrContains("()<>@,;:\\\"/[]?=", c);
}

// Reads words, quoted strings and single characters, with comments and blanks between left out.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  bool at_end() {
    SkipBlanks();
    return text_.empty();
  }
  bool Take(char c) {
    SkipBlanks();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string Word() {
    SkipBlanks();
    size_t size = 0;
    while (size < text_.size() && IsTokenCharacter(text_[size])) ++size;
    const std::string word(text_.substr(0, size));
    text_.remove_prefix(size);
    return word;
  }
  std::string Value() {
    SkipBlanks();
    if (!Take('"')) {
      // Not only what a token may have: boundaries are written as people like.
      const size_t size = std::min(text_.find_first_of("; \t\r\n("), text_.size());
      const std::string word(text_.substr(0, size));
      text_.remove_prefix(size);
      return word;
    }
    std::string value;
    while (!text_.empty() && text_[0] != '"') {
      if (text_[0] == '\\' && text_.size() > 1) text_.remove_prefix(1);
      value.push_back(text_[0]);
      text_.remove_prefix(1);
    }
    Take('"');
    return value;
  }
  // To behind the next semicolon.
  void SkipParameter() {
    while (!at_end() && !Take(';')) {
      if (text_[0] == '"') {
        Value();
      } else {
        text_.remove_prefix(1);
      }
    }
  }

 private:
  void SkipBlanks() {
    size_t depth = 0;
    while (!text_.empty()) {
      const char c = text_[0];
      if (c == '(') {
        ++depth;
      } else if (c == ')' && depth > 0) {
        --depth;
      } else if (depth == 0 && !absl::ascii_isspace(static_cast<unsigned char>(c))) {
        return;
      } else if (c == '\\' && text_.size() > 1) {
        text_.remove_prefix(1);
      }
      text_.remove_prefix(1);
    }
  }

  absl::string_view text_;
};

}  // namespace

ContentType ReadContentType(absl::string_view value) {
  Reader reader(value);
  ContentType type;
  type.type = absl::AsciiStrToLower(reader.Word());
  if (reader.Take('/')) type.subtype = absl::AsciiStrToLower(reader.Word());
  if (type.type.empty()) type.type = "text";
  if (type.subtype.empty() && type.type == "text") type.subtype = "plain";
  reader.SkipParameter();
  while (!reader.at_end()) {
    const std::string name = reader.Word();
    if (reader.Take('=') && absl::EqualsIgnoreCase(name, "boundary") && type.boundary.empty()) {
      type.boundary = reader.Value();
      // Blanks at its end could not be told from those at the end of a line.
      while (!type.boundary.empty() && type.boundary.back() == ' ') type.boundary.pop_back();
      if (type.boundary.size() > kMaxBoundaryBytes) type.boundary.clear();
    }
    reader.SkipParameter();
  }
  return type;
}

std::string ReadEncoding(absl::string_view value) {
  return absl::AsciiStrToLower(Reader(value).Word());
}

}  // namespace stagepost

#include "mta/message/phrase.h"

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr absl::string_view kSpecials = "@,;:\\()[]<>";

// Whether it can stand as it is: specials in quotes only, and what is quoted ends.
bool IsPhrase(absl::string_view name, absl::string_view must_quote) {
  bool quoted = false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (absl::StrContains(kSpecials, c) || absl::StrContains(must_quote, c)) {
      return false;
    }
  }
  return !quoted;
}

}  // namespace

std::string QuotedPhrase(absl::string_view name, absl::string_view must_quote) {
  if (IsPhrase(name, must_quote)) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace stagepost

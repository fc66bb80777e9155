#include "mta/cf/munch.h"

namespace stagepost {
namespace {

char Unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return c;
  }
}

// `delimiter` null: there is none.
std::string Take(absl::string_view& rest, const char* delimiter) {
  std::string value;
  bool quoted = false;
  size_t i = 0;
  for (; i < rest.size(); ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) {
      value.push_back(Unescaped(rest[++i]));
    } else if (rest[i] == '"') {
      quoted = !quoted;
    } else if (delimiter != nullptr && rest[i] == *delimiter && !quoted) {
      break;
    } else if (rest[i] != '\\') {
      value.push_back(rest[i]);
    }
  }
  rest.remove_prefix(i);
  return value;
}

}  // namespace

std::string TakeMunched(absl::string_view& rest, char delimiter) { return Take(rest, &delimiter); }

std::string Munched(absl::string_view text) { return Take(text, nullptr); }

}  // namespace stagepost

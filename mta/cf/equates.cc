#include "mta/cf/equates.h"

#include "absl/strings/ascii.h"
#include "mta/cf/munch.h"

namespace stagepost {
namespace {

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

void SkipSpace(absl::string_view& text) { text = absl::StripLeadingAsciiWhitespace(text); }

}  // namespace

std::string TakeEquatesName(absl::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() && rest[end] != ',' && !IsSpace(rest[end])) ++end;
  const std::string name(rest.substr(0, end));
  rest.remove_prefix(end);
  return name;
}

std::optional<Equate> TakeEquate(absl::string_view& rest) {
  while (!rest.empty() && (rest[0] == ',' || IsSpace(rest[0]))) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  Equate equate;
  equate.key = rest[0];
  size_t end = 0;
  while (end < rest.size() && rest[end] != '=' && rest[end] != ',' && !IsSpace(rest[end])) ++end;
  rest.remove_prefix(end);
  SkipSpace(rest);
  equate.broken = rest.empty() || rest[0] != '=';
  if (equate.broken) return equate;
  rest.remove_prefix(1);
  SkipSpace(rest);
  equate.value = TakeMunched(rest, ',');
  return equate;
}

}  // namespace stagepost

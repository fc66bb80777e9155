#include "mta/message/header.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace stagepost {

const HeaderField* FindField(const Header& header, absl::string_view name) {
  for (const HeaderField& field : header) {
    if (absl::EqualsIgnoreCase(field.name, name)) return &field;
  }
  return nullptr;
}

std::string FieldValue(const Header& header, absl::string_view name) {
  const HeaderField* field = FindField(header, name);
  return field == nullptr ? "" : std::string(absl::StripAsciiWhitespace(field->value));
}

bool HasEightBits(const Header& header) {
  const auto high = [](char c) { return (c & 0x80) != 0; };
  return std::any_of(header.begin(), header.end(), [&high](const HeaderField& field) {
    return std::any_of(field.value.begin(), field.value.end(), high);
  });
}

}  // namespace stagepost

#include "mta/queue/queue_file_lines.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace stagepost {
namespace {

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

}  // namespace

std::optional<DeliverBy::Mode> DeliverByModeOf(char bits) {
  switch (bits & ~kDeliverByTrace) {
    case kDeliverByNotify:
      return DeliverBy::Mode::kNotify;
    case kDeliverByReturn:
      return DeliverBy::Mode::kReturn;
    default:
      return std::nullopt;
  }
}

bool IsBracketed(absl::string_view address) {
  return address.size() >= 2 && address.front() == '<' && address.back() == '>';
}

bool IsMacroName(absl::string_view name) {
  if (name.size() == 1) return absl::ascii_isgraph(name[0]) && name[0] != '{';
  return !name.empty() && std::all_of(name.begin(), name.end(), IsNameCharacter);
}

bool IsRecipientFlags(absl::string_view flags) {
  for (size_t i = 0; i < flags.size(); ++i) {
    if (!absl::ascii_isalpha(flags[i])) return false;
    if (flags.find(flags[i], i + 1) != absl::string_view::npos) return false;
  }
  return true;
}

bool IsFieldName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return absl::ascii_isgraph(c) && c != ':'; });
}

bool IsFieldValue(absl::string_view value) {
  for (size_t end = value.find('\n'); end != absl::string_view::npos;
       end = value.find('\n', end + 1)) {
    if (end + 1 == value.size()) return false;
    if (value[end + 1] != ' ' && value[end + 1] != '\t') return false;
  }
  return true;
}

std::string QuotedFieldValue(const HeaderField& field) {
  const bool has_macro =
      !field.mailer_flags.empty() && absl::EqualsIgnoreCase(field.name, "Return-Path");
  const auto is_plain = [](char c) { return (c & 0x80) == 0; };
  if (std::all_of(field.value.begin(), field.value.end(), is_plain)) return field.value;
  std::string quoted;
  quoted.reserve(field.value.size());
  for (const char c : field.value) {
    const uint8_t byte = static_cast<uint8_t>(c);
    const bool means_macro = byte >= 0x80 && byte <= 0x9f && !has_macro;
    if (means_macro || byte == 0xff) quoted.push_back('\xff');
    quoted.push_back(c);
  }
  return quoted;
}

std::string UnquotedFieldValue(absl::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\xff' && i + 1 < value.size()) ++i;
    text.push_back(value[i]);
  }
  return text;
}

bool IsFieldCondition(absl::string_view condition) {
  if (condition.substr(0, 2) == "${" && condition.size() > 3 && condition.back() == '}') {
    return IsMacroName(condition.substr(2, condition.size() - 3));
  }
  return std::all_of(condition.begin(), condition.end(),
                     [](char c) { return absl::ascii_isgraph(c) && c != '?' && c != '$'; });
}

}  // namespace stagepost

#include "mta/cf/names.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/strings.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {
namespace {

#define STAGEPOST_NAME(constant, name) name,
constexpr absl::string_view kWellKnown[] = {STAGEPOST_WELL_KNOWN_NAMES(STAGEPOST_NAME)};
#undef STAGEPOST_NAME

constexpr absl::string_view kNameRequired = "Name required for macro/class";

// All one-character names in one string, for NameOf().
struct OneCharacterNames {
  char characters[kFirstLongName];
  constexpr OneCharacterNames() : characters() {
    for (size_t i = 0; i < kFirstLongName; ++i) characters[i] = static_cast<char>(i);
  }
};
constexpr OneCharacterNames kOneCharacterNames;

void ReportCharacter(char c, std::vector<std::string>& errors) {
  const char shown = static_cast<char>(c & 0x7f);
  errors.push_back("Invalid macro/class character ");
  if (shown != '\0') errors.back().push_back(shown);
}

// The inside of the braces, without the characters that no name has.
std::string ValidCharacters(absl::string_view inside, std::vector<std::string>& errors) {
  std::string name;
  for (const char c : inside) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_') {
      name.push_back(c);
    } else {
      ReportCharacter(c, errors);
    }
    if (name.size() > kMaxNameBytes) break;
  }
  return name;
}

}  // namespace

Names::Names() {
  for (const absl::string_view name : kWellKnown) {
    by_name_.emplace(std::string(name), NameId{static_cast<uint16_t>(size())});
    long_names_.push_back({std::string(name), false});
  }
}

std::optional<NameId> Names::InternLong(absl::string_view name) {
  const auto found = by_name_.find(ToStd(name));
  if (found != by_name_.end()) {
    LongName& known = long_names_[static_cast<size_t>(found->second) - kFirstLongName];
    if (!known.counted && counted_ == kMaxLongNames) return std::nullopt;
    if (!known.counted) ++counted_;
    known.counted = true;
    return found->second;
  }
  if (counted_ == kMaxLongNames) return std::nullopt;
  const NameId id{static_cast<uint16_t>(size())};
  CHECK(size() < kMaxNames);
  long_names_.push_back({std::string(name), true});
  ++counted_;
  by_name_.emplace(std::string(name), id);
  return id;
}

ScannedName Names::Scan(absl::string_view text, std::vector<std::string>& errors) {
  if (text.empty()) {
    errors.emplace_back(kNameRequired);
    return {std::nullopt, 0};
  }
  if (text[0] != '{') {
    // A character of eight bits would stand for somebody else's long name in sendmail.
    if ((text[0] & 0x80) != 0) {
      ReportCharacter(text[0], errors);
      return {std::nullopt, 1};
    }
    return {OneCharacterName(text[0]), 1};
  }
  const size_t close = text.find('}');
  const bool closed = close != absl::string_view::npos;
  const size_t length = closed ? close + 1 : text.size();
  const std::string name = ValidCharacters(text.substr(1, closed ? close - 1 : text.npos), errors);
  if (name.size() > kMaxNameBytes) {
    errors.push_back(absl::StrCat("Macro/class name ({", name.substr(0, kMaxNameBytes),
                                  "}) too long (", kMaxNameBytes, " chars max)"));
  } else if (!closed) {
    errors.push_back(absl::StrCat("Unbalanced { on ", name));
  } else if (name.empty()) {
    errors.emplace_back(kNameRequired);
    return {std::nullopt, length};
  } else if (name.size() == 1) {
    return {OneCharacterName(name[0]), length};
  } else if (const std::optional<NameId> id = InternLong(name); id.has_value()) {
    return {id, length};
  } else {
    errors.push_back(absl::StrCat("Macro/class {", name, "}: too many long names"));
  }
  errors.push_back("Unable to assign macro/class ID (mid = 0xffffffff)");
  return {std::nullopt, length};
}

absl::StatusOr<NameId> Names::Intern(absl::string_view name) {
  if (name.size() == 1 && (name[0] & 0x80) == 0) return OneCharacterName(name[0]);
  std::vector<std::string> errors;
  if (absl::StrContains(name, '}')) ReportCharacter('}', errors);
  const ScannedName scanned =
      errors.empty() ? Scan(absl::StrCat("{", name, "}"), errors) : ScannedName{};
  if (errors.empty()) return *scanned.id;
  if (absl::EndsWith(errors[0], "too many long names")) {
    return absl::ResourceExhaustedError(errors[0]);
  }
  return absl::InvalidArgumentError(errors[0]);
}

std::optional<NameId> Names::Find(absl::string_view name) const {
  if (name.size() == 1 && (name[0] & 0x80) == 0) return OneCharacterName(name[0]);
  const auto found = by_name_.find(ToStd(name));
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

absl::string_view Names::NameOf(NameId id) const {
  const size_t number = static_cast<size_t>(id);
  if (number < kFirstLongName) return {&kOneCharacterNames.characters[number], 1};
  CHECK(number < size());
  return long_names_[number - kFirstLongName].name;
}

std::string Names::Written(NameId id) const {
  const absl::string_view name = NameOf(id);
  if (id == NameId{}) return "";
  if (name.size() == 1) return std::string(name);
  return absl::StrCat("{", name, "}");
}

}  // namespace stagepost

#include "mta/cf/load_context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace stagepost {

void LoadContext::Error(std::string text, int exit_code) {
  diagnostics.push_back({Diagnostic::Severity::kError, where, std::move(text), exit_code});
}

void LoadContext::Complain(std::string text, int exit_code) {
  diagnostics.push_back({Diagnostic::Severity::kWarning, where, std::move(text), exit_code});
}

void LoadContext::Warn(std::string text) {
  diagnostics.push_back({.severity = Diagnostic::Severity::kWarning,
                         .where = where,
                         .text = std::move(text),
                         .exit_code = 0,
                         .shows_line = false});
}

std::optional<NameId> LoadContext::TakeName(absl::string_view& rest) {
  // In braces, macros have become one character by now.
  std::string braced;
  if (!rest.empty() && rest[0] == '{') {
    const size_t close = rest.find('}');
    braced = std::string(rest.substr(0, close == rest.npos ? close : close + 1));
    std::replace(braced.begin(), braced.end(), '$', '\001');
  }
  std::vector<std::string> errors;
  const ScannedName name = configuration.names.Scan(braced.empty() ? rest : braced, errors);
  for (std::string& error : errors) Error(std::move(error));
  rest.remove_prefix(name.length);
  return name.id;
}

Text LoadContext::Parse(absl::string_view part) {
  std::vector<std::string> reported;
  return ParseText(part, configuration.names, reported);
}

std::string Shown(absl::string_view line, Names& names) {
  if (line.find('$') == line.npos) return std::string(line);
  std::vector<std::string> reported;
  std::string shown;
  for (const Piece& piece : ParseText(line, names, reported)) {
    const size_t begin = shown.size();
    shown += WriteText({piece}, names);
    if (piece.kind != Piece::Kind::kCharacters) shown[begin] = '\001';
  }
  return shown;
}

std::vector<absl::string_view> WordsOf(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n\r\f\v"), absl::SkipEmpty());
}

absl::string_view TrimmedStart(absl::string_view text) {
  return absl::StripLeadingAsciiWhitespace(text);
}

}  // namespace stagepost

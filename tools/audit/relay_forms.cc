#include "tools/audit/relay_forms.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

constexpr char kTable[] =
#include "tools/audit/relay_forms.tsv.inc"
    ;

std::vector<RelayForm> ReadTable() {
  std::vector<RelayForm> forms;
  for (const absl::string_view line : absl::StrSplit(kTable, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<absl::string_view> columns = absl::StrSplit(line, '\t');
    CHECK(columns.size() == 4) << std::string(line);
    forms.push_back({columns[0], columns[1], columns[2], columns[3]});
  }
  return forms;
}

std::string ValueOf(absl::string_view name, const std::map<std::string, std::string>& values) {
  const std::string lower = absl::AsciiStrToLower(name);
  const auto found = values.find(lower);
  CHECK(found != values.end()) << std::string(name);
  return lower == name ? found->second : absl::AsciiStrToUpper(found->second);
}

}  // namespace

bool RelayForm::Uses(absl::string_view placeholder) const {
  return absl::StrContains(mail, placeholder) || absl::StrContains(rcpt, placeholder);
}

const std::vector<RelayForm>& RelayForms() {
  static const auto* const kForms = new std::vector<RelayForm>(ReadTable());
  return *kForms;
}

std::string FillInForm(absl::string_view pattern,
                       const std::map<std::string, std::string>& values) {
  const bool bare = absl::ConsumePrefix(&pattern, "=");
  std::string text;
  while (!pattern.empty()) {
    const size_t begin = pattern.find('{');
    const size_t end = pattern.find('}', begin);
    absl::StrAppend(&text, pattern.substr(0, begin));
    if (begin == absl::string_view::npos) break;
    CHECK(end != absl::string_view::npos) << std::string(pattern);
    absl::StrAppend(&text, ValueOf(pattern.substr(begin + 1, end - begin - 1), values));
    pattern.remove_prefix(end + 1);
  }
  if (bare) return text;
  // Parameters may stand behind the bracket.
  return absl::StrContains(text, '>') ? absl::StrCat("<", text) : absl::StrCat("<", text, ">");
}

}  // namespace stagepost

#include "mta/dns/service_switch.h"

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace stagepost {
namespace {

// The words of the first line whose first word is `name`, without it.
std::optional<std::vector<std::string>> FindLine(absl::string_view text, absl::string_view name,
                                                 absl::string_view separators) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    if (!absl::StrContains(line, name)) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(separators), absl::SkipEmpty());
    if (words.empty() || words[0] != name) continue;
    return std::vector<std::string>(words.begin() + 1, words.end());
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> ServiceSources(std::optional<absl::string_view> text,
                                        absl::string_view service) {
  if (text.has_value()) {
    std::optional<std::vector<std::string>> sources = FindLine(*text, service, " \t\r");
    if (sources.has_value()) {
      if (sources->size() > kMaxServiceSources) sources->resize(kMaxServiceSources);
      return *sources;
    }
  }
  if (service == "hosts") return {"dns", "files"};
  if (service == "aliases") return {"files"};
  return {};
}

std::vector<std::string> NameServiceSources(std::optional<absl::string_view> text,
                                            absl::string_view service) {
  std::vector<std::string> known;
  if (text.has_value()) {
    const auto sources = FindLine(*text, service, " \t\r:");
    for (const std::string& source : sources.value_or(std::vector<std::string>())) {
      if (source == "files" || source == "dns") known.push_back(source);
    }
  }
  if (known.empty()) return {"files", "dns"};
  return known;
}

}  // namespace stagepost

#include "mta/dns/resolver_file.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

constexpr int kMaxDots = 15;

}  // namespace

ResolverFile ParseResolverFile(absl::string_view text, absl::string_view host_name) {
  ResolverFile file;
  const size_t dot = host_name.find('.');
  if (dot != absl::string_view::npos) file.search.emplace_back(host_name.substr(dot + 1));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.size() < 2) continue;
    if (words[0] == "search" || words[0] == "domain") {
      const size_t end = words[0] == "search" ? words.size() : 2;
      file.search.clear();
      for (size_t i = 1; i < end && file.search.size() < kMaxSearchDomains; ++i) {
        file.search.emplace_back(absl::StripSuffix(words[i], "."));
      }
    } else if (words[0] == "options") {
      for (absl::string_view option : words) {
        int dots = 0;
        if (absl::ConsumePrefix(&option, "ndots:") && absl::SimpleAtoi(option, &dots)) {
          file.dots = std::clamp(dots, 0, kMaxDots);
        }
      }
    }
  }
  return file;
}

}  // namespace stagepost

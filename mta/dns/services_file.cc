#include "mta/dns/services_file.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace stagepost {

std::optional<uint16_t> FindTcpService(absl::string_view text, absl::string_view service) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.size() < 2) continue;
    absl::string_view number = words[1];
    uint32_t port = 0;
    if (!absl::ConsumeSuffix(&number, "/tcp") || !absl::SimpleAtoi(number, &port)) continue;
    if (port == 0 || port > UINT16_MAX) continue;
    const bool alias = std::find(words.begin() + 2, words.end(), service) != words.end();
    if (words[0] == service || alias) return static_cast<uint16_t>(port);
  }
  return std::nullopt;
}

}  // namespace stagepost

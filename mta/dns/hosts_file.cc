#include "mta/dns/hosts_file.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_split.h"

namespace stagepost {

std::vector<HostsLine> ParseHostsFile(absl::string_view text) {
  std::vector<HostsLine> lines;
  for (absl::string_view line : absl::StrSplit(text.substr(0, kMaxHostsFileBytes), '\n')) {
    line = line.substr(0, line.find('#'));
    std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty());
    if (words.size() < 2) continue;
    HostsLine& host = lines.emplace_back();
    host.address = std::move(words[0]);
    host.names.assign(std::make_move_iterator(words.begin() + 1),
                      std::make_move_iterator(words.end()));
  }
  return lines;
}

}  // namespace stagepost

#include "mta/smtp/help_file.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"

namespace stagepost {

std::vector<std::string> FindHelp(absl::string_view contents, absl::string_view topic) {
  std::vector<std::string> lines;
  std::string found;
  for (absl::string_view line : absl::StrSplit(contents, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const size_t tab = line.find_first_of(" \t");
    const absl::string_view name = line.substr(0, tab);
    if (found.empty() && absl::StartsWithIgnoreCase(name, topic)) found = std::string(name);
    if (found.empty() || !absl::EqualsIgnoreCase(name, found)) continue;
    const absl::string_view text =
        tab == absl::string_view::npos ? absl::string_view() : line.substr(tab + 1);
    lines.emplace_back(absl::StripTrailingAsciiWhitespace(text));
    if (lines.size() >= kMaxHelpLines) break;
  }
  return lines;
}

Task<HelpText> ReadHelp(FileSystem& files, std::string path, absl::string_view topic) {
  HelpText help;
  if (path.empty()) co_return help;
  absl::StatusOr<std::unique_ptr<File>> file = co_await files.Open(path, {.read = true});
  if (!file.ok()) co_return help;
  std::string contents(kMaxHelpFileBytes, '\0');
  size_t size = 0;
  while (size < contents.size()) {
    const absl::StatusOr<size_t> read = co_await (*file)->Read(
        size, absl::MakeSpan(contents.data() + size, contents.size() - size));
    if (!read.ok()) co_return help;
    if (*read == 0) break;
    size += *read;
  }
  help.available = true;
  help.lines = FindHelp(absl::string_view(contents).substr(0, size), topic);
  co_return help;
}

}  // namespace stagepost

// The texts of maps: K lines' flags, columns, alias files, values with %0 … %9.
//
// The first byte says which; a second one, for columns, how.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/maps/alias_text.h"
#include "mta/maps/map.h"
#include "mta/maps/map_flags.h"
#include "mta/maps/text_columns.h"

namespace stagepost {
namespace {

void TryFlags(absl::string_view text) {
  std::vector<std::string> errors;
  const MapFlags common = ParseCommonFlags(text, "map", errors);
  CHECK(errors.size() <= text.size());
  CHECK(common.file.size() + common.rest.size() <= text.size());
  // Unknown letters are the only thing that other classes overlook.
  errors.clear();
  ParseSyslogFlags(text, errors);
  for (const MapFlags& flags : {common, ParseDnsFlags(text), ParseHostFlags(text),
                                ParseDequoteFlags(text), ParseRegexFlags(text)}) {
    CHECK(flags.limit >= 0);
    CHECK(flags.append.size() <= text.size());
  }
}

void TryColumns(absl::string_view text) {
  if (text.empty()) return;
  const int column = text[0] & 7;
  const bool blanks = (text[0] & 8) != 0;
  text.remove_prefix(1);
  const std::optional<char> delimiter = blanks ? std::nullopt : std::optional<char>(':');
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const auto found = TextColumn(line, column, delimiter);
    if (!found.has_value()) continue;
    CHECK(found->data() >= line.data() && found->end() <= line.end());
    if (blanks) {
      CHECK(found->find_first_of(" \t") == absl::string_view::npos);
    } else {
      const std::vector<absl::string_view> columns = absl::StrSplit(line, ':');
      CHECK(*found == columns[column]);
    }
  }
}

void TryAliases(absl::string_view text) {
  const AliasText aliases = ParseAliasText(text);
  size_t total = 0;
  int line = 0;
  for (const AliasEntry& entry : aliases.entries) {
    CHECK(!entry.name.empty() && !entry.value.empty());
    CHECK(entry.line > line);
    line = entry.line;
    CHECK(entry.value.size() <= aliases.longest);
    CHECK(!absl::StrContains(entry.value, "\n"));
    total += entry.name.size() + entry.value.size();
  }
  CHECK(total == aliases.total && total <= text.size());
}

void TryValue(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, '\n');
  MapFlags flags;
  flags.append = "+";
  const std::string filled =
      FillInValue(words[0], "key", absl::MakeConstSpan(words).subspan(1), flags);
  CHECK(absl::EndsWith(filled, "+"));
  CHECK(filled.size() <= kMaxMapValueBytes + 1);
  if (!absl::StrContains(words[0], "%")) {
    const absl::string_view value = words[0].substr(0, words[0].find('\0'));
    CHECK(absl::string_view(filled).substr(0, filled.size() - 1) ==
          value.substr(0, kMaxMapValueBytes));
  }
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      stagepost::TryFlags(text);
      break;
    case 1:
      stagepost::TryColumns(text);
      break;
    case 2:
      stagepost::TryAliases(text);
      break;
    default:
      stagepost::TryValue(text);
  }
  return 0;
}

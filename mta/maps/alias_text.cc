#include "mta/maps/alias_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

constexpr size_t kShownLineBytes = 40;

bool BeginsBlank(absl::string_view text) {
  return absl::StartsWith(text, " ") || absl::StartsWith(text, "\t");
}

}  // namespace

absl::string_view AliasLineReader::TakeLine() {
  ++number_;
  const size_t end = rest_.find('\n');
  const absl::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end == absl::string_view::npos ? rest_.size() : end + 1);
  return line;
}

bool AliasLineReader::Next(AliasLine& line) {
  while (!rest_.empty()) {
    const absl::string_view first = TakeLine();
    const absl::string_view text = absl::StripAsciiWhitespace(first);
    if (text.empty()) continue;
    if (text[0] == '#') {
      // A comment goes on as an alias would.
      while (first[0] == '#' && BeginsBlank(rest_)) TakeLine();
      continue;
    }
    line = {.number = number_, .text = std::string(first), .misplaced = BeginsBlank(first)};
    if (line.misplaced) return true;
    while (true) {
      if (!line.text.empty() && line.text.back() == '\\') {
        line.text.pop_back();
      } else if (!BeginsBlank(rest_)) {
        break;
      }
      if (rest_.empty()) break;
      absl::StrAppend(&line.text, TakeLine());
    }
    line.number = number_;
    return true;
  }
  return false;
}

size_t FindAliasColon(absl::string_view line) {
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ':' && !quoted) {
      return i;
    }
  }
  return absl::string_view::npos;
}

std::string MissingAliasValue(absl::string_view line) {
  return absl::StrCat(line.substr(0, kShownLineBytes), "... missing value for alias");
}

std::string IllegalAliasName(absl::string_view line) {
  return absl::StrCat(line.substr(0, kShownLineBytes), "... illegal alias name");
}

AliasText ParseAliasText(absl::string_view text) {
  AliasText aliases;
  AliasLineReader reader(text);
  AliasLine line;
  const auto complain = [&](absl::string_view what) {
    std::vector<std::string>& messages = aliases.messages;
    if (messages.size() > kMaxAliasMessages) return;
    messages.push_back(absl::StrCat(
        "line ", line.number, ": ",
        messages.size() < kMaxAliasMessages ? what : "too many errors, no more are shown"));
  };
  while (reader.Next(line)) {
    if (line.misplaced) {
      complain("Non-continuation line starts with space");
      continue;
    }
    const absl::string_view whole = line.text;
    const size_t colon = FindAliasColon(whole);
    if (colon == absl::string_view::npos) {
      complain("missing colon");
      continue;
    }
    AliasEntry entry;
    entry.line = line.number;
    entry.name = std::string(absl::StripAsciiWhitespace(whole.substr(0, colon)));
    entry.value = std::string(absl::StripLeadingAsciiWhitespace(whole.substr(colon + 1)));
    if (entry.name.empty()) {
      complain(IllegalAliasName(whole));
    } else if (entry.value.empty()) {
      complain(MissingAliasValue(whole));
    } else {
      aliases.longest = std::max(aliases.longest, entry.value.size());
      aliases.total += entry.name.size() + entry.value.size();
      aliases.entries.push_back(std::move(entry));
    }
  }
  return aliases;
}

}  // namespace stagepost

#include "mta/maps/alias_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// Of a line in a message.
constexpr size_t kMaxShownLineBytes = 2048;

// The first colon outside of quotes.
size_t FindColon(absl::string_view line) {
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

class LineReader {
 public:
  explicit LineReader(absl::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  bool AtBlank() const { return !rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t'); }
  int line() const { return line_; }  // of what Next() gave

  absl::string_view Next() {
    ++line_;
    const size_t end = rest_.find('\n');
    absl::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == absl::string_view::npos ? rest_.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

 private:
  absl::string_view rest_;
  int line_ = 0;
};

}  // namespace

AliasText ParseAliasText(absl::string_view text) {
  AliasText aliases;
  LineReader reader(text);
  while (!reader.AtEnd()) {
    const absl::string_view first = reader.Next();
    const int number = reader.line();
    const auto complain = [&](absl::string_view what) {
      std::vector<std::string>& messages = aliases.messages;
      if (messages.size() > kMaxAliasMessages) return;
      messages.push_back(absl::StrCat(
          "line ", number, ": ",
          messages.size() < kMaxAliasMessages ? what : "too many errors, no more are shown"));
    };
    std::string line(first);
    if (first.empty() || first[0] == '#') continue;
    if (first[0] == ' ' || first[0] == '\t') {
      if (!absl::StripAsciiWhitespace(first).empty()) {
        complain("Non-continuation line starts with space");
      }
      continue;
    }
    while (reader.AtBlank()) {
      const absl::string_view more = reader.Next();
      line.append(more.data(), more.size());
    }
    const size_t colon = FindColon(line);
    if (colon == absl::string_view::npos) {
      complain("missing colon");
      continue;
    }
    AliasEntry entry;
    entry.line = number;
    entry.name = std::string(absl::StripAsciiWhitespace(absl::string_view(line).substr(0, colon)));
    entry.value =
        std::string(absl::StripAsciiWhitespace(absl::string_view(line).substr(colon + 1)));
    if (entry.name.empty()) {
      complain(absl::StrCat(first.substr(0, kMaxShownLineBytes), "... illegal alias name"));
    } else if (entry.value.empty()) {
      complain("missing value for alias");
    } else {
      aliases.longest = std::max(aliases.longest, entry.value.size());
      aliases.total += entry.name.size() + entry.value.size();
      aliases.entries.push_back(std::move(entry));
    }
  }
  return aliases;
}

}  // namespace stagepost

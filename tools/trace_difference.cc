#include "tools/trace_difference.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

constexpr size_t kLinesBefore = 8;
constexpr size_t kLinesAfter = 4;

void AppendLines(const std::vector<std::string>& lines, size_t first, size_t end, const char* mark,
                 std::string& text) {
  for (size_t i = first; i < std::min(end, lines.size()); ++i) {
    absl::StrAppend(&text, mark, lines[i], "\n");
  }
  if (end > lines.size()) absl::StrAppend(&text, mark, "(the end)\n");
}

}  // namespace

std::string DescribeTraceDifference(const std::vector<std::string>& first,
                                    const std::vector<std::string>& second) {
  const size_t shorter = std::min(first.size(), second.size());
  size_t at = 0;
  while (at < shorter && first[at] == second[at]) ++at;
  if (at == first.size() && at == second.size()) {
    return "the traces of two further runs are the same as far as text goes: they differ in what "
           "a line leaves out, or only after other runs in the same process\n";
  }
  std::string text = absl::StrCat("the first event that differs is on line ", at + 1, "\n");
  AppendLines(first, at - std::min(at, kLinesBefore), at, "    ", text);
  AppendLines(first, at, at + kLinesAfter, "  1 ", text);
  AppendLines(second, at, at + kLinesAfter, "  2 ", text);
  return text;
}

}  // namespace stagepost

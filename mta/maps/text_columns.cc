#include "mta/maps/text_columns.h"

#include "absl/strings/ascii.h"

namespace stagepost {
namespace {

constexpr absl::string_view kBlanks = " \t\n";

}  // namespace

std::optional<absl::string_view> TextColumn(absl::string_view line, int column,
                                            std::optional<char> delimiter) {
  if (line.empty()) return std::nullopt;
  if (delimiter.has_value() && column == 0 && line[0] == *delimiter) return std::nullopt;
  const auto end_of_column = [&] {
    return delimiter.has_value() ? line.find(*delimiter) : line.find_first_of(kBlanks);
  };
  if (!delimiter.has_value() && column == 0) line = absl::StripLeadingAsciiWhitespace(line);
  for (int i = 0; i < column; ++i) {
    const size_t end = end_of_column();
    if (end == absl::string_view::npos) return std::nullopt;
    line.remove_prefix(end + 1);
    if (!delimiter.has_value()) line = absl::StripLeadingAsciiWhitespace(line);
  }
  return line.substr(0, end_of_column());
}

}  // namespace stagepost

#include "mta/message/line_ends.h"

#include "absl/strings/str_cat.h"

namespace stagepost {

void AppendLines(absl::string_view text, absl::string_view end_of_line, bool stuff_dots,
                 bool& line_start, std::string& wire) {
  while (!text.empty()) {
    if (line_start && stuff_dots && text[0] == '.') wire.push_back('.');
    const size_t end = text.find('\n');
    absl::StrAppend(&wire, text.substr(0, end));
    line_start = end != absl::string_view::npos;
    if (!line_start) return;
    absl::StrAppend(&wire, end_of_line);
    text.remove_prefix(end + 1);
  }
}

}  // namespace stagepost

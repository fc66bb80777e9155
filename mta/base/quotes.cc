#include "mta/base/quotes.h"

namespace stagepost {

std::string StripQuotes(absl::string_view text) {
  std::string stripped;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') continue;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    stripped.push_back(text[i]);
  }
  return stripped;
}

}  // namespace stagepost

#include "mta/cf/diagnostic.h"

#include "absl/strings/str_cat.h"

namespace stagepost {

std::string Render(const Diagnostic& diagnostic) {
  if (diagnostic.where.file.empty() || !diagnostic.shows_line) return diagnostic.text;
  return absl::StrCat(diagnostic.where.file, ": line ", diagnostic.where.line, ": ",
                      diagnostic.text);
}

}  // namespace stagepost

#include "mta/cf/diagnostic.h"

#include "absl/strings/str_cat.h"

namespace stagepost {

std::string Render(const Diagnostic& diagnostic) {
  if (diagnostic.where.line == 0) return diagnostic.text;
  return absl::StrCat(diagnostic.where.file, ": line ", diagnostic.where.line, ": ",
                      diagnostic.text);
}

}  // namespace stagepost

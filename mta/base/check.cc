#include "mta/base/check.h"

// lint: allow(stdio): a failing CHECK must not depend on any Environment.
#include <cstdio>
#include <cstdlib>

namespace stagepost {

void CheckFailed(const char* file, int line, const char* condition, absl::string_view message) {
  const std::string text =
      absl::StrCat("CHECK failed: ", file, ":", line, ": ", condition, " ", message, "\n");
  // lint: allow(stdio): the process ends here.
  std::fwrite(text.data(), 1, text.size(), stderr);
  // lint: allow(exit): a failing CHECK is the one place that ends it.
  std::abort();
}

}  // namespace stagepost

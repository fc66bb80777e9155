// Prints docs/compatibility.md:
//
//   bazel run //tools:compatibility > docs/compatibility.md
#include <cstdio>

#include "tools/compatibility_page.h"

int main() {
  const std::string page = stagepost::CompatibilityPage();
  const bool written = std::fwrite(page.data(), 1, page.size(), stdout) == page.size();
  return written && std::fflush(stdout) == 0 ? 0 : 1;
}

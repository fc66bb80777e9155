// The page docs/compatibility.md: what of sendmail's configuration Stagepost knows, and what of it
// has an effect. Made of the tables in mta/cf, so that it cannot say anything else than the
// program.
#ifndef STAGEPOST_TOOLS_COMPATIBILITY_PAGE_H_
#define STAGEPOST_TOOLS_COMPATIBILITY_PAGE_H_

#include <string>

namespace stagepost {

// All of it, in Markdown.
std::string CompatibilityPage();

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_COMPATIBILITY_PAGE_H_

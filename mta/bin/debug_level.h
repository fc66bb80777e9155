// -d of the command line: levels of categories, "0.4", "0-3.4,21.12". Operations Guide, 4.5.
#ifndef STAGEPOST_MTA_BIN_DEBUG_LEVEL_H_
#define STAGEPOST_MTA_BIN_DEBUG_LEVEL_H_

#include <string>
#include <vector>

namespace stagepost {

// The level that the -d options set for `category`; 0: none. What stands last counts, a level that
// is left out is 1, and words that are no numbers (categories of other kinds) are passed over.
int DebugLevel(const std::vector<std::string>& specifications, int category);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_DEBUG_LEVEL_H_

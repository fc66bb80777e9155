// The file of `stagepost campaign --resume`: which seeds are done, and what came of them.
//
//   stagepost-campaign 1 FLAGS
//   scenario HASH FILE
//   ...
//   probe NAME
//   result INDEX LINE                          (sim/campaign/seed_result.h)
//   difference INDEX SEED HASH HASH
//
// A line is written when it is known, so that even a campaign that was killed goes on from there;
// an unfinished last line is not counted. Lines of other flags or scenarios are refused.
#ifndef STAGEPOST_TOOLS_CAMPAIGN_JOURNAL_H_
#define STAGEPOST_TOOLS_CAMPAIGN_JOURNAL_H_

#include <cstddef>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/campaign/tally.h"

namespace stagepost {

class CampaignJournal {
 public:
  // Reads `path` if it is there, into `tally` and `done` (seeds by scenario), and goes on writing
  // to it. `header`: the lines that it must begin with. kInvalidArgument: it is of another campaign
  // or damaged; kPermissionDenied: cannot be written.
  absl::Status Open(const std::string& path, const std::string& header, CampaignTally& tally,
                    std::vector<std::set<uint64_t>>& done);

  // Does nothing if it was not opened; false: cannot be written.
  bool Add(const std::string& line);

 private:
  std::ofstream file_;
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_CAMPAIGN_JOURNAL_H_

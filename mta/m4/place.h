// Where a piece of m4's input came from, for messages.
#ifndef STAGEPOST_MTA_M4_PLACE_H_
#define STAGEPOST_MTA_M4_PLACE_H_

#include <cstdint>
#include <string>

namespace stagepost {

// A position in a file being read. Text that a macro expands to has the place of the call, which
// may itself have come from an expansion: a place is always one in a file.
struct M4Place {
  uint32_t use = 0;     // which M4FileUse; 0 is "nowhere": before the first file, after the last
  uint32_t line = 0;    // from 1; 0 nowhere
  uint32_t column = 0;  // in bytes, from 1; 0 unknown
};

// One reading of one file. A file that is included twice is used twice.
struct M4FileUse {
  std::string name;     // as m4 shows it: the path at which it was found
  M4Place included_at;  // nowhere for a file of the command line
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_PLACE_H_

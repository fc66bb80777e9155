// `sendmail -bt`: asks a site's configuration what it would do. Operations Guide, 2.1 (-bt)
// and 4.5; cf/README, "TESTING". Output is in sendmail's format, byte for byte, as people compare
// it.
#ifndef STAGEPOST_MTA_BIN_ADDRESS_TEST_H_
#define STAGEPOST_MTA_BIN_ADDRESS_TEST_H_

#include <string>
#include <vector>

#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/site/site.h"

namespace stagepost {

// A command line is cut into pieces of this length, as sendmail's buffer cuts it.
inline constexpr size_t kMaxTestLineBytes = 2047;

// Reads commands from standard input until its end or /quit. `debug`: the -d options given.
Task<int> RunAddressTest(Environment& env, Site& site, std::vector<std::string> debug);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_ADDRESS_TEST_H_

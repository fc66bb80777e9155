// sendmail -d0.N: what this program is, and who it takes this host for. sendmail(8).
//
// From level 1 on: version, what is built in, and after the configuration has been read the macros
// $w, $j, $m and $k; from 4 on the names of this host before that, from 10 on files.
#ifndef STAGEPOST_MTA_BIN_SELF_REPORT_H_
#define STAGEPOST_MTA_BIN_SELF_REPORT_H_

#include <string>

#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"

namespace stagepost {

// What is known without the configuration file.
Task<std::string> ReportBeforeReading(Environment& env, const Settings& settings, int level);

// What the file has made of it.
std::string ReportAfterReading(const Configuration& configuration);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_SELF_REPORT_H_

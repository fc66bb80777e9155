// The program m4.
#ifndef STAGEPOST_MTA_M4_M4_MAIN_H_
#define STAGEPOST_MTA_M4_M4_MAIN_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

// Evaluates the files that the command line names; see M4Help(). Output, messages and exit code are
// GNU m4's. Where the exit code is not 0 because something was wrong, more lines follow on standard
// error (unless --terse): where it was, to the column, what was included from where, and what was
// probably meant. Exit code 64 for a wrong command line, 74 if the result cannot be written.
Task<int> M4Main(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_M4_MAIN_H_

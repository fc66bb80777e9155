// The main function of every live program, in one call.
//
//   int main(int argc, char** argv) { return stagepost::RunProgram(&stagepost::SendmailMain, argc,
//   argv); }
//
// Puts the process in order (missing standard streams become /dev/null, other inherited
// descriptors are closed, SIGPIPE is ignored), builds the Linux Environment, runs the program's
// Task on the event loop until it has finished, and returns its exit code. Standard streams are not
// buffered, so nothing is left to flush.
//
// STAGEPOST_ROOT in the environment variables puts the program into a private world; see
// private_root.h.
#ifndef STAGEPOST_MTA_POSIX_RUN_PROGRAM_H_
#define STAGEPOST_MTA_POSIX_RUN_PROGRAM_H_

#include "mta/env/environment.h"

namespace stagepost {

// REQUIRES: called once, from main(), with main's own arguments (SetTitle() writes over them).
int RunProgram(Program main, int argc, char** argv);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_RUN_PROGRAM_H_

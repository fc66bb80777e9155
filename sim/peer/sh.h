// /bin/sh of simulated hosts: enough of a shell for what administrators and aliases do to mail.
//
//   sh -c TEXT [NAME [ARGUMENT...]]        sh FILE [ARGUMENT...]
//
// sh_parser.h has the language, sh_utilities.h the utilities that are built in; `exit [N]` and `:`
// are, too. Other commands are programs: a path, or a name looked up in kShPath (whatever $PATH
// is). They run as processes of their own, under the shell's identity and environment, with pipes
// to the shell, which copies between them and wherever they lead; a program that has ended has
// taken from the shell's input all that the shell had read for it. All commands of a pipeline run
// at the same time. The whole script is parsed before anything of it runs.
//
// Exit codes: that of the last command; 2 for a script that is wrong, or asks for what this shell
// does not have, with a message "sh: LINE: …"; 126 and 127 for a program that cannot be run, or is
// not there; 128 and the signal of one that was killed.
#ifndef STAGEPOST_SIM_PEER_SH_H_
#define STAGEPOST_SIM_PEER_SH_H_

#include "mta/env/environment.h"

namespace stagepost {

inline constexpr char kShPath[] = "/usr/sbin:/usr/bin:/bin:/sbin";

Task<int> ShMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SH_H_

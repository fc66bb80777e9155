// The program that the contract's cases start: what it does is its first argument.
//
// On Linux it is the binary :contract_tool, in the simulator it is registered; see
// ContractHost::InstallTool.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_CONTRACT_TOOL_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_CONTRACT_TOOL_H_

#include "mta/env/environment.h"

namespace stagepost {

//   exit CODE            exits with CODE
//   arguments            prints all arguments, [0] included, each in <>
//   variable NAME...     prints each variable's value, or (none)
//   identity             prints real, effective, saved user; the same of the group; other groups
//   directory            prints the working directory
//   umask                prints it, in octal
//   pid                  prints its own
//   title                calls itself something else, then as `arguments`
//   cat                  copies its input to its output
//   write SIZE           writes SIZE bytes; exits with the errno of an error
//   read-and-error       prints on standard error how many bytes its input has
//   both                 writes "out" and "err" to where they belong
//   sleep                for ever
//   hold FILE            locks FILE, says "held", and keeps it for ever
//   parent TOOL FILE     starts TOOL hold FILE, says "held", and sleeps for ever
//   signals              says "ready", waits for the end of its input, then prints each signal that
//                        has come or comes; ends after SIGTERM
//   grow FILE SIZE       writes up to SIZE bytes into FILE; prints how many, and the errno of the
//   end stretch FILE SIZE    gives FILE that size; exits with the errno open-many FILE       opens
//   FILE until it may not; prints how often, the errno, and that of one
//                        more after one was closed
//   exhaust TOOL         opens itself until it may not; prints the errno of every call that needs a
//                        descriptor, and of some that do not
//   burn                 computes for ever
//   start TOOL ARG...    runs TOOL ARG..., asking for looser limits than it can have itself; prints
//                        what that prints
//   daemonise FILE       says "before", goes into the background, writes "done" into FILE
//   daemonise-twice      exits with 0 if the second time is refused
Task<int> ContractTool(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_CONTRACT_TOOL_H_

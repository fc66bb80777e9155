// praliases: prints the alias databases, as praliases(8) of sendmail 8.17 does.
//
//   praliases [-C file] [-f aliasfile] [key …]       all entries, or those of the keys
//   praliases -l                                     the map types that it reads
//
// The databases are those that AliasFile in sendmail.cf names, each FILE.db of type hash or btree,
// whichever it is unless the option says ("btree:FILE"). Keys are looked up as they are written,
// with and without a NUL at the end.
//
// Exit status: 0, whatever is found or not; 64 for bad usage; 66 if sendmail.cf cannot be read; 74
// if the output cannot be written, which sendmail's does not notice.
#ifndef STAGEPOST_MTA_BIN_PRALIASES_H_
#define STAGEPOST_MTA_BIN_PRALIASES_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

Task<int> PraliasesMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_PRALIASES_H_

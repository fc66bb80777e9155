// editmap: looks up, changes or removes one entry of a map, as editmap(8) of sendmail 8.17 does.
//
//   editmap [-C file] [-N] [-f] -q type map key           prints the value
//   editmap [-C file] [-N] [-f] -u type map key value     stores it; with duplicates: one more
//   editmap [-C file] [-N] [-f] -x type map key           removes the key, all its values
//
// A change makes a new map, as makemap does, with everything that was in the old one: it takes time
// in proportion to the map, and the old one or the new one is there at any moment.
//
// Exit status: 0, also if there was nothing to remove; 64 for bad usage; 66 if sendmail.cf cannot
// be read; 69 if the key is not there; 73 if the map cannot be opened; 74 if it cannot be read or
// written.
#ifndef STAGEPOST_MTA_BIN_EDITMAP_H_
#define STAGEPOST_MTA_BIN_EDITMAP_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

Task<int> EditmapMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_EDITMAP_H_

// makemap: builds the database that sendmail's maps of types hash and btree read, from text on
// standard input, as makemap(8) of sendmail 8.17 does.
//
//   makemap [-C file] [-N] [-c cachesize] [-D commentchar] [-d] [-e] [-f] [-i type] [-l] [-o] [-r]
//           [-s] [-t delimiter] [-u] [-v] type map
//
// `type` is hash, btree, implicit (that of the map that is there, else hash), or cf or CF: that of
// the K line in sendmail.cf which has the map's path, or its last component; -i says what to take
// when there is none. The map is MAP.db. -L and -x list more about the types.
//
// Unlike sendmail's it never changes a map in place: the new one replaces the old one when it is
// complete (mta/maptools/map_file.h). Hence two differences: whoever writes a map must be able to
// write its directory, and to give the new file the old one's owner and group; and with -s a hard
// link to the old map goes on meaning the old one. Lines with errors are left out, the others make a
// map. What is read from an old map (-o, -u) is read by our own reader, which damaged files cannot
// crash. At a terminal there is a line on standard error every two seconds.
//
// Exit status: 0; 64 for bad usage; 65 if the input has errors, or the type is not found in
// sendmail.cf; 66 if that cannot be read; 73 if the map cannot be opened; 74 if it cannot be read
// or written, or if the output cannot, which sendmail's does not notice: what -u writes may be
// somebody's only copy. What -v says does not keep the map from being made.
#ifndef STAGEPOST_MTA_BIN_MAKEMAP_H_
#define STAGEPOST_MTA_BIN_MAKEMAP_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

Task<int> MakemapMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MAKEMAP_H_

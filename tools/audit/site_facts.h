// What a configuration says about itself, read by our own reader on a simulated host: classes, maps
// with their entries, and what is wrong.
#ifndef STAGEPOST_TOOLS_AUDIT_SITE_FACTS_H_
#define STAGEPOST_TOOLS_AUDIT_SITE_FACTS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/cf/diagnostic.h"
#include "tools/audit/simulated_site.h"

namespace stagepost {

// Entries of one map that are looked at; more are left out, which a note says.
inline constexpr size_t kMaxAuditedEntries = 200'000;

struct MapEntry {
  std::string map;   // as the K line calls it
  std::string file;  // on the simulated disk, "/etc/mail/access.db"
  std::string key;
  std::string value;
};

struct SiteFacts {
  Diagnostics diagnostics;
  int exit_code = 0;                                        // not 0: what the daemon would end with
  bool loaded = false;                                      // there are no facts otherwise
  std::string host_name;                                    // $j
  std::string domain;                                       // $m
  std::map<std::string, std::vector<std::string>> classes;  // by name; never an empty one
  std::vector<MapEntry> entries;
  // Maps of entries and of the name service, by their names in lower case: the file on the
  // simulated disk; empty: none. Those that only compute are left out.
  std::map<std::string, std::string> map_files;
  std::set<std::string> network_mailers;  // names of those that speak to other hosts
  // Maps that rules ask and that cannot be opened: "NAME: why", with the file's path.
  std::vector<std::pair<std::string, std::string>> unopened;
  std::vector<std::string> notes;

  // Empty if there is no such class.
  std::vector<std::string> Words(absl::string_view class_name) const;
};

// Reads `file`, of the simulated disk, on this host.
SiteFacts ReadFacts(SimulatedSite& site, const std::string& file);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_SITE_FACTS_H_

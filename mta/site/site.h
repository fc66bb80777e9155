// A site: its configuration read, its maps declared, its rules compiled, ready to be asked.
//
// What a program works with once it has read sendmail.cf. Owned by the program; the Environment
// outlives it. Sessions hold a shared pointer: a daemon that reads its file again makes a new Site,
// and running sessions keep theirs.
#ifndef STAGEPOST_MTA_SITE_SITE_H_
#define STAGEPOST_MTA_SITE_SITE_H_

#include <memory>
#include <optional>

#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/reader.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/environment.h"
#include "mta/maps/map_context.h"
#include "mta/maps/map_table.h"
#include "mta/rewrite/engine.h"

namespace stagepost {

class Site {
 public:
  Site(Environment& env, std::unique_ptr<Configuration> configuration, HostLookupOptions hosts,
       Diagnostics& diagnostics);

  Environment& env() { return env_; }
  Configuration& configuration() { return *configuration_; }
  HostLookup& hosts() { return hosts_; }
  MapTable& maps() { return maps_; }
  Engine& engine() { return *engine_; }

 private:
  Environment& env_;
  std::unique_ptr<Configuration> configuration_;
  HostLookup hosts_;
  MapContext map_context_;
  MapTable maps_;
  std::optional<Engine> engine_;
};

struct LoadedSite {
  std::unique_ptr<Site> site;  // null after a fatal error
  Diagnostics diagnostics;     // in the order in which sendmail prints them
  // 0, or what the program ends with after it has printed the diagnostics; only -bt goes on then.
  int exit_code = 0;
  // 0, or what it ends with when its work is done and nothing worse has happened.
  int late_exit_code = 0;
  // The file may be written by its group, or by anybody.
  bool writable_by_others = false;
};

// Reads the configuration and makes a site of it. Prints and logs nothing.
Task<LoadedSite> LoadSite(Environment& env, ReadOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SITE_SITE_H_

// Which connections are open while somebody looks on (-v), and which of them leaves for another
// one, as sendmail has it: so many places (ConnectionCacheSize), of which each mailer's connection
// to a host has one, a program that takes mail by LMTP as well as a server; a new one takes the
// last free place, or that of the connection that was used longest ago, to the second.
//
// Only for a process that is watched: it delivers one message after the other, and says what it
// does. The connections themselves are kept in ConnectionCache and LmtpPrograms, whose limits do
// not matter then. Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_DELIVER_WATCHED_CONNECTIONS_H_
#define STAGEPOST_MTA_DELIVER_WATCHED_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/connection_cache.h"
#include "mta/deliver/delivery_watcher.h"
#include "mta/deliver/lmtp_programs.h"
#include "mta/deliver/mailer_run.h"
#include "mta/env/clock.h"

namespace stagepost {

// The places, and who has them.
class ConnectionPlaces {
 public:
  struct Place {
    std::string key;   // mailer and host; empty: free
    std::string host;  // as it is shown
    bool closed = false;
    int64_t used = 0;  // second of the last use
  };

  // A connection to `host` has been made. Who leaves for it: those that are closed, those idle
  // since before `oldest`, and who has had its place. `places`: how many there are; 0: none is
  // kept.
  std::vector<Place> Enter(std::string key, std::string host, int64_t now, int64_t oldest,
                           size_t places);
  // The connection has been used, and is closed or not.
  void Use(absl::string_view key, int64_t now, bool closed);
  // All, in the order of their places.
  std::vector<Place> TakeAll();

 private:
  std::vector<Place> places_;
};

class WatchedConnections {
 public:
  WatchedConnections(const Clock& clock, ConnectionCache& connections, LmtpPrograms& programs)
      : clock_(clock), connections_(connections), programs_(programs) {}

  // A connection has been made for `run`: lets others leave, and says so.
  Task<void> Enter(const MailerRun& run, std::string key, std::string host,
                   DeliveryWatcher& watcher);
  void Use(absl::string_view key, bool closed);
  // Whether connections are kept at all.
  static bool Keeps(const MailerRun& run);

  // Lets all leave.
  Task<void> LeaveAll(DeliveryWatcher& watcher);

  // The key of a program that takes mail for `mailer`.
  static std::string KeyOfProgram(absl::string_view mailer);

 private:
  // Since the first connection.
  int64_t Second();
  // Closes what is open in the place.
  Task<void> Close(ConnectionPlaces::Place place, DeliveryWatcher& watcher);

  const Clock& clock_;
  ConnectionCache& connections_;
  LmtpPrograms& programs_;
  ConnectionPlaces places_;
  std::optional<MonotonicTime> begun_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_WATCHED_CONNECTIONS_H_

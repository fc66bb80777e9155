// Connections that wait for the next message to the same host. Operations Guide, 5.6
// (ConnectionCacheSize, ConnectionCacheTimeout).
//
// A connection is kept only while more deliveries are expected (set_expecting()): the last one
// takes its leave at once, as a process of sendmail's does at its end. One cache serves a process;
// it is used by one delivery at a time, and never waits for a server itself: what does not fit any
// more is given back to be closed by QuitAll().
#ifndef STAGEPOST_MTA_DELIVER_CONNECTION_CACHE_H_
#define STAGEPOST_MTA_DELIVER_CONNECTION_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/deliver/mail_connection.h"
#include "mta/env/clock.h"

namespace stagepost {

struct CacheLimits {
  size_t connections = 2;
  absl::Duration idle = absl::Minutes(5);
  bool always = false;  // also if none is expected
};

using MailConnections = std::vector<std::unique_ptr<MailConnection>>;

class ConnectionCache {
 public:
  explicit ConnectionCache(const Clock& clock) : clock_(clock) {}

  // `key`: mailer and host, in lower case. Null: there is none, or it has been idle for too long
  // and is closed with the next ones that leave.
  std::unique_ptr<MailConnection> Take(absl::string_view key, absl::Duration max_idle);

  bool Has(absl::string_view key) const;

  // Keeps `connection` for the next message, and gives back what has to leave for it: the longest
  // idle ones, or itself.
  MailConnections Keep(std::string key, std::unique_ptr<MailConnection> connection,
                       CacheLimits limits);

  // Whether there are more deliveries to come.
  void set_expecting(bool expecting) { expecting_ = expecting; }
  bool expecting() const { return expecting_; }

  // All that are at rest.
  MailConnections TakeAll();

 private:
  struct Entry {
    std::string key;
    std::unique_ptr<MailConnection> connection;
  };

  const Clock& clock_;
  std::list<Entry> entries_;  // the one used last at the end
  bool expecting_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_CONNECTION_CACHE_H_

#include "mta/deliver/connection_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stagepost {

std::unique_ptr<MailConnection> ConnectionCache::Take(absl::string_view key,
                                                      absl::Duration max_idle) {
  const MonotonicTime now = clock_.MonotonicNow();
  // The one used last is the one most likely to be alive.
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->key != key) continue;
    if (now - entry->connection->last_used > max_idle) return nullptr;
    std::unique_ptr<MailConnection> connection = std::move(entry->connection);
    entries_.erase(std::next(entry).base());
    return connection;
  }
  return nullptr;
}

bool ConnectionCache::Has(absl::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [key](const Entry& entry) { return entry.key == key; });
}

MailConnections ConnectionCache::Keep(std::string key, std::unique_ptr<MailConnection> connection,
                                      CacheLimits limits) {
  MailConnections leaving;
  if ((!expecting_ && !limits.always) || limits.connections == 0) {
    leaving.push_back(std::move(connection));
    return leaving;
  }
  const MonotonicTime now = clock_.MonotonicNow();
  connection->last_used = now;
  entries_.push_back({std::move(key), std::move(connection)});
  while (entries_.size() > limits.connections ||
         now - entries_.front().connection->last_used > limits.idle) {
    leaving.push_back(std::move(entries_.front().connection));
    entries_.pop_front();
  }
  return leaving;
}

MailConnections ConnectionCache::TakeAll() {
  MailConnections all;
  for (Entry& entry : entries_) all.push_back(std::move(entry.connection));
  entries_.clear();
  return all;
}

}  // namespace stagepost

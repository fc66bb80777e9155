#include "mta/deliver/watched_connections.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace stagepost {
namespace {

constexpr size_t kMostPlaces = 1000;

}  // namespace

std::vector<ConnectionPlaces::Place> ConnectionPlaces::Enter(std::string key, std::string host,
                                                             int64_t now, int64_t oldest,
                                                             size_t places) {
  std::vector<Place> leaving;
  if (places == 0) return leaving;
  places_.resize(std::max(places_.size(), std::min(places, kMostPlaces)));
  size_t best = 0;
  for (size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    const bool over = place.closed || place.used < oldest || place.key == key;
    if (!place.key.empty() && over) leaving.push_back(std::exchange(place, Place()));
    const bool better =
        place.key.empty() || (!places_[best].key.empty() && place.used < places_[best].used);
    if (better) best = i;
  }
  if (!places_[best].key.empty()) leaving.push_back(places_[best]);
  places_[best] = {std::move(key), std::move(host), false, now};
  return leaving;
}

void ConnectionPlaces::Use(absl::string_view key, int64_t now, bool closed) {
  for (Place& place : places_) {
    if (place.key != key) continue;
    place.used = now;
    place.closed = closed;
  }
}

std::vector<ConnectionPlaces::Place> ConnectionPlaces::TakeAll() {
  std::vector<Place> all = std::exchange(places_, {});
  std::erase_if(all, [](const Place& place) { return place.key.empty(); });
  return all;
}

std::string WatchedConnections::KeyOfProgram(absl::string_view mailer) {
  return absl::StrCat("program ", mailer);
}

bool WatchedConnections::Keeps(const MailerRun& run) {
  return run.site.configuration().options.Number(OptionId::kConnectionCacheSize) > 0;
}

int64_t WatchedConnections::Second() {
  const MonotonicTime now = clock_.MonotonicNow();
  if (!begun_.has_value()) begun_ = now;
  return (now - *begun_) / absl::Seconds(1);
}

Task<void> WatchedConnections::Enter(const MailerRun& run, std::string key, std::string host,
                                     DeliveryWatcher& watcher) {
  const Options& options = run.site.configuration().options;
  const auto places =
      static_cast<size_t>(std::max<int64_t>(0, options.Number(OptionId::kConnectionCacheSize)));
  const int64_t idle = options.Interval(OptionId::kConnectionCacheTimeout) / absl::Seconds(1);
  const int64_t now = Second();
  for (ConnectionPlaces::Place& place :
       places_.Enter(std::move(key), std::move(host), now, now - idle, places)) {
    watcher.OnLeaving(run, place.host);
    co_await Close(std::move(place), watcher);
  }
}

void WatchedConnections::Use(absl::string_view key, bool closed) {
  places_.Use(key, Second(), closed);
}

Task<void> WatchedConnections::LeaveAll(DeliveryWatcher& watcher) {
  for (ConnectionPlaces::Place& place : places_.TakeAll()) {
    watcher.OnClosing(place.host);
    co_await Close(std::move(place), watcher);
  }
  // What has no place is not shown to leave.
  for (const std::unique_ptr<MailConnection>& connection : connections_.TakeAll()) {
    (void)co_await connection->client().Quit();
  }
}

Task<void> WatchedConnections::Close(ConnectionPlaces::Place place, DeliveryWatcher& watcher) {
  std::unique_ptr<MailConnection> connection =
      connections_.Take(place.key, absl::InfiniteDuration());
  if (connection != nullptr) {
    connection->client().set_dialogue(&watcher);
    (void)co_await connection->client().Quit();
  }
  for (std::shared_ptr<LmtpProgram>& program : programs_.TakeAll()) {
    if (KeyOfProgram(program->mailer()) != place.key) {
      (void)programs_.Keep(std::move(program), /*always=*/true);
      continue;
    }
    program->client().set_dialogue(&watcher);
    co_await program->Leave();
  }
}

}  // namespace stagepost

// Destinations: how many deliveries go to one place at a time, and who waits for a place.
//
// A destination is a mailer and a host (KeyFor()). At most so many deliveries visit it at a time as
// its window says: one at first, so that a host that is down costs one delivery and a few messages
// share one connection; twice as many each time a whole round of visits has gone well, up to the
// limit; one again when the host failed. A destination without a host, a program, begins with the
// limit: one that hangs must not hold up the others. A message for which there is no room is
// parked, in the order of coming: its id is kept here, and whether it stays locked is the
// scheduler's to decide. When a visit ends, the first that is parked gets its turn, with its place
// kept for it. So one slow or returning host, however much waits for it, never holds all
// deliveries.
//
//   std::optional<Destinations::Visit> visit = destinations.TryEnter(key, id);
//   if (!visit.has_value()) …               // this group is left as it is; the job says: parked
//   … the delivery …
//   if (host_is_down) visit->HostFailed();  // destroyed: the visit is over
//
// One for all deliveries of a process, owned by DeliveryState (delivery_state.h). The parking side
// is the scheduler's (delivery_scheduler.h).
#ifndef STAGEPOST_MTA_DELIVER_DESTINATIONS_H_
#define STAGEPOST_MTA_DELIVER_DESTINATIONS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/queue/queue_id.h"

namespace stagepost {

class Destinations {
 public:
  // Destinations that keep their window while nobody visits them.
  static constexpr size_t kMaxRemembered = 1000;

  // Whoever gives turns to those that are parked; told when one may be due.
  class Listener {
   public:
    virtual void OnTurn() = 0;

   protected:
    ~Listener() = default;
  };

  // One delivery to a destination.
  class Visit {
   public:
    Visit(Visit&& other) noexcept
        : destinations_(std::exchange(other.destinations_, nullptr)),
          key_(std::move(other.key_)),
          failed_(other.failed_) {}
    Visit& operator=(Visit&& other) noexcept {
      std::swap(destinations_, other.destinations_);
      std::swap(key_, other.key_);
      std::swap(failed_, other.failed_);
      return *this;
    }
    ~Visit() {
      if (destinations_ != nullptr) destinations_->Leave(key_, failed_);
    }
    // The host could not be reached or broke down: no more than one at a time until it is well.
    void HostFailed() { failed_ = true; }

   private:
    friend class Destinations;
    Visit(Destinations& destinations, std::string key)
        : destinations_(&destinations), key_(std::move(key)) {}
    Destinations* destinations_;
    std::string key_;
    bool failed_ = false;
  };

  // Whose turn has come: to be delivered now; GiveUpTurn() when that is over.
  struct Turn {
    CompactQueueId id;
    uint32_t batch = 0;
    std::string destination;
  };

  // `limit`: visits of one destination at a time, at most; above zero.
  explicit Destinations(size_t limit) : limit_(limit) {}
  Destinations(const Destinations&) = delete;
  Destinations& operator=(const Destinations&) = delete;

  // "esmtp mx.corp.example", in lower case. `host` is $h; empty for mailers that have none of
  // their own (local, prog), which then are one destination each.
  static std::string KeyFor(absl::string_view mailer, absl::string_view host);

  // A delivery of message `id` to `key` begins; nullopt: there is no room, or others come first.
  std::optional<Visit> TryEnter(absl::string_view key, absl::string_view id);

  // Message `id` waits for room at `key`; `batch` comes back with its turn. REQUIRES: it is neither
  // parked nor has it a turn.
  void Park(absl::string_view key, CompactQueueId id, uint32_t batch);
  // The next one whose turn has come, with its place kept; nullopt: none.
  std::optional<Turn> NextTurn();
  // The delivery of `id` is over, or will not be: a place that is still kept for it is free.
  void GiveUpTurn(CompactQueueId id);
  // Takes those of a batch out again, but for turns that NextTurn() has given; which they were.
  std::vector<CompactQueueId> Unpark(uint32_t batch);

  void set_listener(Listener* listener) { listener_ = listener; }
  size_t parked() const { return parked_; }
  // Destinations that something is known of.
  size_t size() const { return places_.size(); }
  // Deliveries to `key` that may be under way at a time.
  size_t WindowOf(absl::string_view key) const;

 private:
  struct Parked {
    CompactQueueId id;
    uint32_t batch = 0;
  };
  struct Place {
    size_t window = 1;
    size_t visits = 0;     // now
    size_t kept = 0;       // turns given whose delivery has not entered yet
    size_t went_well = 0;  // visits since the window has changed
    std::deque<Parked> waiting;
    bool is_idle() const { return visits == 0 && kept == 0 && waiting.empty(); }
  };
  using Places = std::map<std::string, Place, std::less<>>;

  size_t FirstWindow(absl::string_view key) const;
  Places::iterator PlaceOf(absl::string_view key);
  void Leave(const std::string& key, bool failed);
  // Gives turns while there is room.
  void Advance(Places::iterator place);
  void Forget(Places::iterator place);

  const size_t limit_;
  Places places_;
  std::map<CompactQueueId, Places::iterator> kept_;  // whose turn it is, until they enter
  std::deque<Parked> turns_;                         // given, and not yet asked for
  size_t parked_ = 0;
  Listener* listener_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DESTINATIONS_H_

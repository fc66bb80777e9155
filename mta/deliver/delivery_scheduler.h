// The deliveries of one process: what sessions have accepted, and runs over the queue.
//
// So many jobs at a time work on messages. Work comes in batches: each run over a queue group is
// one, in the order of the queue; what has been accepted is another, in the order of coming. A free
// job takes from each in turn, so that neither waits for the other, and from those that were parked
// at a busy destination (destinations.h) and have got their turn. Of what waits, little more than
// the queue id is kept, and it is there once, whoever asks for it again. Only a few of those that
// were accepted just now wait as they are, locked, so that their files need not be read again.
//
//   DeliveryScheduler deliveries(env, queue, state, context);
//   deliveries.Submit(site, std::move(message));
//   co_await deliveries.RunQueue(site, {});
//   co_await deliveries.Finish();   // or End()
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_SCHEDULER_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mta/async/doorbell.h"
#include "mta/async/scope.h"
#include "mta/async/task.h"
#include "mta/deliver/deliver.h"
#include "mta/deliver/delivery_state.h"
#include "mta/env/environment.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_id.h"
#include "mta/queue/queue_layout.h"
#include "mta/site/site.h"

namespace stagepost {

// Delivery jobs at a time. They are cheap, and most of them wait for somebody else's host; no more
// than kMaxVisits wait for the same.
inline constexpr size_t kMaxDeliveries = 100;
// Accepted messages whose delivery waits its turn; those beyond wait in the queue for its next run.
inline constexpr size_t kMaxWaitingDeliveries = 10'000;
// Messages that are held locked while they wait, or are parked: two open files each, and an
// envelope. Those beyond are let go, and locked again by their job.
inline constexpr size_t kMaxHeldMessages = 100;
// What a job still gets after a stop request: a delivery that is cut off may be made twice.
inline constexpr absl::Duration kDeliveryGrace = absl::Seconds(30);

class DeliveryScheduler final : private Destinations::Listener {
 public:
  // Everything outlives this. Deliveries inherit from `tasks`. At most `deliveries` at a time.
  DeliveryScheduler(Environment& env, Queue& queue, DeliveryState& state, TaskContext& tasks,
                    size_t deliveries = kMaxDeliveries);
  ~DeliveryScheduler();

  // Delivers a message that was handed over soon. It stays locked until its delivery has ended, or
  // it is let go. kResourceExhausted: too many wait; it stays in the queue.
  absl::Status Submit(std::shared_ptr<Site> site, std::unique_ptr<QueuedMessage> message);

  // Delivers it, and returns when that has been tried, or when the message has to wait for a
  // destination. Errors as DeliveryEnd::status, and kCancelled.
  Task<absl::Status> Deliver(std::shared_ptr<Site> site, std::unique_ptr<QueuedMessage> message,
                             DeliveryOptions options);

  // Begins a pass over what is selected of the queue; a narrow selection makes it a run on demand.
  // Each queue group is a batch, with as many jobs at a time as its Runners= says. Messages that
  // wait for their delivery anyway are passed over, and so are all when the host is too busy, and
  // those of low priority when it is busy (QueueLA). An error is one of listing.
  Task<absl::Status> StartQueueRun(std::shared_ptr<Site> site, DeliveryOptions options);
  // The same, and returns when all of it has been tried, also what had to wait for a destination.
  // How many messages these were.
  Task<absl::StatusOr<size_t>> RunQueue(std::shared_ptr<Site> site, DeliveryOptions options);

  // Waits until all have been made. This or End() is needed once.
  Task<void> Finish();
  // Asks those that run to stop, and waits for their end.
  Task<void> End();

  size_t active() const { return active_; }
  // Messages that are known and wait.
  size_t waiting() const { return known_.size() - active_; }

 private:
  // Messages that are delivered alike.
  struct Batch {
    std::shared_ptr<Site> site;
    DeliveryOptions options;
    size_t limit = 0;            // jobs at a time; 0: as many as there are
    bool stays = false;          // more is added
    bool answers_early = false;  // `done` rings when it is parked, too
    std::deque<CompactQueueId> ids;
    size_t active = 0;
    size_t parked = 0;    // with those that have got their turn and have not begun
    absl::Status status;  // of the last that failed
    bool is_awaited = false;
    Doorbell done;
    // Of messages that were parked at more than one destination: at which.
    std::map<CompactQueueId, std::vector<std::string>> destinations;
    bool is_over() const { return !stays && ids.empty() && active == 0 && parked == 0; }
  };
  struct Work {
    CompactQueueId id;
    uint32_t batch = 0;
    std::vector<std::string> destinations;   // of a message that was parked
    std::unique_ptr<QueuedMessage> message;  // null: it is to be locked
  };
  using Batches = std::map<uint32_t, std::unique_ptr<Batch>>;

  static Task<absl::Status> RunJob(DeliveryScheduler& self, Work work);

  void OnTurn() override { StartJobs(); }
  // Starts jobs while there is work and room for them.
  void StartJobs();
  std::optional<Work> NextWork();
  std::optional<Work> NextTurn();
  std::optional<Work> NextOfBatches();
  bool MayBegin(const Batch& batch) const;
  uint32_t AddBatch(std::shared_ptr<Site> site, DeliveryOptions options);
  void AddTo(Batch& batch, CompactQueueId id);
  void AddTo(Batch& batch, std::unique_ptr<QueuedMessage> message);
  // Lets go of what nobody has begun to deliver, beyond kMaxHeldMessages.
  void LimitHeld(CompactQueueId latest);
  void Forget(CompactQueueId id);
  // Nothing begins any more; what was held is free for others.
  void StopBeginning();
  // Whether the host is too busy for a run; said already.
  bool IsTooBusy();
  Task<absl::Status> BeginQueueRun(Site& site, DeliveryOptions& options);
  std::vector<const QueueGroupLayout*> GroupsOf(const std::string& wanted) const;
  // A batch that is awaited: not erased by itself.
  Task<absl::StatusOr<uint32_t>> AddGroup(std::shared_ptr<Site> site, DeliveryOptions options,
                                          const QueueGroupLayout& group);
  Task<void> BeIdle();
  void ExpectMore();
  Task<DeliveryEnd> Try(Work& work);
  void End(const Work& work, DeliveryEnd end);
  void Park(uint32_t number, Batch& batch, ParkedMessage message);
  void EraseIfOver(uint32_t number);
  // Takes out of the batch what has not begun.
  void Drop(uint32_t number);
  // Until it is over, or, with answers_early, no longer under way.
  Task<absl::Status> WaitFor(uint32_t number);

  Environment& env_;
  Queue& queue_;
  DeliveryState& state_;
  const size_t limit_;
  Batches batches_;
  uint32_t last_number_ = 0;
  uint32_t accepted_ = 0;  // the batch of what was submitted; 0: none
  uint32_t served_ = 0;    // the batch that was asked last
  bool turns_first_ = true;
  bool stopping_ = false;
  bool is_idle_ = false;     // somebody is in BeIdle()
  bool has_worked_ = false;  // since it was idle
  size_t active_ = 0;
  size_t active_in_runs_ = 0;
  size_t run_limit_ = 0;                   // MaxQueueChildren; 0: none
  absl::btree_set<CompactQueueId> known_;  // those that wait, are parked or under way
  std::map<CompactQueueId, std::unique_ptr<QueuedMessage>> held_;  // of those that wait, locked
  TaskScope jobs_;
};

// RunQueue() by a scheduler of its own: for a program that does nothing else. Whoever is watched
// delivers one message after the other.
Task<absl::Status> RunQueueOnce(std::shared_ptr<Site> site, Queue& queue, DeliveryOptions options,
                                DeliveryWatcher* watcher = nullptr);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_SCHEDULER_H_

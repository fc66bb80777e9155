#include "mta/deliver/delivery_scheduler.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr absl::string_view kTooBusy = "Skipping queue run -- load average too high";

}  // namespace

DeliveryScheduler::DeliveryScheduler(Environment& env, Queue& queue, DeliveryState& state,
                                     TaskContext& tasks, size_t deliveries)
    : env_(env),
      queue_(queue),
      state_(state),
      limit_(deliveries),
      // Those that have ended but for their last step count as well.
      jobs_(tasks, "deliveries", TaskScope::Policy::kSupervise, 2 * deliveries + 2) {
  state_.destinations.set_listener(this);
}

DeliveryScheduler::~DeliveryScheduler() { state_.destinations.set_listener(nullptr); }

uint32_t DeliveryScheduler::AddBatch(std::shared_ptr<Site> site, DeliveryOptions options) {
  auto batch = std::make_unique<Batch>();
  batch->site = std::move(site);
  batch->options = std::move(options);
  const uint32_t number = ++last_number_;
  batches_[number] = std::move(batch);
  return number;
}

void DeliveryScheduler::AddTo(Batch& batch, CompactQueueId id) {
  if (known_.insert(id).second) batch.ids.push_back(id);
}

// Of a message that a queue run has found in the meantime only the run's order counts: its job
// locks it.
void DeliveryScheduler::AddTo(Batch& batch, std::unique_ptr<QueuedMessage> message) {
  const CompactQueueId id(message->envelope().id);
  if (!known_.insert(id).second) return;
  batch.ids.push_back(id);
  if (env_.probes().Buggify("deliver: a message is locked anew")) return;
  held_[id] = std::move(message);
}

void DeliveryScheduler::LimitHeld(CompactQueueId latest) {
  if (held_.size() > kMaxHeldMessages) held_.erase(latest);
}

void DeliveryScheduler::Forget(CompactQueueId id) {
  known_.erase(id);
  held_.erase(id);
}

void DeliveryScheduler::StopBeginning() {
  stopping_ = true;
  held_.clear();
}

absl::Status DeliveryScheduler::Submit(std::shared_ptr<Site> site,
                                       std::unique_ptr<QueuedMessage> message) {
  if (stopping_) return absl::CancelledError("deliveries stop");
  auto found = batches_.find(accepted_);
  if (found == batches_.end() || found->second->site != site) {
    // What came before a change of the configuration is delivered as it was then.
    if (found != batches_.end()) {
      found->second->stays = false;
      EraseIfOver(accepted_);
    }
    accepted_ = AddBatch(std::move(site), DeliveryOptions());
    found = batches_.find(accepted_);
    found->second->stays = true;
  }
  if (found->second->ids.size() >= kMaxWaitingDeliveries) {
    return absl::ResourceExhaustedError("too many deliveries wait");
  }
  const CompactQueueId id(message->envelope().id);
  AddTo(*found->second, std::move(message));
  StartJobs();
  LimitHeld(id);
  return absl::OkStatus();
}

Task<absl::Status> DeliveryScheduler::Deliver(std::shared_ptr<Site> site,
                                              std::unique_ptr<QueuedMessage> message,
                                              DeliveryOptions options) {
  if (stopping_) co_return absl::CancelledError("deliveries stop");
  const uint32_t number = AddBatch(std::move(site), std::move(options));
  Batch& batch = *batches_[number];
  batch.answers_early = true;
  batch.is_awaited = true;
  const CompactQueueId id(message->envelope().id);
  AddTo(batch, std::move(message));
  StartJobs();
  LimitHeld(id);
  co_return co_await WaitFor(number);
}

bool DeliveryScheduler::IsTooBusy() {
  // Whether a message of one recipient and no bytes would have to wait.
  const QueueLayout& layout = queue_.layout();
  if (!IsOnlyQueued(layout, env_.host().load_average(), layout.recipient_factor)) return false;
  env_.log().Write(Severity::kInfo, absl::StrCat("runqueue: ", kTooBusy));
  if (state_.watcher != nullptr) state_.watcher->OnRemark(absl::StrCat(kTooBusy, "\n"));
  return true;
}

Task<absl::Status> DeliveryScheduler::BeginQueueRun(Site& site, DeliveryOptions& options) {
  options.queue_run = true;
  options.hosts = std::make_shared<HostStatus>(env_, true);
  if (options.selection.is_narrow()) options.on_demand = true;
  const int64_t children = site.configuration().options.Number(OptionId::kMaxQueueChildren);
  run_limit_ = static_cast<size_t>(std::max<int64_t>(children, 0));
  // Strangers ask for runs on demand, too; tidying up is for those that come at their time.
  if (options.on_demand) co_return absl::OkStatus();
  const absl::Status cleaned = co_await queue_.RemoveOrphans();
  if (absl::IsCancelled(cleaned)) co_return cleaned;
  if (!cleaned.ok()) {
    env_.log().Write(Severity::kCritical, absl::StrCat("NOQUEUE: SYSERR: ", cleaned.message()));
  }
  co_return absl::OkStatus();
}

std::vector<const QueueGroupLayout*> DeliveryScheduler::GroupsOf(const std::string& wanted) const {
  std::vector<const QueueGroupLayout*> groups;
  for (const QueueGroupLayout& group : queue_.layout().groups) {
    // Groups without runners are served when they are asked for.
    const bool runs =
        wanted.empty() ? group.runners > 0 : queue_.layout().FindGroup(wanted) == &group;
    if (runs) groups.push_back(&group);
  }
  // As sendmail goes through them.
  std::reverse(groups.begin(), groups.end());
  return groups;
}

Task<absl::StatusOr<uint32_t>> DeliveryScheduler::AddGroup(std::shared_ptr<Site> site,
                                                           DeliveryOptions options,
                                                           const QueueGroupLayout& group) {
  options.selection.group = group.name;
  CO_ASSIGN_OR_RETURN(const std::vector<std::string> ids, co_await queue_.List(options.selection));
  if (stopping_) co_return absl::CancelledError("deliveries stop");
  const uint32_t number = AddBatch(std::move(site), std::move(options));
  Batch& batch = *batches_[number];
  batch.is_awaited = true;
  batch.limit = group.runners_given ? static_cast<size_t>(group.runners) : 0;
  for (const std::string& id : ids) AddTo(batch, CompactQueueId(id));
  if (state_.watcher != nullptr) state_.watcher->OnQueueRun(batch.ids.size());
  co_return number;
}

Task<absl::Status> DeliveryScheduler::StartQueueRun(std::shared_ptr<Site> site,
                                                    DeliveryOptions options) {
  if (IsTooBusy()) co_return absl::OkStatus();
  const std::string wanted = options.selection.group;
  CO_RETURN_IF_ERROR(co_await BeginQueueRun(*site, options));
  for (const QueueGroupLayout* const group : GroupsOf(wanted)) {
    CO_ASSIGN_OR_RETURN(const uint32_t number, co_await AddGroup(site, options, *group));
    batches_[number]->is_awaited = false;
    StartJobs();
    EraseIfOver(number);
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<size_t>> DeliveryScheduler::RunQueue(std::shared_ptr<Site> site,
                                                         DeliveryOptions options) {
  if (IsTooBusy()) co_return size_t{0};
  const std::string wanted = options.selection.group;
  CO_RETURN_IF_ERROR(co_await BeginQueueRun(*site, options));
  std::vector<uint32_t> numbers;
  absl::Status status;
  size_t messages = 0;
  for (const QueueGroupLayout* const group : GroupsOf(wanted)) {
    const absl::StatusOr<uint32_t> number = co_await AddGroup(site, options, *group);
    status.Update(number.status());
    if (!number.ok()) break;
    messages += batches_[*number]->ids.size();
    if (limit_ > 1) {
      numbers.push_back(*number);
      StartJobs();
    } else {
      // One message after the other, group by group.
      status.Update(co_await WaitFor(*number));
    }
  }
  for (const uint32_t number : numbers) status.Update(co_await WaitFor(number));
  if (!status.ok()) co_return status;
  co_return messages;
}

Task<absl::Status> DeliveryScheduler::WaitFor(uint32_t number) {
  Batch& batch = *batches_[number];
  batch.is_awaited = true;
  StartJobs();
  absl::Status status;
  const auto is_done = [&batch] {
    return batch.answers_early ? batch.ids.empty() && batch.active == 0 : batch.is_over();
  };
  while (status.ok() && !is_done()) status = co_await batch.done.Wait();
  if (!status.ok()) Drop(number);
  // Of a run, one message that cannot be worked on says nothing; it has been logged.
  if (batch.answers_early) status.Update(batch.status);
  batch.is_awaited = false;
  EraseIfOver(number);
  co_return status;
}

void DeliveryScheduler::Drop(uint32_t number) {
  Batch& batch = *batches_[number];
  for (const CompactQueueId id : batch.ids) Forget(id);
  batch.ids.clear();
  for (const CompactQueueId id : state_.destinations.Unpark(number)) {
    Forget(id);
    batch.destinations.erase(id);
    --batch.parked;
  }
}

void DeliveryScheduler::EraseIfOver(uint32_t number) {
  const auto found = batches_.find(number);
  if (found == batches_.end() || !found->second->is_over()) return;
  if (!found->second->is_awaited) batches_.erase(found);
}

void DeliveryScheduler::StartJobs() {
  ExpectMore();
  while (active_ < limit_ && !stopping_) {
    std::optional<Work> work = NextWork();
    if (!work.has_value()) return;
    Batch& batch = *batches_[work->batch];
    ++batch.active;
    ++active_;
    has_worked_ = true;
    if (batch.options.queue_run) ++active_in_runs_;
    const CompactQueueId id = work->id;
    const absl::Status status = jobs_.Spawn(&RunJob, std::ref(*this), *std::move(work));
    if (!status.ok()) {
      // Somebody above stops: the messages are safe where they are.
      StopBeginning();
      --batch.active;
      --active_;
      if (batch.options.queue_run) --active_in_runs_;
      known_.erase(id);
      batch.status = status;
      batch.done.Ring();
    }
  }
}

std::optional<DeliveryScheduler::Work> DeliveryScheduler::NextWork() {
  turns_first_ = !turns_first_;
  std::optional<Work> work;
  if (turns_first_) work = NextTurn();
  if (!work.has_value()) work = NextOfBatches();
  if (!work.has_value() && !turns_first_) work = NextTurn();
  if (!work.has_value()) return work;
  if (const auto held = held_.find(work->id); held != held_.end()) {
    work->message = std::move(held->second);
    held_.erase(held);
  }
  return work;
}

std::optional<DeliveryScheduler::Work> DeliveryScheduler::NextTurn() {
  std::optional<Destinations::Turn> turn = state_.destinations.NextTurn();
  if (!turn.has_value()) return std::nullopt;
  Batch& batch = *batches_[turn->batch];
  --batch.parked;
  Work work = {turn->id, turn->batch, {}, nullptr};
  const auto several = batch.destinations.find(turn->id);
  if (several == batch.destinations.end()) {
    work.destinations = {std::move(turn->destination)};
  } else {
    work.destinations = std::move(several->second);
    batch.destinations.erase(several);
  }
  return work;
}

bool DeliveryScheduler::MayBegin(const Batch& batch) const {
  if (batch.ids.empty() || (batch.limit > 0 && batch.active >= batch.limit)) return false;
  return !batch.options.queue_run || run_limit_ == 0 || active_in_runs_ < run_limit_;
}

std::optional<DeliveryScheduler::Work> DeliveryScheduler::NextOfBatches() {
  auto batch = batches_.upper_bound(served_);
  for (size_t asked = 0; asked < batches_.size(); ++asked, ++batch) {
    if (batch == batches_.end()) batch = batches_.begin();
    if (!MayBegin(*batch->second)) continue;
    served_ = batch->first;
    Work work = {batch->second->ids.front(), batch->first, {}, nullptr};
    batch->second->ids.pop_front();
    return work;
  }
  return std::nullopt;
}

Task<absl::Status> DeliveryScheduler::RunJob(DeliveryScheduler& self, Work work) {
  DeliveryEnd end = co_await self.Try(work);
  const absl::Status status = end.status;
  self.End(work, std::move(end));
  self.StartJobs();
  co_await self.BeIdle();
  co_return status;
}

// Connections are left at once. Programs wait, for one task at a time, and again if there was work
// in between.
Task<void> DeliveryScheduler::BeIdle() {
  if (active_ == 0) co_await state_.OnIdle();
  if (is_idle_) co_return;
  is_idle_ = true;
  while (active_ == 0 && std::exchange(has_worked_, false)) {
    if (state_.programs.empty()) continue;
    // A stop ends the wait.
    if (!has_worked_) (void)co_await Sleep(state_.programs.linger());
    if (!has_worked_) co_await state_.OnLongIdle();
  }
  is_idle_ = false;
}

Task<DeliveryEnd> DeliveryScheduler::Try(Work& work) {
  const Batch& batch = *batches_[work.batch];
  if (env_.probes().Buggify("deliver: a delivery starts late")) {
    (void)co_await Sleep(absl::Seconds(90));
  }
  DeliveryOptions options = batch.options;
  options.destinations = work.destinations;
  co_return co_await Shield(
      kDeliveryGrace, DeliverMessage(batch.site, queue_, state_, work.id.str(), std::move(options),
                                     std::move(work.message)));
}

void DeliveryScheduler::End(const Work& work, DeliveryEnd end) {
  Batch& batch = *batches_[work.batch];
  --batch.active;
  --active_;
  if (batch.options.queue_run) --active_in_runs_;
  known_.erase(work.id);
  if (!end.status.ok()) batch.status = end.status;
  state_.destinations.GiveUpTurn(work.id);
  for (ParkedMessage& parked : end.parked) Park(work.batch, batch, std::move(parked));
  ExpectMore();
  batch.done.Ring();
  EraseIfOver(work.batch);
}

// Whether connections are worth keeping: reports may follow a message to the same host. OnIdle()
// closes them when the last one has ended.
void DeliveryScheduler::ExpectMore() { state_.connections.set_expecting(!known_.empty()); }

void DeliveryScheduler::Park(uint32_t number, Batch& batch, ParkedMessage message) {
  if (stopping_ || message.destinations.empty()) return;
  const CompactQueueId id(message.id);
  if (!known_.insert(id).second) return;
  ++batch.parked;
  if (message.message != nullptr) held_[id] = std::move(message.message);
  const std::string first = message.destinations.front();
  if (message.destinations.size() > 1) batch.destinations[id] = std::move(message.destinations);
  state_.destinations.Park(first, id, number);
  LimitHeld(id);
}

Task<void> DeliveryScheduler::Finish() { (void)co_await jobs_.Join(); }

Task<void> DeliveryScheduler::End() {
  StopBeginning();
  jobs_.RequestStop();
  (void)co_await jobs_.Join();
}

Task<absl::Status> RunQueueOnce(std::shared_ptr<Site> site, Queue& queue, DeliveryOptions options,
                                DeliveryWatcher* watcher) {
  Environment& env = site->env();
  DeliveryState state(env);
  state.watcher = watcher;
  const size_t deliveries = watcher == nullptr ? kMaxDeliveries : 1;
  DeliveryScheduler scheduler(env, queue, state, co_await CurrentContext(), deliveries);
  const absl::StatusOr<size_t> messages =
      co_await scheduler.RunQueue(std::move(site), std::move(options));
  co_await scheduler.Finish();
  co_return messages.status();
}

}  // namespace stagepost

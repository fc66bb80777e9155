#include "mta/posix/sync_service.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace stagepost {

class SyncService::Flush final {
 public:
  explicit Flush(const Target& target) : target_(target) {}

  // Gives the disk what was written, without waiting for it. An error comes back from fsync(2).
  void Hand() const {
    if (!target_.directory) ::sync_file_range(target_.fd->get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  }
  void Run() {
    error_ = Retry([this] { return ::fsync(target_.fd->get()); }) == 0 ? 0 : errno;
  }

  const Target& target() const { return target_; }
  List<Waiter>& waiters() { return waiters_; }
  int error() const { return error_; }

 private:
  const Target target_;
  List<Waiter> waiters_;
  int error_ = 0;
};

// What one worker does.
class SyncService::Batch final : public WorkerPool::Job {
 public:
  explicit Batch(SyncService& service) : service_(service) {}

  void Add(std::unique_ptr<Flush> flush) { flushes_.push_back(std::move(flush)); }
  bool full() const { return flushes_.size() == kFlushesTogether; }

  void Run() override {
    if (flushes_.size() > 1) {
      for (const std::unique_ptr<Flush>& flush : flushes_) flush->Hand();
    }
    for (const std::unique_ptr<Flush>& flush : flushes_) flush->Run();
  }
  void Complete() override {
    for (const std::unique_ptr<Flush>& flush : flushes_) service_.OnFlushed(*flush);
  }

 private:
  SyncService& service_;
  std::vector<std::unique_ptr<Flush>> flushes_;
};

SyncService::SyncService(EventLoop& events, WorkerPool& workers)
    : events_(events), workers_(workers) {}

SyncService::~SyncService() = default;

bool SyncService::Same(const Target& a, const Target& b) {
  if (a.directory != b.directory) return false;
  return a.directory ? a.inode == b.inode : a.fd == b.fd;
}

void SyncService::Sync(const Target& target, Waiter& waiter) {
  Device& device = devices_[target.device];
  for (const std::unique_ptr<Flush>& flush : device.queued) {
    if (Same(flush->target(), target)) {
      flush->waiters().PushBack(waiter);
      return;
    }
  }
  device.queued.push_back(std::make_unique<Flush>(target));
  device.queued.back()->waiters().PushBack(waiter);
  events_.AtTurnEnd(*this);
}

void SyncService::OnTurnEnd() {
  for (auto device = devices_.begin(); device != devices_.end();) {
    Begin(device->second);
    const bool idle = device->second.running.empty() && device->second.queued.empty();
    device = idle ? devices_.erase(device) : std::next(device);
  }
}

bool SyncService::IsRunning(const Device& device, const Target& target) {
  return std::any_of(device.running.begin(), device.running.end(),
                     [&](const Flush* flush) { return Same(flush->target(), target); });
}

void SyncService::Begin(Device& device) {
  std::unique_ptr<Batch> batch;
  auto next = device.queued.begin();
  while (device.running.size() < kFlushesPerDevice && next != device.queued.end()) {
    if (IsRunning(device, (*next)->target())) {
      ++next;
      continue;
    }
    std::unique_ptr<Flush> flush = std::move(*next);
    next = device.queued.erase(next);
    if (flush->waiters().empty()) continue;  // all have withdrawn
    Begin(device, *flush);
    if (flush->target().unflushed_bytes > kTogetherBytes) {
      auto alone = std::make_unique<Batch>(*this);
      alone->Add(std::move(flush));
      workers_.Submit(std::move(alone));
      continue;
    }
    if (batch == nullptr) batch = std::make_unique<Batch>(*this);
    batch->Add(std::move(flush));
    if (batch->full()) workers_.Submit(std::move(batch));
  }
  if (batch != nullptr) workers_.Submit(std::move(batch));
}

void SyncService::Begin(Device& device, Flush& flush) {
  List<Waiter> begun;
  begun.TakeAll(flush.waiters());
  while (!begun.empty()) {
    Waiter& waiter = begun.PopFront();
    waiter.begun_ = true;
    flush.waiters().PushBack(waiter);
  }
  device.running.push_back(&flush);
  ++flushes_;
}

void SyncService::OnFlushed(Flush& flush) {
  while (!flush.waiters().empty()) flush.waiters().PopFront().OnSynced(flush.error());
  std::vector<const Flush*>& running = devices_.at(flush.target().device).running;
  running.erase(std::find(running.begin(), running.end(), &flush));
  events_.AtTurnEnd(*this);
}

}  // namespace stagepost

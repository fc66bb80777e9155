#include "mta/posix/sync_service.h"

#include <unistd.h>

#include <utility>

namespace stagepost {

class SyncService::Flush final : public WorkerPool::Job {
 public:
  Flush(SyncService& service, const Target& target) : service_(service), target_(target) {}

  void Run() override {
    error_ = Retry([this] { return ::fsync(target_.fd->get()); }) == 0 ? 0 : errno;
  }
  void Complete() override { service_.OnFlushed(*this); }

  const Target& target() const { return target_; }
  List<Waiter>& waiters() { return waiters_; }
  int error() const { return error_; }

 private:
  SyncService& service_;
  const Target target_;
  List<Waiter> waiters_;
  int error_ = 0;
};

SyncService::SyncService(WorkerPool& workers) : workers_(workers) {}

SyncService::~SyncService() = default;

bool SyncService::Shares(const Target& a, const Target& b) {
  if (a.directory != b.directory) return false;
  return a.directory ? a.inode == b.inode : a.fd == b.fd;
}

void SyncService::Sync(const Target& target, Waiter& waiter) {
  Device& device = devices_[target.device];
  for (const std::unique_ptr<Flush>& flush : device.queued) {
    if (Shares(flush->target(), target)) {
      flush->waiters().PushBack(waiter);
      return;
    }
  }
  device.queued.push_back(std::make_unique<Flush>(*this, target));
  device.queued.back()->waiters().PushBack(waiter);
  Begin(device);
}

void SyncService::Begin(Device& device) {
  while (device.running < kFlushesPerDevice && !device.queued.empty()) {
    std::unique_ptr<Flush> flush = std::move(device.queued.front());
    device.queued.pop_front();
    if (flush->waiters().empty()) continue;  // all have withdrawn
    List<Waiter> begun;
    begun.TakeAll(flush->waiters());
    while (!begun.empty()) {
      Waiter& waiter = begun.PopFront();
      waiter.begun_ = true;
      flush->waiters().PushBack(waiter);
    }
    ++device.running;
    ++flushes_;
    workers_.Submit(std::move(flush));
  }
}

void SyncService::OnFlushed(Flush& flush) {
  while (!flush.waiters().empty()) flush.waiters().PopFront().OnSynced(flush.error());
  const auto device = devices_.find(flush.target().device);
  --device->second.running;
  Begin(device->second);
  if (device->second.running == 0) devices_.erase(device);
}

}  // namespace stagepost

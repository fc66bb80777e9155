#include "mta/posix/sync_service.h"

#include <unistd.h>

#include <algorithm>
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
  device.queued.push_back(std::make_unique<Flush>(*this, target));
  device.queued.back()->waiters().PushBack(waiter);
  Begin(device);
}

bool SyncService::IsRunning(const Device& device, const Target& target) {
  return std::any_of(device.running.begin(), device.running.end(),
                     [&](const Flush* flush) { return Same(flush->target(), target); });
}

void SyncService::Begin(Device& device) {
  auto next = device.queued.begin();
  while (device.running.size() < kFlushesPerDevice && next != device.queued.end()) {
    if (IsRunning(device, (*next)->target())) {
      ++next;
      continue;
    }
    std::unique_ptr<Flush> flush = std::move(*next);
    next = device.queued.erase(next);
    if (!flush->waiters().empty()) Begin(device, std::move(flush));  // else all have withdrawn
  }
}

void SyncService::Begin(Device& device, std::unique_ptr<Flush> flush) {
  List<Waiter> begun;
  begun.TakeAll(flush->waiters());
  while (!begun.empty()) {
    Waiter& waiter = begun.PopFront();
    waiter.begun_ = true;
    flush->waiters().PushBack(waiter);
  }
  device.running.push_back(flush.get());
  ++flushes_;
  workers_.Submit(std::move(flush));
}

void SyncService::OnFlushed(Flush& flush) {
  while (!flush.waiters().empty()) flush.waiters().PopFront().OnSynced(flush.error());
  const auto place = devices_.find(flush.target().device);
  Device& device = place->second;
  device.running.erase(std::find(device.running.begin(), device.running.end(), &flush));
  Begin(device);
  if (device.running.empty()) devices_.erase(place);
}

}  // namespace stagepost

#include "mta/posix/worker_pool.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

#include "mta/base/check.h"

namespace stagepost {

WorkerPool::WorkerPool(EventLoop& events, size_t max_threads)
    : events_(events), max_threads_(max_threads) {
  CHECK(max_threads > 0);
  OpenBell();
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex_);
    waiting_.clear();
  }
  JoinThreads();
  Unwatch();
}

void WorkerPool::OpenBell() {
  Unwatch();
  bell_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  CHECK(bell_.valid()) << "eventfd: errno " << errno;
  CHECK(events_.Add(*this, bell_.get(), EPOLLIN).ok());
}

void WorkerPool::Submit(std::unique_ptr<Job> job) {
  job->sequence_ = next_sequence_++;
  bool want_thread, wake;
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
    want_thread = waiting_.size() > idle_ && threads_.size() < max_threads_;
    wake = WantsWake();
  }
  if (want_thread) StartThread();
  if (wake) work_or_end_.notify_one();
}

void WorkerPool::StartThread() {
  // Signals are for the event loop's thread, which the new one must not take them from.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = ::pthread_create(&thread, nullptr, &WorkerPool::ThreadMain, this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) {
    threads_.push_back(thread);
  } else {
    CHECK(!threads_.empty()) << "pthread_create: errno " << error;
  }
}

void* WorkerPool::ThreadMain(void* pool) {
  static_cast<WorkerPool*>(pool)->Work();
  return nullptr;
}

bool WorkerPool::WantsWake() {
  if (waking_ >= idle_ || waking_ >= waiting_.size()) return false;
  ++waking_;
  return true;
}

void WorkerPool::WaitForWork(std::unique_lock<std::mutex>& lock) {
  while (!ending_ && waiting_.empty()) {
    ++idle_;
    work_or_end_.wait(lock);
    --idle_;
    // One that wakes without having been told takes the place of one that was.
    if (waking_ > 0) --waking_;
  }
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    WaitForWork(lock);
    if (waiting_.empty()) return;
    std::unique_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job->Run();
    lock.lock();
    const bool first = ended_.empty();
    ended_.push_back(std::move(job));
    if (first) ::eventfd_write(bell_.get(), 1);
  }
}

void WorkerPool::OnEvents(uint32_t) {
  std::vector<std::unique_ptr<Job>> ended;
  {
    std::lock_guard lock(mutex_);
    eventfd_t rung;
    ::eventfd_read(bell_.get(), &rung);
    ended.swap(ended_);
  }
  std::sort(ended.begin(), ended.end(),
            [](const auto& a, const auto& b) { return a->sequence_ < b->sequence_; });
  for (const std::unique_ptr<Job>& job : ended) job->Complete();
}

void WorkerPool::JoinThreads() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_or_end_.notify_all();
  for (pthread_t thread : threads_) ::pthread_join(thread, nullptr);
  threads_.clear();
  ending_ = false;
}

void WorkerPool::Quiesce() { JoinThreads(); }

void WorkerPool::RebuildAfterFork() {
  CHECK(threads_.empty());
  OpenBell();
  if (!ended_.empty()) ::eventfd_write(bell_.get(), 1);
}

}  // namespace stagepost

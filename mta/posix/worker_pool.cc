#include "mta/posix/worker_pool.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

#include "mta/base/check.h"
#include "mta/posix/thread_identity.h"

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

WorkerPool::Worker::Worker(WorkerPool& owner) : pool(owner) {
  CHECK(::sem_init(&wake, 0, 0) == 0) << "sem_init: errno " << errno;
}

WorkerPool::Worker::~Worker() { ::sem_destroy(&wake); }

void WorkerPool::Wake(Worker& worker, std::unique_ptr<Job> job) {
  worker.job = std::move(job);
  ::sem_post(&worker.wake);
}

void WorkerPool::Submit(std::unique_ptr<Job> job) {
  job->sequence_ = next_sequence_++;
  for (const bool may_start : {true, false}) {
    Worker* idle = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        idle = idle_.back();
        idle_.pop_back();
      } else if (!may_start || workers_.size() >= max_threads_) {
        waiting_.push_back(std::move(job));
        return;
      }
    }
    if (idle != nullptr) return Wake(*idle, std::move(job));
    if (StartThread(job)) return;
  }
}

bool WorkerPool::StartThread(std::unique_ptr<Job>& job) {
  ActAsOneself();  // a thread begins as whoever starts it
  auto worker = std::make_unique<Worker>(*this);
  worker->job = std::move(job);
  // Signals are for the event loop's thread, which the new one must not take them from.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error =
      ::pthread_create(&worker->thread, nullptr, &WorkerPool::ThreadMain, worker.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) {
    workers_.push_back(std::move(worker));
    return true;
  }
  CHECK(!workers_.empty()) << "pthread_create: errno " << error;
  job = std::move(worker->job);
  return false;
}

void* WorkerPool::ThreadMain(void* worker) {
  Worker& self = *static_cast<Worker*>(worker);
  self.pool.Work(self);
  return nullptr;
}

void WorkerPool::Work(Worker& self) {
  while (self.job != nullptr) {
    self.job->Run();
    if (Exchange(self)) continue;
    while (::sem_wait(&self.wake) != 0) CHECK(errno == EINTR) << "sem_wait: errno " << errno;
  }
}

bool WorkerPool::Exchange(Worker& self) {
  bool first;
  bool goes_on = true;
  {
    std::lock_guard lock(mutex_);
    first = ended_.empty();
    ended_.push_back(std::move(self.job));
    if (!waiting_.empty()) {
      self.job = std::move(waiting_.front());
      waiting_.pop_front();
    } else if (!ending_) {
      idle_.push_back(&self);
      goes_on = false;
    }
  }
  if (first) ::eventfd_write(bell_.get(), 1);
  return goes_on;
}

void WorkerPool::OnEvents(uint32_t) {
  // Before the jobs are taken: whoever ends one after that rings again.
  eventfd_t rung;
  ::eventfd_read(bell_.get(), &rung);
  std::vector<std::unique_ptr<Job>> ended;
  {
    std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  std::sort(ended.begin(), ended.end(),
            [](const auto& a, const auto& b) { return a->sequence_ < b->sequence_; });
  for (const std::unique_ptr<Job>& job : ended) job->Complete();
}

void WorkerPool::JoinThreads() {
  std::vector<Worker*> idle;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    idle.swap(idle_);
  }
  for (Worker* const worker : idle) Wake(*worker, nullptr);
  for (const std::unique_ptr<Worker>& worker : workers_) ::pthread_join(worker->thread, nullptr);
  workers_.clear();
  ending_ = false;
}

void WorkerPool::Quiesce() { JoinThreads(); }

void WorkerPool::RebuildAfterFork() {
  CHECK(workers_.empty());
  OpenBell();
  if (!ended_.empty()) ::eventfd_write(bell_.get(), 1);
}

}  // namespace stagepost

// WorkerPool: a few threads for what would stop the one thread of control: flushing files to disk,
// reading long directories, and freeing the space of removed files. Nothing else is done
// off-thread.
//
// Threads start when there is work for them, so that a process may fork before (Daemonise), and
// block all signals. Jobs begin in order of submission; those that have ended by the time the event
// loop looks are completed in order of submission too, whatever order they ended in.
//
// Each job is handed to a thread of its own, which sleeps on a semaphore of its own: woken, it has
// nothing to wait for. Were threads to wake one another, a machine whose processors are busy would
// let each of them wait its turn before the next one's wait began, and who is flushed beside others
// is flushed with them; and were they to sleep together, they would wake into a queue at the mutex.
#ifndef STAGEPOST_MTA_POSIX_WORKER_POOL_H_
#define STAGEPOST_MTA_POSIX_WORKER_POOL_H_

#include <pthread.h>
#include <semaphore.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "mta/posix/event_loop.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

class WorkerPool final : private Watch {
 public:
  // One piece of work. It owns all that Run() touches, since whoever submitted it may be gone.
  class Job {
   public:
    virtual ~Job() = default;
    // On a worker's thread. Touches nothing that the event loop's thread may touch.
    virtual void Run() = 0;
    // Afterwards, on the event loop's thread; then the job is destroyed.
    virtual void Complete() = 0;

   private:
    friend class WorkerPool;
    uint64_t sequence_ = 0;
  };

  // `events` outlives the pool.
  WorkerPool(EventLoop& events, size_t max_threads);
  // Waits for the jobs that are running; drops the others, and what was not completed.
  ~WorkerPool();

  void Submit(std::unique_ptr<Job> job);

  // Ends all threads once the jobs submitted so far have run (blocking until then), so that fork()
  // copies no thread's state. Completions still come through the loop; later jobs start new
  // threads.
  void Quiesce();
  // In the child of fork().
  void RebuildAfterFork();

 private:
  // A thread, and what it is to do next.
  struct Worker {
    explicit Worker(WorkerPool& pool);
    ~Worker();
    WorkerPool& pool;
    pthread_t thread = {};
    sem_t wake;
    // Written by whoever wakes it, before that; null: it is to end.
    std::unique_ptr<Job> job;
  };

  static void* ThreadMain(void* worker);
  void Work(Worker& self);
  // Hands over what has been done, and takes what is next; false: nothing, self is idle.
  bool Exchange(Worker& self);
  // The job stays with the caller if there is no room for more threads.
  bool StartThread(std::unique_ptr<Job>& job);
  static void Wake(Worker& worker, std::unique_ptr<Job> job);
  void JoinThreads();
  void OpenBell();
  void OnEvents(uint32_t events) override;

  EventLoop& events_;
  const size_t max_threads_;
  UniqueFd bell_;  // eventfd; rung when a job has ended
  std::vector<std::unique_ptr<Worker>> workers_;
  uint64_t next_sequence_ = 0;

  std::mutex mutex_;
  // Guarded by mutex_:
  std::deque<std::unique_ptr<Job>> waiting_;  // none while a worker is idle
  std::vector<std::unique_ptr<Job>> ended_;
  std::vector<Worker*> idle_;
  bool ending_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_WORKER_POOL_H_

// What files and file systems need around them. Owned by the Environment, outlives all of them.
#ifndef STAGEPOST_MTA_POSIX_FILE_SERVICES_H_
#define STAGEPOST_MTA_POSIX_FILE_SERVICES_H_

#include "mta/posix/lock_queue.h"
#include "mta/posix/private_root.h"
#include "mta/posix/sync_service.h"
#include "mta/posix/thread_identity.h"
#include "mta/posix/worker_pool.h"
#include "mta/posix/working_directory.h"

namespace stagepost {

struct FileServices {
  const PrivateRoot& root;
  OwnIdentity& own;
  WorkerPool& workers;
  SyncService& syncs;
  LockQueue& locks;
  const WorkingDirectory& working_directory;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_FILE_SERVICES_H_

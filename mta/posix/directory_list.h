// Listing a directory: the beginning inline, and the rest, if it is long, off-thread.
#ifndef STAGEPOST_MTA_POSIX_DIRECTORY_LIST_H_
#define STAGEPOST_MTA_POSIX_DIRECTORY_LIST_H_

#include <string>
#include <vector>

#include "mta/env/file_system.h"
#include "mta/posix/unique_fd.h"
#include "mta/posix/worker_pool.h"

namespace stagepost {

// All entries of the open directory `fd`. `name` is "opendir /path", for messages.
Operation<absl::StatusOr<std::vector<DirectoryEntry>>> ListOpenDirectory(WorkerPool& workers,
                                                                         UniqueFd fd,
                                                                         std::string name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_DIRECTORY_LIST_H_

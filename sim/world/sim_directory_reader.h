// A directory that a simulated process reads batch by batch.
//
// Only for sim_file_system.cc.
#ifndef STAGEPOST_SIM_WORLD_SIM_DIRECTORY_READER_H_
#define STAGEPOST_SIM_WORLD_SIM_DIRECTORY_READER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "mta/env/file_system.h"
#include "sim/world/descriptors.h"
#include "sim/world/disk.h"
#include "sim/world/sim_file_call.h"

namespace stagepost {

// What it has of a directory at a time: a batch, and where that ended. Between two batches the
// directory changes as others will. A batch is short now and then, like a read.
class SimDirectoryReader final : public DirectoryReader {
 public:
  static constexpr size_t kBatchEntries = 4096;

  SimDirectoryReader(const SimFileContext& context, OpenFile& file, absl::string_view path)
      : context_(context), file_(file), path_(path), descriptor_(context.caller->descriptors()) {}
  ~SimDirectoryReader() override {
    if (!context_.caller->inert()) context_.disk().Close(file_);
  }

  Operation<absl::StatusOr<absl::Span<const DirectoryName>>> Next() override {
    const FileCallRecord record{
        .call = FileCall::kReadDirectory, .path = path_, .second_path = {}, .bytes = {}};
    return Perform(context_, record, [this](SimFileTurn& turn) { return Read(turn); });
  }

 private:
  DiskResult<absl::Span<const DirectoryName>> Read(const SimFileTurn& turn) {
    const size_t limit = Shorten(context_, turn, kBatchEntries);
    entries_ = context_.disk().ReadDirectory(file_, limit, position_);
    names_.clear();
    for (const DirectoryEntry& entry : entries_) {
      names_.push_back({entry.name, entry.inode, entry.type});
    }
    return {Errno::kOk, names_};
  }

  const SimFileContext context_;
  OpenFile& file_;
  const std::string path_;
  const Descriptor descriptor_;
  DirectoryPosition position_;
  std::vector<DirectoryEntry> entries_;  // of the last batch
  std::vector<DirectoryName> names_;     // of these
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_DIRECTORY_READER_H_

// One message, held while it is written to the mailboxes of its recipients: in memory up to
// kSpoolMemory bytes, in a temporary file from there on.
//
// The file is made in /tmp with O_EXCL, mode 600, under a random name, and has no name any more
// once it is open; it goes with the spool, or with the process.
#ifndef STAGEPOST_MTA_DELIVER_MESSAGE_SPOOL_H_
#define STAGEPOST_MTA_DELIVER_MESSAGE_SPOOL_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/deliver/mbox_layout.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr size_t kSpoolMemory = 1 << 20;

class MessageSpool {
 public:
  // `env` outlives the spool.
  explicit MessageSpool(Environment& env) : env_(env) {}

  // So much is to come, about.
  void Expect(uint64_t bytes) { memory_.reserve(std::min<uint64_t>(bytes, kSpoolMemory)); }
  // LF line ends. After an error the spool is of no use.
  Task<absl::Status> Append(absl::string_view text);
  void Finish() { layout_.Finish(); }

  const MboxLayout& layout() const { return layout_; }
  // Reads at least one byte at `offset` unless that is the end.
  Task<absl::StatusOr<size_t>> Read(uint64_t offset, absl::Span<char> buffer);

 private:
  Task<absl::Status> OpenFile();
  Task<absl::Status> FlushToFile();

  Environment& env_;
  MboxLayout layout_;
  std::string memory_;          // all of it, or what is behind in_file_
  std::unique_ptr<File> file_;  // the beginning, if it did not fit
  uint64_t in_file_ = 0;        // bytes
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MESSAGE_SPOOL_H_

// What ps(1) shows: the memory in which the kernel put the arguments, written over.
#ifndef STAGEPOST_MTA_POSIX_TITLE_H_
#define STAGEPOST_MTA_POSIX_TITLE_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {

class TitleArea {
 public:
  // No area: Set() only names the thread.
  TitleArea() = default;
  // The arguments and environment variables of main(), as far as they lie behind each other. The
  // variables are moved to memory of their own first, so that libraries still find them.
  // REQUIRES: called once, before there are threads.
  static TitleArea Take(int argc, char** argv);

  // A title that is longer than the area is cut. The name of the thread (ps -o comm, killall)
  // becomes what stands before the first colon or space.
  void Set(absl::string_view title);

 private:
  absl::Span<char> area_;
  size_t arguments_bytes_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_TITLE_H_

// Bytes that wait to be read: appended behind, taken in front, in amortised constant time a byte.
#ifndef STAGEPOST_SIM_WORLD_BYTE_QUEUE_H_
#define STAGEPOST_SIM_WORLD_BYTE_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {

class ByteQueue {
 public:
  size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return size() == 0; }

  void Append(absl::string_view bytes) {
    // What has been taken goes when it is as much as what is left, so that a queue that is never
    // empty does not grow for ever.
    if (taken_ > 0 && taken_ >= size()) {
      bytes_.erase(0, taken_);
      taken_ = 0;
    }
    bytes_.append(bytes.data(), bytes.size());
  }

  // Takes at most into.size() bytes; how many.
  size_t Take(absl::Span<char> into) {
    const size_t n = std::min(into.size(), size());
    if (n > 0) std::memcpy(into.data(), bytes_.data() + taken_, n);
    taken_ += n;
    if (taken_ == bytes_.size()) Clear();
    return n;
  }

  void Clear() {
    bytes_.clear();
    taken_ = 0;
  }

 private:
  std::string bytes_;
  size_t taken_ = 0;  // of the front of bytes_
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_BYTE_QUEUE_H_

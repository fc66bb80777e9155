#include "sim/scenario/reply_reader.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxReply = 1 << 20;

}  // namespace

Task<absl::StatusOr<std::string>> ReplyReader::NextLine() {
  while (true) {
    const size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      co_return line;
    }
    if (buffer_.size() > kMaxReply) co_return absl::ResourceExhaustedError("endless reply");
    std::array<char, 4096> chunk;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await connection_.Read(absl::MakeSpan(chunk)));
    if (n == 0) co_return absl::OutOfRangeError("closed");
    buffer_.append(chunk.data(), n);
  }
}

Task<absl::StatusOr<std::string>> ReplyReader::Next() {
  std::string reply;
  while (true) {
    CO_ASSIGN_OR_RETURN(const std::string line, co_await NextLine());
    const bool last = line.size() < 4 || line[3] != '-';
    absl::StrAppend(&reply, reply.empty() ? "" : "\n", line);
    if (last) co_return reply;
    if (reply.size() > kMaxReply) co_return absl::ResourceExhaustedError("endless reply");
  }
}

}  // namespace stagepost

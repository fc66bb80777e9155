// Netstrings, "5:hello,": how the class socket talks to its servers.
#ifndef STAGEPOST_MTA_MAPS_NETSTRING_H_
#define STAGEPOST_MTA_MAPS_NETSTRING_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace stagepost {

// Of one reply.
inline constexpr size_t kMaxNetstringBytes = 1'000'000;

std::string MakeNetstring(absl::string_view text);

// Puts one netstring together from what arrives. Memory: what has arrived of it.
class NetstringReader {
 public:
  // Takes from `bytes` what belongs to the netstring. Errors, in sendmail's words less the name of
  // the map: kInvalidArgument: not a netstring; kOutOfRange: longer than kMaxNetstringBytes. They
  // stay.
  absl::Status Take(absl::string_view& bytes);

  bool complete() const { return state_ == State::kComplete; }
  // REQUIRES: complete().
  const std::string& text() const { return text_; }
  // What the length says, once it is known, and what has arrived.
  size_t length() const { return length_; }
  size_t received() const { return text_.size(); }
  bool has_length() const { return state_ != State::kLength; }

 private:
  enum class State : uint8_t { kLength, kText, kComma, kComplete };

  absl::Status TakeLength(absl::string_view& bytes);

  State state_ = State::kLength;
  int digits_ = 0;
  size_t length_ = 0;
  std::string text_;
  absl::Status error_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_NETSTRING_H_

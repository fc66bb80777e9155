#include "mta/smtp/data_decoder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

// How far a line end is looked for at once: who sends many of one kind and none of the other must
// not have all the rest searched for each.
constexpr size_t kSearchedBytes = 1024;

// How many bytes `rest` begins with that end no line.
size_t PlainBytes(absl::string_view rest) {
  rest = rest.substr(0, kSearchedBytes);
  rest = rest.substr(0, rest.find('\r'));
  return std::min(rest.find('\n'), rest.size());
}

}  // namespace

size_t DataDecoder::Decode(absl::string_view input, std::string& output) {
  CHECK(!done() && fault_ == Fault::kNone);
  size_t used = 0;
  while (used < input.size() && !done() && fault_ == Fault::kNone) {
    if (state_ == State::kLineStart && input[used] != '.') state_ = State::kText;
    if (state_ == State::kText) {
      // Most bytes are inside lines: copy them in one go, and the line end that belongs there.
      const absl::string_view rest = input.substr(used);
      const size_t length = PlainBytes(rest);
      output.append(rest.data(), length);
      used += length;
      if (absl::StartsWith(rest.substr(length), "\r\n")) {
        output.push_back('\n');
        used += 2;
        state_ = State::kLineStart;
        continue;
      }
      if (length == kSearchedBytes) continue;
      if (used == input.size()) break;
    }
    Step(input[used++], output);
  }
  return used;
}

void DataDecoder::Step(char c, std::string& output) {
  switch (state_) {
    case State::kDot:
      // The first dot of a line is never text: it is stuffing, or the end.
      if (c == '\n' && rules_.loose_end) {
        state_ = State::kDone;
        return;
      }
      state_ = c == '\r' ? State::kDotCr : State::kText;
      break;
    case State::kLineStart:
      state_ = c == '.' ? State::kDot : c == '\r' ? State::kCr : State::kText;
      break;
    case State::kText:
      if (c == '\r') state_ = State::kCr;
      break;
    case State::kDotCr:
    case State::kCr:
      if (c != '\n') return BareCarriageReturn(c, output);
      if (state_ == State::kCr) output.push_back('\n');
      state_ = state_ == State::kCr ? State::kLineStart : State::kDone;
      return;
    case State::kDone:
      return;
  }
  if (state_ != State::kText) return;
  if (c == '\n') return LineFeed(output);
  output.push_back(c);
}

void DataDecoder::LineFeed(std::string& output) {
  if (rules_.bare_line_feed == BareLineEnd::kRefuse) {
    fault_ = Fault::kBareLineFeed;
    return;
  }
  saw_bare_line_feed_ = true;
  const bool replace = rules_.bare_line_feed == BareLineEnd::kReplace;
  output.push_back(replace ? ' ' : '\n');
  // A dot behind it is text, not the end, and not stuffing.
  if (!replace && rules_.loose_end) state_ = State::kLineStart;
}

void DataDecoder::BareCarriageReturn(char next, std::string& output) {
  if (rules_.bare_carriage_return == BareLineEnd::kRefuse) {
    fault_ = Fault::kBareCarriageReturn;
    return;
  }
  saw_bare_carriage_return_ = true;
  output.push_back(rules_.bare_carriage_return == BareLineEnd::kReplace ? ' ' : '\r');
  state_ = State::kText;
  Step(next, output);
}

}  // namespace stagepost

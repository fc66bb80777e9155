// Every random draw of a simulation, as a named, recorded choice.
//
//   Choices choices = Choices::FromSeed(7);
//   const Choices::Stream latency = choices.StreamOf("network/latency");   // once
//   clock += kMinimum + absl::Nanoseconds(choices.Pick(latency, 1'000'000));  // each time
//   if (choices.Chance("disk/eio", 5)) ...                                 // 5 in a thousand
//
// Each name is a stream of its own: its n-th value is a pure function of (seed, name, n), the same
// on every platform. A draw added under one name therefore does not move the draws of any other.
//
// Value 0 is by convention the mildest outcome (no fault, the first ready task, the least latency):
// a shrinker drives values towards 0, and a replay whose recorded stream has ended goes on with 0.
//
// What was drawn is recorded. Log() writes it as text; FromLog() replays it, without the seed,
// after the code around has changed:
//
//   stagepost-choices 1 seed 7
//   disk/eio 0*212 3
//   network/latency 17 4 4 901
//
// One line for each name, in byte order; `v*n` stands for n times v; zeros at the end of a line,
// and lines of nothing but zeros, are left out, since that is what a replay gives anyway. A byte of
// a name that is not printable ASCII, or is a space or '%', is written as %XX.
//
// Owned by the world of one run; not copied. A Pick through a Stream costs a few nanoseconds.
#ifndef STAGEPOST_SIM_CHOICE_CHOICES_H_
#define STAGEPOST_SIM_CHOICE_CHOICES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

class Choices {
 public:
  // A name, looked up once. Valid for the Choices that gave it.
  enum class Stream : uint32_t {};

  struct Options {
    // Without recording Log() has no values. Recording costs about a nanosecond a draw.
    bool record = true;
  };

  // The limits of a log: bytes in all, bytes of one name, names. A log beyond them is refused.
  static constexpr size_t kMaxLogBytes = size_t{256} << 20;
  static constexpr size_t kMaxNameBytes = 256;
  static constexpr size_t kMaxNames = 100'000;

  static Choices FromSeed(uint64_t seed) { return FromSeed(seed, Options()); }
  static Choices FromSeed(uint64_t seed, const Options& options);

  // Replays a log that Log() wrote. kInvalidArgument: "line 3: ...", for the first line that is
  // wrong.
  static absl::StatusOr<Choices> FromLog(absl::string_view text);

  Choices(Choices&&) = default;
  Choices& operator=(Choices&&) = default;

  // REQUIRES: 1 to kMaxNameBytes bytes.
  Stream StreamOf(absl::string_view name);

  // Uniform over 0 .. range-1; range 0 stands for 2^64. Range 1 gives 0 and is no draw: nothing is
  // recorded, the stream does not advance. In a replay: the next recorded value, modulo the range,
  // and 0 when there is none left.
  uint64_t Pick(Stream stream, uint64_t range) {
    if (range == 1) return 0;
    State& state = streams_[static_cast<uint32_t>(stream)];
    const uint64_t value = replaying_ ? Replay(state, range) : Draw(state, range);
    if (record_) Record(state, value);
    return value;
  }
  uint64_t Pick(absl::string_view name, uint64_t range) { return Pick(StreamOf(name), range); }

  // True `per_mille` times in a thousand; false is the mild outcome.
  bool Chance(Stream stream, uint32_t per_mille) {
    return per_mille != 0 && Pick(stream, 1000) + per_mille >= 1000;
  }
  bool Chance(absl::string_view name, uint32_t per_mille) {
    return Chance(StreamOf(name), per_mille);
  }

  // The seed given, or that of the log.
  uint64_t seed() const { return seed_; }
  bool replaying() const { return replaying_; }

  // All draws so far, in the format above.
  std::string Log() const;

 private:
  struct Run {
    uint64_t value;
    uint64_t count;
  };
  struct State {
    std::string name;
    uint64_t key1 = 0, key2 = 0;  // of the pseudo-random function: made of seed and name
    uint64_t drawn = 0;           // values taken
    std::vector<Run> recorded;
    std::vector<Run> replay;
    size_t replay_run = 0;     // the run of the next value,
    uint64_t replay_used = 0;  // and how much of it is used up
  };

  Choices(uint64_t seed, bool replaying, bool record)
      : seed_(seed), replaying_(replaying), record_(record) {}

  static uint64_t Draw(State& state, uint64_t range);
  static uint64_t Replay(State& state, uint64_t range);
  static void Record(State& state, uint64_t value) {
    if (!state.recorded.empty() && state.recorded.back().value == value) {
      ++state.recorded.back().count;
    } else {
      state.recorded.push_back({value, 1});
    }
  }
  absl::Status ParseStream(absl::string_view line);

  uint64_t seed_;
  bool replaying_;
  bool record_;
  std::vector<State> streams_;  // by Stream
  absl::btree_map<std::string, Stream, std::less<>> names_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHOICE_CHOICES_H_

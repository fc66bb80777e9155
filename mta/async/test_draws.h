// Numbers for tests and benchmarks that look random, and are the same everywhere.
#ifndef STAGEPOST_MTA_ASYNC_TEST_DRAWS_H_
#define STAGEPOST_MTA_ASYNC_TEST_DRAWS_H_

#include <cstdint>

namespace stagepost {

// SplitMix64.
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed) {}

  uint64_t operator()() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_TEST_DRAWS_H_

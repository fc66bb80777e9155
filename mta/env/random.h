// Unpredictable numbers: live from the kernel, fit for cryptography; in simulation recorded choices.
#ifndef STAGEPOST_MTA_ENV_RANDOM_H_
#define STAGEPOST_MTA_ENV_RANDOM_H_

#include <cstdint>

namespace stagepost {

class Random {
 public:
  virtual ~Random() = default;

  // Uniform over 0 .. range-1. REQUIRES: range > 0.
  virtual uint64_t Uniform(uint64_t range) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_RANDOM_H_

// Compiled patterns of a scenario, by their text: compiled once, however often it is run.
//
// The loader has checked every pattern, so looking one up cannot fail. Not for use by two threads.
#ifndef STAGEPOST_SIM_SCENARIO_PATTERN_CACHE_H_
#define STAGEPOST_SIM_SCENARIO_PATTERN_CACHE_H_

#include <map>
#include <memory>
#include <string>

#include "mta/base/check.h"
#include "re2/re2.h"
#include "sim/scenario/values.h"

namespace stagepost {

class PatternCache {
 public:
  const RE2& Get(const std::string& pattern) {
    std::unique_ptr<RE2>& compiled = patterns_[pattern];
    if (compiled == nullptr) {
      auto result = CompilePattern(pattern);
      CHECK(result.ok()) << pattern;
      compiled = *std::move(result);
    }
    return *compiled;
  }

 private:
  std::map<std::string, std::unique_ptr<RE2>> patterns_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_PATTERN_CACHE_H_

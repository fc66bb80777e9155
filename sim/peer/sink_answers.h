// Which of a sink's answers is for what it has just heard.
#ifndef STAGEPOST_SIM_PEER_SINK_ANSWERS_H_
#define STAGEPOST_SIM_PEER_SINK_ANSWERS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/base/time.h"
#include "re2/re2.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

// The answers of one sink, and how often each has fitted: for all connections together, from the
// start of the program on.
class SinkAnswers {
 public:
  // REQUIRES: the loader has accepted it.
  explicit SinkAnswers(const scenario::Sink& sink);

  // The first answer that fits; null if it is to be as usual. Counts it, and every one before it
  // whose moment and pattern fit, too. Lives as long as this.
  const scenario::Answer* Find(scenario::Answer::Moment moment, absl::string_view line,
                               MonotonicTime now);

 private:
  struct Rule {
    const scenario::Answer* answer;
    std::unique_ptr<RE2> pattern;  // null: anything
    uint32_t fitted = 0;
    std::map<std::string, MonotonicTime> first_seen;  // by line
  };

  const scenario::Sink sink_;
  std::vector<Rule> rules_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SINK_ANSWERS_H_

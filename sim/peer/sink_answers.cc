#include "sim/peer/sink_answers.h"

#include <utility>

#include "mta/base/check.h"
#include "sim/scenario/values.h"

namespace stagepost {

SinkAnswers::SinkAnswers(const scenario::Sink& sink) : sink_(sink) {
  for (const scenario::Answer& answer : sink_.answer()) {
    Rule rule{&answer, nullptr, 0, {}};
    if (answer.has_matches()) {
      auto pattern = CompilePattern(answer.matches());
      CHECK(pattern.ok()) << answer.matches();
      rule.pattern = *std::move(pattern);
    }
    rules_.push_back(std::move(rule));
  }
}

const scenario::Answer* SinkAnswers::Find(scenario::Answer::Moment moment, absl::string_view line,
                                          MonotonicTime now) {
  for (Rule& rule : rules_) {
    const scenario::Answer& answer = *rule.answer;
    if (answer.to() != scenario::Answer::ANY && answer.to() != moment) continue;
    if (rule.pattern != nullptr && !MatchesAtStart(*rule.pattern, line)) continue;
    if (answer.has_younger_than()) {
      const auto first = rule.first_seen.emplace(line, now).first;
      if (now - first->second >= *ParseScenarioDuration(answer.younger_than())) continue;
    }
    ++rule.fitted;
    if (rule.fitted < answer.from_time()) continue;
    if (answer.has_times() && rule.fitted - answer.from_time() >= answer.times()) continue;
    return &answer;
  }
  return nullptr;
}

}  // namespace stagepost

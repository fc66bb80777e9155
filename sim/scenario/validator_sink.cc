// The rules of sinks, and of what is expected of them.

#include <string>

#include "absl/strings/str_cat.h"
#include "sim/scenario/validator_walk.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {

bool ScenarioValidator::SinkRule(const ScenarioNode& node) {
  const auto& sink = static_cast<const scenario::Sink&>(node.message);
  if (sink.domain_size() == 0) return FailWhole(node, "needs at least one domain");
  if (sink.port() < 1 || sink.port() > 65535) return Fail(node, "port", "is 1 to 65535");
  if (sink.offers_nothing() && sink.offers_size() > 0) {
    return Fail(node, "offers", "excludes \"offers_nothing\"");
  }
  return true;
}

bool ScenarioValidator::AnswerRule(const ScenarioNode& node) {
  const auto& answer = static_cast<const scenario::Answer&>(node.message);
  if (answer.has_raw() && answer.reply_size() > 0) return Fail(node, "raw", "excludes \"reply\"");
  if (answer.from_time() < 1) return Fail(node, "from_time", "is counted from 1 on");
  if (answer.has_times() && answer.times() < 1) return Fail(node, "times", "is at least 1");
  if (answer.has_keep() && answer.to() != scenario::Answer::MESSAGE) {
    return Fail(node, "keep", "is only for MESSAGE");
  }
  const bool does_nothing = answer.reply_size() == 0 && !answer.has_raw() && !answer.has_keep() &&
                            !answer.has_delay() && !answer.has_drip() && !answer.endless() &&
                            answer.then() == scenario::Answer::GO_ON;
  return !does_nothing || FailWhole(node, "is as usual: it needs a reply, a delay or the like");
}

bool ScenarioValidator::NeedsSink(const ScenarioNode& node, const std::string& host) {
  return hosts_.at(host)->has_sink() ||
         Fail(node, "host", absl::StrCat("host \"", OneLine(host, 60), "\" has no sink"));
}

bool ScenarioValidator::SinkMailRule(const ScenarioNode& node) {
  const auto& sink = static_cast<const scenario::Expect::SinkMail&>(node.message);
  if (!NeedsSink(node, sink.host())) return false;
  const bool counts = sink.has_messages() || sink.has_at_least() || sink.has_at_most();
  const bool describes = sink.has_mail() || sink.rcpt_size() > 0 || sink.has_recipients() ||
                         sink.header_size() > 0 || sink.no_header_size() > 0 ||
                         sink.body_size() > 0;
  if (!counts && !describes && sink.contains_size() == 0) {
    return FailWhole(node,
                     "needs one of messages, at_least, at_most, contains, mail, rcpt, "
                     "recipients, header, no_header, body");
  }
  return CheckCounts(node, sink, sink.has_messages(), "messages");
}

bool ScenarioValidator::HeardRule(const ScenarioNode& node) {
  const auto& heard = static_cast<const scenario::Expect::Heard&>(node.message);
  return NeedsSink(node, heard.host()) && CheckCounts(node, heard, heard.has_count(), "count");
}

}  // namespace stagepost

// The rules of single messages: what no kind of a field can say.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "mta/env/network.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/validator_walk.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

// Whether the field `name` is there.
bool Has(const google::protobuf::Message& message, const char* name) {
  return message.GetReflection()->HasField(message, message.GetDescriptor()->FindFieldByName(name));
}

}  // namespace

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

std::string Shown(absl::string_view text) { return OneLine(text, 60); }

}  // namespace

bool ScenarioValidator::CheckRules(const ScenarioNode& node) {
  const std::pair<const Descriptor*, Rule> rules[] = {
      {scenario::Scenario::descriptor(), &ScenarioValidator::ScenarioRule},
      {scenario::World::descriptor(), &ScenarioValidator::WorldRule},
      {scenario::Host::descriptor(), &ScenarioValidator::HostRule},
      {scenario::Mta::descriptor(), &ScenarioValidator::MtaRule},
      {scenario::Sink::descriptor(), &ScenarioValidator::SinkRule},
      {scenario::Answer::descriptor(), &ScenarioValidator::AnswerRule},
      {scenario::File::descriptor(), &ScenarioValidator::FileRule},
      {scenario::Smtp::descriptor(), &ScenarioValidator::SmtpRule},
      {scenario::Turn::descriptor(), &ScenarioValidator::TurnRule},
      {scenario::Dns::descriptor(), &ScenarioValidator::WorldDnsRule},
      {scenario::Zone::descriptor(), &ScenarioValidator::ZoneRule},
      {scenario::ResourceRecord::descriptor(), &ScenarioValidator::ResourceRecordRule},
      {scenario::Change::descriptor(), &ScenarioValidator::ChangeRule},
      {scenario::Chown::descriptor(), &ScenarioValidator::ChownRule},
      {scenario::ClockChange::descriptor(), &ScenarioValidator::ClockRule},
      {scenario::StartMta::descriptor(), &ScenarioValidator::NeedsMta},
      {scenario::StopMta::descriptor(), &ScenarioValidator::NeedsMta},
      {scenario::Attack::descriptor(), &ScenarioValidator::AttackRule},
      {scenario::Fault::descriptor(), &ScenarioValidator::FaultRule},
      {scenario::Partition::descriptor(), &ScenarioValidator::PartitionRule},
      {scenario::FileError::descriptor(), &ScenarioValidator::FileErrorRule},
      {scenario::FileStall::descriptor(), &ScenarioValidator::FileStallRule},
      {scenario::Forget::descriptor(), &ScenarioValidator::ForgetRule},
      {scenario::Reset::descriptor(), &ScenarioValidator::ResetRule},
      {scenario::Link::descriptor(), &ScenarioValidator::LinkRule},
      {scenario::Expect::Mailbox::descriptor(), &ScenarioValidator::MailboxRule},
      {scenario::Expect::Queue::descriptor(), &ScenarioValidator::QueueRule},
      {scenario::Expect::SinkMail::descriptor(), &ScenarioValidator::SinkMailRule},
      {scenario::Expect::Heard::descriptor(), &ScenarioValidator::HeardRule},
      {scenario::Expect::Log::descriptor(), &ScenarioValidator::LogRule},
      {scenario::Expect::FileState::descriptor(), &ScenarioValidator::FileStateRule},
  };
  for (const auto& [type, rule] : rules) {
    if (node.message.GetDescriptor() == type) return (this->*rule)(node);
  }
  return true;
}

bool ScenarioValidator::ScenarioRule(const ScenarioNode& node) {
  if (scenario_.step_size() > kMaxScenarioSteps) {
    return Fail(node, "step", absl::StrCat("a scenario has at most ", kMaxScenarioSteps, " steps"),
                kMaxScenarioSteps);
  }
  return true;
}

bool ScenarioValidator::WorldRule(const ScenarioNode& node) {
  const auto& world = static_cast<const scenario::World&>(node.message);
  if (world.host_size() == 0) return FailWhole(node, "needs at least one host");
  if (world.host_size() > kMaxScenarioHosts) {
    return Fail(node, "host", absl::StrCat("a world has at most ", kMaxScenarioHosts, " hosts"),
                kMaxScenarioHosts);
  }
  NameSet names;
  std::map<IpAddress, std::string> addresses;
  for (int i = 0; i < world.host_size(); ++i) {
    const scenario::Host& host = world.host(i);
    // A missing name is said to be missing, not to be double.
    if (!host.name().empty() && !names.insert(host.name()).second) {
      return Fail(node, "host", absl::StrCat("a second host \"", Shown(host.name()), "\""), i);
    }
    for (const std::string& text : host.address()) {
      const std::optional<IpAddress> address = IpAddress::Parse(text);
      if (!address.has_value()) continue;
      const auto [first, added] = addresses.emplace(*address, host.name());
      if (!added) {
        return Fail(
            node, "host",
            absl::StrCat("address ", text, " is taken by host \"", Shown(first->second), "\""), i);
      }
    }
  }
  return LinksOnce(node, world);
}

// No way twice, in whichever direction it is written.
bool ScenarioValidator::LinksOnce(const ScenarioNode& node, const scenario::World& world) {
  std::set<std::pair<std::string, std::string>> ways;
  for (int i = 0; i < world.link_size(); ++i) {
    const scenario::Link& link = world.link(i);
    if (ways.emplace(link.from(), link.to()).second &&
        (!link.both() || ways.emplace(link.to(), link.from()).second)) {
      continue;
    }
    return Fail(node, "link", "a second link for the same way", i);
  }
  return true;
}

bool ScenarioValidator::HostRule(const ScenarioNode& node) {
  const auto& host = static_cast<const scenario::Host&>(node.message);
  if (host.address_size() == 0) return Fail(node, "address", "required in Host, and missing");
  if (host.has_mta() && host.has_sink()) {
    return Fail(node, "sink", "a host has an mta or a sink, not both: each needs port 25");
  }
  return UniqueUsers(node, host) && FilesFit(node, host) && QuotasOnce(node, host);
}

bool ScenarioValidator::QuotasOnce(const ScenarioNode& node, const scenario::Host& host) {
  NameSet users, groups;
  for (int i = 0; i < host.quota_size(); ++i) {
    const scenario::Quota& quota = host.quota(i);
    const bool of_user = quota.has_user();
    const std::string& name = of_user ? quota.user() : quota.group();
    if ((of_user ? users : groups).insert(name).second) continue;
    return Fail(node, "quota",
                absl::StrCat("a second quota of ", of_user ? "user " : "group ", Shown(name)), i);
  }
  return true;
}

// No file twice, and none where another needs a directory.
bool ScenarioValidator::FilesFit(const ScenarioNode& node, const scenario::Host& host) {
  std::map<std::string, bool, std::less<>> is_directory;
  for (int i = 0; i < host.file_size(); ++i) {
    const scenario::File& file = host.file(i);
    if (!is_directory.emplace(file.path(), file.directory()).second) {
      return Fail(node, "file", absl::StrCat("a second file ", Shown(file.path())), i);
    }
  }
  for (int i = 0; i < host.file_size(); ++i) {
    const absl::string_view path = host.file(i).path();
    for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
      const auto above = is_directory.find(path.substr(0, slash));
      if (above == is_directory.end() || above->second) continue;
      return Fail(node, "file",
                  absl::StrCat(Shown(path), " cannot be below the file ", Shown(above->first)), i);
    }
  }
  return true;
}

bool ScenarioValidator::UniqueUsers(const ScenarioNode& node, const scenario::Host& host) {
  NameSet names;
  std::map<uint32_t, std::string> ids;
  for (const SystemAccount& account : SystemAccounts()) {
    names.emplace(account.name);
    ids.emplace(account.id, std::string(account.name));
  }
  for (int i = 0; i < host.user_size(); ++i) {
    const scenario::User& user = host.user(i);
    if (!names.insert(user.name()).second) {
      return Fail(node, "user",
                  absl::StrCat("there is a user \"", Shown(user.name()), "\" already"), i);
    }
    if (!user.has_uid()) continue;
    if (user.uid() == UINT32_MAX) return Fail(node, "user", "no user has the uid 4294967295", i);
    const auto [first, added] = ids.emplace(user.uid(), user.name());
    if (!added) {
      return Fail(node, "user",
                  absl::StrCat("uid ", user.uid(), " is that of ", Shown(first->second)), i);
    }
  }
  return true;
}

bool ScenarioValidator::MtaRule(const ScenarioNode& node) {
  const auto& mta = static_cast<const scenario::Mta&>(node.message);
  if (mta.has_mc_file() && mta.has_cf_file()) return Fail(node, "cf_file", "excludes \"mc_file\"");
  if (!mta.has_queue_interval()) return true;
  const absl::Duration interval = *ParseScenarioDuration(mta.queue_interval());
  if (interval >= absl::Seconds(1) && interval == absl::Trunc(interval, absl::Seconds(1))) {
    return true;
  }
  return Fail(node, "queue_interval", "must be whole seconds, at least one");
}

bool ScenarioValidator::FileRule(const ScenarioNode& node) {
  const auto& file = static_cast<const scenario::File&>(node.message);
  if (file.directory() && file.has_content()) {
    return Fail(node, "content", "a directory has none");
  }
  if (file.fifo() && file.has_content()) return Fail(node, "content", "a FIFO has none");
  if (file.fifo() && file.directory()) return Fail(node, "fifo", "excludes \"directory\"");
  return true;
}

bool ScenarioValidator::SmtpRule(const ScenarioNode& node) {
  const auto& smtp = static_cast<const scenario::Smtp&>(node.message);
  if (smtp.port() < 1 || smtp.port() > 65535) return Fail(node, "port", "is 1 to 65535");
  if (smtp.refused() && smtp.turn_size() > 0) {
    return Fail(node, "turn", "there is none when the connection is to be refused");
  }
  for (const char* field : {"greeting", "greeting_not_before", "talks_first"}) {
    if (smtp.refused() && Has(smtp, field)) {
      return Fail(node, field, "there is none when the connection is to be refused");
    }
  }
  for (const char* field : {"greeting", "greeting_not_before"}) {
    if (smtp.talks_first() && Has(smtp, field)) {
      return Fail(node, field, "excludes \"talks_first\": the first turn expects the greeting");
    }
  }
  if (smtp.refused() && smtp.may_break()) return Fail(node, "may_break", "excludes \"refused\"");
  for (int i = 0; i + 1 < smtp.turn_size(); ++i) {
    if (smtp.turn(i).close() || smtp.turn(i).reset()) {
      return Fail(node, "turn", "only the last turn may close or reset the connection", i);
    }
  }
  return true;
}

bool ScenarioValidator::AttackRule(const ScenarioNode& node) {
  const auto& attack = static_cast<const scenario::Attack&>(node.message);
  if (attack.what_case() == scenario::Attack::WHAT_NOT_SET) {
    return FailWhole(node, "needs a dictionary");
  }
  if (!hosts_.at(attack.to())->has_mta()) {
    return Fail(node, "to", absl::StrCat("host \"", Shown(attack.to()), "\" has no mta"));
  }
  const uint32_t names = attack.dictionary().names();
  if (names < 1 || names > kMaxDictionaryNames) {
    return Fail(node, "dictionary", absl::StrCat("has 1 to ", kMaxDictionaryNames, " names"));
  }
  return true;
}

bool ScenarioValidator::TurnRule(const ScenarioNode& node) {
  const auto& turn = static_cast<const scenario::Turn&>(node.message);
  if (turn.close() && turn.reset()) return Fail(node, "reset", "excludes \"close\"");
  if (turn.repeat() < 1 || turn.repeat() > kMaxTurnRepeats) {
    return Fail(node, "repeat", absl::StrCat("is 1 to ", kMaxTurnRepeats));
  }
  if (turn.repeat() > 1 && (turn.close() || turn.reset())) {
    return Fail(node, "repeat", "excludes \"close\" and \"reset\"");
  }
  if (turn.has_not_before() &&
      *ParseScenarioDuration(turn.not_before()) > *ParseScenarioDuration(turn.within())) {
    return Fail(node, "not_before", "is longer than \"within\"");
  }
  const bool empty = turn.say_size() == 0 && !turn.has_raw() && turn.expect_size() == 0 &&
                     !turn.has_pause() && !turn.close() && !turn.reset();
  return !empty || FailWhole(node, "needs one of say, raw, expect, pause, close, reset");
}

bool ScenarioValidator::ChownRule(const ScenarioNode& node) {
  const auto& chown = static_cast<const scenario::Chown&>(node.message);
  return chown.has_owner() || chown.has_group() || FailWhole(node, "needs owner or group");
}

bool ScenarioValidator::HasMta(const ScenarioNode& node, const std::string& host, int index) {
  return hosts_.at(host)->has_mta() ||
         Fail(node, "host", absl::StrCat("host \"", Shown(host), "\" has no mta"), index);
}

bool ScenarioValidator::NeedsMta(const ScenarioNode& node) {
  const FieldDescriptor* field = node.message.GetDescriptor()->FindFieldByName("host");
  return HasMta(node, node.message.GetReflection()->GetString(node.message, field));
}

bool ScenarioValidator::MailboxRule(const ScenarioNode& node) {
  const auto& mailbox = static_cast<const scenario::Expect::Mailbox&>(node.message);
  if (!mailbox.has_messages() && !mailbox.has_at_least() && !mailbox.has_at_most() &&
      mailbox.contains_size() == 0 && !mailbox.has_matches() && !mailbox.has_mode() &&
      !mailbox.has_owner()) {
    return FailWhole(node, "expects nothing");
  }
  return NeedsMta(node) && CheckCounts(node, mailbox, mailbox.has_messages(), "messages");
}

bool ScenarioValidator::QueueRule(const ScenarioNode& node) {
  const auto& queue = static_cast<const scenario::Expect::Queue&>(node.message);
  if (!queue.has_messages() && !queue.has_at_least() && !queue.has_at_most()) {
    return FailWhole(node, "needs one of messages, at_least, at_most");
  }
  return NeedsMta(node) && CheckCounts(node, queue, queue.has_messages(), "messages");
}

bool ScenarioValidator::LogRule(const ScenarioNode& node) {
  const auto& log = static_cast<const scenario::Expect::Log&>(node.message);
  if (!log.has_contains() && !log.has_matches()) {
    return FailWhole(node, "needs one of contains, matches");
  }
  return CheckCounts(node, log, log.has_count(), "count");
}

bool ScenarioValidator::FileStateRule(const ScenarioNode& node) {
  const auto& file = static_cast<const scenario::Expect::FileState&>(node.message);
  const bool says_more = file.contains_size() > 0 || file.has_matches() || file.has_mode() ||
                         file.has_owner() || file.has_group();
  if (!file.exists() && says_more) {
    return Fail(node, "exists", "a file that is not there has no content, mode, owner or group");
  }
  return true;
}

}  // namespace stagepost

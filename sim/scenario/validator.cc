#include "sim/scenario/validator.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "mta/env/network.h"
#include "sim/scenario/field_kinds.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

// A message, where it stands, and by which name.
struct Node {
  const Message& message;
  const TextFormat::ParseInfoTree* places;
  TextFormat::ParseLocation at;
  std::string name;
};

std::string Shown(absl::string_view text) { return OneLine(text, 60); }

class Validator {
 public:
  Validator(const scenario::Scenario& scenario, const TextFormat::ParseInfoTree& places)
      : scenario_(scenario), places_(places) {}

  std::optional<ScenarioError> Run() {
    for (const scenario::Host& host : scenario_.world().host()) {
      hosts_.emplace(host.name(), &host);
      host_names_.insert(host.name());
      accounts_.emplace(host.name(), AccountsOf(host));
    }
    Walk({scenario_, &places_, TextFormat::ParseLocation(0, 0), "scenario"}, nullptr);
    return error_;
  }

 private:
  using Rule = bool (Validator::*)(const Node&);

  // All checks return false when they have found an error, which is then the only one.
  bool Walk(const Node& node, const scenario::Host* host);
  bool CheckRequired(const Node& node);
  bool CheckOneofs(const Node& node);
  bool CheckTexts(const Node& node, const scenario::Host* host);
  bool CheckText(const Node& node, const FieldDescriptor& field, int index,
                 const scenario::Host* host);
  bool CheckRules(const Node& node);
  bool WalkChildren(const Node& node, const scenario::Host* host);
  const scenario::Host* HostOf(const Node& node, const scenario::Host* outer) const;

  bool Fail(const Node& node, const std::string& field, std::string what, int index = -1);
  bool FailWhole(const Node& node, std::string what);

  bool ScenarioRule(const Node& node);
  bool WorldRule(const Node& node);
  bool HostRule(const Node& node);
  bool MtaRule(const Node& node);
  bool SinkRule(const Node& node);
  bool FileRule(const Node& node);
  bool SmtpRule(const Node& node);
  bool TurnRule(const Node& node);
  bool ChownRule(const Node& node);
  bool FaultRule(const Node& node);
  bool PartitionRule(const Node& node);
  bool FileErrorRule(const Node& node);
  bool NeedsMta(const Node& node);
  bool MailboxRule(const Node& node);
  bool QueueRule(const Node& node);
  bool SinkMailRule(const Node& node);
  bool LogRule(const Node& node);
  bool FileStateRule(const Node& node);
  template <class T>
  bool CheckCounts(const Node& node, const T& expect, bool has_exact, const std::string& exact);
  bool HasMta(const Node& node, const std::string& host, int index = -1);
  bool UniqueUsers(const Node& node, const scenario::Host& host);
  bool FilesFit(const Node& node, const scenario::Host& host);

  const scenario::Scenario& scenario_;
  const TextFormat::ParseInfoTree& places_;
  std::map<std::string, const scenario::Host*> hosts_;
  NameSet host_names_;
  std::map<std::string, KnownAccounts> accounts_;  // by host
  int patterns_ = 0;
  NameSet good_patterns_;  // most of them are "250"
  std::optional<ScenarioError> error_;
};

// Where `node.field[index]` stands; the node itself if the field is not there.
TextFormat::ParseLocation PlaceOf(const Node& node, const FieldDescriptor* field, int index) {
  if (field == nullptr) return node.at;
  const Reflection& reflection = *node.message.GetReflection();
  if (field->is_repeated()) {
    if (reflection.FieldSize(node.message, field) == 0) return node.at;
    if (index < 0) index = 0;
  } else {
    index = -1;
  }
  const TextFormat::ParseLocation place = node.places->GetLocation(field, index);
  return place.line < 0 ? node.at : place;
}

bool Validator::Fail(const Node& node, const std::string& field, std::string what, int index) {
  const FieldDescriptor* descriptor = node.message.GetDescriptor()->FindFieldByName(field);
  const TextFormat::ParseLocation place = PlaceOf(node, descriptor, index);
  error_ = ScenarioError{place.line, place.column, field, std::move(what)};
  return false;
}

bool Validator::FailWhole(const Node& node, std::string what) {
  error_ = ScenarioError{node.at.line, node.at.column, node.name, std::move(what)};
  return false;
}

bool Validator::Walk(const Node& node, const scenario::Host* host) {
  if (!CheckRequired(node) || !CheckOneofs(node)) return false;
  host = HostOf(node, host);
  return CheckTexts(node, host) && CheckRules(node) && WalkChildren(node, host);
}

bool Validator::CheckRequired(const Node& node) {
  const Descriptor& type = *node.message.GetDescriptor();
  const Reflection& reflection = *node.message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!field.options().GetExtension(scenario::required)) continue;
    if (!reflection.HasField(node.message, &field)) {
      return Fail(node, field.name(), absl::StrCat("required in ", type.name(), ", and missing"));
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        reflection.GetString(node.message, &field).empty()) {
      return Fail(node, field.name(), "may not be empty");
    }
  }
  return true;
}

// A oneof called `what` says what a message is, so that it must be there.
bool Validator::CheckOneofs(const Node& node) {
  const Descriptor& type = *node.message.GetDescriptor();
  for (int i = 0; i < type.oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.oneof_decl(i);
    if (oneof.name() != "what" || node.message.GetReflection()->HasOneof(node.message, &oneof)) {
      continue;
    }
    std::vector<std::string> names;
    for (int j = 0; j < oneof.field_count(); ++j) names.push_back(oneof.field(j)->name());
    return FailWhole(node, absl::StrCat("needs one of ", absl::StrJoin(names, ", ")));
  }
  return true;
}

// The host on which names of users are looked up.
const scenario::Host* Validator::HostOf(const Node& node, const scenario::Host* outer) const {
  if (node.message.GetDescriptor() == scenario::Host::descriptor()) {
    return static_cast<const scenario::Host*>(&node.message);
  }
  const FieldDescriptor* field = node.message.GetDescriptor()->FindFieldByName("host");
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return outer;
  }
  const auto found = hosts_.find(node.message.GetReflection()->GetString(node.message, field));
  return found == hosts_.end() ? nullptr : found->second;
}

bool Validator::CheckTexts(const Node& node, const scenario::Host* host) {
  std::vector<const FieldDescriptor*> fields;
  const Reflection& reflection = *node.message.GetReflection();
  reflection.ListFields(node.message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() != FieldDescriptor::TYPE_STRING) continue;
    if (!field->is_repeated()) {
      if (!CheckText(node, *field, -1, host)) return false;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(node.message, field); ++i) {
      if (!CheckText(node, *field, i, host)) return false;
    }
  }
  return true;
}

bool Validator::CheckText(const Node& node, const FieldDescriptor& field, int index,
                          const scenario::Host* host) {
  const Reflection& reflection = *node.message.GetReflection();
  const std::string text = index < 0 ? reflection.GetString(node.message, &field)
                                     : reflection.GetRepeatedString(node.message, &field, index);
  const scenario::Kind kind = field.options().GetExtension(scenario::kind);
  if (kind == scenario::KIND_PATTERN && ++patterns_ > kMaxScenarioPatterns) {
    return Fail(node, field.name(),
                absl::StrCat("a scenario has at most ", kMaxScenarioPatterns, " patterns"), index);
  }
  if (kind == scenario::KIND_PATTERN && good_patterns_.contains(text)) return true;
  const KnownAccounts* accounts = host == nullptr ? nullptr : &accounts_.at(host->name());
  const absl::Status status = CheckFieldText(kind, text, host_names_, accounts);
  if (!status.ok()) return Fail(node, field.name(), std::string(status.message()), index);
  if (kind == scenario::KIND_PATTERN) good_patterns_.insert(text);
  return true;
}

bool Validator::WalkChildren(const Node& node, const scenario::Host* host) {
  std::vector<const FieldDescriptor*> fields;
  const Reflection& reflection = *node.message.GetReflection();
  reflection.ListFields(node.message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(node.message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      const Message& child = field->is_repeated()
                                 ? reflection.GetRepeatedMessage(node.message, field, i)
                                 : reflection.GetMessage(node.message, field);
      const TextFormat::ParseInfoTree* places = node.places->GetTreeForNested(field, index);
      if (places == nullptr) places = node.places;
      if (!Walk({child, places, PlaceOf(node, field, index), field->name()}, host)) return false;
    }
  }
  return true;
}

bool Validator::CheckRules(const Node& node) {
  const std::pair<const Descriptor*, Rule> rules[] = {
      {scenario::Scenario::descriptor(), &Validator::ScenarioRule},
      {scenario::World::descriptor(), &Validator::WorldRule},
      {scenario::Host::descriptor(), &Validator::HostRule},
      {scenario::Mta::descriptor(), &Validator::MtaRule},
      {scenario::Sink::descriptor(), &Validator::SinkRule},
      {scenario::File::descriptor(), &Validator::FileRule},
      {scenario::Smtp::descriptor(), &Validator::SmtpRule},
      {scenario::Turn::descriptor(), &Validator::TurnRule},
      {scenario::Chown::descriptor(), &Validator::ChownRule},
      {scenario::StartMta::descriptor(), &Validator::NeedsMta},
      {scenario::StopMta::descriptor(), &Validator::NeedsMta},
      {scenario::Fault::descriptor(), &Validator::FaultRule},
      {scenario::Partition::descriptor(), &Validator::PartitionRule},
      {scenario::FileError::descriptor(), &Validator::FileErrorRule},
      {scenario::Expect::Mailbox::descriptor(), &Validator::MailboxRule},
      {scenario::Expect::Queue::descriptor(), &Validator::QueueRule},
      {scenario::Expect::SinkMail::descriptor(), &Validator::SinkMailRule},
      {scenario::Expect::Log::descriptor(), &Validator::LogRule},
      {scenario::Expect::FileState::descriptor(), &Validator::FileStateRule},
  };
  for (const auto& [type, rule] : rules) {
    if (node.message.GetDescriptor() == type) return (this->*rule)(node);
  }
  return true;
}

bool Validator::ScenarioRule(const Node& node) {
  if (scenario_.step_size() > kMaxScenarioSteps) {
    return Fail(node, "step", absl::StrCat("a scenario has at most ", kMaxScenarioSteps, " steps"),
                kMaxScenarioSteps);
  }
  return true;
}

bool Validator::WorldRule(const Node& node) {
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
  return true;
}

bool Validator::HostRule(const Node& node) {
  const auto& host = static_cast<const scenario::Host&>(node.message);
  if (host.address_size() == 0) return Fail(node, "address", "required in Host, and missing");
  if (host.has_mta() && host.has_sink()) {
    return Fail(node, "sink", "a host has an mta or a sink, not both: each needs port 25");
  }
  return UniqueUsers(node, host) && FilesFit(node, host);
}

// No file twice, and none where another needs a directory.
bool Validator::FilesFit(const Node& node, const scenario::Host& host) {
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

bool Validator::UniqueUsers(const Node& node, const scenario::Host& host) {
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

bool Validator::MtaRule(const Node& node) {
  const auto& mta = static_cast<const scenario::Mta&>(node.message);
  if (!mta.has_queue_interval()) return true;
  const absl::Duration interval = *ParseScenarioDuration(mta.queue_interval());
  if (interval >= absl::Seconds(1) && interval == absl::Trunc(interval, absl::Seconds(1))) {
    return true;
  }
  return Fail(node, "queue_interval", "must be whole seconds, at least one");
}

bool Validator::SinkRule(const Node& node) {
  const auto& sink = static_cast<const scenario::Sink&>(node.message);
  return sink.domain_size() > 0 || FailWhole(node, "needs at least one domain");
}

bool Validator::FileRule(const Node& node) {
  const auto& file = static_cast<const scenario::File&>(node.message);
  if (file.directory() && file.has_content()) {
    return Fail(node, "content", "a directory has none");
  }
  return true;
}

bool Validator::SmtpRule(const Node& node) {
  const auto& smtp = static_cast<const scenario::Smtp&>(node.message);
  if (smtp.port() < 1 || smtp.port() > 65535) return Fail(node, "port", "is 1 to 65535");
  if (smtp.refused() && smtp.turn_size() > 0) {
    return Fail(node, "turn", "there is none when the connection is to be refused");
  }
  if (smtp.refused() && smtp.has_greeting()) {
    return Fail(node, "greeting", "there is none when the connection is to be refused");
  }
  if (smtp.refused() && smtp.may_break()) return Fail(node, "may_break", "excludes \"refused\"");
  for (int i = 0; i + 1 < smtp.turn_size(); ++i) {
    if (smtp.turn(i).close() || smtp.turn(i).reset()) {
      return Fail(node, "turn", "only the last turn may close or reset the connection", i);
    }
  }
  return true;
}

bool Validator::TurnRule(const Node& node) {
  const auto& turn = static_cast<const scenario::Turn&>(node.message);
  if (turn.close() && turn.reset()) return Fail(node, "reset", "excludes \"close\"");
  const bool empty = turn.say_size() == 0 && !turn.has_raw() && turn.expect_size() == 0 &&
                     !turn.has_pause() && !turn.close() && !turn.reset();
  return !empty || FailWhole(node, "needs one of say, raw, expect, pause, close, reset");
}

bool Validator::ChownRule(const Node& node) {
  const auto& chown = static_cast<const scenario::Chown&>(node.message);
  return chown.has_owner() || chown.has_group() || FailWhole(node, "needs owner or group");
}

bool Validator::HasMta(const Node& node, const std::string& host, int index) {
  return hosts_.at(host)->has_mta() ||
         Fail(node, "host", absl::StrCat("host \"", Shown(host), "\" has no mta"), index);
}

bool Validator::NeedsMta(const Node& node) {
  const FieldDescriptor* field = node.message.GetDescriptor()->FindFieldByName("host");
  return HasMta(node, node.message.GetReflection()->GetString(node.message, field));
}

bool Validator::FaultRule(const Node& node) {
  const auto& fault = static_cast<const scenario::Fault&>(node.message);
  const bool needs_mta = fault.has_kill_mta() || fault.has_on_reply() || fault.has_on_command();
  if (fault.has_partition()) {
    if (fault.has_on_reply() || fault.has_on_command() || fault.has_on_file_call()) {
      if (fault.host_size() == 0) return FailWhole(node, "its trigger needs a host");
    } else if (fault.host_size() > 0) {
      return Fail(node, "host", "a partition has from and to, and no host unless its trigger has");
    }
  } else if (fault.host_size() == 0) {
    return FailWhole(node, "needs at least one host");
  }
  for (int i = 0; needs_mta && i < fault.host_size(); ++i) {
    if (!HasMta(node, fault.host(i), i)) return false;
  }
  return true;
}

bool Validator::PartitionRule(const Node& node) {
  const auto& partition = static_cast<const scenario::Partition&>(node.message);
  return partition.from() != partition.to() || Fail(node, "to", "is the same host as from");
}

bool Validator::FileErrorRule(const Node& node) {
  const auto& error = static_cast<const scenario::FileError&>(node.message);
  if (error.per_mille() >= 1 && error.per_mille() <= 1000) return true;
  return Fail(node, "per_mille", "is 1 to 1000");
}

template <class T>
bool Validator::CheckCounts(const Node& node, const T& expect, bool has_exact,
                            const std::string& exact) {
  if (has_exact && (expect.has_at_least() || expect.has_at_most())) {
    return Fail(node, exact, "excludes \"at_least\" and \"at_most\"");
  }
  if (expect.has_at_least() && expect.has_at_most() && expect.at_least() > expect.at_most()) {
    return Fail(node, "at_most", "is less than at_least");
  }
  return true;
}

bool Validator::MailboxRule(const Node& node) {
  const auto& mailbox = static_cast<const scenario::Expect::Mailbox&>(node.message);
  if (!mailbox.has_messages() && !mailbox.has_at_least() && !mailbox.has_at_most() &&
      mailbox.contains_size() == 0 && !mailbox.has_matches() && !mailbox.has_mode() &&
      !mailbox.has_owner()) {
    return FailWhole(node, "expects nothing");
  }
  return NeedsMta(node) && CheckCounts(node, mailbox, mailbox.has_messages(), "messages");
}

bool Validator::QueueRule(const Node& node) {
  const auto& queue = static_cast<const scenario::Expect::Queue&>(node.message);
  if (!queue.has_messages() && !queue.has_at_least() && !queue.has_at_most()) {
    return FailWhole(node, "needs one of messages, at_least, at_most");
  }
  return NeedsMta(node) && CheckCounts(node, queue, queue.has_messages(), "messages");
}

bool Validator::SinkMailRule(const Node& node) {
  const auto& sink = static_cast<const scenario::Expect::SinkMail&>(node.message);
  if (!hosts_.at(sink.host())->has_sink()) {
    return Fail(node, "host", absl::StrCat("host \"", Shown(sink.host()), "\" has no sink"));
  }
  if (!sink.has_messages() && !sink.has_at_least() && !sink.has_at_most() &&
      sink.contains_size() == 0) {
    return FailWhole(node, "needs one of messages, at_least, at_most, contains");
  }
  return CheckCounts(node, sink, sink.has_messages(), "messages");
}

bool Validator::LogRule(const Node& node) {
  const auto& log = static_cast<const scenario::Expect::Log&>(node.message);
  if (!log.has_contains() && !log.has_matches()) {
    return FailWhole(node, "needs one of contains, matches");
  }
  return CheckCounts(node, log, log.has_count(), "count");
}

bool Validator::FileStateRule(const Node& node) {
  const auto& file = static_cast<const scenario::Expect::FileState&>(node.message);
  const bool says_more = file.contains_size() > 0 || file.has_matches() || file.has_mode() ||
                         file.has_owner() || file.has_group();
  if (!file.exists() && says_more) {
    return Fail(node, "exists", "a file that is not there has no content, mode, owner or group");
  }
  return true;
}

// Ids not taken on this host, from 1000 on.
void FillIn(scenario::Host& host) {
  std::map<uint32_t, bool> taken;
  for (const scenario::User& user : host.user()) {
    if (user.has_uid()) taken[user.uid()] = true;
  }
  uint32_t next = 1000;
  for (scenario::User& user : *host.mutable_user()) {
    while (!user.has_uid() && taken.contains(next)) ++next;
    if (!user.has_uid()) user.set_uid(next++);
    if (!user.has_gid()) user.set_gid(user.uid());
    if (!user.has_home()) user.set_home(absl::StrCat("/home/", user.name()));
  }
  for (scenario::File& file : *host.mutable_file()) {
    if (!file.has_mode()) file.set_mode(file.directory() ? "755" : "644");
  }
}

}  // namespace

std::optional<ScenarioError> ValidateScenario(scenario::Scenario& scenario,
                                              const TextFormat::ParseInfoTree& places) {
  std::optional<ScenarioError> error = Validator(scenario, places).Run();
  if (error.has_value()) return error;
  for (scenario::Host& host : *scenario.mutable_world()->mutable_host()) FillIn(host);
  for (scenario::Step& step : *scenario.mutable_step()) {
    if (step.change().has_write() && !step.change().write().has_mode()) {
      scenario::File& file = *step.mutable_change()->mutable_write();
      file.set_mode(file.directory() ? "755" : "644");
    }
  }
  return std::nullopt;
}

}  // namespace stagepost

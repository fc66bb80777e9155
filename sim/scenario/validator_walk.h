// The walk over a scenario's messages that validator.h promises. Only for validator*.cc.
#ifndef STAGEPOST_SIM_SCENARIO_VALIDATOR_WALK_H_
#define STAGEPOST_SIM_SCENARIO_VALIDATOR_WALK_H_

#include <map>
#include <optional>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "sim/scenario/field_kinds.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/scenario/scenario_text.h"

namespace stagepost {

// A message, where it stands, and by which name.
struct ScenarioNode {
  const google::protobuf::Message& message;
  const google::protobuf::TextFormat::ParseInfoTree* places;
  google::protobuf::TextFormat::ParseLocation at;
  std::string name;
};

// One pass over one scenario; reports the first error.
class ScenarioValidator {
 public:
  ScenarioValidator(const scenario::Scenario& scenario,
                    const google::protobuf::TextFormat::ParseInfoTree& places)
      : scenario_(scenario), places_(places) {}

  std::optional<ScenarioError> Run() {
    for (const scenario::Host& host : scenario_.world().host()) {
      hosts_.emplace(host.name(), &host);
      host_names_.insert(host.name());
      accounts_.emplace(host.name(), AccountsOf(host));
    }
    Walk({scenario_, &places_, google::protobuf::TextFormat::ParseLocation(0, 0), "scenario"},
         nullptr);
    return error_;
  }

 private:
  using Rule = bool (ScenarioValidator::*)(const ScenarioNode&);

  // All checks return false when they have found an error, which is then the only one.
  bool Walk(const ScenarioNode& node, const scenario::Host* host);
  bool CheckRequired(const ScenarioNode& node);
  bool CheckOneofs(const ScenarioNode& node);
  bool CheckTexts(const ScenarioNode& node, const scenario::Host* host);
  bool CheckText(const ScenarioNode& node, const google::protobuf::FieldDescriptor& field,
                 int index, const scenario::Host* host);
  bool CheckRules(const ScenarioNode& node);
  bool WalkChildren(const ScenarioNode& node, const scenario::Host* host);
  const scenario::Host* HostOf(const ScenarioNode& node, const scenario::Host* outer) const;

  bool Fail(const ScenarioNode& node, const std::string& field, std::string what, int index = -1);
  bool FailWhole(const ScenarioNode& node, std::string what);

  bool ScenarioRule(const ScenarioNode& node);
  bool WorldRule(const ScenarioNode& node);
  bool HostRule(const ScenarioNode& node);
  bool MtaRule(const ScenarioNode& node);
  bool FileRule(const ScenarioNode& node);
  bool SmtpRule(const ScenarioNode& node);
  bool TurnRule(const ScenarioNode& node);
  bool AttackRule(const ScenarioNode& node);
  bool ChownRule(const ScenarioNode& node);
  bool ClockRule(const ScenarioNode& node);
  bool HostChangeRule(const ScenarioNode& node);
  bool FaultRule(const ScenarioNode& node);
  bool PartitionRule(const ScenarioNode& node);
  bool FileErrorRule(const ScenarioNode& node);
  bool FileStallRule(const ScenarioNode& node);
  bool ResetRule(const ScenarioNode& node);
  bool ForgetRule(const ScenarioNode& node);
  bool LinkRule(const ScenarioNode& node);
  bool LinksOnce(const ScenarioNode& node, const scenario::World& world);
  bool QuotasOnce(const ScenarioNode& node, const scenario::Host& host);
  bool NeedsMta(const ScenarioNode& node);
  bool MailboxRule(const ScenarioNode& node);
  bool QueueRule(const ScenarioNode& node);
  bool LogRule(const ScenarioNode& node);
  bool FileStateRule(const ScenarioNode& node);
  template <class T>
  bool CheckCounts(const ScenarioNode& node, const T& expect, bool has_exact,
                   const std::string& exact);
  // validator_sink.cc
  bool SinkRule(const ScenarioNode& node);
  bool AnswerRule(const ScenarioNode& node);
  bool NeedsSink(const ScenarioNode& node, const std::string& host);
  bool SinkMailRule(const ScenarioNode& node);
  bool HeardRule(const ScenarioNode& node);
  // validator_dns.cc
  bool WorldDnsRule(const ScenarioNode& node);
  bool ZoneRule(const ScenarioNode& node);
  bool ResourceRecordRule(const ScenarioNode& node);
  bool RecordFieldsFit(const ScenarioNode& node, const scenario::ResourceRecord& record);
  bool ChangeRule(const ScenarioNode& node);
  bool HasMta(const ScenarioNode& node, const std::string& host, int index = -1);
  bool UniqueUsers(const ScenarioNode& node, const scenario::Host& host);
  bool FilesFit(const ScenarioNode& node, const scenario::Host& host);

  const scenario::Scenario& scenario_;
  const google::protobuf::TextFormat::ParseInfoTree& places_;
  std::map<std::string, const scenario::Host*> hosts_;
  NameSet host_names_;
  std::map<std::string, KnownAccounts> accounts_;  // by host
  int patterns_ = 0;
  NameSet good_patterns_;  // most of them are "250"
  std::optional<ScenarioError> error_;
};

// In the header, since the rules of expectations stand in several files.
template <class T>
bool ScenarioValidator::CheckCounts(const ScenarioNode& node, const T& expect, bool has_exact,
                                    const std::string& exact) {
  if (has_exact && (expect.has_at_least() || expect.has_at_most())) {
    return Fail(node, exact, "excludes \"at_least\" and \"at_most\"");
  }
  if (expect.has_at_least() && expect.has_at_most() && expect.at_least() > expect.at_most()) {
    return Fail(node, "at_most", "is less than at_least");
  }
  return true;
}

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_VALIDATOR_WALK_H_

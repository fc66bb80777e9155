#include "sim/scenario/validator.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "sim/scenario/field_kinds.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/validator_walk.h"

namespace stagepost {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

namespace {

// Where `node.field[index]` stands; the node itself if the field is not there.
TextFormat::ParseLocation PlaceOf(const ScenarioNode& node, const FieldDescriptor* field,
                                  int index) {
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

bool ScenarioValidator::Fail(const ScenarioNode& node, const std::string& field, std::string what,
                             int index) {
  const FieldDescriptor* descriptor = node.message.GetDescriptor()->FindFieldByName(field);
  const TextFormat::ParseLocation place = PlaceOf(node, descriptor, index);
  error_ = ScenarioError{place.line, place.column, field, std::move(what)};
  return false;
}

bool ScenarioValidator::FailWhole(const ScenarioNode& node, std::string what) {
  error_ = ScenarioError{node.at.line, node.at.column, node.name, std::move(what)};
  return false;
}

bool ScenarioValidator::Walk(const ScenarioNode& node, const scenario::Host* host) {
  if (!CheckRequired(node) || !CheckOneofs(node)) return false;
  host = HostOf(node, host);
  return CheckTexts(node, host) && CheckRules(node) && WalkChildren(node, host);
}

bool ScenarioValidator::CheckRequired(const ScenarioNode& node) {
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
bool ScenarioValidator::CheckOneofs(const ScenarioNode& node) {
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
const scenario::Host* ScenarioValidator::HostOf(const ScenarioNode& node,
                                                const scenario::Host* outer) const {
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

bool ScenarioValidator::CheckTexts(const ScenarioNode& node, const scenario::Host* host) {
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

bool ScenarioValidator::CheckText(const ScenarioNode& node, const FieldDescriptor& field, int index,
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

bool ScenarioValidator::WalkChildren(const ScenarioNode& node, const scenario::Host* host) {
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

std::optional<ScenarioError> ValidateScenario(scenario::Scenario& scenario,
                                              const TextFormat::ParseInfoTree& places) {
  std::optional<ScenarioError> error = ScenarioValidator(scenario, places).Run();
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

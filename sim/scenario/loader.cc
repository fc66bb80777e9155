#include "sim/scenario/loader.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "sim/scenario/default_configuration.h"
#include "sim/scenario/scenario_text.h"
#include "sim/scenario/validator.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr size_t kMaxMessage = 1000;

// One line, whatever the file is called.
std::string Printable(absl::string_view file) { return absl::Utf8SafeCHexEscape(file); }

absl::Status ToStatus(absl::string_view file, const ScenarioError& error) {
  std::string message =
      absl::StrCat(Printable(file), ":", error.line + 1, ":", error.column + 1, ": ");
  if (!error.field.empty()) absl::StrAppend(&message, "field \"", error.field, "\": ");
  // Names that were not checked yet may stand in a list of what is known.
  absl::StrAppend(&message, OneLine(error.what, kMaxMessage));
  return absl::InvalidArgumentError(message);
}

// The lines, from 1, of the values of the repeated field `name`.
std::vector<int> LinesOf(const google::protobuf::Message& message,
                         const TextFormat::ParseInfoTree* places, const std::string& name) {
  std::vector<int> lines;
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  const int count = message.GetReflection()->FieldSize(message, field);
  // Values in the form `x: [a, b]` after the first have no place of their own.
  int line = 1;
  for (int i = 0; i < count; ++i) {
    const int own = places == nullptr ? -1 : places->GetLocation(field, i).line;
    if (own >= 0) line = own + 1;
    lines.push_back(line);
  }
  return lines;
}

const TextFormat::ParseInfoTree* Nested(const TextFormat::ParseInfoTree* places,
                                        const google::protobuf::Descriptor* type,
                                        const std::string& name, int index) {
  return places == nullptr ? nullptr : places->GetTreeForNested(type->FindFieldByName(name), index);
}

void FillInLines(LoadedScenario& loaded, const TextFormat::ParseInfoTree& places) {
  const scenario::Scenario& scenario = loaded.scenario;
  loaded.host_lines = LinesOf(
      scenario.world(), Nested(&places, scenario::Scenario::descriptor(), "world", -1), "host");
  loaded.step_lines = LinesOf(scenario, &places, "step");
  loaded.expect_lines = LinesOf(scenario, &places, "expect");
  for (const scenario::Host& host : scenario.world().host()) {
    const bool named = host.mta().has_mc_file() || host.mta().has_cf_file();
    loaded.configurations.emplace_back(named ? "" : DefaultConfiguration());
  }
  loaded.turn_lines.resize(static_cast<size_t>(scenario.step_size()));
  for (int i = 0; i < scenario.step_size(); ++i) {
    if (!scenario.step(i).has_smtp()) continue;
    const TextFormat::ParseInfoTree* step =
        Nested(&places, scenario::Scenario::descriptor(), "step", i);
    loaded.turn_lines[static_cast<size_t>(i)] = LinesOf(
        scenario.step(i).smtp(), Nested(step, scenario::Step::descriptor(), "smtp", -1), "turn");
  }
}

}  // namespace

std::string LoadedScenario::Where() const { return absl::StrCat(Printable(file), ":1"); }

std::string LoadedScenario::At(const std::vector<int>& lines, int index) const {
  return absl::StrCat(Printable(file), ":", lines[static_cast<size_t>(index)]);
}

std::string LoadedScenario::WhereTurn(int step, int turn) const {
  return At(turn_lines[static_cast<size_t>(step)], turn);
}

absl::StatusOr<LoadedScenario> LoadScenario(absl::string_view file, absl::string_view text) {
  if (text.size() > kMaxScenarioBytes) {
    return ToStatus(
        file, {0, 0, "", absl::StrCat("a scenario has at most ", kMaxScenarioBytes, " bytes")});
  }
  LoadedScenario loaded;
  loaded.file = std::string(file);
  TextFormat::ParseInfoTree places;
  std::optional<ScenarioError> error = ParseScenarioText(text, loaded.scenario, places);
  if (!error.has_value()) error = ValidateScenario(loaded.scenario, places);
  if (error.has_value()) return ToStatus(file, *error);
  FillInLines(loaded, places);
  return loaded;
}

}  // namespace stagepost

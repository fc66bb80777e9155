#include "tools/stagepost_campaign_report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/campaign/probe_sites.h"
#include "sim/trace/one_line.h"
#include "tools/stagepost_report.h"

namespace stagepost {
namespace {

constexpr size_t kMaxWhat = 2000;

std::string Strings(const std::vector<std::string>& texts) {
  return absl::StrCat(
      "[",
      absl::StrJoin(texts, ", ",
                    [](std::string* out, const std::string& text) { *out += JsonString(text); }),
      "]");
}

class Report {
 public:
  Report(const std::string& program, const CampaignOptions& options, const CampaignTally& tally,
         absl::Duration real_time)
      : program_(program), options_(options), tally_(tally), real_time_(real_time) {}

  std::string Text() const {
    std::string text;
    size_t width = 0;
    for (const ScenarioTally& scenario : tally_.scenarios) {
      width = std::max(width, std::min<size_t>(60, scenario.name.size()));
    }
    for (const ScenarioTally& scenario : tally_.scenarios) {
      const bool good = scenario.failed == 0 && scenario.differences.empty();
      absl::StrAppendFormat(&text, "%s  %-*s  %d of %d seeds held, %d distinct hashes, %d events\n",
                            good ? "held  " : "FAILED", static_cast<int>(width), scenario.name,
                            scenario.held, scenario.seeds(), scenario.hashes.size(),
                            scenario.events);
      AppendFailures(scenario, text);
      AppendDifferences(scenario, text);
    }
    AppendProbes(text);
    if (tally_.left > 0) {
      absl::StrAppend(&text, tally_.interrupted ? "interrupted" : "stopped", ": ", tally_.left,
                      " runs are left",
                      options_.resume_file.empty() ? "" : "; the same command goes on with them",
                      "\n");
    }
    const double seconds = absl::ToDoubleSeconds(real_time_);
    absl::StrAppendFormat(&text, "%d held, %d failed, %d not the same twice; %.1fs\n",
                          tally_.held(), tally_.failed(), tally_.differences(), seconds);
    if (options_.canary) AppendCanary(text);
    return text;
  }

  std::string Json() const {
    std::string json = absl::StrCat(
        "{\n  \"seeds\": {\"first\": ", options_.first_seed, ", \"last\": ", options_.last_seed,
        "},\n  \"faults\": ", Bool(options_.faults),
        ",\n  \"determinism_check\": ", Bool(options_.check_determinism),
        ",\n  \"complete\": ", Bool(tally_.left == 0),
        ",\n  \"interrupted\": ", Bool(tally_.interrupted), ",\n  \"left\": ", tally_.left,
        ",\n  \"held\": ", tally_.held(), ",\n  \"failed\": ", tally_.failed(),
        ",\n  \"differences\": ", tally_.differences(),
        absl::StrFormat(",\n  \"real_seconds\": %.3f", absl::ToDoubleSeconds(real_time_)),
        ",\n  \"scenarios\": [",
        absl::StrJoin(tally_.scenarios, ",",
                      [this](std::string* out, const ScenarioTally& scenario) {
                        absl::StrAppend(out, "\n    ", JsonOf(scenario));
                      }),
        "\n  ],\n  \"probes_reached\": ", Strings({tally_.probes.begin(), tally_.probes.end()}),
        ",\n  \"probes_never_reached\": ", Strings(tally_.NeverReached()));
    if (options_.canary) {
      const CanaryFound found = FindCanary(tally_);
      absl::StrAppend(&json, ",\n  \"canary\": {\"found\": ", Bool(found.result != nullptr));
      if (found.result != nullptr) {
        absl::StrAppend(&json, ", \"seed\": ", found.result->seed,
                        ", \"replay\": ", JsonString(Replay(*found.scenario, found.result->seed)));
      }
      json += "}";
    }
    return json + "\n}\n";
  }

 private:
  static absl::string_view Bool(bool value) { return value ? "true" : "false"; }
  std::string Replay(const ScenarioTally& scenario, uint64_t seed) const {
    return CampaignReplayCommand(program_, options_, scenario.file, seed);
  }

  void AppendFailures(const ScenarioTally& scenario, std::string& text) const {
    for (const auto& [seed, result] : scenario.failures) {
      absl::StrAppend(&text, "  seed ", seed, ":\n");
      for (const Failure& failure : result.failures) {
        absl::StrAppend(&text, "    ", failure.where, ": ", OneLine(failure.what, kMaxWhat), "\n");
      }
      absl::StrAppend(&text, "    replay: ", Replay(scenario, seed), "\n");
    }
    if (scenario.failed > scenario.failures.size()) {
      absl::StrAppend(&text, "  and ", scenario.failed - scenario.failures.size(), " more\n");
    }
  }

  void AppendDifferences(const ScenarioTally& scenario, std::string& text) const {
    for (const HashDifference& difference : scenario.differences) {
      absl::StrAppend(&text, "  seed ", difference.seed,
                      " is not the same twice: ", difference.first_hash, " and ",
                      difference.second_hash, "\n");
      for (const absl::string_view line :
           absl::StrSplit(difference.where, '\n', absl::SkipEmpty())) {
        absl::StrAppend(&text, "    ", line, "\n");
      }
      absl::StrAppend(&text, "    replay: ", Replay(scenario, difference.seed), "\n");
    }
  }

  void AppendProbes(std::string& text) const {
    const std::vector<std::string> never = tally_.NeverReached();
    const size_t sites = ProbeSites().size();
    absl::StrAppend(&text, "probes: ", sites - never.size(), " of ", sites, " reached\n");
    for (const std::string& site : never) absl::StrAppend(&text, "  never: ", site, "\n");
  }

  void AppendCanary(std::string& text) const {
    const CanaryFound found = FindCanary(tally_);
    if (found.result == nullptr) {
      text += "the canary was NOT found: this search would not find a real defect either\n";
      return;
    }
    absl::StrAppend(&text, "the canary was found, with seed ", found.result->seed, " of ",
                    found.scenario->name,
                    "\n  replay: ", Replay(*found.scenario, found.result->seed), "\n");
  }

  std::string JsonOf(const ScenarioTally& scenario) const {
    std::vector<std::string> failures, differences;
    for (const auto& [seed, result] : scenario.failures) {
      std::vector<std::string> each;
      for (const Failure& failure : result.failures) {
        each.push_back(absl::StrCat("{\"where\": ", JsonString(failure.where),
                                    ", \"what\": ", JsonString(failure.what), "}"));
      }
      failures.push_back(absl::StrCat("{\"seed\": ", seed, ", \"failures\": [",
                                      absl::StrJoin(each, ", "),
                                      "], \"replay\": ", JsonString(Replay(scenario, seed)), "}"));
    }
    for (const HashDifference& difference : scenario.differences) {
      differences.push_back(absl::StrCat("{\"seed\": ", difference.seed, ", \"hashes\": [\"",
                                         difference.first_hash, "\", \"", difference.second_hash,
                                         "\"], \"where\": ", JsonString(difference.where), "}"));
    }
    return absl::StrCat(
        "{\"name\": ", JsonString(scenario.name), ", \"file\": ", JsonString(scenario.file),
        ", \"seeds\": ", scenario.seeds(), ", \"held\": ", scenario.held,
        ", \"failed\": ", scenario.failed, ", \"distinct_hashes\": ", scenario.hashes.size(),
        ", \"events\": ", scenario.events, ", \"first_failures\": [", absl::StrJoin(failures, ", "),
        "], \"differences\": [", absl::StrJoin(differences, ", "), "]}");
  }

  const std::string& program_;
  const CampaignOptions& options_;
  const CampaignTally& tally_;
  const absl::Duration real_time_;
};

}  // namespace

std::string CampaignReplayCommand(const std::string& program, const CampaignOptions& options,
                                  const std::string& file, uint64_t seed) {
  return absl::StrCat(ShellWord(program), " replay ", options.canary ? "--canary " : "",
                      options.faults ? "--faults " : "", "--seed ", seed, " ", ShellWord(file));
}

CanaryFound FindCanary(const CampaignTally& tally) {
  CanaryFound found;
  for (const ScenarioTally& scenario : tally.scenarios) {
    for (const auto& [seed, result] : scenario.failures) {
      if (!absl::StartsWith(result.failures[0].what, "conservation: ")) continue;
      if (found.result == nullptr || seed < found.result->seed) found = {&scenario, &result};
    }
  }
  return found;
}

std::string CampaignText(const std::string& program, const CampaignOptions& options,
                         const CampaignTally& tally, absl::Duration real_time) {
  return Report(program, options, tally, real_time).Text();
}

std::string CampaignJson(const std::string& program, const CampaignOptions& options,
                         const CampaignTally& tally, absl::Duration real_time) {
  return Report(program, options, tally, real_time).Json();
}

}  // namespace stagepost

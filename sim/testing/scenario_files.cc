#include "sim/testing/scenario_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "sim/scenario/configurations.h"

namespace stagepost {
namespace {

constexpr char kLibrary[] = "external/sendmail_deb/sendmail-cf/usr/share/sendmail/cf";

std::string Read(const std::string& file) {
  std::ifstream in(file);
  CHECK(in.good()) << file;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

absl::StatusOr<const std::map<std::string, std::string>*> Library() {
  static const auto* const kFiles = [] {
    auto* files = new std::map<std::string, std::string>;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kLibrary)) {
      if (!entry.is_regular_file()) continue;
      const std::string path = entry.path().string();
      files->emplace(path.substr(sizeof(kLibrary)), Read(path));
    }
    return files;
  }();
  return kFiles;
}

}  // namespace

std::vector<std::string> AllScenarios() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("scenarios")) {
    if (entry.path().extension() == ".textproto") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

LoadedScenario LoadScenarioOrDie(const std::string& file) {
  auto loaded = LoadScenario(file, Read(file));
  CHECK(loaded.ok()) << loaded.status().message();
  const ConfigurationSources sources{
      [](const std::string& path) -> absl::StatusOr<std::string> { return Read(path); }, &Library};
  const absl::Status made = MakeConfigurations(*loaded, sources);
  CHECK(made.ok()) << made.message();
  return *std::move(loaded);
}

uint64_t SeedsFor(const LoadedScenario& scenario, uint64_t seeds) {
  const auto& steps = scenario.scenario.step();
  const bool attack = std::any_of(steps.begin(), steps.end(),
                                  [](const scenario::Step& step) { return step.has_attack(); });
  return attack ? std::max<uint64_t>(seeds / 50, 1) : seeds;
}

}  // namespace stagepost

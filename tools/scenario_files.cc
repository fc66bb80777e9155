#include "tools/scenario_files.h"

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/base/status_macros.h"
#include "sim/scenario/configurations.h"
#include "tools/stagepost_files.h"

namespace stagepost {
namespace {

namespace fs = std::filesystem;

constexpr char kVariable[] = "STAGEPOST_M4_LIBRARY";
// By which one knows the library.
constexpr char kMainFile[] = "m4/cf.m4";

absl::StatusOr<std::string> FindLibrary() {
  std::vector<std::string> places;
  if (const char* named = std::getenv(kVariable); named != nullptr) {
    places.push_back(named);
  } else {
    places = {"/usr/share/sendmail/cf", ".deps/sendmail-cf/usr/share/sendmail/cf"};
  }
  for (const std::string& place : places) {
    std::error_code error;
    if (fs::exists(fs::path(place) / kMainFile, error)) return place;
  }
  return absl::NotFoundError(
      absl::StrCat("there is no m4 library of sendmail in ", absl::StrJoin(places, " or "),
                   "; install sendmail-cf, or name its folder in ", kVariable));
}

}  // namespace

absl::StatusOr<const std::map<std::string, std::string>*> ScenarioFiles::Library() {
  if (library_.has_value()) return &*library_;
  ASSIGN_OR_RETURN(const std::string place, FindLibrary());
  std::map<std::string, std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator i(place, error), end; !error && i != end;
       i.increment(error)) {
    if (!i->is_regular_file()) continue;
    const std::string path = i->path().string();
    ASSIGN_OR_RETURN(std::string text, ReadWholeFile(path, kMaxConfigurationBytes));
    files.emplace(i->path().lexically_relative(place).string(), std::move(text));
  }
  if (error) return absl::NotFoundError(absl::StrCat(place, ": ", error.message()));
  library_ = std::move(files);
  return &*library_;
}

absl::StatusOr<LoadedScenario> ScenarioFiles::Load(const std::string& file, std::string* text) {
  ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(file, kMaxScenarioBytes));
  ASSIGN_OR_RETURN(LoadedScenario loaded, LoadScenario(file, bytes));
  const ConfigurationSources sources{
      [](const std::string& path) { return ReadWholeFile(path, kMaxConfigurationBytes); },
      [this] { return Library(); }};
  RETURN_IF_ERROR(MakeConfigurations(loaded, sources));
  if (text != nullptr) *text = std::move(bytes);
  return loaded;
}

}  // namespace stagepost

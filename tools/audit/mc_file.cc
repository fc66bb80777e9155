#include "tools/audit/mc_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"

namespace stagepost {

absl::StatusOr<CompiledMc> CompileMc(SimulatedSite& site, const std::string& mc) {
  const absl::StatusOr<std::string> text = site.host().editor().ReadFile(mc);
  const bool includes = text.ok() && absl::StrContains(*text, "cf.m4");
  Arguments arguments = {"/usr/bin/m4", mc};
  if (!includes)
    arguments.insert(arguments.begin() + 1, absl::StrCat(kLibraryDirectory, "m4/cf.m4"));
  SimulatedSite::Result made = site.Run(std::move(arguments));
  if (!made.ok() || made.output.empty()) {
    return absl::InvalidArgumentError(made.errors.empty() ? "m4 has failed" : made.errors);
  }
  return CompiledMc{std::move(made.output), std::move(made.errors)};
}

}  // namespace stagepost

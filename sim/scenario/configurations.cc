#include "sim/scenario/configurations.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/base/status_macros.h"
#include "mta/env/process.h"
#include "sim/choice/choices.h"
#include "sim/scenario/host_builder.h"
#include "sim/trace/trace.h"
#include "sim/world/sim_pipe.h"
#include "sim/world/world.h"

namespace stagepost {
namespace {

constexpr char kLibraryDirectory[] = "/usr/share/sendmail/cf/";
constexpr char kMcPath[] = "/etc/mail/sendmail.mc";
// Virtual; m4 takes none of it.
constexpr absl::Duration kM4Limit = absl::Minutes(1);

// What m4 makes of `mc` on a host as `spec` describes it.
absl::StatusOr<std::string> Compile(const scenario::Host& spec, const std::string& mc,
                                    const std::map<std::string, std::string>& library) {
  Choices choices = Choices::FromSeed(1);
  TraceLog trace;
  World world(choices, trace, absl::UnixEpoch());
  scenario::Host machine = spec;
  machine.clear_mta();
  machine.clear_quota();
  ASSIGN_OR_RETURN(SimHost * host, BuildHost(machine, "", world));
  for (const auto& [name, text] : library) {
    RETURN_IF_ERROR(host->editor().WriteFile(absl::StrCat(kLibraryDirectory, name), text));
  }
  RETURN_IF_ERROR(host->editor().WriteFile(kMcPath, mc));

  std::string output, errors;
  std::optional<ExitStatus> exit;
  ProcessSpec process;
  process.path = "/usr/bin/m4";
  process.arguments = {"m4", kMcPath};
  process.output = MakeCapturingSink(&output);
  process.error = MakeCapturingSink(&errors);
  RETURN_IF_ERROR(
      host->Execute(std::move(process), [&exit](const ExitStatus& status) { exit = status; })
          .status());
  world.RunUntil([&] { return exit.has_value(); }, world.now() + kM4Limit);
  // The library reports what is wrong with a .mc on standard error, and goes on.
  if (!exit.has_value() || !exit->ok() || !errors.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(errors.empty() ? "m4 has failed" : "m4 says:\n", errors));
  }
  return output;
}

std::string PathOf(const LoadedScenario& loaded, const std::string& name) {
  if (name[0] == '/') return name;
  const size_t slash = loaded.file.rfind('/');
  return slash == std::string::npos ? name : absl::StrCat(loaded.file.substr(0, slash + 1), name);
}

}  // namespace

absl::Status MakeConfigurations(LoadedScenario& loaded, const ConfigurationSources& sources) {
  const auto& hosts = loaded.scenario.world().host();
  for (int i = 0; i < hosts.size(); ++i) {
    const scenario::Mta& mta = hosts[i].mta();
    const auto fail = [&](absl::string_view field, const absl::Status& why) {
      return absl::Status(why.code(), absl::StrCat(loaded.WhereHost(i), ": field \"", field,
                                                   "\": ", why.message()));
    };
    if (!mta.has_mc_file() && !mta.has_cf_file()) continue;
    const absl::string_view field = mta.has_mc_file() ? "mc_file" : "cf_file";
    const std::string path = PathOf(loaded, mta.has_mc_file() ? mta.mc_file() : mta.cf_file());
    absl::StatusOr<std::string> text = sources.read(path);
    if (!text.ok()) return fail(field, text.status());
    if (mta.has_mc_file()) {
      const auto library = sources.library();
      if (!library.ok()) return fail(field, library.status());
      text = Compile(hosts[i], *text, **library);
      if (!text.ok()) {
        return fail(field, absl::Status(text.status().code(),
                                        absl::StrCat(path, ": ", text.status().message())));
      }
    }
    loaded.configurations[static_cast<size_t>(i)] = *std::move(text);
  }
  return absl::OkStatus();
}

}  // namespace stagepost

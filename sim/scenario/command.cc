#include "sim/scenario/command.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/values.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

std::string FindProgram(SimHost& host, const std::string& word) {
  if (word.find('/') != word.npos) return word;
  for (const char* directory : {"/usr/sbin/", "/usr/bin/", "/usr/lib/", "/bin/", "/sbin/"}) {
    if (host.editor().Stat(absl::StrCat(directory, word)).ok()) {
      return absl::StrCat(directory, word);
    }
  }
  return absl::StrCat("/usr/sbin/", word);
}

}  // namespace

int ScenarioCommand::exit_code() const {
  return exit->killed_by.has_value() ? 128 + static_cast<int>(*exit->killed_by) : exit->code;
}

absl::Status StartCommand(SimHost& host, const std::string& line, const std::string& user_name,
                          const std::string& input, ScenarioCommand& command) {
  const auto user = host.accounts().FindUser(ScenarioUser(host, user_name));
  CHECK(user.ok()) << user_name;
  const Identity identity = *host.accounts().IdentityOf(*user);
  ProcessSpec process;
  process.arguments = *SplitCommand(line);
  process.path = FindProgram(host, process.arguments[0]);
  process.credentials = {identity.user,  identity.user,  identity.user,         identity.group,
                         identity.group, identity.group, identity.supplementary};
  process.input = MakeTextSource(input);
  process.output = MakeCapturingSink(&command.output);
  process.error = MakeCapturingSink(&command.error);
  return host
      .Execute(std::move(process), [&command](const ExitStatus& exit) { command.exit = exit; })
      .status();
}

}  // namespace stagepost

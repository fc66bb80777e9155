#include "tools/stagepost_command.h"

#include <sysexits.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/base/version.h"
#include "sim/scenario/suggest.h"
#include "sim/trace/one_line.h"
#include "tools/stagepost_campaign.h"
#include "tools/stagepost_campaign_options.h"
#include "tools/stagepost_options.h"
#include "tools/stagepost_replay.h"
#include "tools/stagepost_worker.h"

namespace stagepost {
namespace {

constexpr absl::string_view kHelp =
    R"(usage: stagepost COMMAND [ARGUMENT...]

Rehearses mail: runs a mail transfer agent in a simulated world.

  replay       runs scenarios in the simulator
  campaign     runs them with many seeds, in several processes, each seed twice
  audit        finds out whether a site relays mail for strangers, and why
  lint         shows what is wrong with a sendmail.cf, and what has no effect
  m4           evaluates m4, as for a sendmail.mc
  map          looks into the databases that maps read
  --help       this text; `stagepost COMMAND --help`: that of a command
  --version    the version

docs/stagepost.md describes each command, docs/scenario-language.md what a
scenario may say.
)";

int Misused(const StagepostContext& context, absl::string_view what, absl::string_view help) {
  context.err << "stagepost: " << std::string(what) << "\n"
              << "Try: stagepost " << std::string(help) << "\n";
  return EX_USAGE;
}

int Replay(const std::vector<std::string>& words, const StagepostContext& context) {
  const absl::StatusOr<ReplayOptions> options =
      ParseReplayOptions({words.begin() + 2, words.end()});
  if (!options.ok()) return Misused(context, options.status().message(), "replay --help");
  if (options->help) {
    context.out << std::string(ReplayHelp());
    return EX_OK;
  }
  return RunReplay(words[0], *options, context);
}

int Campaign(const std::vector<std::string>& words, const StagepostContext& context) {
  const absl::StatusOr<CampaignOptions> options =
      ParseCampaignOptions({words.begin() + 2, words.end()});
  if (!options.ok()) return Misused(context, options.status().message(), "campaign --help");
  if (options->help) {
    context.out << std::string(CampaignHelp());
    return EX_OK;
  }
  return RunCampaign(words[0], *options, context);
}

int Dispatch(const std::vector<std::string>& words, const StagepostContext& context) {
  if (words.size() < 2) {
    context.err << std::string(kHelp);
    return EX_USAGE;
  }
  const std::string& command = words[1];
  if (command == "replay") return Replay(words, context);
  if (command == "campaign") return Campaign(words, context);
  if (command == kWorkerCommand) return RunWorker({words.begin() + 2, words.end()}, context);
  if (command == "--help" || command == "-h" || command == "help") {
    context.out << std::string(kHelp);
    return EX_OK;
  }
  if (command == "--version") {
    context.out << "stagepost " << std::string(kVersion) << "\n";
    return EX_OK;
  }
  return Misused(context,
                 absl::StrCat("unknown command \"", OneLine(command, 80), "\"",
                              DidYouMean(command, {"replay", "campaign", "audit", "lint", "m4",
                                                   "map", "--help", "--version"})),
                 "--help");
}

}  // namespace

int RunStagepost(const std::vector<std::string>& words, const StagepostContext& context) {
  const int exit_code = Dispatch(words, context);
  context.out.flush();
  if (!context.out && exit_code == EX_OK) {
    context.err << "stagepost: standard output cannot be written\n";
    return EX_IOERR;
  }
  return exit_code;
}

}  // namespace stagepost

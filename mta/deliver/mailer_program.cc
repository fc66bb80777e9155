#include "mta/deliver/mailer_program.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/cf/default_user.h"
#include "mta/cf/names.h"
#include "mta/cf/text.h"
#include "mta/policy/safe_file.h"

namespace stagepost {
namespace {

constexpr NameId kUserMacro = OneCharacterName('u');
constexpr FileMode kGroupOrOtherWrite = 0022;

bool SpeaksOfUser(const Text& text) {
  return std::any_of(text.begin(), text.end(), [](const Piece& piece) {
    const bool macro =
        piece.kind == Piece::Kind::kMacro || piece.kind == Piece::Kind::kDeferredMacro;
    return macro && piece.name == kUserMacro;
  });
}

// The groups of a user, too, unless DontInitGroups says otherwise.
Identity IdentityOf(const ControllingUser& controller, Site& site) {
  Identity identity = {controller.user, controller.group, {}};
  if (controller.name.empty()) return identity;
  if (site.configuration().options.Flag(OptionId::kDontInitGroups)) return identity;
  Accounts& accounts = site.env().accounts();
  const absl::StatusOr<User> user = accounts.FindUser(controller.name);
  if (!user.ok() || user->id != controller.user) return identity;
  const absl::StatusOr<Identity> full = accounts.IdentityOf(*user);
  if (!full.ok()) return identity;
  identity.supplementary = full->supplementary;
  return identity;
}

Identity IdentityOfMailer(const Mailer& mailer, Accounts& accounts) {
  Identity identity;
  identity.user = *mailer.user_id;
  const absl::StatusOr<User> user = accounts.FindUser(*mailer.user_id);
  if (user.ok()) {
    identity.group = user->group;
    const absl::StatusOr<Identity> full = accounts.IdentityOf(*user);
    if (full.ok() && !mailer.group_id.has_value()) return *full;
  }
  if (mailer.group_id.has_value()) identity.group = *mailer.group_id;
  return identity;
}

// The first directory of D= that the mailer can enter; "/" if there is none.
Task<std::string> FindDirectory(const MailerRun& run, const std::optional<Identity>& identity) {
  if (run.mailer.directory.empty()) co_return std::string("/");
  Environment& env = run.site.env();
  std::unique_ptr<FileSystem> other;
  if (identity.has_value()) other = env.files().As(*identity);
  FileSystem& files = other != nullptr ? *other : env.files();
  const std::vector<std::string> directories = absl::StrSplit(run.mailer.directory, ':');
  for (const std::string& directory : directories) {
    const std::string path = ExpandText(run.site, run.macros, directory);
    if (path.empty() || path[0] != '/') continue;
    // Through the dot, so that the right to enter it is asked for as well.
    const absl::StatusOr<FileStat> stat = co_await files.Stat(absl::StrCat(path, "/."));
    if (stat.ok() && stat->type == FileType::kDirectory) co_return path;
  }
  co_return std::string("/");
}

}  // namespace

bool IsNetworkMailer(const Mailer& mailer) {
  return absl::EqualsIgnoreCase(mailer.path, "[IPC]") ||
         absl::EqualsIgnoreCase(mailer.path, "[TCP]") ||
         absl::EqualsIgnoreCase(mailer.path, "[LPC]");
}

bool TakesUsersAsArguments(const Mailer& mailer) {
  return std::any_of(mailer.arguments.begin(), mailer.arguments.end(), SpeaksOfUser);
}

absl::StatusOr<Arguments> MailerArguments(const MailerRun& run) {
  const Names& names = run.site.configuration().names;
  Arguments arguments;
  const auto add = [&](const Text& text, const Macros& macros) -> absl::Status {
    ASSIGN_OR_RETURN(std::string argument, macros.ExpandToString(text, names));
    arguments.push_back(std::move(argument));
    if (arguments.size() <= kMaxMailerArguments) return absl::OkStatus();
    return absl::ResourceExhaustedError("too many parameters to mailer");
  };
  const bool says_sender = run.mailer.Has('f') || run.mailer.Has('r');
  for (const Text& text : run.mailer.arguments) {
    // Behind the program's name; a word of its own, whatever the sender begins with.
    if (says_sender && arguments.size() == 1) {
      arguments.push_back(run.mailer.Has('f') ? "-f" : "-r");
      arguments.push_back(run.sender);
    }
    if (!SpeaksOfUser(text)) {
      RETURN_IF_ERROR(add(text, run.macros));
      continue;
    }
    for (const std::string& user : run.users) {
      Macros macros(&run.macros);
      macros.SetLiteral(kUserMacro, user);
      RETURN_IF_ERROR(add(text, macros));
    }
  }
  return arguments;
}

std::optional<Identity> MailerIdentity(const MailerRun& run) {
  Environment& env = run.site.env();
  // Who is not root can be nobody else.
  if (env.process().credentials().effective_user != kRootUser) return std::nullopt;
  if (run.mailer.user_id.has_value()) return IdentityOfMailer(run.mailer, env.accounts());
  if (run.mailer.Has('S')) return std::nullopt;
  const bool as_recipient = run.mailer.Has('o') && run.controller.has_value() &&
                            !run.controller->is_default_user && run.controller->user != kRootUser;
  if (as_recipient) return IdentityOf(*run.controller, run.site);
  return DefaultUser(run.site.configuration().options, env.accounts());
}

std::map<std::string, std::string> MailerEnvironment(Site& site) {
  const Configuration& configuration = site.configuration();
  std::map<std::string, std::string> environment = configuration.environment;
  environment["AGENT"] = "sendmail";
  if (configuration.options.IsSet(OptionId::kTimeZoneSpec)) {
    std::optional<std::string> zone = configuration.options.Text(OptionId::kTimeZoneSpec);
    if (zone->empty()) zone = site.env().process().EnvironmentVariable("TZ");
    if (zone.has_value()) environment["TZ"] = *zone;
  }
  return environment;
}

std::string ExpandText(Site& site, const Macros& macros, absl::string_view text) {
  Names& names = site.configuration().names;
  const absl::StatusOr<Text> parsed = ParseText(text, names);
  if (!parsed.ok()) return std::string(text);
  return macros.ExpandToString(*parsed, names).value_or(std::string(text));
}

Task<absl::StatusOr<ProgramRequest>> MailerProgram(const MailerRun& run) {
  if (!run.mailer.root.empty()) {
    co_return absl::FailedPreconditionError(
        absl::StrCat("mailer ", run.mailer.name, ": /=", run.mailer.root, " is not supported"));
  }
  ProgramRequest request;
  request.path = ExpandText(run.site, run.macros, run.mailer.path);
  CO_ASSIGN_OR_RETURN(request.arguments, MailerArguments(run));
  request.environment = MailerEnvironment(run.site);
  request.identity = MailerIdentity(run);
  request.working_directory = co_await FindDirectory(run, request.identity);
  request.pipe_input = request.pipe_output = request.pipe_error = true;
  co_return request;
}

Task<void> WarnOfUnsafeProgram(const MailerRun& run, std::string path) {
  const Options& options = run.site.configuration().options;
  Environment& env = run.site.env();
  std::string reason;
  if (!options.Has(BlameFlag::kRunProgramInUnsafeDirPath)) {
    SafeFileRules rules;
    rules.group_writable_directories_are_safe = options.Has(BlameFlag::kGroupWritableDirPathSafe);
    rules.sticky_directories_are_safe = options.Has(BlameFlag::kTrustStickyBit);
    const absl::Status checked = co_await CheckDirectories(env.files(), path, rules);
    if (!checked.ok()) reason = std::string(checked.message());
  }
  const absl::StatusOr<FileStat> stat = co_await env.files().Stat(path);
  if (!stat.ok()) {
    reason = std::string(ErrnoText(ErrnoOf(stat.status())));
  } else if ((stat->mode & kGroupOrOtherWrite) != 0 &&
             !options.Has(BlameFlag::kRunWritableProgram)) {
    reason = (stat->mode & 0002) != 0 ? "World writable file" : "Group writable file";
  }
  if (reason.empty()) co_return;
  env.log().Write(Severity::kInfo, absl::StrCat(run.message.envelope().id, ": Warning: program ",
                                                path, " unsafe: ", reason));
}

DeliveryResult CannotStart(const MailerRun& run, absl::string_view path,
                           const absl::Status& status) {
  const std::string& id = run.message.envelope().id;
  if (absl::IsCancelled(status)) return Deferred("4.0.0", "shutting down");
  const Errno error = ErrnoOf(status);
  const absl::string_view why = error == Errno::kOk ? status.message() : ErrnoText(error);
  run.site.env().log().Write(Severity::kCritical,
                             absl::StrCat(id, ": SYSERR(root): Cannot exec ", path, ": ", why));
  return ResultOfExitCode(kExitOsError, run.mailer.name, path);
}

MailerReport ReportForAll(const MailerRun& run, const DeliveryResult& result) {
  MailerReport report;
  report.results.assign(run.users.size(), result);
  return report;
}

}  // namespace stagepost

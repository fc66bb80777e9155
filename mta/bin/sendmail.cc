#include "mta/bin/sendmail.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/base/version.h"
#include "mta/bin/address_test.h"
#include "mta/cf/macros.h"
#include "mta/cf/well_known_names.h"
#include "mta/daemon/class_file.h"
#include "mta/daemon/daemon.h"
#include "mta/daemon/settings.h"
#include "mta/daemon/time_interval.h"
#include "mta/deliver/deliver.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "mta/smtp/local_acceptance.h"

namespace stagepost {
namespace {

std::string UserName(Environment& env) {
  const UserId id = env.process().credentials().real_user;
  const absl::StatusOr<User> user = env.accounts().FindUser(id);
  return user.ok() ? user->name : absl::StrCat(static_cast<uint32_t>(id));
}

// Prints `text` for whoever started us. That they may have closed the stream changes nothing.
Task<void> Print(ByteSink& stream, std::string text) { (void)co_await WriteAll(stream, text); }

// An error before anything serves: to the log and to stdout, where sendmail's own messages go.
Task<int> Fail(Environment& env, int exit_code, std::string message) {
  env.log().Write(Severity::kCritical,
                  absl::StrCat("NOQUEUE: SYSERR(", UserName(env), "): ", message));
  co_await Print(env.process().standard_output(), absl::StrCat(message, "\n"));
  co_return exit_code;
}

Task<int> ReportUsage(Environment& env, std::string program, UsageError error) {
  if (error.on_stdout) {
    co_await Print(env.process().standard_output(), absl::StrCat(error.message, "\n"));
  } else {
    const std::string name = program.substr(program.rfind('/') + 1);
    co_await Print(env.process().standard_error(), absl::StrCat(name, ": ", error.message, "\n"));
  }
  co_return error.exit_code;
}

// RunAsUser: "user", "user:group", names or numbers. nullopt: there is no such user or group, named
// in `unknown`.
std::optional<Identity> FindRunAsUser(Environment& env, const std::string& option,
                                      std::string& unknown) {
  const size_t colon = option.find_first_of(":.");
  const std::string name = option.substr(0, colon);
  Accounts& accounts = env.accounts();
  uint32_t number = 0;
  const absl::StatusOr<User> user =
      absl::SimpleAtoi(name, &number) ? accounts.FindUser(UserId{number}) : accounts.FindUser(name);
  if (!user.ok()) {
    unknown = absl::StrCat("unknown user ", name);
    return std::nullopt;
  }
  absl::StatusOr<Identity> identity = accounts.IdentityOf(*user);
  if (!identity.ok()) {
    unknown = absl::StrCat("cannot read the groups of user ", name);
    return std::nullopt;
  }
  if (colon != std::string::npos) {
    const std::string group_name = option.substr(colon + 1);
    const absl::StatusOr<Group> group = absl::SimpleAtoi(group_name, &number)
                                            ? accounts.FindGroup(GroupId{number})
                                            : accounts.FindGroup(group_name);
    if (!group.ok()) {
      unknown = absl::StrCat("unknown group ", group_name);
      return std::nullopt;
    }
    identity->group = group->id;
  }
  return *std::move(identity);
}

// Takes on RunAsUser's identity for good; an exit code if that fails.
Task<std::optional<int>> BecomeRunAsUser(Environment& env, const Settings& settings) {
  if (settings.run_as_user.empty()) co_return std::nullopt;
  std::string unknown;
  const std::optional<Identity> identity = FindRunAsUser(env, settings.run_as_user, unknown);
  if (!identity.has_value()) {
    co_return co_await Fail(env, kExitSoftware,
                            absl::StrCat("readcf: option RunAsUser: ", unknown));
  }
  if (env.process().credentials().effective() == *identity) co_return std::nullopt;
  const absl::Status status = env.process().BecomePermanently(*identity);
  if (status.ok()) co_return std::nullopt;
  co_return co_await Fail(
      env, kExitOsError,
      absl::StrCat("drop_privileges: RunAsUser ", settings.run_as_user, ": ", status.message()));
}

Task<int> RunQueueOnce(Environment& env, const Settings& settings) {
  if (const std::optional<int> failed = co_await BecomeRunAsUser(env, settings);
      failed.has_value()) {
    co_return *failed;
  }
  const auto queue = co_await OpenQueue(env, settings.queue_directory);
  if (!queue.ok()) {
    co_return co_await Fail(env, kExitConfiguration, std::string(queue.status().message()));
  }
  absl::StatusOr<HostClasses> classes = co_await ReadHostClasses(env, settings);
  if (!classes.ok()) {
    co_return co_await Fail(env, kExitOsError, std::string(classes.status().message()));
  }
  const auto shared = std::make_shared<const HostClasses>(*std::move(classes));
  const absl::Status status =
      co_await RunQueue(env, **queue, LocalMailerFor(env, settings, shared));
  if (!status.ok()) co_return co_await Fail(env, kExitOsError, std::string(status.message()));
  co_return kExitOk;
}

// A daemon serves SMTP also to its own errors: they come with reply codes.
Task<int> FailToOpenQueue(Environment& env, std::string message) {
  env.log().Write(Severity::kCritical,
                  absl::StrCat("NOQUEUE: SYSERR(", UserName(env), "): ", message));
  co_await Print(env.process().standard_output(), absl::StrCat("451 4.0.0 ", message, "\r\n"));
  co_return kExitConfiguration;
}

Task<int> ServeDaemon(Environment& env, const Settings& settings) {
  absl::StatusOr<HostClasses> classes = co_await ReadHostClasses(env, settings);
  if (!classes.ok()) {
    co_return co_await Fail(env, kExitOsError, std::string(classes.status().message()));
  }
  // A name that is wrong is found before anything is bound.
  std::string unknown;
  if (!settings.run_as_user.empty() &&
      !FindRunAsUser(env, settings.run_as_user, unknown).has_value()) {
    co_return co_await Fail(env, kExitSoftware,
                            absl::StrCat("readcf: option RunAsUser: ", unknown));
  }
  // Ports below 1024 need root, the queue must not: in this order. Whoever is not root may run the
  // daemon where both work for them, on a high port and with a queue of their own (sendmail refuses
  // by user id alone); that is how rehearsals run.
  absl::StatusOr<std::vector<OpenPort>> ports = co_await OpenPorts(env, settings);
  if (!ports.ok()) co_return kExitUnavailable;
  if (const std::optional<int> failed = co_await BecomeRunAsUser(env, settings);
      failed.has_value()) {
    co_return *failed;
  }
  auto queue = co_await OpenQueue(env, settings.queue_directory);
  if (!queue.ok()) {
    co_return co_await FailToOpenQueue(env, std::string(queue.status().message()));
  }
  if (settings.mode == Settings::Mode::kDaemon) {
    if (const absl::Status status = env.process().Daemonise(); !status.ok()) {
      co_return co_await Fail(env, kExitOsError, std::string(status.message()));
    }
    // Queue ids carry the process id, which is another one now.
    queue = co_await OpenQueue(env, settings.queue_directory);
    if (!queue.ok()) {
      co_return co_await FailToOpenQueue(env, std::string(queue.status().message()));
    }
  }
  std::string line = absl::StrCat("starting daemon (", kVersion, "): SMTP");
  if (settings.queue_interval.has_value()) {
    absl::StrAppend(&line, "+queueing@", FormatInterval(*settings.queue_interval));
  }
  env.log().Write(Severity::kInfo, line);
  const absl::Status status =
      co_await RunDaemon(env, settings, **queue, *std::move(classes), *std::move(ports));
  co_return status.ok() ? kExitOk : kExitOsError;
}

// What -bt says of itself to rules: mail of this user, delivered interactively.
void DefineTestMacros(Environment& env, Macros& macros) {
  macros.SetLiteral(OneCharacterName('_'), absl::StrCat(UserName(env), "@localhost"));
  macros.SetLiteral(well_known::kDeliveryMode, "i");
  macros.SetLiteral(well_known::kQuarantine, "");
}

// -bt goes on with what could be read, whatever was wrong, so that it can be looked at.
Task<int> TestAddresses(Environment& env, const Settings& settings) {
  LoadedSite loaded = co_await LoadSite(env, {.file = settings.configuration_file,
                                              .long_options = settings.long_options,
                                              .short_options = settings.short_options,
                                              .macros = settings.macros,
                                              .mode = 't'});
  std::string text;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::kNotImplemented) continue;
    absl::StrAppend(&text, Render(diagnostic), "\n");
  }
  co_await Print(env.process().standard_output(), std::move(text));
  if (loaded.site == nullptr) co_return loaded.exit_code;
  DefineTestMacros(env, loaded.site->configuration().macros);
  const int exit_code = co_await RunAddressTest(env, *loaded.site, settings.debug);
  co_return loaded.exit_code != 0 ? loaded.exit_code : exit_code;
}

}  // namespace

Task<int> SendmailMain(Environment& env, Arguments arguments) {
  std::variant<Settings, UsageError> parsed = ParseCommandLine(arguments);
  if (auto* error = std::get_if<UsageError>(&parsed)) {
    const std::string program = arguments.empty() ? "sendmail" : arguments[0];
    co_return co_await ReportUsage(env, program, std::move(*error));
  }
  const Settings& settings = std::get<Settings>(parsed);
  if (!settings.log_tag.empty()) env.log().SetTag(settings.log_tag);
  if (settings.mode == Settings::Mode::kAddressTest) {
    co_return co_await TestAddresses(env, settings);
  }
  if (settings.mode == Settings::Mode::kQueueRun) {
    co_return co_await RunQueueOnce(env, settings);
  }
  co_return co_await ServeDaemon(env, settings);
}

}  // namespace stagepost

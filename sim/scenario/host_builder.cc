#include "sim/scenario/host_builder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/bin/editmap.h"
#include "mta/bin/mail_local.h"
#include "mta/bin/makemap.h"
#include "mta/bin/praliases.h"
#include "mta/bin/sendmail.h"
#include "mta/m4/m4_main.h"
#include "sim/peer/procmail.h"
#include "sim/peer/sh.h"
#include "sim/peer/sh_utilities.h"
#include "sim/peer/sink.h"
#include "sim/scenario/values.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

constexpr uint32_t kKibPerBlock = Disk::kBlockBytes / 1024;

// What a sink is told to do.
constexpr char kSinkScript[] = "/etc/sink";

// smmsp's user and group, as values.cc has them.
constexpr uint32_t kSmmsp = 25;

struct Layout {
  absl::string_view path;
  FileMode mode;
  uint32_t owner = 0;
  uint32_t group = 0;
};

// Modes as the installation guide has them; the mail spool as mail.local needs it.
constexpr Layout kDirectories[] = {
    {"/etc/mail", 0755},
    {"/home", 0755},
    {"/root", 0700},
    {"/tmp", 01777},
    {"/usr/sbin", 0755},
    {"/var/mail", 01777},
    {"/var/run/sendmail/msp", 0755, kSmmsp, kSmmsp},
    {"/var/run/sendmail/mta", 0755},
    {"/var/spool/clientmqueue", 0770, kSmmsp, kSmmsp},
    {"/var/spool/mqueue", 0700},
};

absl::Status AddAccounts(const scenario::Host& spec, SimHost& host) {
  SimAccounts& accounts = host.accounts();
  for (const SystemAccount& account : SystemAccounts()) {
    if (account.name == "root") continue;
    RETURN_IF_ERROR(accounts.AddGroup({std::string(account.group), GroupId{account.id}}, {}));
    RETURN_IF_ERROR(accounts.AddUser({.name = std::string(account.name),
                                      .id = UserId{account.id},
                                      .group = GroupId{account.id},
                                      .full_name = "",
                                      .home = std::string(account.home),
                                      .shell = "/usr/sbin/nologin"}));
  }
  for (const scenario::User& user : spec.user()) {
    // Two users may share a group.
    (void)accounts.AddGroup({user.name(), GroupId{user.gid()}}, {});
    RETURN_IF_ERROR(accounts.AddUser({.name = user.name(),
                                      .id = UserId{user.uid()},
                                      .group = GroupId{user.gid()},
                                      .full_name = user.full_name(),
                                      .home = user.home(),
                                      .shell = "/bin/sh"}));
    RETURN_IF_ERROR(host.editor().MakeDirectories(user.home(),
                                                  {UserId{user.uid()}, GroupId{user.gid()}, 0755}));
  }
  return absl::OkStatus();
}

absl::Status InstallProgram(SimHost& host, absl::string_view path, Program program) {
  host.InstallProgram(path, program);
  return host.editor().WriteFile(path, "", {.mode = 0755});
}

// What every system has.
absl::Status InstallSystem(SimHost& host) {
  RETURN_IF_ERROR(InstallProgram(host, "/bin/sh", &ShMain));
  for (const absl::string_view name : ShUtilityNames()) {
    RETURN_IF_ERROR(InstallProgram(host, absl::StrCat("/bin/", name), &ShUtilityMain));
  }
  return absl::OkStatus();
}

// What an installation of Stagepost brings, and the scenario's lists as class files.
absl::Status InstallPackages(const scenario::Host& spec, absl::string_view configuration,
                             SimHost& host) {
  DiskEditor editor = host.editor();
  RETURN_IF_ERROR(InstallProgram(host, kSendmailPath, &SendmailMain));
  for (const char* name : {"/usr/bin/newaliases", "/usr/bin/mailq", "/usr/bin/hoststat",
                           "/usr/bin/purgestat", "/usr/lib/sendmail"}) {
    RETURN_IF_ERROR(InstallProgram(host, name, &SendmailMain));
  }
  RETURN_IF_ERROR(InstallProgram(host, kMailLocalPath, &MailLocalMain));
  RETURN_IF_ERROR(InstallProgram(host, "/usr/bin/m4", &M4Main));
  RETURN_IF_ERROR(InstallProgram(host, "/usr/bin/procmail", &ProcmailMain));
  RETURN_IF_ERROR(InstallProgram(host, "/usr/sbin/makemap", &MakemapMain));
  RETURN_IF_ERROR(InstallProgram(host, "/usr/sbin/editmap", &EditmapMain));
  RETURN_IF_ERROR(InstallProgram(host, "/usr/sbin/praliases", &PraliasesMain));
  if (spec.has_sink()) {
    RETURN_IF_ERROR(InstallProgram(host, kSinkPath, &SinkMain));
    RETURN_IF_ERROR(editor.MakeDirectories(kSinkDirectory));
    RETURN_IF_ERROR(editor.WriteFile(kSinkScript, spec.sink().SerializeAsString()));
  }
  if (!spec.has_mta()) return absl::OkStatus();
  const auto lines = [](const auto& names) {
    return names.empty() ? "" : absl::StrCat(absl::StrJoin(names, "\n"), "\n");
  };
  RETURN_IF_ERROR(editor.WriteFile("/etc/mail/sendmail.cf", configuration));
  RETURN_IF_ERROR(editor.WriteFile("/etc/mail/local-host-names", lines(spec.mta().local())));
  return editor.WriteFile("/etc/mail/relay-domains", lines(spec.mta().relay()));
}

}  // namespace

UserId ScenarioUser(SimHost& host, absl::string_view name) {
  uint32_t id = 0;
  if (absl::SimpleAtoi(name, &id)) return UserId{id};
  const auto user = host.accounts().FindUser(name);
  CHECK(user.ok()) << name;
  return user->id;
}

GroupId ScenarioGroup(SimHost& host, absl::string_view name) {
  uint32_t id = 0;
  if (absl::SimpleAtoi(name, &id)) return GroupId{id};
  const auto group = host.accounts().FindGroup(name);
  CHECK(group.ok()) << name;
  return group->id;
}

absl::Status ApplyFile(const scenario::File& file, SimHost& host) {
  const DiskEditor::Ownership ownership{ScenarioUser(host, file.owner()),
                                        ScenarioGroup(host, file.group()),
                                        *ParseFileMode(file.mode())};
  if (file.fifo()) return host.editor().MakeFifo(file.path(), ownership);
  if (file.directory()) return host.editor().MakeDirectories(file.path(), ownership);
  return host.editor().WriteFile(file.path(), file.content(), ownership);
}

void ApplyQuota(const scenario::Quota& quota, SimHost& host) {
  const DiskQuota limits{.blocks = quota.kib() / kKibPerBlock, .inodes = quota.files()};
  if (quota.has_user()) {
    host.disk().SetQuota(ScenarioUser(host, quota.user()), limits);
  } else {
    host.disk().SetQuota(ScenarioGroup(host, quota.group()), limits);
  }
}

void ApplyLink(const scenario::Link& link, World& world) {
  SimHost& from = *world.FindHost(link.from());
  SimHost& to = *world.FindHost(link.to());
  std::optional<LinkLimits> limits;
  if (link.has_kbit_per_second()) {
    limits = {.bytes_per_second = int64_t{link.kbit_per_second()} * 125,
              .queue_bytes = link.queue_bytes()};
  }
  world.fabric().SetLink(from.node(), to.node(), limits);
  if (link.both()) world.fabric().SetLink(to.node(), from.node(), limits);
}

absl::StatusOr<SimHost*> BuildHost(const scenario::Host& spec, absl::string_view configuration,
                                   World& world) {
  HostSpec host_spec;
  host_spec.name = spec.name();
  host_spec.time_zone = *ParseFixedTimeZone(spec.time_zone());
  for (const std::string& address : spec.address()) {
    host_spec.addresses.push_back(*IpAddress::Parse(address));
  }
  SimHost& host = world.AddHost(std::move(host_spec));
  host.has_berkeley_db = !spec.without_berkeley_db();
  for (const Layout& directory : kDirectories) {
    RETURN_IF_ERROR(host.editor().MakeDirectories(
        directory.path, {UserId{directory.owner}, GroupId{directory.group}, directory.mode}));
  }
  RETURN_IF_ERROR(AddAccounts(spec, host));
  RETURN_IF_ERROR(InstallSystem(host));
  RETURN_IF_ERROR(InstallPackages(spec, configuration, host));
  for (const scenario::File& file : spec.file()) RETURN_IF_ERROR(ApplyFile(file, host));
  for (const scenario::Quota& quota : spec.quota()) ApplyQuota(quota, host);
  return &host;
}

absl::Status StartMta(const scenario::Host& spec, SimHost& host, std::string* output) {
  ProcessSpec process;
  process.path = kSendmailPath;
  process.arguments = {kSendmailPath, "-L", "sm-mta", "-bD"};
  if (spec.mta().has_queue_interval()) {
    const absl::Duration interval = *ParseScenarioDuration(spec.mta().queue_interval());
    process.arguments.push_back(absl::StrCat("-q", absl::ToInt64Seconds(interval), "s"));
  }
  if (spec.mta().has_run_as_user()) {
    process.arguments.push_back("-O");
    process.arguments.push_back(absl::StrCat("RunAsUser=", spec.mta().run_as_user()));
  }
  if (output != nullptr) {
    process.output = MakeCapturingSink(output);
    process.error = MakeCapturingSink(output);
  }
  return host.Execute(std::move(process), nullptr).status();
}

absl::Status StartSink(SimHost& host) {
  ProcessSpec process;
  process.path = kSinkPath;
  process.arguments = {kSinkPath, "-c", kSinkScript};
  return host.Execute(std::move(process), nullptr).status();
}

std::vector<uint32_t> ProcessesOf(SimHost& host, absl::string_view path) {
  std::vector<uint32_t> found;
  for (const uint32_t pid : host.ProcessIds()) {
    if (host.FindProcess(pid)->path() == path) found.push_back(pid);
  }
  return found;
}

std::vector<uint32_t> MtaProcesses(SimHost& host) { return ProcessesOf(host, kSendmailPath); }

}  // namespace stagepost

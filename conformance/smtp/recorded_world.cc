#include "conformance/smtp/recorded_world.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "conformance/smtp/recorded_changes.h"
#include "conformance/smtp/recorded_smrsh.h"
#include "google/protobuf/util/json_util.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/bin/editmap.h"
#include "mta/bin/mail_local.h"
#include "mta/bin/makemap.h"
#include "mta/bin/praliases.h"
#include "mta/bin/sendmail.h"
#include "mta/m4/m4_main.h"
#include "sim/peer/sh.h"
#include "sim/peer/sh_utilities.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

constexpr GroupId kSmmsp{302};
constexpr char kSendmail[] = "/usr/libexec/sendmail/sendmail";

constexpr const char* kMapSources[] = {"access",   "mailertable", "virtusertable", "genericstable",
                                       "authinfo", "domaintable", "bitdomain",     "uudomain",
                                       "ldaphost", "ldapaddr",    "userdomains",   "numbers"};

struct Directory {
  const char* path;
  FileMode mode;
  UserId owner = kRootUser;
  GroupId group = kRootGroup;
};
constexpr Directory kDirectories[] = {
    {"/var/spool/mqueue", 0700},
    {"/var/tmp", 01777},
    {"/var/spool/clientmqueue", 0770, UserId{302}, kSmmsp},
    {"/var/spool/mail", 01777, kRootUser, GroupId{8}},
    {"/var/run/sendmail/mta", 0755, UserId{301}, GroupId{301}},
    {"/var/run/sendmail/msp", 0755, UserId{302}, kSmmsp},
    {"/var/lib/sendmail/host_status", 0755, UserId{301}, GroupId{301}},
    {"/home/root", 0700},
};

// A command may take so long; what is recorded as too slow took a minute.
constexpr absl::Duration kCommandLimit = absl::Minutes(1);
constexpr absl::Duration kStartLimit = absl::Seconds(8);
constexpr absl::Duration kStopLimit = absl::Seconds(5);
// Nothing has happened for so long: it is over. As the checker's settle(), but for its patience,
// since virtual time is free.
constexpr absl::Duration kQuiet = absl::Milliseconds(300);
constexpr absl::Duration kSettleLimit = absl::Seconds(20);
constexpr size_t kMaxShown = 8 << 20;

void Install(SimHost& host, absl::string_view path, Program program, FileMode mode = 0755) {
  CHECK(host.editor().WriteFile(path, "", {.mode = mode}).ok());
  host.InstallProgram(path, program);
}

void InstallPrograms(SimHost& host) {
  Install(host, "/bin/sh", &ShMain);
  for (const absl::string_view name : ShUtilityNames()) {
    Install(host, absl::StrCat("/bin/", name), &ShUtilityMain);
  }
  Install(host, kSendmail, &SendmailMain);
  CHECK(host.editor().ChangeOwner(kSendmail, kRootUser, kSmmsp).ok());
  CHECK(host.editor().ChangeMode(kSendmail, 02755).ok());
  for (const char* directory : {"/usr/bin", "/usr/lib", "/usr/sbin"}) {
    CHECK(host.editor().MakeDirectories(directory).ok());
  }
  for (const char* link : {"/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/mailq",
                           "/usr/bin/newaliases", "/usr/sbin/hoststat", "/usr/sbin/purgestat"}) {
    CHECK(host.editor().MakeSymlink(kSendmail, link).ok());
  }
  Install(host, "/usr/libexec/sendmail/mail.local", &MailLocalMain);
  Install(host, "/usr/libexec/sendmail/smrsh", &RecordedSmrshMain);
  Install(host, "/usr/sbin/makemap", &MakemapMain);
  Install(host, "/usr/sbin/editmap", &EditmapMain);
  Install(host, "/usr/sbin/praliases", &PraliasesMain);
  Install(host, "/usr/bin/m4", &M4Main);
}

Credentials CredentialsOf(const Identity& identity) {
  return {identity.user,  identity.user,  identity.user,         identity.group,
          identity.group, identity.group, identity.supplementary};
}

std::string Lookup(SimHost& host, const std::string& name) {
  if (name.find('/') != name.npos) return name;
  for (const char* directory : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    if (host.editor().Stat(absl::StrCat(directory, name)).ok())
      return absl::StrCat(directory, name);
  }
  return absl::StrCat("/usr/sbin/", name);
}

Arguments ArgumentsAt(const JsonObject& step, const std::string& name) {
  Arguments arguments;
  if (const JsonValue* list = Find(step, name)) {
    for (const JsonValue& item : list->list_value().values()) {
      arguments.push_back(BytesOf(item.string_value()));
    }
  }
  return arguments;
}

void SetArguments(JsonObject& step, const Arguments& arguments) {
  auto& list = *(*step.mutable_fields())["argv"].mutable_list_value();
  for (const std::string& argument : arguments) {
    list.add_values()->set_string_value(TextOf(argument));
  }
}

absl::string_view SeverityName(Severity severity) {
  constexpr absl::string_view kNames[] = {"emerg",   "alert",  "crit", "err",
                                          "warning", "notice", "info", "debug"};
  return kNames[static_cast<size_t>(severity)];
}

}  // namespace

Identity RecordedWorld::IdentityOf(const std::string& user) {
  if (user.empty() || user == "root") return Identity();
  const auto found = oracle_.host().accounts().FindUser(user);
  CHECK(found.ok()) << user;
  return {found->id, found->group, {}};
}

RecordedWorld::Exit& RecordedWorld::Execute(Arguments arguments, const Identity& identity,
                                            std::string input, absl::Duration limit) {
  Exit& exit = exits_.emplace_back();
  const std::string user = identity.user == kRootUser ? "root" : "user";
  ProcessSpec spec;
  spec.path = Lookup(oracle_.host(), arguments[0]);
  spec.arguments = std::move(arguments);
  spec.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"TZ", "UTC"}};
  spec.credentials = CredentialsOf(identity);
  spec.input = MakeTextSource(input);
  spec.output = MakeCapturingSink(&exit.output);
  spec.error = MakeCapturingSink(&exit.error);
  const auto started = oracle_.host().Execute(
      std::move(spec), [&exit](const ExitStatus& status) { exit.status = status; });
  if (!started.ok()) {
    exit.error = std::string(started.status().message());
    exit.status = ExitStatus{127, std::nullopt};
    return exit;
  }
  World& world = oracle_.world();
  world.RunUntil([&] { return exit.status.has_value(); }, world.now() + limit);
  return exit;
}

absl::Status RecordedWorld::Shell(const std::string& command) {
  const Exit& exit = Execute({"/bin/sh", "-c", command}, Identity(), "", kCommandLimit);
  // Its own word for what it does not understand, or does not have.
  const int code = exit.status.has_value() ? exit.status->code : 0;
  if ((code == 2 && absl::StartsWith(exit.error, "sh: ")) || code == 127) {
    return absl::UnimplementedError(absl::StrCat("a fuller shell: ", command, ": ", exit.error));
  }
  return absl::OkStatus();
}

absl::Status RecordedWorld::MakeConfiguration(const std::string& name) {
  const std::string key = name == "sendmail" ? "mc" : "submit_mc";
  const std::string target = absl::StrCat("/etc/mail/", name, ".cf");
  if (name == "sendmail" && Find(scenario_, "cf") != nullptr) {
    oracle_.WriteFile(target, StringAt(scenario_, "cf"));
    return absl::OkStatus();
  }
  const JsonValue* mc = Find(scenario_, key);
  if (mc == nullptr || !mc->has_string_value()) return absl::OkStatus();
  for (const auto& [file, text] : surroundings_.library) {
    oracle_.WriteFile(absl::StrCat("/usr/share/sendmail/cf/", file), text);
  }
  const std::string source = absl::StrCat("/etc/mail/", name, ".mc");
  oracle_.WriteFile(source, BytesOf(mc->string_value()));
  const Exit& made =
      Execute({"m4", "-D_CF_DIR_=/usr/share/sendmail/cf/", source}, Identity(), "", absl::Hours(1));
  if (made.output.empty()) return absl::InternalError(absl::StrCat("m4 says: ", made.error));
  oracle_.WriteFile(target, made.output);
  return absl::OkStatus();
}

absl::Status RecordedWorld::MakeMaps() {
  DiskEditor disk = oracle_.host().editor();
  const auto names = disk.ListDirectory("/etc/mail");
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (std::find(std::begin(kMapSources), std::end(kMapSources), name) == std::end(kMapSources)) {
      continue;
    }
    const std::string path = absl::StrCat("/etc/mail/", name);
    Execute({"makemap", "hash", path}, Identity(), disk.ReadFile(path).value_or(""), kCommandLimit);
  }
  const JsonValue* aliases = Find(scenario_, "aliases");
  if (aliases == nullptr || !aliases->has_string_value()) return absl::OkStatus();
  oracle_.WriteFile("/etc/mail/aliases", BytesOf(aliases->string_value()));
  Execute({"newaliases"}, Identity(), "", kCommandLimit);
  return absl::OkStatus();
}

absl::Status RecordedWorld::Prepare() {
  SimHost& host = oracle_.host();
  DiskEditor disk = host.editor();
  RETURN_IF_ERROR(oracle_.AddZones(surroundings_.zone));
  for (const Directory& directory : kDirectories) {
    RETURN_IF_ERROR(
        disk.MakeDirectories(directory.path, {directory.owner, directory.group, directory.mode}));
  }
  RETURN_IF_ERROR(disk.MakeSymlink("spool/mail", "/var/mail"));
  for (const char* name :
       {"smmta", "smmsp", "alice", "bob", "carol", "dave.d", "web1_user1", "eve"}) {
    const Identity user = IdentityOf(name);
    RETURN_IF_ERROR(
        disk.MakeDirectories(absl::StrCat("/home/", name), {user.user, user.group, 0755}));
  }
  InstallPrograms(host);
  oracle_.WriteFile("/etc/shells", "/bin/sh\n/bin/bash\n");
  oracle_.WriteFile("/etc/hosts", surroundings_.hosts);
  oracle_.WriteFile("/etc/resolv.conf", "search corp.example\nnameserver 127.0.0.1\n");
  oracle_.WriteFile("/etc/mail/service.switch", "hosts\tfiles dns\naliases\tfiles\n");
  oracle_.WriteFile("/etc/mail/local-host-names", StringAt(scenario_, "cw"));
  if (const JsonValue* files = Find(scenario_, "files")) {
    for (const auto& [path, text] : files->struct_value().fields()) {
      oracle_.WriteFile(path, BytesOf(text.string_value()));
    }
  }
  RETURN_IF_ERROR(MakeConfiguration("sendmail"));
  RETURN_IF_ERROR(MakeConfiguration("submit"));
  RETURN_IF_ERROR(MakeMaps());
  for (const std::string& command : ArgumentsAt(scenario_, "setup")) {
    RETURN_IF_ERROR(Shell(command));
  }
  return absl::OkStatus();
}

void RecordedWorld::Record(JsonObject step) {
  *steps_.add_values()->mutable_struct_value() = std::move(step);
}

void RecordedWorld::Settle() {
  World& world = oracle_.world();
  const MonotonicTime limit = world.now() + kSettleLimit;
  bool quiet = false;
  while (!quiet && world.now() < limit) {
    const uint64_t before = world.core().trace.size();
    world.RunUntil([] { return false; }, world.now() + kQuiet);
    quiet = world.core().trace.size() == before;
  }
}

void RecordedWorld::StartDaemon(const JsonObject& step) {
  SimHost& host = oracle_.host();
  Arguments arguments = {"/usr/sbin/sendmail"};
  const Arguments more = ArgumentsAt(step, "args");
  if (more.empty()) {
    arguments.insert(arguments.end(), {"-L", "sm-mta", "-bD"});
  } else {
    arguments.insert(arguments.end(), more.begin(), more.end());
  }
  JsonObject result;
  Set(result, "type", "daemon");
  SetArguments(result, arguments);

  Exit& exit = exits_.emplace_back();
  ProcessSpec spec;
  spec.path = arguments[0];
  spec.arguments = std::move(arguments);
  spec.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  spec.output = MakeCapturingSink(&exit.output);
  spec.error = MakeCapturingSink(&exit.output);
  const auto started =
      host.Execute(std::move(spec), [&exit](const ExitStatus& status) { exit.status = status; });
  CHECK(started.ok()) << started.status().message();
  // The process may be reaped from here on.
  daemon_pid_ = 0;
  for (const uint32_t pid : host.ProcessIds()) daemon_pid_ = std::max(daemon_pid_, pid);
  World& world = oracle_.world();
  const size_t others = host.node().listeners.size();  // next hops
  world.RunUntil([&] { return exit.status.has_value() || host.node().listeners.size() > others; },
                 world.now() + kStartLimit);
  if (exit.status.has_value()) {
    Set(result, "exit", exit.status->code);
    Set(result, "output", exit.output);
  } else {
    daemon_ = &exit;
  }
  Record(std::move(result));
}

void RecordedWorld::Kill(const JsonObject& step) {
  const std::string file = StringAt(step, "pid_file");
  const std::string text = oracle_.host().editor().ReadFile(file).value_or("");
  // Without a process id in the file the recorded kill has complained, and nothing more.
  uint32_t pid = 0;
  (void)absl::SimpleAtoi(text.substr(0, text.find('\n')), &pid);
  if (SimProcess* process = oracle_.host().FindProcess(pid)) {
    process->Deliver(StringAt(step, "signal") == "HUP" ? Signal::kHangup : Signal::kTerminate);
  }
  World& world = oracle_.world();
  world.RunUntil([] { return false; }, world.now() + absl::Seconds(1));
  JsonObject result;
  Set(result, "type", "sh");
  Record(std::move(result));
}

absl::Status RecordedWorld::StartNextHop(const JsonObject& step) {
  RecordedNextHop& hop = next_hops_.emplace_back();
  hop.at = {*IpAddress::Parse(StringAt(step, "addr")),
            static_cast<uint16_t>(NumberAt(step, "port", 25))};
  hop.script = Find(step, "script")->struct_value();
  if (Find(hop.script, "dh") != nullptr) return absl::UnimplementedError("TLS of a next hop");
  // Its place in the transcript is where a connection began.
  hop.connected = [this](JsonObject connection) {
    Record(std::move(connection));
    return steps_.values_size() - 1;
  };
  hop.steps = &steps_;
  ProcessSpec spec;
  spec.path = "next-hop";
  spec.arguments = {"next-hop"};
  SimProcess& process = oracle_.host().Spawn(std::move(spec), nullptr);
  process.StartTask(&ServeRecordedNextHop, std::ref(process.environment()), std::ref(hop));
  World& world = oracle_.world();
  world.RunUntil([&] { return hop.listening; }, world.now() + absl::Seconds(1));
  return absl::OkStatus();
}

void RecordedWorld::StopDaemon() {
  if (daemon_ == nullptr) return;
  World& world = oracle_.world();
  if (SimProcess* process = oracle_.host().FindProcess(daemon_pid_)) {
    process->Deliver(Signal::kTerminate);
  }
  world.RunUntil([&] { return daemon_->status.has_value(); }, world.now() + kStopLimit);
  if (!daemon_->status.has_value()) {
    if (SimProcess* process = oracle_.host().FindProcess(daemon_pid_)) {
      process->Deliver(Signal::kKill);
    }
  }
  if (!daemon_->output.empty()) {
    JsonObject step;
    Set(step, "type", "daemon-output");
    Set(step, "output", daemon_->output);
    Record(std::move(step));
  }
  daemon_ = nullptr;
  // As the recorder: next hops end with the daemon.
  for (const uint32_t pid : oracle_.host().ProcessIds()) {
    SimProcess* process = oracle_.host().FindProcess(pid);
    if (process->path() == "next-hop") process->Deliver(Signal::kKill);
  }
}

RecordedDialogue& RecordedWorld::Connect(const JsonObject& step) {
  RecordedDialogue& dialogue = dialogues_.emplace_back();
  dialogue.from = *IpAddress::Parse(StringAt(step, "from"));
  dialogue.to = {*IpAddress::Parse("10.0.0.1"), 25};
  if (const JsonValue* to = Find(step, "to")) {
    const auto& pair = to->list_value().values();
    dialogue.to = {*IpAddress::Parse(pair[0].string_value()),
                   static_cast<uint16_t>(pair[1].number_value())};
  }
  dialogue.step = step;
  ProcessSpec spec;
  spec.path = "smtp-client";
  spec.arguments = {"smtp-client"};
  SimProcess& process = oracle_.host().Spawn(std::move(spec), nullptr);
  connections_.Leave(process.pid());
  process.StartTask(&PlayRecordedDialogue, std::ref(process.environment()), std::ref(dialogue));
  return dialogue;
}

// The transcript has the connections in the order in which they were begun.
JsonObject Transcript(const RecordedDialogue& dialogue) {
  JsonObject step;
  Set(step, "type", "smtp");
  Set(step, "from", dialogue.from.ToString());
  Set(step, "to", absl::StrCat(dialogue.to.address.ToString(), ":", dialogue.to.port));
  *(*step.mutable_fields())["events"].mutable_list_value() = dialogue.events;
  *(*step.mutable_fields())["script"].mutable_list_value() =
      Find(dialogue.step, "script")->list_value();
  return step;
}

absl::Status RecordedWorld::Change(JsonObject step) {
  if (Find(step, "after") != nullptr) {
    const absl::Duration delay = absl::Seconds(NumberAt(step, "after", 0));
    step.mutable_fields()->erase("after");
    oracle_.world().After(delay, [this, step = std::move(step)] {
      const absl::Status changed = Change(step);
      CHECK(changed.ok()) << changed.message();
    });
    return absl::OkStatus();
  }
  const JsonValue* zone = Find(step, "zone");
  if (zone == nullptr) return ApplyRecordedChange(step, oracle_.host());
  JsonObject names;
  if (!google::protobuf::util::JsonStringToMessage(surroundings_.zone, &names).ok()) {
    return absl::InvalidArgumentError("zone.json: not JSON");
  }
  for (const auto& [name, records] : zone->struct_value().fields()) {
    (*names.mutable_fields())[name] = records;
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(names, &json).ok()) {
    return absl::InternalError("names that are no JSON");
  }
  return oracle_.AddZones(json);
}

// Power fails and comes back; the daemon is to be started anew.
void RecordedWorld::Crash() {
  oracle_.host().Crash();
  daemon_ = nullptr;
  oracle_.host().Boot();
}

void RecordedWorld::Parallel(const JsonObject& step) {
  World& world = oracle_.world();
  std::vector<RecordedDialogue*> started;
  for (int copies = static_cast<int>(NumberAt(step, "copies", 1)); copies > 0; --copies) {
    for (const JsonValue& client : Find(step, "clients")->list_value().values()) {
      started.push_back(&Connect(client.struct_value()));
      world.RunUntil([] { return false; }, world.now() + absl::Seconds(NumberAt(step, "gap", 0.2)));
    }
  }
  for (RecordedDialogue* dialogue : started) {
    world.RunUntil([&] { return dialogue->done; }, world.now() + absl::Hours(24));
    Record(Transcript(*dialogue));
  }
}

void RecordedWorld::RunCommand(const JsonObject& step) {
  const std::string user = StringAt(step, "user", "root");
  const Arguments arguments = ArgumentsAt(step, "argv");
  const Exit& exit = Execute(arguments, IdentityOf(user), StringAt(step, "stdin"),
                             absl::Seconds(NumberAt(step, "timeout", 60)));
  JsonObject result;
  Set(result, "type", "run");
  SetArguments(result, arguments);
  Set(result, "user", user);
  if (exit.status.has_value()) {
    // As Python's subprocess has it.
    const int code = exit.status->killed_by.has_value() ? -static_cast<int>(*exit.status->killed_by)
                                                        : exit.status->code;
    Set(result, "exit", code);
    Set(result, "stdout", exit.output);
    Set(result, "stderr", exit.error);
  } else {
    (*result.mutable_fields())["timed_out"].set_bool_value(true);
  }
  Record(std::move(result));
}

absl::Status RecordedWorld::Step(const JsonObject& step) {
  World& world = oracle_.world();
  const std::string kind = StringAt(step, "do");
  if (kind == "daemon") {
    StartDaemon(step);
  } else if (kind == "stop") {
    StopDaemon();
  } else if (kind == "smtp") {
    // Its place is before those of connections that it has brought about.
    const int place = steps_.values_size();
    Record(JsonObject());
    const RecordedDialogue& dialogue = Connect(step);
    world.RunUntil([&] { return dialogue.done; }, world.now() + absl::Hours(24));
    *steps_.mutable_values(place)->mutable_struct_value() = Transcript(dialogue);
    if (BoolAt(step, "settle", true)) Settle();
  } else if (kind == "parallel") {
    Parallel(step);
    Settle();
  } else if (kind == "run") {
    RunCommand(step);
    if (BoolAt(step, "settle", true)) Settle();
  } else if (kind == "sh") {
    RETURN_IF_ERROR(Shell(StringAt(step, "cmd")));
    JsonObject result;
    Set(result, "type", "sh");
    Record(std::move(result));
  } else if (kind == "write") {
    oracle_.WriteFile(StringAt(step, "path"), StringAt(step, "text"));
    JsonObject result;
    Set(result, "type", "sh");
    Record(std::move(result));
  } else if (kind == "kill") {
    Kill(step);
  } else if (kind == "nexthop") {
    RETURN_IF_ERROR(StartNextHop(step));
  } else if (kind == "wait") {
    world.RunUntil([] { return false; }, world.now() + absl::Seconds(NumberAt(step, "s", 0)));
  } else if (kind == "change") {
    RETURN_IF_ERROR(Change(step));
  } else if (kind == "crash") {
    Crash();
  } else if (kind == "snapshot") {
    JsonObject result = State();
    Set(result, "type", "snapshot");
    Record(std::move(result));
  } else {
    return absl::UnimplementedError(absl::StrCat("steps of the kind ", kind));
  }
  return absl::OkStatus();
}

JsonObject RecordedWorld::Tree(const std::string& directory) {
  JsonObject tree;
  const auto entries = oracle_.host().editor().Snapshot(directory);
  if (!entries.ok()) return tree;
  for (const DiskEditor::SnapshotEntry& entry : *entries) {
    if (entry.stat.type != FileType::kRegular) continue;
    // A giant is not for transcripts; its size is.
    if (entry.bytes.size() > kMaxShown) {
      Set(tree, TextOf(entry.path.substr(directory.size() + 1)),
          absl::StrCat("(", entry.bytes.size(), " bytes)"));
      continue;
    }
    Set(tree, TextOf(entry.path.substr(directory.size() + 1)), entry.bytes);
  }
  return tree;
}

// A file that a scenario asks about: what it is, what it holds, whose it is. None: nothing.
JsonObject RecordedWorld::Capture(const std::string& path) {
  JsonObject file;
  const DiskEditor disk = oracle_.host().editor();
  const auto stat = disk.LinkStat(path);
  if (!stat.ok()) return file;
  const bool regular = stat->type == FileType::kRegular;
  const bool link = stat->type == FileType::kSymlink;
  Set(file, "type", absl::string_view(regular ? "file" : link ? "link" : "other"));
  Set(file, "owner", static_cast<int64_t>(stat->owner));
  Set(file, "mode", static_cast<int64_t>(stat->mode & 07777));
  if (regular) Set(file, "text", disk.ReadFile(path).value_or(""));
  return file;
}

JsonObject RecordedWorld::State() {
  JsonObject state;
  const auto put = [&](const char* name, const char* directory) {
    *(*state.mutable_fields())[name].mutable_struct_value() = Tree(directory);
  };
  put("mailboxes", "/var/spool/mail");
  put("queue", "/var/spool/mqueue");
  if (!Tree("/var/spool/clientmqueue").fields().empty()) {
    put("clientqueue", "/var/spool/clientmqueue");
  }
  for (const std::string& path : ArgumentsAt(scenario_, "capture")) {
    auto& files = *(*state.mutable_fields())["files"].mutable_struct_value();
    *(*files.mutable_fields())[path].mutable_struct_value() = Capture(path);
  }
  return state;
}

absl::StatusOr<JsonObject> RecordedWorld::Play() {
  RETURN_IF_ERROR(Prepare());
  for (const JsonValue& step : Find(scenario_, "steps")->list_value().values()) {
    RETURN_IF_ERROR(Step(step.struct_value()));
  }
  Settle();
  JsonObject transcript;
  *(*transcript.mutable_fields())["after"].mutable_struct_value() = State();
  Set(transcript, "seconds", absl::ToInt64Seconds(oracle_.world().now() - MonotonicTime()));
  StopDaemon();
  *(*transcript.mutable_fields())["steps"].mutable_list_value() = steps_;
  auto& connections = *(*transcript.mutable_fields())["connections"].mutable_list_value();
  for (const std::string& made : connections_.made()) {
    connections.add_values()->set_string_value(made);
  }
  auto& log = *(*transcript.mutable_fields())["syslog"].mutable_list_value();
  for (const LogLine& line : oracle_.host().log()) {
    auto& row = *log.add_values()->mutable_list_value();
    row.add_values()->set_number_value(0);
    row.add_values()->set_string_value(absl::StrCat("mail.", SeverityName(line.severity)));
    row.add_values()->set_string_value(
        TextOf(absl::StrCat(line.tag, "[", line.pid, "]: ", line.text)));
  }
  return transcript;
}

}  // namespace stagepost

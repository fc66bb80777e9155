#include "sim/world/sim_environment.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/base/errno.h"
#include "sim/world/sim_databases.h"
#include "sim/world/sim_file_system.h"
#include "sim/world/sim_host.h"
#include "sim/world/sim_pipe.h"
#include "sim/world/sim_programs.h"
#include "sim/world/sim_resolver.h"

namespace stagepost {
namespace {

class SimClock final : public Clock {
 public:
  explicit SimClock(SimProcess& process) : process_(process) {}
  absl::Time WallNow() const override { return process_.host().WallNow(); }
  MonotonicTime MonotonicNow() const override { return process_.core().loop.now(); }

 private:
  SimProcess& process_;
};

class SimRandom final : public Random {
 public:
  explicit SimRandom(SimProcess& process)
      : process_(process), stream_(process.core().choices.StreamOf("random")) {}
  uint64_t Uniform(uint64_t range) override {
    return process_.inert() ? 0 : process_.core().choices.Pick(stream_, range);
  }

 private:
  SimProcess& process_;
  const Choices::Stream stream_;
};

class SimNetwork final : public Network {
 public:
  explicit SimNetwork(SimProcess& process) : process_(process) {}
  absl::StatusOr<std::unique_ptr<Listener>> Listen(const ListenOptions& options) override {
    if (process_.inert()) return ErrnoStatus(Errno::kENETDOWN, "listen");
    const bool privileged = process_.spec().credentials.effective_user == kRootUser;
    return process_.host().fabric().Listen(process_, options, privileged);
  }
  Operation<absl::StatusOr<std::unique_ptr<Connection>>> Connect(
      const SocketAddress& to, const std::optional<IpAddress>& from) override {
    if (process_.inert()) {
      return absl::StatusOr<std::unique_ptr<Connection>>(ErrnoStatus(Errno::kENETDOWN, "connect"));
    }
    return process_.host().fabric().Connect(process_, to, from);
  }

 private:
  SimProcess& process_;
};

class SimResolver final : public Resolver {
 public:
  explicit SimResolver(SimProcess& process) : process_(process) {}
  Operation<absl::StatusOr<DnsAnswer>> Query(absl::string_view name, DnsType type) override {
    if (process_.inert()) return absl::StatusOr<DnsAnswer>(absl::CancelledError("cancelled"));
    SimHost& host = process_.host();
    return QuerySimulatedDns({process_.core(), host.dns_cache, host.index(), process_.pid()}, name,
                             type);
  }

 private:
  SimProcess& process_;
};

// Standard output or error: traced, then handed to whoever reads it.
class StandardSink final : public ByteSink {
 public:
  StandardSink(SimProcess& process, absl::string_view name, std::unique_ptr<ByteSink>& inner)
      : process_(process), name_(name), inner_(inner) {}
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (process_.inert()) return absl::StatusOr<size_t>(ErrnoStatus(Errno::kEPIPE, "write"));
    process_.Record({EventKind::kOutput, name_, bytes, static_cast<int64_t>(bytes.size())});
    if (inner_ == nullptr) return absl::StatusOr<size_t>(bytes.size());
    return inner_->Write(bytes);
  }

 private:
  SimProcess& process_;
  const absl::string_view name_;
  std::unique_ptr<ByteSink>& inner_;  // null: /dev/null
};

class StandardSource final : public ByteSource {
 public:
  explicit StandardSource(SimProcess& process) : process_(process) {}
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (process_.inert() || process_.spec().input == nullptr) {
      return absl::StatusOr<size_t>(size_t{0});
    }
    return process_.spec().input->Read(buffer);
  }

 private:
  SimProcess& process_;
};

// The process as the file system sees it.
class ProcessFileCaller final : public FileCaller {
 public:
  explicit ProcessFileCaller(SimProcess& process)
      : process_(process), identity_(process.spec().credentials.effective()) {
    // Inherited, so permissions do not matter any more.
    const DiskResult<OpenFile*> inherited =
        disk().OpenWorkingDirectory({Identity(), umask(), nullptr, process_key(), wall_now()},
                                    process.spec().working_directory);
    working_directory_ = inherited.value;
  }
  ~ProcessFileCaller() override {
    if (working_directory_ != nullptr && !process_.inert()) disk().Close(*working_directory_);
  }

  // As chdir(2).
  Errno ChangeDirectory(absl::string_view path) {
    DiskResult<OpenFile*> opened;
    if (faults() != nullptr)
      opened.error = faults()->OnCall(FileCall::kChangeDirectory, AbsolutePath(*this, path)).error;
    if (opened.ok()) {
      opened = disk().OpenWorkingDirectory(
          {identity_, umask(), working_directory_, process_key(), wall_now()}, path);
    }
    OnFileCall({.call = FileCall::kChangeDirectory,
                .path = path,
                .second_path = "",
                .result = opened.error,
                .offset = 0,
                .bytes = ""});
    if (!opened.ok()) return opened.error;
    if (working_directory_ != nullptr) disk().Close(*working_directory_);
    working_directory_ = opened.value;
    return Errno::kOk;
  }
  std::string WorkingDirectoryPath() const {
    if (working_directory_ == nullptr || process_.inert()) return "/";
    return process_.host().disk().PathOf(*working_directory_).value;
  }
  void CredentialsChanged() { identity_ = process_.spec().credentials.effective(); }

  Disk& disk() override { return process_.host().disk(); }
  Loop& loop() override { return process_.core().loop; }
  Choices& choices() override { return process_.core().choices; }
  FileFaults* faults() override { return process_.host().file_faults; }
  const Identity& identity() const override { return identity_; }
  FileMode umask() const override { return process_.spec().umask; }
  const OpenFile* working_directory() const override { return working_directory_; }
  uint64_t process_key() const override { return process_.pid(); }
  absl::Time wall_now() const override { return process_.host().WallNow(); }
  uint64_t max_file_bytes() const override {
    return process_.spec().limits.file_bytes.value_or(UINT64_MAX);
  }
  DescriptorTable* descriptors() override { return &process_.descriptors(); }
  bool inert() const override { return process_.inert(); }
  void OnFileCall(const FileCallRecord& record) override {
    const auto bytes = static_cast<int64_t>(record.bytes.size());
    if (record.call == FileCall::kWrite && record.result == Errno::kOk) {
      process_.Record({EventKind::kFileWritten, record.path, record.bytes,
                       static_cast<int64_t>(record.offset), bytes});
      return;
    }
    process_.Record({EventKind::kFileCall, FileCallName(record.call), record.path,
                     static_cast<int64_t>(record.result), bytes});
  }

 private:
  SimProcess& process_;
  Identity identity_;
  OpenFile* working_directory_ = nullptr;
};

class SimProcessFace final : public Process {
 public:
  SimProcessFace(SimProcess& process, ProcessFileCaller& caller)
      : process_(process),
        caller_(caller),
        input_(process),
        output_(process, "stdout", process.spec().output),
        error_(process, "stderr", process.spec().error) {}
  ProcessId pid() const override { return static_cast<ProcessId>(process_.pid()); }
  const Credentials& credentials() const override { return process_.spec().credentials; }
  absl::Status BecomePermanently(const Identity& identity) override {
    if (process_.inert()) return ErrnoStatus(Errno::kESRCH, "setresuid");
    Credentials& mine = process_.spec().credentials;
    // Who is not root may go back to any identity that the process has, with the same other groups.
    const auto has_user = [&](UserId user) {
      return user == mine.real_user || user == mine.effective_user || user == mine.saved_user;
    };
    const auto has_group = [&](GroupId group) {
      return group == mine.real_group || group == mine.effective_group || group == mine.saved_group;
    };
    const bool has = has_user(identity.user) && has_group(identity.group) &&
                     identity.supplementary == mine.supplementary;
    if (mine.effective_user != kRootUser && !has) {
      return ErrnoStatus(Errno::kEPERM, "setresuid");
    }
    mine.real_user = mine.effective_user = mine.saved_user = identity.user;
    mine.real_group = mine.effective_group = mine.saved_group = identity.group;
    mine.supplementary = identity.supplementary;
    caller_.CredentialsChanged();
    return absl::OkStatus();
  }
  FileMode SetUmask(FileMode mask) override {
    return std::exchange(process_.spec().umask, mask & 0777);
  }
  Operation<absl::Status> ChangeDirectory(absl::string_view path) override {
    if (process_.inert()) return ErrnoStatus(Errno::kESRCH, "chdir");
    const Errno result = caller_.ChangeDirectory(path);
    if (result == Errno::kOk) return absl::OkStatus();
    return ErrnoStatus(result, absl::StrCat("chdir ", path));
  }
  std::string working_directory() const override { return caller_.WorkingDirectoryPath(); }
  std::optional<std::string> EnvironmentVariable(absl::string_view name) const override {
    const auto& variables = process_.spec().environment;
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  }
  ByteSource& standard_input() override { return input_; }
  ByteSink& standard_output() override { return output_; }
  ByteSink& standard_error() override { return error_; }
  bool standard_error_is_terminal() const override { return false; }
  Operation<absl::StatusOr<Signal>> NextSignal() override { return process_.NextSignal(); }
  void SetTitle(absl::string_view title) override { process_.set_title(title); }
  absl::Status Daemonise() override { return process_.Daemonise(); }

 private:
  SimProcess& process_;
  ProcessFileCaller& caller_;
  StandardSource input_;
  StandardSink output_, error_;
};

class SimHostFace final : public Host {
 public:
  explicit SimHostFace(SimProcess& process) : process_(process) {}
  std::string name() const override { return process_.host().name(); }
  std::vector<IpAddress> interface_addresses() const override {
    std::vector<IpAddress> addresses = {*IpAddress::Parse("127.0.0.1"), *IpAddress::Parse("::1")};
    const NetNode& node = process_.node();
    for (const IpAddress& own : node.addresses) {
      if (!node.down.contains(own)) addresses.push_back(own);
    }
    return addresses;
  }
  double load_average() const override { return process_.host().load_average; }
  absl::TimeZone time_zone() const override { return process_.host().time_zone(); }

 private:
  SimProcess& process_;
};

class SimLog final : public SystemLog {
 public:
  explicit SimLog(SimProcess& process) : process_(process) {
    const Arguments& arguments = process.spec().arguments;
    if (!arguments.empty()) SetTag(arguments[0].substr(arguments[0].rfind('/') + 1));
  }
  void SetTag(absl::string_view tag) override { tag_ = std::string(tag); }
  void Write(Severity severity, absl::string_view text) override {
    if (process_.inert()) return;
    std::string line;
    line.reserve(text.size());
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
        absl::StrAppendFormat(&line, "\\%03o", static_cast<unsigned char>(c));
      } else {
        line += c;
      }
    }
    process_.Record({EventKind::kLogLine, tag_, line, static_cast<int64_t>(severity)});
    SimHost& host = process_.host();
    host.AppendLog({host.WallNow(), tag_, process_.pid(), severity, std::move(line)});
  }

 private:
  SimProcess& process_;
  std::string tag_;
};

class SimTrace final : public Trace {
 public:
  explicit SimTrace(SimProcess& process) : process_(process) {}
  void Record(const Event& event) override { process_.Record(event); }
  bool wants_rules() const override { return process_.core().trace_rules; }

 private:
  SimProcess& process_;
};

class SimProbes final : public Probes {
 public:
  explicit SimProbes(SimProcess& process) : process_(process) {}
  // A site is switched on for a run with probability 1/4, and then fires with probability 1/4.
  bool Buggify(absl::string_view site) override {
    WorldCore& core = process_.core();
    if (process_.inert() || !core.buggify) return false;
    const auto [known, added] = core.buggify_sites.try_emplace(std::string(site), false);
    if (added) known->second = core.choices.Chance("buggify/enable", 250);
    if (!known->second || !core.choices.Chance("buggify/fire", 250)) return false;
    core.reached.emplace(site);
    return true;
  }
  void Reached(absl::string_view site) override {
    if (process_.inert()) return;
    process_.Record({EventKind::kReached, site, ""});
    process_.core().reached.emplace(site);
  }

 private:
  SimProcess& process_;
};

}  // namespace

struct SimEnvironment::Parts {
  explicit Parts(SimProcess& process)
      : clock(process),
        random(process),
        network(process),
        caller(process),
        files(caller),
        databases(process.host().has_berkeley_db),
        resolver(process),
        programs(process),
        process_face(process, caller),
        host(process),
        log(process),
        trace(process),
        probes(process),
        accounts(process.host().accounts()) {}

  SimClock clock;
  SimRandom random;
  SimNetwork network;
  ProcessFileCaller caller;
  SimFileSystem files;
  SimDatabases databases;
  SimResolver resolver;
  SimPrograms programs;
  SimProcessFace process_face;
  SimHostFace host;
  SimLog log;
  SimTrace trace;
  SimProbes probes;
  Accounts& accounts;
};

SimEnvironment::SimEnvironment(SimProcess& process)
    : process_(process), parts_(std::make_unique<Parts>(process)) {}
SimEnvironment::~SimEnvironment() = default;

Clock& SimEnvironment::clock() { return parts_->clock; }
Random& SimEnvironment::random() { return parts_->random; }
Network& SimEnvironment::network() { return parts_->network; }
FileSystem& SimEnvironment::files() { return parts_->files; }
Databases& SimEnvironment::databases() { return parts_->databases; }
Resolver& SimEnvironment::resolver() { return parts_->resolver; }
Accounts& SimEnvironment::accounts() { return parts_->accounts; }
Programs& SimEnvironment::programs() { return parts_->programs; }
Process& SimEnvironment::process() { return parts_->process_face; }
Host& SimEnvironment::host() { return parts_->host; }
SystemLog& SimEnvironment::log() { return parts_->log; }
Trace& SimEnvironment::trace() { return parts_->trace; }
Probes& SimEnvironment::probes() { return parts_->probes; }

}  // namespace stagepost

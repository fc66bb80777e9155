#include "conformance/contract/contract_host.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "conformance/contract/contract_tool.h"
#include "conformance/contract/dns_server.h"
#include "mta/base/check.h"
#include "mta/posix/environment.h"
#include "mta/posix/signals.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {
namespace {

constexpr char kSimulatedDirectory[] = "/contract";
// Virtual; a case that takes longer hangs.
constexpr absl::Duration kSimulatedLimit = absl::Hours(24);

class SimulatedHost final : public ContractHost {
 public:
  SimulatedHost()
      : choices_(Choices::FromSeed(1)),
        world_(choices_, trace_, absl::FromUnixSeconds(1'795'000'000)),
        host_(world_.AddHost(
            {.name = "contract.example",
             .addresses = {*IpAddress::Parse("192.0.2.1"), *IpAddress::Parse("2001:db8::1")}})) {
    CHECK(host_.editor().MakeDirectories(kSimulatedDirectory).ok());
  }

  int Run(Program program) override {
    std::optional<ExitStatus> ended;
    Start(program, ended);
    world_.RunUntil([&] { return ended.has_value(); }, MonotonicTime() + kSimulatedLimit);
    return CodeOf(ended);
  }

  int RunBoth(Program first, Program second) override {
    std::optional<ExitStatus> first_ended, second_ended;
    Start(first, first_ended);
    Start(second, second_ended);
    world_.RunUntil([&] { return first_ended.has_value() && second_ended.has_value(); },
                    MonotonicTime() + kSimulatedLimit);
    return CodeOf(first_ended) | CodeOf(second_ended);
  }

  void InstallTool(const std::string& name) override {
    const std::string path = absl::StrCat(kSimulatedDirectory, "/", name);
    CHECK(host_.editor().WriteFile(path, "the contract's tool", {.mode = 0755}).ok());
    host_.InstallProgram(path, &ContractTool);
  }

  void AddUser(const User& user) override { CHECK(host_.accounts().AddUser(user).ok()); }
  void AddGroup(const Group& group, const std::vector<std::string>& members) override {
    CHECK(host_.accounts().AddGroup(group, members).ok());
  }

  void MakeFifo(const std::string& name, FileMode mode) override {
    CHECK(
        host_.editor().MakeFifo(absl::StrCat(kSimulatedDirectory, "/", name), {.mode = mode}).ok());
  }

  void ServeDns(DnsZones zones) override { world_.core().dns = std::move(zones); }

 private:
  void Start(Program program, std::optional<ExitStatus>& ended) {
    ProcessSpec spec;
    spec.path = "contract";
    spec.arguments = {"contract", kSimulatedDirectory};
    host_.Spawn(std::move(spec), [&](const ExitStatus& status) { ended = status; }).Start(program);
  }
  static int CodeOf(const std::optional<ExitStatus>& ended) {
    return ended.has_value() && !ended->killed_by.has_value() ? ended->code : -1;
  }

  Choices choices_;
  TraceLog trace_;
  World world_;
  SimHost& host_;
};

class LinuxHost final : public ContractHost {
 public:
  LinuxHost() {
    PrepareSignals();
    // A tmpfs, so that what is compared is the kernel and not one file system's habits.
    const std::string base = std::filesystem::exists("/dev/shm") ? "/dev/shm" : testing::TempDir();
    std::string name = absl::StrCat(base, "/contract.XXXXXX");
    CHECK(::mkdtemp(name.data()) != nullptr) << base;
    std::filesystem::permissions(name, std::filesystem::perms(0755));
    directory_ = std::filesystem::canonical(name);
  }
  ~LinuxHost() override { std::filesystem::remove_all(directory_); }

  int Run(Program program) override {
    PosixOptions options;
    options.private_root = private_root_;
    options.arguments = {"contract", directory_};
    if (dns_.has_value()) {
      options.resolver.name_servers = {dns_->address()};
      options.resolver.timeout = absl::Milliseconds(110);
    }
    PosixEnvironment environment(std::move(options));
    return environment.Run(program);
  }

  int RunBoth(Program first, Program second) override {
    const pid_t child = ::fork();
    if (child == 0) {
      const int code = Run(second);
      ::_exit(testing::Test::HasFailure() ? 99 : code);
    }
    const int code = Run(first);
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    return code | status;
  }

  void InstallTool(const std::string& name) override {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::filesystem::copy_file("conformance/contract/contract_tool", path);
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }

  void AddUser(const User& user) override {
    AppendToPrivate("passwd", absl::StrFormat("%s:x:%d:%d:%s:%s:%s\n", user.name, user.id,
                                              user.group, user.full_name, user.home, user.shell));
  }
  void AddGroup(const Group& group, const std::vector<std::string>& members) override {
    AppendToPrivate("group", absl::StrFormat("%s:x:%d:%s\n", group.name, group.id,
                                             absl::StrJoin(members, ",")));
  }

  void MakeFifo(const std::string& name, FileMode mode) override {
    const std::string path = absl::StrCat(directory_, "/", name);
    CHECK(::mkfifo(path.c_str(), 0600) == 0 && ::chmod(path.c_str(), mode) == 0) << path;
  }

  void ServeDns(DnsZones zones) override { dns_.emplace(std::move(zones)); }

 private:
  // To a file of /etc, which is below the directory from now on.
  void AppendToPrivate(const std::string& name, const std::string& line) {
    private_root_ = directory_;
    std::filesystem::create_directory(absl::StrCat(directory_, "/etc"));
    std::ofstream file(absl::StrCat(directory_, "/etc/", name), std::ios::app);
    file << line;
    CHECK(file.good()) << name;
  }

  std::string private_root_;  // none, until it is needed
  std::string directory_;
  std::optional<DnsServer> dns_;
};

}  // namespace

std::unique_ptr<ContractHost> MakeSimulatedHost() { return std::make_unique<SimulatedHost>(); }
std::unique_ptr<ContractHost> MakeLinuxHost() { return std::make_unique<LinuxHost>(); }

}  // namespace stagepost

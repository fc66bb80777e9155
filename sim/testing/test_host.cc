#include "sim/testing/test_host.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

constexpr int64_t kStart = 1795156412;  // 2026-11-20 06:33:32 UTC

}  // namespace

TestHost::TestHost(uint64_t seed, std::vector<IpAddress> addresses, DiskOptions disk_options)
    : choices_(Choices::FromSeed(seed)),
      world_(std::make_unique<World>(choices_, trace_, absl::FromUnixSeconds(kStart))),
      host_(&world_->AddHost(
          {.name = "mx1.corp.example", .addresses = std::move(addresses), .disk = disk_options})) {
  int id = 2001;
  for (const char* name : {"alice", "bob"}) {
    const User user = {.name = name,
                       .id = UserId(id),
                       .group = GroupId(id),
                       .full_name = name,
                       .home = absl::StrCat("/home/", name),
                       .shell = "/bin/sh"};
    CHECK(host_->accounts().AddUser(user).ok());
    ++id;
  }
  CHECK(disk().MakeDirectories("/var/spool/mqueue", {.mode = 0700}).ok());
  CHECK(disk().MakeDirectories("/var/mail", {.mode = 01777}).ok());
  CHECK(disk().MakeDirectories("/tmp", {.mode = 01777}).ok());
  host_->file_faults = this;
}

TestHost::~TestHost() { host_->file_faults = nullptr; }

std::string TestHost::Log() const {
  std::string text;
  for (const LogLine& line : host_->log()) absl::StrAppend(&text, line.text, "\n");
  return text;
}

FileFault TestHost::OnCall(FileCall call, absl::string_view path) {
  const int number = calls_++;
  if (fault) return {.error = fault(call, path)};
  if (fail_at < 0 || number < fail_at || (number > fail_at && !fail_on)) return {};
  if (fail_with != Errno::kOk) return {.error = fail_with};
  if (number == fail_at) world_->Soon([this] { host_->Crash(); });
  return {.stall = absl::InfiniteDuration()};
}

SimProcess& TestHost::NewProcess() {
  exit_.reset();
  output.clear();
  error_output.clear();
  ProcessSpec spec;
  spec.path = "/test";
  spec.arguments = start.arguments;
  spec.environment = start.environment;
  spec.credentials = {.real_user = start.identity.user,
                      .effective_user = start.identity.user,
                      .saved_user = start.identity.user,
                      .real_group = start.identity.group,
                      .effective_group = start.identity.group,
                      .saved_group = start.identity.group,
                      .supplementary = start.identity.supplementary};
  spec.input = MakeTextSource(start.input);
  spec.output = MakeCapturingSink(&output);
  spec.error = MakeCapturingSink(&error_output);
  return host_->Spawn(std::move(spec), [this](const ExitStatus& status) { exit_ = status; });
}

int TestHost::Wait() {
  world_->RunUntil([this] { return exit_.has_value() || !host_->up(); }, world_->now() + limit);
  if (!exit_.has_value() || exit_->killed_by.has_value()) return -1;
  return exit_->code;
}

}  // namespace stagepost

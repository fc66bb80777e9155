// What the simulated disk costs: bazel run -c opt //sim/world:disk_benchmark
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "sim/world/disk.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

const Identity kRoot;
const DiskCaller kCaller{kRoot, 022, nullptr, 1, absl::UnixEpoch()};

void BuildSmallDisk(benchmark::State& state) {
  for (auto _ : state) {
    Disk disk(absl::UnixEpoch());
    DiskEditor edit(disk, absl::UnixEpoch());
    for (const char* path :
         {"/etc", "/etc/mail", "/home", "/root", "/tmp", "/usr", "/usr/sbin", "/usr/lib", "/var",
          "/var/spool", "/var/spool/mqueue", "/var/mail", "/var/run"}) {
      benchmark::DoNotOptimize(edit.MakeDirectories(path));
    }
  }
}
BENCHMARK(BuildSmallDisk);

void StatDeepPath(benchmark::State& state) {
  Disk disk(absl::UnixEpoch());
  DiskEditor(disk, absl::UnixEpoch()).WriteFile("/var/spool/mqueue/qf0001", "x").IgnoreError();
  for (auto _ : state) {
    benchmark::DoNotOptimize(disk.Stat(kCaller, "/var/spool/mqueue/qf0001"));
  }
}
BENCHMARK(StatDeepPath);

void OpenWriteClose(benchmark::State& state) {
  Disk disk(absl::UnixEpoch());
  DiskEditor(disk, absl::UnixEpoch()).WriteFile("/var/spool/mqueue/df0001", "x").IgnoreError();
  const std::string bytes(1000, 'x');
  for (auto _ : state) {
    OpenFile* file =
        disk.Open(kCaller, "/var/spool/mqueue/df0001", {.write = true, .truncate = true}).value;
    benchmark::DoNotOptimize(disk.Write(kCaller, *file, 0, bytes));
    disk.Sync(*file);
    disk.Close(*file);
  }
}
BENCHMARK(OpenWriteClose);

// A queue file's life: create, write, sync, rename, sync the directory, unlink.
void QueueFileLife(benchmark::State& state) {
  Disk disk(absl::UnixEpoch());
  DiskEditor(disk, absl::UnixEpoch()).MakeDirectories("/var/spool/mqueue").IgnoreError();
  for (auto _ : state) {
    OpenFile* file =
        disk.Open(kCaller, "/var/spool/mqueue/tf1", {.write = true, .create = true}).value;
    disk.Write(kCaller, *file, 0, "V8\n");
    disk.Sync(*file);
    disk.Close(*file);
    disk.Rename(kCaller, "/var/spool/mqueue/tf1", "/var/spool/mqueue/qf1");
    disk.SyncDirectory(kCaller, "/var/spool/mqueue");
    disk.Unlink(kCaller, "/var/spool/mqueue/qf1");
  }
}
BENCHMARK(QueueFileLife);

// Lock files that nobody ever syncs.
void LinkAndUnlinkForEver(benchmark::State& state) {
  Disk disk(absl::UnixEpoch());
  DiskEditor(disk, absl::UnixEpoch()).WriteFile("/var/mail/alice", "x").IgnoreError();
  for (auto _ : state) {
    disk.Link(kCaller, "/var/mail/alice", "/var/mail/alice.lock");
    disk.Unlink(kCaller, "/var/mail/alice.lock");
  }
}
BENCHMARK(LinkAndUnlinkForEver);

}  // namespace
}  // namespace stagepost

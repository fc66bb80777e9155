// One simulated machine: disk, accounts, programs, processes, clock; it can crash and boot again.
#ifndef STAGEPOST_SIM_WORLD_SIM_HOST_H_
#define STAGEPOST_SIM_WORLD_SIM_HOST_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mta/env/environment.h"
#include "sim/world/core.h"
#include "sim/world/disk.h"
#include "sim/world/disk_editor.h"
#include "sim/world/sim_accounts.h"
#include "sim/world/sim_file_caller.h"
#include "sim/world/sim_network.h"
#include "sim/world/sim_process.h"
#include "sim/world/sim_resolver.h"

namespace stagepost {

struct HostSpec {
  std::string name;
  std::vector<IpAddress> addresses;
  // Further ones that its kernel answers for, and no interface shows.
  std::vector<IpAddress> hidden_addresses = {};
  // Without one it is alone: who goes elsewhere is told so at once.
  bool has_gateway = true;
  absl::TimeZone time_zone = absl::UTCTimeZone();
  DiskOptions disk = {};
};

struct LogLine {
  absl::Time when;  // by the host's clock
  std::string tag;
  uint32_t pid = 0;
  Severity severity = Severity::kInfo;
  std::string text;
};

class SimHost {
 public:
  SimHost(WorldCore& core, SimFabric& fabric, uint32_t index, HostSpec spec);
  ~SimHost();
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  const std::string& name() const { return node_.name; }
  uint32_t index() const { return node_.index; }
  bool up() const { return node_.up; }
  WorldCore& core() const { return core_; }
  SimFabric& fabric() const { return fabric_; }
  NetNode& node() { return node_; }
  Disk& disk() { return disk_; }
  // For set-up, inspection and changes from outside.
  DiskEditor editor() { return DiskEditor(disk_, WallNow()); }
  // What goes wrong with file calls of this host's processes; null: nothing. Not owned.
  FileFaults* file_faults = nullptr;
  SimAccounts& accounts() { return accounts_; }
  // What its processes have been told by name servers.
  DnsCache dns_cache;
  absl::TimeZone time_zone() const { return time_zone_; }

  // The host's own idea of the time.
  absl::Time WallNow() const { return core_.TrueTime() + clock_offset + Drifted(); }
  absl::Duration clock_offset;
  double load_average = 0.0;
  // Its programs can make databases.
  bool has_berkeley_db = true;

  // Sets its clock forwards, or backwards by a negative duration. The monotonic clock, and with it
  // every deadline, is what it was; so it is with drift.
  void StepClock(absl::Duration by) { clock_offset += by; }
  // From now on its clock gains so many microseconds in a second; negative: loses.
  void SetDrift(int32_t parts_per_million);

  // Takes the interface of one of its addresses down, or up. While it is down nothing comes in or
  // goes out by that address, and nobody is told. False if the host has no such address, or it is
  // so already.
  bool SetAddressUp(const IpAddress& address, bool up);

  // What the file at `path` does when it is executed. The file itself is the caller's business.
  void InstallProgram(absl::string_view path, Program program);
  // Starts the program file at `path` in its working directory, with the permission checks and
  // set-id bits of execve(2). A file that begins with "#!" is run by the program named there, with
  // the set-id bits of that; one that is neither gives kENOEXEC.
  // Errors carry an Errno. REQUIRES: the host is up.
  absl::StatusOr<SimProcess*> Execute(ProcessSpec spec, SimProcess::OnExit on_exit);

  // A process of the scenario's own, without a program file. The caller starts a task in it.
  SimProcess& Spawn(ProcessSpec spec, SimProcess::OnExit on_exit);

  SimProcess* FindProcess(uint32_t pid);
  // Process ids, ascending.
  std::vector<uint32_t> ProcessIds() const;

  // Power failure: every process is gone, what was not synced may be; peers hear nothing.
  void Crash();
  // REQUIRES: crashed. Starts nothing by itself.
  void Boot();
  // As Crash(), without a trace and as far as the disk goes without effect: the end of the world.
  void StopProcesses();

  const std::vector<LogLine>& log() const { return log_; }
  void AppendLog(LogLine line);

  // Used by SimProcess: forgets a process that has ended, once nothing of it is running.
  void ReapSoon(uint32_t pid);
  void KillChildrenOf(uint32_t pid);

 private:
  absl::Duration Drifted() const { return (core_.TrueTime() - drifts_since_) * drift_ / 1'000'000; }
  absl::StatusOr<SimProcess*> ExecuteScript(ProcessSpec spec, SimProcess::OnExit on_exit);

  WorldCore& core_;
  SimFabric& fabric_;
  NetNode node_;
  Disk disk_;
  SimAccounts accounts_;
  absl::TimeZone time_zone_;
  absl::Time drifts_since_;
  int64_t drift_ = 0;  // parts per million
  // The program of an executed file: by its path, or as a link to one that is installed. Null:
  // none.
  Program FindProgram(absl::string_view path, const FileStat& file);

  std::map<std::string, Program, std::less<>> programs_;
  std::map<uint32_t, std::unique_ptr<SimProcess>> processes_;
  uint32_t next_pid_ = 100;
  std::vector<LogLine> log_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_HOST_H_

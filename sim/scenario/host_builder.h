// Turns the hosts of a scenario into simulated machines: disk layout, accounts, programs, services.
//
// Every host has the directories and modes of a Debian machine with sendmail installed, the system
// accounts, and Stagepost's programs where sendmail's would be. A host with an mta has its
// configuration as /etc/mail/sendmail.cf, and its lists as the class files
// /etc/mail/local-host-names and /etc/mail/relay-domains.
#ifndef STAGEPOST_SIM_SCENARIO_HOST_BUILDER_H_
#define STAGEPOST_SIM_SCENARIO_HOST_BUILDER_H_

#include "sim/scenario/scenario.pb.h"
#include "sim/world/world.h"

namespace stagepost {

inline constexpr char kSendmailPath[] = "/usr/sbin/sendmail";
inline constexpr char kMailLocalPath[] = "/usr/libexec/sendmail/mail.local";
inline constexpr char kSinkPath[] = "/usr/sbin/sink";

// Adds the host, with everything on its disk; `configuration` is the text of its sendmail.cf.
// Starts nothing. An error: what the scenario puts on the disk does not go together with what every
// host has. REQUIRES: checked by the loader.
absl::StatusOr<SimHost*> BuildHost(const scenario::Host& spec, absl::string_view configuration,
                                   World& world);

// Writes a file, makes a directory or a FIFO as the scenario says.
absl::Status ApplyFile(const scenario::File& file, SimHost& host);

// From now on the user or group has this quota, and the way between two hosts this speed.
void ApplyQuota(const scenario::Quota& quota, SimHost& host);
void ApplyLink(const scenario::Link& link, World& world);

// Ids of a user or group named in a scenario, or given as a number.
UserId ScenarioUser(SimHost& host, absl::string_view name);
GroupId ScenarioGroup(SimHost& host, absl::string_view name);

// Starts `sendmail -bD …` as the scenario configures it, or the sink. kFailedPrecondition: the
// program cannot be started.
absl::Status StartMta(const scenario::Host& spec, SimHost& host, std::string* output);
absl::Status StartSink(SimHost& host);

// The processes that run the program file at `path`, and those of sendmail, its children excluded.
std::vector<uint32_t> ProcessesOf(SimHost& host, absl::string_view path);
std::vector<uint32_t> MtaProcesses(SimHost& host);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_HOST_BUILDER_H_

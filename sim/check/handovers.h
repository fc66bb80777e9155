// What has passed from one host to the next, as it is found where it went to: in the files of
// sinks, and in the queues of MTAs. Who sent it is read in its Received fields, not asked.
//
// Also what may not pass at all: reports about reports about reports, and messages that have come
// too far.
#ifndef STAGEPOST_SIM_CHECK_HANDOVERS_H_
#define STAGEPOST_SIM_CHECK_HANDOVERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/check/trail.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

// A message, by the host that accepted it and its queue id.
using MessageId = std::pair<uint32_t, std::string>;

struct Handover {
  uint32_t host = 0;  // who has taken it
  std::string id;     // its queue id there, or the name of a sink's file
  bool at_sink = false;
  std::vector<Hop> trail;  // the way that it had come, the last hop first
  std::vector<std::string> recipients;
  // The client went on after the 250, so that it knows of it.
  bool acknowledged = false;
};

// Somebody who is to get a message at another host.
struct RemoteRecipient {
  std::string address;
  bool accounted = false;  // still queued, given up, or discarded
  bool given_up = false;
};

// What became of all remote recipients of a message.
struct RemoteAccount {
  struct Duplicate {
    std::string address;
    int surplus = 0;         // copies and reports beyond the first
    int unacknowledged = 0;  // copies of which the sender was not told
  };
  std::vector<std::string> lost;
  std::vector<Duplicate> duplicates;
  // Who got it, though it was not for them; and the names of the hosts.
  std::vector<std::pair<std::string, std::string>> strangers;
};

class Handovers {
 public:
  explicit Handovers(World& world) : world_(world) {}

  // A message was accepted by a sink, or by an MTA: kEnvelopeAccepted, while what it is about is on
  // the disk. What is wrong with it as such is added to `broken`.
  void OnAccepted(const TraceEvent& event, bool at_sink, std::vector<std::string>& broken);
  // kRecipientAccepted.
  void OnRecipient(const TraceEvent& event);
  // kSmtpCommand.
  void OnCommand(const TraceEvent& event);

  // The message that this was when its sender had it; nullopt: it has come from no host of the
  // world that runs an MTA.
  std::optional<MessageId> SenderOf(const Handover& handover) const;
  const std::vector<Handover>& all() const { return handovers_; }
  // Whether it is where it went: a sink has it on its disk. What an MTA has accepted is that one's.
  bool IsStored(const Handover& handover) const;

  // `ids`: all queue ids that the message had on `host`.
  RemoteAccount Account(uint32_t host, const std::set<std::string>& ids,
                        const std::vector<RemoteRecipient>& wanted) const;

 private:
  struct Copy {
    std::string address;  // lower case
    const Handover* handover;
  };
  std::vector<Copy> CopiesOf(uint32_t host, const std::set<std::string>& ids) const;
  std::optional<uint32_t> HostCalled(const std::string& name) const;
  void CheckGeneration(const TraceEvent& event, const std::string& body,
                       std::vector<std::string>& broken);
  void CheckHops(const Handover& handover, size_t hops, std::vector<std::string>& broken) const;

  World& world_;
  std::vector<Handover> handovers_;
  // Into handovers_, by host, process and session: each process counts its sessions anew.
  std::map<std::tuple<uint32_t, uint32_t, int64_t>, size_t> last_of_session_;
  std::map<MessageId, size_t> by_id_;
  std::map<std::string, uint32_t> names_;  // as MTAs call themselves
  std::map<MessageId, int> generations_;   // of reports: 1, and 2 for one about a report
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_HANDOVERS_H_

// What must hold in every run, whatever the scenario expects.
//
//   conservation     every recipient of every accepted message is delivered, bounced, discarded, or
//                    still in the queue at the end, and nobody else gets it; judged by the disks,
//                    those of sinks too, not by what the MTA says, but for whom an alias stands for
//   duplicates       a second copy only where a process was killed, a host crashed, or file calls
//                    failed; or where the 250 to a message got lost
//   no relay         nothing is accepted from an outsider for a domain that is neither local nor
//                    relayed for; and nothing of theirs gets to another host for such a domain,
//                    unless an alias here has named it
//   reports          there is none about a report about a report
//   hop limit        no message passes more hosts than MaxHopCount
//   whole messages   every message in a mailbox is complete, except one that was being written when
//                    the power failed, and whose message had been accepted before; or where file
//                    calls failed with errors, so that what was written could not be taken back
//   least privilege  a mailbox is a regular file with mode 600 and belongs to its user; or a FIFO,
//                    which somebody else has put there
//   liveness         deliveries end; a queue that is run drains, or says again why it cannot
//
// Watches the trace of one world from the beginning, and looks at the world when the run is over.
#ifndef STAGEPOST_SIM_CHECK_INVARIANTS_H_
#define STAGEPOST_SIM_CHECK_INVARIANTS_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/check/handovers.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

class Invariants final : public TraceObserver {
 public:
  // `scenario` and `world` outlive this.
  Invariants(const scenario::Scenario& scenario, World& world);
  ~Invariants() override;

  void OnEvent(const TraceEvent& event) override;

  // A client at that address has seen this reply of `host`: "250 … ID Message accepted for
  // delivery" makes a promise.
  void ClientSaw(absl::string_view host, absl::string_view reply, absl::string_view client);

  // Faults are over: messages that were deferred must be tried again where a queue is run.
  void Healed();

  // Whether some accepted message is neither done nor deferred, though its host's MTA runs and
  // nobody killed the job.
  bool work_left() const;
  // Copies beyond the first, all explained by crashes or lost replies.
  int duplicates() const { return duplicates_; }

  // What is broken, one line each; to be called once, at the end, after Healed() and time enough.
  std::vector<std::string> Check();

 private:
  struct Accepted {
    std::set<std::string> recipients;
    // Who gets the message in whose place, by a recipient that was an alias or forwards.
    std::map<std::string, std::set<std::string>> members;
    // The account whose mailbox it is for a recipient; empty: something else is, a program or a
    // host.
    std::map<std::string, std::string> mailboxes;
    std::set<std::string> once_theirs;     // all mailboxes that it was for at some time
    std::set<std::string> remote;          // of those: who is to get it at another host
    std::set<std::string> given_up;        // bounced
    std::set<std::string> settled;         // bounced or discarded; or given to a program
    std::set<std::string> ids;             // its queue id, and those of what was split off
    std::set<std::string> deferred, done;  // of ids
  };
  struct Copies;

  const scenario::Host& SpecOf(uint32_t host) const;
  // The message of the event; null if it was not accepted while somebody watched.
  Accepted* Find(const TraceEvent& event);
  // The account that alice@corp.example means: the local part, lower-cased, without what sendmail
  // takes off it (a backslash in front, a +detail behind).
  static std::string MailboxOf(absl::string_view recipient);
  void Resolve(Accepted& message, absl::string_view detail);
  void Split(const TraceEvent& event);
  // Those whom `recipient` stands for; itself, if nobody.
  static std::set<std::string> MembersOf(const Accepted& message, const std::string& recipient);
  int ViolentDeaths(const SimHost& host) const;
  // Whether something happened to the host that justifies a second copy.
  bool Disturbed(const SimHost& host) const;
  int WorkLeft(SimHost& host) const;
  bool MustFinish(SimHost& host) const;
  void CheckHost(SimHost& host, std::vector<std::string>& broken);
  void CheckConservation(SimHost& host, const std::string& id, const Accepted& message,
                         const Copies& copies, std::vector<std::string>& broken);
  void CheckCopies(SimHost& host, const std::string& id, const Copies& copies,
                   const std::map<std::string, int>& wanted, std::vector<std::string>& broken);
  void CheckRemote(SimHost& host, const std::string& id, const Accepted& message,
                   const std::vector<RemoteRecipient>& wanted, std::vector<std::string>& broken);
  void CheckPassedOn(const Handover& handover, std::vector<std::string>& broken) const;
  Copies ReadMailboxes(SimHost& host, std::vector<std::string>& broken);
  void CheckMailbox(SimHost& host, const User& user, const std::string& path, const FileStat& stat,
                    std::vector<std::string>& broken);
  void CheckRecipientAllowed(const TraceEvent& event);
  // Whether the sender of the message may send mail anywhere through `host`.
  bool IsFromInsider(const MessageId& id) const;

  const scenario::Scenario& scenario_;
  World& world_;
  std::map<MessageId, Accepted> accepted_;
  std::map<MessageId, std::string> split_from_;                  // queue id of what was accepted
  std::map<std::pair<uint32_t, int64_t>, std::string> clients_;  // by host and session
  Handovers handovers_;
  // Who sent it: "stdin", or an address and a port; empty: the host itself, reporting.
  std::map<MessageId, std::string> senders_;
  std::map<std::pair<std::string, std::string>, std::string> promised_;  // host, queue id: client
  std::map<uint32_t, int> violent_deaths_;  // by host: crashes and kills
  std::set<uint32_t> file_errors_;          // hosts whose file calls failed,
  std::set<uint32_t> full_disks_;           // whose disk was full
  std::vector<std::string> broken_early_;
  int duplicates_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_INVARIANTS_H_

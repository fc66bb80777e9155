// The invariants that are judged when a run is over, by what is on the disks.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sim/check/handovers.h"
#include "sim/check/invariants.h"
#include "sim/check/mbox.h"

namespace stagepost {
namespace {

constexpr char kMailSpool[] = "/var/mail";
constexpr char kQueueDirectory[] = "/var/spool/mqueue";

// Whether a qf file still has this recipient: a line "R", flags, ":", and the address, perhaps in
// angle brackets.
bool IsQueued(absl::string_view queue_file, absl::string_view recipient) {
  for (absl::string_view line : absl::StrSplit(queue_file, '\n')) {
    if (!absl::ConsumePrefix(&line, "R") || line.find(':') == line.npos) continue;
    line.remove_prefix(line.find(':') + 1);
    if (absl::ConsumePrefix(&line, "<")) absl::ConsumeSuffix(&line, ">");
    if (absl::EqualsIgnoreCase(line, recipient)) return true;
  }
  return false;
}

}  // namespace

// How often each message is in each mailbox of a host: queue id -> mailbox -> copies.
struct Invariants::Copies {
  std::map<std::string, std::map<std::string, int>> of;

  int Count(const std::string& id, const std::string& mailbox) const {
    const auto message = of.find(id);
    if (message == of.end()) return 0;
    const auto copies = message->second.find(mailbox);
    return copies == message->second.end() ? 0 : copies->second;
  }
};

void Invariants::CheckMailbox(SimHost& host, const User& user, const std::string& path,
                              const FileStat& stat, std::vector<std::string>& broken) {
  if (stat.type == FileType::kRegular && stat.mode == 0600 && stat.owner == user.id) return;
  // Not the MTA's doing: nothing in its Environment makes one.
  if (stat.type == FileType::kFifo) return;
  broken.push_back(absl::StrFormat(
      "least privilege: %s on %s is %s with mode %o of user %d, not a file with mode 600 of user "
      "%d",
      path, host.name(), stat.type == FileType::kRegular ? "a file" : "no file", stat.mode,
      static_cast<uint32_t>(stat.owner), static_cast<uint32_t>(user.id)));
}

Invariants::Copies Invariants::ReadMailboxes(SimHost& host, std::vector<std::string>& broken) {
  Copies copies;
  int damaged = 0;
  for (const User& user : host.accounts().users()) {
    const std::string path = absl::StrCat(kMailSpool, "/", user.name);
    const auto stat = host.editor().LinkStat(path);
    if (!stat.ok()) continue;
    CheckMailbox(host, user, path, *stat, broken);
    const auto text = host.editor().ReadFile(path);
    if (!text.ok()) continue;
    for (const MboxMessage& message : ParseMbox(*text)) {
      if (message.damage.empty()) {
        ++copies.of[message.queue_id][user.name];
      } else if (++damaged > ViolentDeaths(host) && !file_errors_.contains(host.index())) {
        broken.push_back(absl::StrCat("whole messages: a message in ", path, " on ", host.name(),
                                      " ", message.damage));
      }
    }
  }
  return copies;
}

void Invariants::CheckConservation(SimHost& host, const std::string& id, const Accepted& message,
                                   const Copies& copies, std::vector<std::string>& broken) {
  std::string queued;  // all its queue files
  for (const std::string& part : message.ids) {
    // hf: quarantined. Qf: what could not even be returned, for the administrator to look at.
    for (const char* kind : {"/qf", "/hf", "/Qf"}) {
      const auto file = host.editor().ReadFile(absl::StrCat(kQueueDirectory, kind, part));
      if (file.ok()) absl::StrAppend(&queued, *file, "\n");
    }
  }
  std::map<std::string, int> wanted;  // copies by mailbox: two addresses may mean one user
  std::vector<RemoteRecipient> remote;
  std::set<std::string> seen;
  for (const std::string& recipient : message.recipients) {
    // Still to be tried, or reported as a whole: an alias that leads nowhere.
    const bool as_a_whole = IsQueued(queued, recipient) || message.settled.contains(recipient);
    for (const std::string& member : MembersOf(message, recipient)) {
      const bool accounted =
          as_a_whole || IsQueued(queued, member) || message.settled.contains(member);
      if (message.remote.contains(member)) {
        if (seen.insert(member).second) {
          remote.push_back({member, accounted, message.given_up.contains(member)});
        }
        continue;
      }
      const auto resolved = message.mailboxes.find(member);
      const std::string mailbox =
          resolved == message.mailboxes.end() ? MailboxOf(member) : resolved->second;
      ++wanted[mailbox];
      if (copies.Count(id, mailbox) == 0 && !accounted) {
        broken.push_back(
            absl::StrCat("conservation: ", id, " on ", host.name(), " for <", member, "> is lost"));
      }
    }
  }
  // Who was meant before the rules were changed may have a copy, if it was forgotten that they do.
  for (const std::string& mailbox : message.once_theirs) wanted.emplace(mailbox, 0);
  CheckCopies(host, id, copies, wanted, broken);
  CheckRemote(host, id, message, remote, broken);
}

void Invariants::CheckCopies(SimHost& host, const std::string& id, const Copies& copies,
                             const std::map<std::string, int>& wanted,
                             std::vector<std::string>& broken) {
  for (const auto& [mailbox, count] : wanted) {
    const int surplus = copies.Count(id, mailbox) - count;
    if (surplus <= 0) continue;
    duplicates_ += surplus;
    if (!Disturbed(host)) {
      broken.push_back(absl::StrCat("duplicates: ", id, " on ", host.name(), " is ",
                                    count + surplus, " times in the mailbox of ", mailbox));
    }
  }
  const auto found = copies.of.find(id);
  if (found == copies.of.end()) return;
  for (const auto& [mailbox, count] : found->second) {
    if (wanted.contains(mailbox)) continue;
    broken.push_back(absl::StrCat("conservation: ", id, " on ", host.name(),
                                  " is in the mailbox of ", mailbox, ", to whom it was not sent"));
  }
}

void Invariants::CheckRemote(SimHost& host, const std::string& id, const Accepted& message,
                             const std::vector<RemoteRecipient>& wanted,
                             std::vector<std::string>& broken) {
  const RemoteAccount account = handovers_.Account(host.index(), message.ids, wanted);
  for (const std::string& lost : account.lost) {
    broken.push_back(absl::StrCat("conservation: ", id, " on ", host.name(), " for <", lost,
                                  "> is lost: no other host has it"));
  }
  for (const auto& [address, where] : account.strangers) {
    broken.push_back(absl::StrCat("conservation: ", id, " on ", host.name(), " went to <", address,
                                  "> on ", where, ", to whom it was not sent"));
  }
  for (const RemoteAccount::Duplicate& duplicate : account.duplicates) {
    duplicates_ += duplicate.surplus;
    if (duplicate.surplus <= duplicate.unacknowledged || Disturbed(host)) continue;
    broken.push_back(absl::StrCat("duplicates: ", id, " on ", host.name(), " for <",
                                  duplicate.address, "> went out, or was returned, ",
                                  duplicate.surplus + 1, " times, though replies had come"));
  }
}

void Invariants::CheckHost(SimHost& host, std::vector<std::string>& broken) {
  const Copies copies = ReadMailboxes(host, broken);
  for (const auto& [id, message] : accepted_) {
    if (id.first == host.index()) CheckConservation(host, id.second, message, copies, broken);
  }
  for (const auto& [promise, client] : promised_) {
    if (promise.first == host.name() && !accepted_.contains({host.index(), promise.second})) {
      broken.push_back(absl::StrCat("conservation: ", host.name(), " promised ", promise.second,
                                    " with a 250 reply, but had not accepted it"));
    }
  }
  if (const int left = WorkLeft(host); left > 0 && MustFinish(host)) {
    broken.push_back(absl::StrCat("liveness: ", left, " messages on ", host.name(),
                                  " were neither delivered nor deferred, though nothing stood in "
                                  "the way"));
  }
}

std::vector<std::string> Invariants::Check() {
  std::vector<std::string> broken = broken_early_;
  for (const Handover& handover : handovers_.all()) CheckPassedOn(handover, broken);
  for (const scenario::Host& spec : scenario_.world().host()) {
    if (spec.has_mta()) CheckHost(*world_.FindHost(spec.name()), broken);
  }
  return broken;
}

}  // namespace stagepost

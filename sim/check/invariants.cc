#include "sim/check/invariants.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/check.h"
#include "sim/check/mbox.h"
#include "sim/scenario/host_builder.h"

namespace stagepost {
namespace {

constexpr char kMailSpool[] = "/var/mail";
constexpr char kQueueDirectory[] = "/var/spool/mqueue";

// The account that alice@corp.example means: the local part, lower-cased, without what sendmail
// takes off it (a backslash in front, a +detail behind).
std::string MailboxOf(absl::string_view recipient) {
  absl::string_view local = recipient.substr(0, recipient.find('@'));
  absl::ConsumePrefix(&local, "\\");
  return absl::AsciiStrToLower(local.substr(0, local.find('+')));
}

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

bool IsOrIsBelow(absl::string_view domain, absl::string_view parent) {
  return absl::EqualsIgnoreCase(domain, parent) ||
         (domain.size() > parent.size() + 1 && absl::EndsWithIgnoreCase(domain, parent) &&
          domain[domain.size() - parent.size() - 1] == '.');
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

Invariants::Invariants(const scenario::Scenario& scenario, World& world)
    : scenario_(scenario), world_(world) {
  world.core().trace.AddObserver(this);
}

Invariants::~Invariants() { world_.core().trace.RemoveObserver(this); }

Invariants::Accepted* Invariants::Find(const TraceEvent& event) {
  MessageId id{event.host, std::string(event.event.subject)};
  if (const auto split = split_from_.find(id); split != split_from_.end())
    id.second = split->second;
  const auto found = accepted_.find(id);
  return found == accepted_.end() ? nullptr : &found->second;
}

void Invariants::Split(const TraceEvent& event) {
  Accepted* const message = Find(event);
  if (message == nullptr) return;
  const std::string part(event.event.detail);
  message->ids.insert(part);
  const MessageId whole{event.host, std::string(event.event.subject)};
  const auto split = split_from_.find(whole);
  const std::string accepted = split == split_from_.end() ? whole.second : split->second;
  split_from_[{event.host, part}] = accepted;
}

// "RECIPIENT\nMAILER\nUSER"
void Invariants::Resolve(Accepted& message, absl::string_view detail) {
  const std::vector<std::string> parts = absl::StrSplit(detail, absl::MaxSplits('\n', 2));
  if (parts.size() != 3) return;
  message.mailboxes[parts[0]] = parts[1] == "local" ? MailboxOf(parts[2]) : "";
}

// What becomes of messages that a scenario laid into the queue itself is its own business.
void Invariants::OnEvent(const TraceEvent& event) {
  const std::string subject(event.event.subject), detail(event.event.detail);
  switch (event.event.kind) {
    case EventKind::kSmtpCommand:
      clients_[{event.host, event.event.number}] = subject;
      return;
    case EventKind::kEnvelopeAccepted:
      if (IsFromHostItself(event)) from_itself_.emplace(event.host, subject);
      return;
    case EventKind::kRecipientAccepted: {
      Accepted& message = accepted_[{event.host, subject}];
      message.recipients.insert(detail);
      message.ids.insert(subject);
      return CheckRecipientAllowed(event);
    }
    case EventKind::kFault:
      if (subject == "file_error") file_errors_.insert(event.host);
      if (subject == "disk_full") full_disks_.insert(event.host);
      return;
    case EventKind::kHostCrashed:
      ++violent_deaths_[event.host];
      return;
    case EventKind::kProcessExited:
      if (detail == "killed") ++violent_deaths_[event.host];
      return;
    case EventKind::kEnvelopeSplit:
      return Split(event);
    default:
      break;
  }
  Accepted* const message = Find(event);
  if (message == nullptr) return;
  switch (event.event.kind) {
    case EventKind::kRecipientDeferred:
      message->deferred.insert(subject);
      break;
    case EventKind::kRecipientDelivered: {
      const auto mailbox = message->mailboxes.find(detail);
      if (mailbox != message->mailboxes.end() && mailbox->second.empty()) {
        message->settled.insert(detail);
      }
      break;
    }
    case EventKind::kRecipientBounced:
    case EventKind::kRecipientDiscarded:
      message->settled.insert(detail);
      break;
    case EventKind::kRecipientResolved:
      Resolve(*message, detail);
      break;
    case EventKind::kRecipientExpanded:
      if (const size_t end = detail.find('\n'); end != detail.npos) {
        message->members[detail.substr(0, end)].insert(detail.substr(end + 1));
      }
      break;
    case EventKind::kEnvelopeDone:
      message->done.insert(subject);
      break;
    default:
      break;
  }
}

bool Invariants::IsFromHostItself(const TraceEvent& event) const {
  if (event.event.number2 == 0) return true;  // no session: a report to a sender
  const auto client = clients_.find({event.host, event.event.number2});
  if (client == clients_.end()) return false;
  const absl::string_view peer = client->second;
  if (peer == "stdin" || absl::StartsWith(peer, "127.") || absl::StartsWith(peer, "[::1]")) {
    return true;
  }
  const scenario::Host& spec = SpecOf(event.host);
  return std::any_of(spec.address().begin(), spec.address().end(), [&](const std::string& own) {
    return absl::StartsWith(peer, absl::StrCat(own, ":")) ||
           absl::StartsWith(peer, absl::StrCat("[", own, "]"));
  });
}

std::set<std::string> Invariants::MembersOf(const Accepted& message, const std::string& recipient) {
  std::set<std::string> seen = {recipient}, members;
  std::vector<std::string> open = {recipient};
  while (!open.empty()) {
    const std::string address = open.back();
    open.pop_back();
    const auto found = message.members.find(address);
    bool has_others = false;
    if (found != message.members.end()) {
      for (const std::string& member : found->second) {
        has_others = has_others || member != address;
        if (seen.insert(member).second) open.push_back(member);
      }
    }
    if (!has_others) members.insert(address);
  }
  return members;
}

int Invariants::ViolentDeaths(const SimHost& host) const {
  const auto found = violent_deaths_.find(host.index());
  return found == violent_deaths_.end() ? 0 : found->second;
}

bool Invariants::Disturbed(const SimHost& host) const {
  return ViolentDeaths(host) > 0 || file_errors_.contains(host.index()) ||
         full_disks_.contains(host.index());
}

void Invariants::CheckRecipientAllowed(const TraceEvent& event) {
  if (from_itself_.contains({event.host, std::string(event.event.subject)})) return;
  const absl::string_view recipient = event.event.detail;
  const size_t at = recipient.rfind('@');
  if (at == recipient.npos) return;  // a bare name is local
  const absl::string_view domain = recipient.substr(at + 1);
  const std::string name = world_.core().trace.HostName(event.host);
  for (const scenario::Host& host : scenario_.world().host()) {
    if (host.name() != name) continue;
    if (absl::EqualsIgnoreCase(domain, name) || absl::EqualsIgnoreCase(domain, "localhost")) return;
    for (const std::string& address : host.address()) {
      if (domain == absl::StrCat("[", address, "]")) return;
      if (absl::EqualsIgnoreCase(domain, absl::StrCat("[IPv6:", address, "]"))) return;
    }
    for (const std::string& local : host.mta().local()) {
      if (absl::EqualsIgnoreCase(domain, local)) return;
    }
    for (const std::string& relay : host.mta().relay()) {
      if (IsOrIsBelow(domain, relay)) return;
    }
  }
  broken_early_.push_back(absl::StrCat("no relay: ", name, " accepted mail for <", recipient,
                                       ">, which is neither local nor relayed for"));
}

void Invariants::ClientSaw(absl::string_view host, absl::string_view reply) {
  // "250 2.0.0 6AK6XWSU000517 Message accepted for delivery"
  constexpr absl::string_view kPrefix = "250 2.0.0 ", kSuffix = " Message accepted for delivery";
  if (!absl::StartsWith(reply, kPrefix) || !absl::EndsWith(reply, kSuffix) ||
      reply.size() <= kPrefix.size() + kSuffix.size()) {
    return;
  }
  reply.remove_prefix(kPrefix.size());
  reply.remove_suffix(kSuffix.size());
  promised_.emplace(host, reply);
}

void Invariants::Healed() {
  for (auto& [id, message] : accepted_) {
    if (SpecOf(id.first).mta().has_queue_interval()) message.deferred.clear();
  }
}

const scenario::Host& Invariants::SpecOf(uint32_t host) const {
  const std::string name = world_.core().trace.HostName(host);
  for (const scenario::Host& spec : scenario_.world().host()) {
    if (spec.name() == name) return spec;
  }
  CHECK(false) << name;
  return scenario_.world().host(0);
}

int Invariants::WorkLeft(SimHost& host) const {
  int left = 0;
  for (const auto& [id, message] : accepted_) {
    if (id.first != host.index()) continue;
    for (const std::string& part : message.ids) {
      if (message.done.contains(part) || message.deferred.contains(part)) continue;
      // A crash may come between the removal of the queue file and the word that all is done.
      left += host.editor().LinkStat(absl::StrCat(kQueueDirectory, "/qf", part)).ok();
    }
  }
  return left;
}

bool Invariants::MustFinish(SimHost& host) const {
  const scenario::Host& spec = SpecOf(host.index());
  return host.up() && spec.has_mta() && !MtaProcesses(host).empty() &&
         (spec.mta().has_queue_interval() || !Disturbed(host));
}

bool Invariants::work_left() const {
  return std::any_of(world_.hosts().begin(), world_.hosts().end(),
                     [&](const auto& host) { return WorkLeft(*host) > 0 && MustFinish(*host); });
}

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
    const auto file = host.editor().ReadFile(absl::StrCat(kQueueDirectory, "/qf", part));
    if (file.ok()) absl::StrAppend(&queued, *file, "\n");
  }
  std::map<std::string, int> wanted;  // copies by mailbox: two addresses may mean one user
  for (const std::string& recipient : message.recipients) {
    // Still to be tried, or reported as a whole: an alias that leads nowhere.
    const bool accounted = IsQueued(queued, recipient) || message.settled.contains(recipient);
    for (const std::string& member : MembersOf(message, recipient)) {
      const auto resolved = message.mailboxes.find(member);
      const std::string mailbox =
          resolved == message.mailboxes.end() ? MailboxOf(member) : resolved->second;
      ++wanted[mailbox];
      if (copies.Count(id, mailbox) == 0 && !accounted && !IsQueued(queued, member) &&
          !message.settled.contains(member)) {
        broken.push_back(
            absl::StrCat("conservation: ", id, " on ", host.name(), " for <", member, "> is lost"));
      }
    }
  }
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

void Invariants::CheckHost(SimHost& host, std::vector<std::string>& broken) {
  const Copies copies = ReadMailboxes(host, broken);
  for (const auto& [id, message] : accepted_) {
    if (id.first == host.index()) CheckConservation(host, id.second, message, copies, broken);
  }
  for (const auto& [name, id] : promised_) {
    if (name == host.name() && !accepted_.contains({host.index(), id})) {
      broken.push_back(absl::StrCat("conservation: ", host.name(), " promised ", id,
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
  for (const scenario::Host& spec : scenario_.world().host()) {
    if (spec.has_mta()) CheckHost(*world_.FindHost(spec.name()), broken);
  }
  return broken;
}

}  // namespace stagepost

#include "sim/check/invariants.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/check.h"
#include "sim/check/relay_policy.h"
#include "sim/scenario/host_builder.h"

namespace stagepost {
namespace {

constexpr char kQueueDirectory[] = "/var/spool/mqueue";

// Mailers that speak to other hosts, as sendmail's configurations call them.
bool IsNetworkMailer(absl::string_view name) {
  constexpr absl::string_view kNames[] = {"smtp", "esmtp", "smtp8", "dsmtp", "relay"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

Invariants::Invariants(const scenario::Scenario& scenario, World& world)
    : scenario_(scenario), world_(world), handovers_(world) {
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
  message.once_theirs.insert(message.mailboxes[parts[0]]);
  if (IsNetworkMailer(parts[1])) {
    message.remote.insert(parts[0]);
  } else {
    message.remote.erase(parts[0]);
  }
}

// What becomes of messages that a scenario laid into the queue itself is its own business.
void Invariants::OnEvent(const TraceEvent& event) {
  const std::string subject(event.event.subject), detail(event.event.detail);
  switch (event.event.kind) {
    case EventKind::kSmtpCommand:
      clients_[{event.host, event.event.number}] = subject;
      return handovers_.OnCommand(event);
    case EventKind::kEnvelopeAccepted: {
      const bool at_sink = SpecOf(event.host).has_sink();
      const auto client = clients_.find({event.host, event.event.number2});
      const bool known = event.event.number2 != 0 && client != clients_.end();
      if (!at_sink) senders_[{event.host, subject}] = known ? client->second : "";
      return handovers_.OnAccepted(event, at_sink, broken_early_);
    }
    case EventKind::kRecipientAccepted: {
      handovers_.OnRecipient(event);
      if (SpecOf(event.host).has_sink()) return;
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
      if (mailbox != message->mailboxes.end() && mailbox->second.empty() &&
          !message->remote.contains(detail)) {
        message->settled.insert(detail);
      }
      break;
    }
    case EventKind::kRecipientBounced:
      message->given_up.insert(detail);
      [[fallthrough]];
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

bool Invariants::IsFromInsider(const MessageId& id) const {
  const auto sender = senders_.find(id);
  if (sender == senders_.end() || sender->second.empty()) return true;
  const scenario::Host& host = SpecOf(id.first);
  // What the client itself knows counts more than what the MTA takes it for.
  const auto promised = promised_.find({host.name(), id.second});
  const std::string& client = promised == promised_.end() ? sender->second : promised->second;
  return MayRelayFrom(scenario_.world(), host, client);
}

std::string Invariants::MailboxOf(absl::string_view recipient) {
  absl::string_view local = recipient.substr(0, recipient.find('@'));
  absl::ConsumePrefix(&local, "\\");
  return absl::AsciiStrToLower(local.substr(0, local.find('+')));
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
  if (IsFromInsider({event.host, std::string(event.event.subject)})) return;
  const absl::string_view recipient = event.event.detail;
  const scenario::Host& host = SpecOf(event.host);
  if (IsLocalRecipient(host, recipient) || MayRelayTo(host, recipient)) return;
  broken_early_.push_back(absl::StrCat("no relay: ", host.name(), " accepted mail for <", recipient,
                                       ">, which is neither local nor relayed for"));
}

// Whoever got it there, an outsider's address must have been one that the host passes on, or a
// local one that stands for others.
void Invariants::CheckPassedOn(const Handover& handover, std::vector<std::string>& broken) const {
  const std::optional<MessageId> id = handovers_.SenderOf(handover);
  if (!id.has_value() || IsFromInsider(*id) || !handovers_.IsStored(handover)) return;
  const auto accepted = accepted_.find(*id);
  if (accepted == accepted_.end()) return;
  const scenario::Host& host = SpecOf(id->first);
  std::set<std::string> named;  // by aliases
  for (const std::string& recipient : accepted->second.recipients) {
    if (!IsLocalRecipient(host, recipient)) continue;
    for (const std::string& member : MembersOf(accepted->second, recipient)) {
      if (member != recipient) named.insert(absl::AsciiStrToLower(member));
    }
  }
  for (const std::string& recipient : handover.recipients) {
    if (IsLocalRecipient(host, recipient) || MayRelayTo(host, recipient) ||
        named.contains(absl::AsciiStrToLower(recipient))) {
      continue;
    }
    broken.push_back(absl::StrCat("no relay: ", host.name(), " passed an outsider's mail on for <",
                                  recipient, ">, and ", SpecOf(handover.host).name(), " has it"));
  }
}

void Invariants::ClientSaw(absl::string_view host, absl::string_view reply,
                           absl::string_view client) {
  // "250 2.0.0 6AK6XWSU000517 Message accepted for delivery"
  constexpr absl::string_view kPrefix = "250 2.0.0 ", kSuffix = " Message accepted for delivery";
  if (!absl::StartsWith(reply, kPrefix) || !absl::EndsWith(reply, kSuffix) ||
      reply.size() <= kPrefix.size() + kSuffix.size()) {
    return;
  }
  reply.remove_prefix(kPrefix.size());
  reply.remove_suffix(kSuffix.size());
  promised_[{std::string(host), std::string(reply)}] = std::string(client);
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

}  // namespace stagepost

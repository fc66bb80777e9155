#include "sim/check/invariants.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/base/check.h"
#include "sim/check/mbox.h"
#include "sim/scenario/host_builder.h"

namespace stagepost {
namespace {

constexpr char kMailSpool[] = "/var/mail";
constexpr char kQueueDirectory[] = "/var/spool/mqueue";

// The local part of alice@corp.example, lower-cased: the mailbox.
std::string MailboxOf(absl::string_view recipient) {
  return absl::AsciiStrToLower(recipient.substr(0, recipient.find('@')));
}

bool IsOrIsBelow(absl::string_view domain, absl::string_view parent) {
  return absl::EqualsIgnoreCase(domain, parent) ||
         (domain.size() > parent.size() + 1 && absl::EndsWithIgnoreCase(domain, parent) &&
          domain[domain.size() - parent.size() - 1] == '.');
}

}  // namespace

// How often each message is in each mailbox of a host: (queue id, mailbox) -> copies.
struct Invariants::Copies {
  std::map<std::pair<std::string, std::string>, int> count;
};

Invariants::Invariants(const scenario::Scenario& scenario, World& world)
    : scenario_(scenario), world_(world) {
  world.core().trace.AddObserver(this);
}

Invariants::~Invariants() { world_.core().trace.RemoveObserver(this); }

void Invariants::OnEvent(const TraceEvent& event) {
  const std::string subject(event.event.subject);
  const std::string detail(event.event.detail);
  switch (event.event.kind) {
    case EventKind::kRecipientAccepted:
      accepted_[{event.host, subject}].recipients.insert(detail);
      CheckRecipientAllowed(event);
      break;
    case EventKind::kRecipientDeferred:
      accepted_[{event.host, subject}].deferred = true;
      break;
    case EventKind::kRecipientBounced:
    case EventKind::kRecipientDiscarded:
      accepted_[{event.host, subject}].settled.insert(detail);
      break;
    case EventKind::kEnvelopeDone:
      accepted_[{event.host, subject}].done = true;
      break;
    case EventKind::kHostCrashed:
      ++violent_deaths_[event.host];
      break;
    case EventKind::kProcessExited:
      violent_deaths_[event.host] += event.event.detail == "killed";
      break;
    default:
      break;
  }
}

void Invariants::CheckRecipientAllowed(const TraceEvent& event) {
  const absl::string_view recipient = event.event.detail;
  const size_t at = recipient.rfind('@');
  if (at == recipient.npos) return;  // a bare name is local
  const absl::string_view domain = recipient.substr(at + 1);
  const std::string& name = world_.core().trace.HostName(event.host);
  for (const scenario::Host& host : scenario_.world().host()) {
    if (host.name() != name) continue;
    if (absl::EqualsIgnoreCase(domain, name) || absl::EqualsIgnoreCase(domain, "localhost")) return;
    for (const std::string& address : host.address()) {
      if (domain == absl::StrCat("[", address, "]")) return;
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
    if (SpecOf(id.first).mta().has_queue_interval()) message.deferred = false;
  }
}

const scenario::Host& Invariants::SpecOf(uint32_t host) const {
  const std::string& name = world_.core().trace.HostName(host);
  for (const scenario::Host& spec : scenario_.world().host()) {
    if (spec.name() == name) return spec;
  }
  CHECK(false) << name;
  return scenario_.world().host(0);
}

int Invariants::WorkLeft(const SimHost& host) const {
  int left = 0;
  for (const auto& [id, message] : accepted_) {
    left += id.first == host.index() && !message.done && !message.deferred;
  }
  return left;
}

bool Invariants::MustFinish(SimHost& host) const {
  const scenario::Host& spec = SpecOf(host.index());
  const auto deaths = violent_deaths_.find(host.index());
  return host.up() && spec.has_mta() && !MtaProcesses(host).empty() &&
         (spec.mta().has_queue_interval() || deaths == violent_deaths_.end());
}

bool Invariants::work_left() const {
  return std::any_of(world_.hosts().begin(), world_.hosts().end(), [&](const auto& host) {
    return WorkLeft(*host) > 0 && MustFinish(*host);
  });
}

Invariants::Copies Invariants::ReadMailboxes(SimHost& host, const scenario::Host& spec,
                                             std::vector<std::string>& broken) {
  Copies copies;
  int damaged = 0;
  for (const scenario::User& user : spec.user()) {
    const std::string path = absl::StrCat(kMailSpool, "/", user.name());
    const auto stat = host.editor().LinkStat(path);
    if (!stat.ok()) continue;
    if (stat->type != FileType::kRegular || stat->mode != 0600 ||
        stat->owner != UserId{user.uid()}) {
      broken.push_back(absl::StrFormat(
          "least privilege: %s on %s has mode %o and belongs to user %d, not 600 and %d", path,
          host.name(), stat->mode, static_cast<uint32_t>(stat->owner), user.uid()));
    }
    const auto text = host.editor().ReadFile(path);
    if (!text.ok()) continue;
    for (const MboxMessage& message : ParseMbox(*text)) {
      if (message.damage.empty()) {
        ++copies.count[{message.queue_id, user.name()}];
      } else if (++damaged > violent_deaths_[host.index()]) {
        broken.push_back(absl::StrCat("whole messages: a message in ", path, " on ", host.name(),
                                      " ", message.damage));
      }
    }
  }
  return copies;
}

void Invariants::CheckConservation(SimHost& host, const Copies& copies,
                                   std::vector<std::string>& broken) {
  for (const auto& [id, message] : accepted_) {
    if (id.first != host.index()) continue;
    const auto queued = host.editor().ReadFile(absl::StrCat(kQueueDirectory, "/qf", id.second));
    for (const std::string& recipient : message.recipients) {
      const auto copy = copies.count.find({id.second, MailboxOf(recipient)});
      const int delivered = copy == copies.count.end() ? 0 : copy->second;
      const bool waiting = queued.ok() && absl::StrContains(*queued, recipient);
      if (delivered == 0 && !waiting && !message.settled.contains(recipient)) {
        broken.push_back(absl::StrCat("conservation: ", id.second, " on ", host.name(), " for <",
                                      recipient, "> is lost"));
      }
      if (delivered > 1) {
        duplicates_ += delivered - 1;
        if (violent_deaths_[host.index()] == 0) {
          broken.push_back(absl::StrCat("duplicates: ", id.second, " on ", host.name(), " for <",
                                        recipient, "> was delivered ", delivered, " times"));
        }
      }
    }
  }
}

void Invariants::CheckHost(SimHost& host, const scenario::Host& spec,
                           std::vector<std::string>& broken) {
  const Copies copies = ReadMailboxes(host, spec, broken);
  CheckConservation(host, copies, broken);
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
    if (spec.has_mta()) CheckHost(*world_.FindHost(spec.name()), spec, broken);
  }
  return broken;
}

}  // namespace stagepost

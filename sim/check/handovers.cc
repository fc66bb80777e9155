#include "sim/check/handovers.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sim/peer/sink.h"

namespace stagepost {
namespace {

constexpr char kQueueDirectory[] = "/var/spool/mqueue";
constexpr char kConfiguration[] = "/etc/mail/sendmail.cf";
constexpr size_t kUsualHops = 25;
// A report about a report is the last one: postmaster's own mail is not returned.
constexpr int kLastGeneration = 2;

std::string ReadOrEmpty(SimHost& host, const std::string& path) {
  absl::StatusOr<std::string> text = host.editor().ReadFile(path);
  return text.ok() ? *std::move(text) : "";
}

std::string SinkPath(absl::string_view name) { return absl::StrCat(kSinkDirectory, "/", name); }

// A sink's file without the envelope.
absl::string_view MessageIn(absl::string_view file) {
  const size_t end = file.find("\n\n");
  return end == file.npos ? absl::string_view() : file.substr(end + 2);
}

absl::string_view LocalPart(absl::string_view address) {
  return address.substr(0, address.rfind('@'));
}

// What the host's configuration says of MaxHopCount.
size_t HopLimit(SimHost& host) {
  const std::string text = ReadOrEmpty(host, kConfiguration);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    uint32_t limit = 0;
    if (absl::ConsumePrefix(&line, "O MaxHopCount=") && absl::SimpleAtoi(line, &limit)) {
      return limit;
    }
  }
  return kUsualHops;
}

}  // namespace

void Handovers::OnAccepted(const TraceEvent& event, bool at_sink,
                           std::vector<std::string>& broken) {
  Handover handover;
  handover.host = event.host;
  handover.id = std::string(event.event.subject);
  handover.at_sink = at_sink;
  SimHost& host = *world_.hosts()[event.host];
  if (at_sink) {
    handover.trail = TrailOf(MessageIn(ReadOrEmpty(host, SinkPath(handover.id))));
  } else {
    handover.trail =
        TrailOfQueueFile(ReadOrEmpty(host, absl::StrCat(kQueueDirectory, "/qf", handover.id)));
    if (!handover.trail.empty() && handover.trail[0].id == handover.id) {
      names_[handover.trail[0].by] = event.host;
      handover.trail.erase(handover.trail.begin());
    }
    if (event.event.number2 == 0) {
      CheckGeneration(event, ReadOrEmpty(host, absl::StrCat(kQueueDirectory, "/df", handover.id)),
                      broken);
    }
  }
  CheckHops(handover, handover.trail.size(), broken);
  const size_t index = handovers_.size();
  last_of_session_[{event.host, event.process, event.event.number2}] = index;
  by_id_[{event.host, handover.id}] = index;
  handovers_.push_back(std::move(handover));
}

void Handovers::OnRecipient(const TraceEvent& event) {
  const auto found = by_id_.find({event.host, std::string(event.event.subject)});
  if (found != by_id_.end()) {
    handovers_[found->second].recipients.emplace_back(event.event.detail);
  }
}

void Handovers::OnCommand(const TraceEvent& event) {
  const auto last = last_of_session_.find({event.host, event.process, event.event.number});
  if (last != last_of_session_.end()) handovers_[last->second].acknowledged = true;
}

std::optional<uint32_t> Handovers::HostCalled(const std::string& name) const {
  if (const auto known = names_.find(name); known != names_.end()) return known->second;
  for (const auto& host : world_.hosts()) {
    if (absl::AsciiStrToLower(host->name()) == name) return host->index();
  }
  return std::nullopt;
}

std::optional<MessageId> Handovers::SenderOf(const Handover& handover) const {
  if (handover.trail.empty()) return std::nullopt;
  const std::optional<uint32_t> host = HostCalled(handover.trail[0].by);
  if (!host.has_value()) return std::nullopt;
  return MessageId(*host, handover.trail[0].id);
}

bool Handovers::IsStored(const Handover& handover) const {
  return !handover.at_sink ||
         world_.hosts()[handover.host]->editor().LinkStat(SinkPath(handover.id)).ok();
}

void Handovers::CheckGeneration(const TraceEvent& event, const std::string& body,
                                std::vector<std::string>& broken) {
  int generation = 1;
  for (const Hop& hop : AllHops(body)) {
    const std::optional<uint32_t> host = HostCalled(hop.by);
    if (!host.has_value()) continue;
    const auto about = generations_.find({*host, hop.id});
    if (about != generations_.end()) generation = std::max(generation, about->second + 1);
  }
  const std::string id(event.event.subject);
  generations_[{event.host, id}] = generation;
  if (generation <= kLastGeneration) return;
  broken.push_back(absl::StrCat("no third generation: ", id, " on ",
                                world_.hosts()[event.host]->name(),
                                " is a report about a report about a report"));
}

void Handovers::CheckHops(const Handover& handover, size_t hops,
                          std::vector<std::string>& broken) const {
  if (hops <= kUsualHops) return;
  const std::optional<MessageId> sender = SenderOf(handover);
  // With its own hop a message may have one more than the limit when it leaves.
  if (!sender.has_value() || hops <= HopLimit(*world_.hosts()[sender->first]) + 1) return;
  broken.push_back(absl::StrCat("hop limit: ", handover.id, " on ",
                                world_.hosts()[handover.host]->name(), " has passed ", hops,
                                " hosts"));
}

std::vector<Handovers::Copy> Handovers::CopiesOf(uint32_t host,
                                                 const std::set<std::string>& ids) const {
  std::vector<Copy> copies;
  for (const Handover& handover : handovers_) {
    const std::optional<MessageId> sender = SenderOf(handover);
    if (!sender.has_value() || sender->first != host || !ids.contains(sender->second)) continue;
    if (!IsStored(handover)) continue;
    for (const std::string& recipient : handover.recipients) {
      copies.push_back({absl::AsciiStrToLower(recipient), &handover});
    }
  }
  return copies;
}

RemoteAccount Handovers::Account(uint32_t host, const std::set<std::string>& ids,
                                 const std::vector<RemoteRecipient>& wanted) const {
  std::map<std::string, std::vector<Copy>> copies;  // by address, as it was given on
  for (Copy& copy : CopiesOf(host, ids)) copies[copy.address].push_back(copy);
  struct Want {
    const RemoteRecipient* recipient = nullptr;
    int count = 0, given_up = 0;
    bool accounted = true;
    std::vector<Copy> copies;
  };
  std::map<std::string, Want> wants;
  for (const RemoteRecipient& recipient : wanted) {
    Want& want = wants[absl::AsciiStrToLower(recipient.address)];
    want.recipient = &recipient;
    ++want.count;
    want.given_up += recipient.given_up;
    want.accounted = want.accounted && recipient.accounted;
  }
  // Rules may write an address anew on its way out: what is the same comes first, then what has the
  // same user, then whatever is left.
  const auto take = [&](auto matches) {
    for (auto& [address, want] : wants) {
      if (!want.copies.empty()) continue;
      const auto found = std::find_if(copies.begin(), copies.end(), [&](const auto& copy) {
        return matches(address, copy.first);
      });
      if (found == copies.end()) continue;
      want.copies = std::move(found->second);
      copies.erase(found);
    }
  };
  take([](const std::string& want, const std::string& copy) { return want == copy; });
  take([](const std::string& want, const std::string& copy) {
    return LocalPart(want) == LocalPart(copy);
  });
  take([](const std::string&, const std::string&) { return true; });

  RemoteAccount account;
  for (const auto& [address, want] : wants) {
    if (want.copies.empty()) {
      if (!want.accounted) account.lost.push_back(want.recipient->address);
      continue;
    }
    const int surplus = static_cast<int>(want.copies.size()) + want.given_up - want.count;
    if (surplus <= 0) continue;
    const auto unacknowledged =
        std::count_if(want.copies.begin(), want.copies.end(),
                      [](const Copy& copy) { return !copy.handover->acknowledged; });
    account.duplicates.push_back(
        {want.recipient->address, surplus, static_cast<int>(unacknowledged)});
  }
  for (const auto& [address, left] : copies) {
    account.strangers.emplace_back(address, world_.hosts()[left[0].handover->host]->name());
  }
  return account;
}

}  // namespace stagepost

// What sessions know of the queue: in which order recipients stand there, and which of them get a
// message of their own. Operations Guide, 4.2 (queue groups), 5.1.4.21 (ruleset queuegroup).
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/queue/queue_layout.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// For each entry, the one that ruleset 5 has put in its place in the end, or itself.
std::vector<size_t> LastReplacements(const SendList& list) {
  const size_t count = list.entries.size();
  std::vector<size_t> next(count, kNoEntry);  // the first that has come of it
  for (size_t i = 0; i < count; ++i) {
    const size_t parent = list.entries[i].parent;
    if (parent < i && next[parent] == kNoEntry) next[parent] = i;
  }
  for (size_t i = count; i-- > 0;) next[i] = next[i] == kNoEntry ? i : next[next[i]];
  return next;
}

}  // namespace

// As sendmail keeps them: by the host that rules have led to.
std::vector<size_t> Session::RecipientsByHost() const {
  const std::vector<SendEntry>& entries = transaction_.list.entries;
  const std::vector<size_t> last = LastReplacements(transaction_.list);
  std::vector<std::pair<std::string, size_t>> order;
  for (size_t i = 0; i < transaction_.recipients.size(); ++i) {
    // Of a message that nobody will get nothing is known.
    const bool known = i < transaction_.routes.size();
    const size_t entry = known ? transaction_.routes[i].entry : kNoEntry;
    order.emplace_back(known ? absl::AsciiStrToLower(entries[last[entry]].host) : "", i);
  }
  std::sort(order.begin(), order.end());
  std::vector<size_t> recipients;
  for (const auto& [host, i] : order) recipients.push_back(i);
  return recipients;
}

std::vector<QueuePart> Session::QueueParts() const {
  const QueueLayout& layout = context_.queue.layout();
  std::vector<std::string> groups;
  for (const size_t recipient : RecipientsByHost()) {
    const bool known = recipient < transaction_.routes.size();
    const QueueGroupLayout* group =
        known ? layout.FindGroup(transaction_.routes[recipient].queue_group) : nullptr;
    // Whoever has no group of his own goes with the first.
    if (group != nullptr) {
      groups.push_back(group->name);
    } else {
      groups.push_back(groups.empty() ? layout.groups.front().name : groups.front());
    }
  }
  return DivideByQueueGroup(layout, groups);
}

Task<absl::StatusOr<std::vector<Envelope>>> Session::Divide(IncomingMessage& message,
                                                            Envelope& envelope) {
  const std::vector<QueuePart> parts = QueueParts();
  std::vector<Envelope> added;
  if (parts.size() < 2) co_return std::move(added);
  const std::vector<Recipient> all = std::move(envelope.recipients);
  envelope.undivided_recipients = all.size();
  const auto take = [&all](const QueuePart& part) {
    std::vector<Recipient> taken;
    for (const size_t i : part.recipients) taken.push_back(all[i]);
    return taken;
  };
  std::vector<std::string> ids;
  for (size_t i = 1; i < parts.size(); ++i) {
    Envelope part = envelope;
    part.recipients = take(parts[i]);
    const absl::Status status = co_await message.AddPart(part, parts[i].group);
    if (!status.ok()) co_return status;
    ids.push_back(part.id);
    added.push_back(std::move(part));
  }
  envelope.recipients = take(parts.front());
  Log(4, Severity::kNotice,
      absl::StrCat("split: count=", ids.size(),
                   ids.size() == 1 ? ", id=" : ", ids=", absl::StrJoin(ids, "; ")));
  co_return std::move(added);
}

}  // namespace stagepost

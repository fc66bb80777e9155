#include "tools/audit/audit_watcher.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// More are of no use to anybody.
constexpr size_t kMaxSteps = 20'000;
// RFC 1413: the daemon asks the client's host who it is.
constexpr absl::string_view kIdentPort = ":113";

}  // namespace

AuditWatcher::AuditWatcher(TraceLog& trace, uint32_t host) : trace_(trace), host_(host) {
  trace_.AddObserver(this);
}

AuditWatcher::~AuditWatcher() { trace_.RemoveObserver(this); }

std::vector<std::string> AuditWatcher::ResolvedOf(const std::string& queue_id) const {
  const auto found = resolved_.find(queue_id);
  return found == resolved_.end() ? std::vector<std::string>() : found->second;
}

void AuditWatcher::OnEvent(const TraceEvent& event) {
  if (event.host != host_ || own_.contains(event.process)) return;
  const Event& what = event.event;
  const std::string subject(what.subject);
  switch (what.kind) {
    case EventKind::kRulesetEntered:
    case EventKind::kRuleApplied:
    case EventKind::kRulesetLeft:
    case EventKind::kMapAsked:
      if (steps_.size() < kMaxSteps) {
        steps_.push_back(
            {what.kind, subject, std::string(what.detail), static_cast<int>(what.number)});
      }
      break;
    case EventKind::kEnvelopeAccepted:
      open_.insert(subject);
      break;
    case EventKind::kEnvelopeSplit:
      split_from_[std::string(what.detail)] =
          split_from_.contains(subject) ? split_from_[subject] : subject;
      break;
    case EventKind::kRecipientResolved: {
      const std::string id = split_from_.contains(subject) ? split_from_[subject] : subject;
      const size_t line = what.detail.find('\n');
      if (line != absl::string_view::npos) {
        resolved_[id].emplace_back(what.detail.substr(line + 1));
      }
      break;
    }
    case EventKind::kEnvelopeDone:
    case EventKind::kRecipientDeferred:
      open_.erase(subject);
      break;
    case EventKind::kConnectionOpened:
    case EventKind::kConnectionRefused:
      if (!absl::EndsWith(what.detail, kIdentPort)) ++connections_;
      break;
    default:
      break;
  }
}

}  // namespace stagepost

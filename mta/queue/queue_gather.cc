#include "mta/queue/queue_gather.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_file.h"

namespace stagepost {
namespace {

constexpr int64_t kLast = std::numeric_limits<int64_t>::max();

// Recipients that are looked at for a selection.
constexpr size_t kMaxSelectedRecipients = kMaxQueuedRecipients;

// From right to left, so that hosts of one domain come together.
std::string HostOf(absl::string_view recipient) {
  const size_t at = recipient.rfind('@');
  std::string host = at == recipient.npos ? "" : absl::AsciiStrToLower(recipient.substr(at + 1));
  if (!host.empty() && host.back() == '>') host.pop_back();
  std::reverse(host.begin(), host.end());
  return host;
}

// Everything of a control file that stands before its header.
struct Inside {
  QueueOrder order;
  bool readable = false;
  SelectionSubject subject;
};

Task<absl::StatusOr<Inside>> ReadInside(File& file) {
  Inside inside;
  std::string beginning;
  QueueLineReader reader(file);
  while (true) {
    CO_ASSIGN_OR_RETURN(const std::optional<std::string> line, co_await reader.Next());
    if (!line.has_value() || line->empty() || *line == "." || line->front() == 'H') break;
    const absl::string_view value = absl::string_view(*line).substr(1);
    switch (line->front()) {
      case 'V':
      case 'T':
      case 'K':
      case 'N':
      case 'P':
        absl::StrAppend(&beginning, *line, "\n");
        break;
      case 'S':
        inside.subject.sender = std::string(value);
        break;
      case 'q':
        inside.subject.reason = std::string(value);
        break;
      case 'R':
        if (inside.subject.recipients.size() < kMaxSelectedRecipients) {
          inside.subject.recipients.emplace_back(value.substr(value.find(':') + 1));
        }
        break;
      default:
        break;
    }
    if (beginning.size() > kQueueOrderBytes) break;
  }
  const std::optional<QueueOrder> order = FindQueueOrder(beginning);
  inside.readable = order.has_value();
  if (order.has_value()) inside.order = *order;
  co_return std::move(inside);
}

// Only as much as its place in the order needs.
Task<absl::StatusOr<Inside>> ReadBeginning(File& file) {
  Inside inside;
  char buffer[kQueueOrderBytes];
  CO_ASSIGN_OR_RETURN(const size_t read, co_await ReadFullyAt(file, 0, absl::MakeSpan(buffer)));
  const std::optional<QueueOrder> order = FindQueueOrder(absl::string_view(buffer, read));
  inside.readable = order.has_value();
  if (order.has_value()) inside.order = *order;
  co_return std::move(inside);
}

void SetKeys(QueueState& state, const Inside& inside, QueueCandidate& candidate) {
  const QueueOrder& order = inside.order;
  candidate.priority = inside.readable ? order.priority : kLast;
  candidate.first_key = candidate.priority;
  candidate.second_key = inside.readable ? order.created : kLast;
  if (state.layout.order == QueueSortOrder::kTime) {
    candidate.first_key = inside.readable ? order.created : 0;
    candidate.second_key = 0;
  } else if (state.layout.order == QueueSortOrder::kFileName) {
    candidate.first_key = candidate.second_key = 0;
  }
  if (state.layout.order == QueueSortOrder::kHost) {
    for (const std::string& recipient : inside.subject.recipients) {
      std::string host = HostOf(recipient);
      if (host.empty()) continue;
      candidate.host = std::make_unique<const std::string>(std::move(host));
      break;
    }
  }
  const absl::Time last =
      order.last_attempt == 0 ? absl::InfinitePast() : absl::FromUnixSeconds(order.last_attempt);
  const int attempts =
      static_cast<int>(std::min<int64_t>(order.attempts, std::numeric_limits<int>::max()));
  candidate.too_young =
      inside.readable && IsTooYoung(state.layout, state.env.clock().WallNow(),
                                    absl::FromUnixSeconds(order.created), last, attempts);
}

// Whether more than the name has to be known.
bool MustRead(const QueueState& state, const QueueSelection& selection, GatherFor purpose) {
  const QueueLayout& layout = state.layout;
  const bool has_ages =
      layout.min_age > absl::ZeroDuration() || layout.max_age > absl::ZeroDuration();
  return selection.looks_inside() || layout.order == QueueSortOrder::kPriority ||
         layout.order == QueueSortOrder::kHost || layout.order == QueueSortOrder::kTime ||
         (purpose == GatherFor::kRun && has_ages);
}

// nullopt: not selected. kNotFound: gone.
Task<absl::StatusOr<std::optional<QueueCandidate>>> ReadCandidate(QueueState& state,
                                                                  const QueuePlace& place,
                                                                  const QueueSelection& selection,
                                                                  CompactQueueId id,
                                                                  GatherFor purpose) {
  QueueCandidate candidate;
  candidate.id = id;
  if (!MustRead(state, selection, purpose)) {
    if (state.layout.order != QueueSortOrder::kModification) co_return std::move(candidate);
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await state.files().LinkStat(
                                                 place.ControlFile(selection.kind, id.text())));
    candidate.first_key = absl::ToUnixSeconds(stat.modified);
    co_return std::move(candidate);
  }
  absl::StatusOr<std::unique_ptr<File>> file =
      co_await OpenControlFile(state, place.ControlFile(selection.kind, id.text()));
  if (absl::IsNotFound(file.status()) || absl::IsCancelled(file.status())) {
    co_return file.status();
  }
  const bool needs_all = selection.looks_inside() || state.layout.order == QueueSortOrder::kHost;
  absl::StatusOr<Inside> inside = Inside();
  if (file.ok() && needs_all) inside = co_await ReadInside(**file);
  if (file.ok() && !needs_all) inside = co_await ReadBeginning(**file);
  if (absl::IsCancelled(inside.status())) co_return inside.status();
  if (!inside.ok()) inside = Inside();
  inside->subject.id = id.str();
  if (!selection.Holds(inside->subject)) co_return std::nullopt;
  SetKeys(state, *inside, candidate);
  if (state.layout.order == QueueSortOrder::kModification && file.ok()) {
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await (*file)->Stat());
    candidate.first_key = absl::ToUnixSeconds(stat.modified);
    candidate.second_key = 0;
  }
  co_return std::move(candidate);
}

// Whether ids are selected; null: all are.
QueueIdPages::Filter FilterOfIds(const QueueSelection& selection) {
  QueueSelection by_id;
  for (const SelectionTerm& term : selection.terms) {
    if (term.field == SelectionTerm::Field::kId) by_id.terms.push_back(term);
  }
  if (by_id.terms.empty()) return nullptr;
  return [by_id = std::move(by_id)](const CompactQueueId& id) {
    SelectionSubject subject;
    subject.id = id.str();
    return by_id.Holds(subject);
  };
}

absl::string_view HostKey(const QueueCandidate& candidate) {
  if (candidate.host == nullptr) return "";
  return *candidate.host;
}

}  // namespace

Task<absl::StatusOr<std::optional<std::string>>> QueueLineReader::Next() {
  std::string line;
  while (true) {
    if (at_ == buffer_.size()) {
      if (offset_ >= kMaxQueueFileBytes) co_return std::nullopt;
      buffer_.resize(kChunkBytes);
      CO_ASSIGN_OR_RETURN(const size_t read, co_await file_.Read(offset_, absl::MakeSpan(buffer_)));
      buffer_.resize(read);
      offset_ += read;
      at_ = 0;
      if (read == 0) {
        if (line.empty()) co_return std::nullopt;
        co_return std::move(line);
      }
    }
    const size_t end = buffer_.find('\n', at_);
    const size_t to = end == std::string::npos ? buffer_.size() : end;
    const size_t room = kMaxLineBytes - line.size();
    line.append(buffer_, at_, std::min(to - at_, room));
    at_ = end == std::string::npos ? to : to + 1;
    if (end != std::string::npos) co_return std::move(line);
  }
}

Task<absl::StatusOr<std::unique_ptr<File>>> OpenControlFile(QueueState& state, std::string name) {
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  co_return co_await state.files().Open(name, options);
}

QueueIdPages PagesOfIds(QueueState& state, const QueuePlace& place,
                        const QueueSelection& selection) {
  return QueueIdPages(state.files(), QueuePlace::DirectoryOf(place.control),
                      std::string(PrefixOf(selection.kind)), FilterOfIds(selection));
}

Task<absl::StatusOr<std::vector<CompactQueueId>>> ListIds(QueueState& state,
                                                          const QueuePlace& place,
                                                          const QueueSelection& selection) {
  const absl::string_view wanted_kind = PrefixOf(selection.kind);
  const QueueIdPages::Filter filter = FilterOfIds(selection);
  std::vector<CompactQueueId> ids;
  CO_RETURN_IF_ERROR(
      co_await ReadQueueFileNames(state.files(), QueuePlace::DirectoryOf(place.control),
                                  [&](absl::string_view kind, const CompactQueueId& id) {
                                    if (kind == wanted_kind && (filter == nullptr || filter(id)))
                                      ids.push_back(id);
                                  }));
  std::sort(ids.begin(), ids.end());
  co_return std::move(ids);
}

Task<absl::StatusOr<std::vector<QueueCandidate>>> ReadCandidates(
    QueueState& state, const QueuePlace& place, const QueueSelection& selection,
    absl::Span<const CompactQueueId> ids, GatherFor purpose) {
  std::vector<QueueCandidate> candidates;
  for (const CompactQueueId& id : ids) {
    absl::StatusOr<std::optional<QueueCandidate>> candidate =
        co_await ReadCandidate(state, place, selection, id, purpose);
    if (absl::IsNotFound(candidate.status())) continue;
    CO_RETURN_IF_ERROR(candidate.status());
    if (candidate->has_value()) candidates.push_back(**std::move(candidate));
  }
  co_return std::move(candidates);
}

void SortCandidates(QueueState& state, std::vector<QueueCandidate>& candidates) {
  switch (state.layout.order) {
    case QueueSortOrder::kNone:
      return;
    case QueueSortOrder::kRandom:
      for (size_t left = candidates.size(); left > 1; --left) {
        std::swap(candidates[left - 1], candidates[state.env.random().Uniform(left)]);
      }
      return;
    case QueueSortOrder::kFileName:
      std::sort(candidates.begin(), candidates.end(),
                [](const QueueCandidate& a, const QueueCandidate& b) { return a.id < b.id; });
      return;
    default:
      std::sort(candidates.begin(), candidates.end(),
                [](const QueueCandidate& a, const QueueCandidate& b) {
                  const absl::string_view a_host = HostKey(a);
                  const absl::string_view b_host = HostKey(b);
                  return std::tie(a_host, a.first_key, b.second_key, b.id) <
                         std::tie(b_host, b.first_key, a.second_key, a.id);
                });
  }
}

}  // namespace stagepost

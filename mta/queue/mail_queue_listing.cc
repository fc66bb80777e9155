#include "mta/queue/mail_queue_listing.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_file.h"
#include "mta/queue/queue_gather.h"

namespace stagepost {
namespace {

constexpr size_t kBufferBytes = 16 * 1024;
constexpr size_t kReadAtOnce = 1024;  // messages

// What sendmail cuts fields at, in either layout.
struct Widths {
  size_t sender, recipient, message;
};
constexpr Widths kShort = {39, 38, 60};
constexpr Widths kLong = {78, 71, 100};
constexpr size_t kAliasWidth = 64;
constexpr size_t kBodyTypeWidth = 10;

constexpr absl::string_view kShortTitle =
    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n";
constexpr absl::string_view kLongTitle =
    "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------\n";

// A field for a terminal: cut, and without anything that could steer it.
std::string Shown(absl::string_view text, size_t width) {
  std::string shown;
  for (const char c : text.substr(0, width)) {
    if (absl::ascii_isprint(c)) {
      shown.push_back(c);
    } else {
      absl::StrAppendFormat(&shown, "\\%03o", static_cast<unsigned char>(c));
    }
  }
  return shown;
}

// Lines of one message, put together as its control file is read.
class EntryPrinter {
 public:
  EntryPrinter(bool verbose, int64_t priority, absl::TimeZone zone)
      : verbose_(verbose), priority_(priority), zone_(zone) {}

  bool has_sender() const { return has_sender_; }
  const std::string& data_directory() const { return data_directory_; }

  // What the line adds. `data_bytes` is -1 if there is no df file.
  std::string Take(absl::string_view line, int64_t data_bytes) {
    const absl::string_view value = line.substr(1);
    switch (line[0]) {
      case 'T':
        ReadTime(value);
        break;
      case 'F':
        warned_ = absl::StrContains(value, "w");
        break;
      case 'B':
        body_type_ = std::string(value);
        break;
      case 'q':
        reason_ = std::string(value);
        break;
      case 'd':
        data_directory_ = std::string(value);
        break;
      case 'M':
        (has_sender_ ? status_ : message_) = std::string(value);
        break;
      case 'C':
        alias_ = std::string(value);
        break;
      case 'S':
        return has_sender_ ? "" : Sender(value, data_bytes);
      case 'R':
        return has_sender_ ? Recipient(value) : "";
      default:
        break;
    }
    return "";
  }

 private:
  const Widths& widths() const { return verbose_ ? kLong : kShort; }

  void ReadTime(absl::string_view value) {
    int64_t seconds = 0;
    constexpr int64_t kLastTime = int64_t{1} << 40;
    if (absl::SimpleAtoi(value, &seconds) && seconds >= 0 && seconds < kLastTime) {
      created_ = absl::FromUnixSeconds(seconds);
    }
  }

  std::string Sender(absl::string_view sender, int64_t data_bytes) {
    has_sender_ = true;
    std::string text = absl::StrFormat("%8d ", data_bytes);
    if (verbose_) {
      absl::StrAppendFormat(&text, "%10d%c%s", priority_, warned_ ? '+' : ' ',
                            absl::FormatTime("%b %e %H:%M", created_, zone_));
    } else {
      absl::StrAppend(&text, absl::FormatTime("%a %b %e %H:%M", created_, zone_));
    }
    absl::StrAppend(&text, " ", Shown(sender, widths().sender), "\n");
    if (!reason_.empty()) {
      absl::StrAppend(&text, "     QUARANTINE: ", Shown(reason_, widths().message), "\n");
    }
    if (body_type_.empty() && message_.empty()) return text;
    absl::StrAppendFormat(&text, "%14s", Shown(body_type_, kBodyTypeWidth));
    if (!message_.empty()) {
      absl::StrAppend(&text, "   (", Shown(message_, widths().message), ")");
    }
    absl::StrAppend(&text, "\n");
    return text;
  }

  std::string Recipient(absl::string_view value) {
    // Flags stand before a colon since version 1 of the format.
    size_t flags = 0;
    while (flags < value.size() && absl::ascii_isalpha(value[flags])) ++flags;
    if (flags < value.size() && value[flags] == ':') value.remove_prefix(flags + 1);
    std::string text;
    if (!verbose_) {
      return absl::StrCat("\t\t\t\t\t ", Shown(value, widths().recipient), "\n");
    }
    if (alias_.has_value()) {
      absl::StrAppend(&text, "\t\t\t\t\t\t(---", Shown(*alias_, kAliasWidth), "---)\n");
    }
    absl::StrAppend(&text, "\t\t\t\t\t\t", Shown(value, widths().recipient), "\n");
    if (!status_.empty()) {
      absl::StrAppend(&text, "\t\t (", Shown(status_, widths().message), ")\n");
    }
    alias_.reset();
    status_.clear();
    return text;
  }

  const bool verbose_;
  const int64_t priority_;
  const absl::TimeZone zone_;
  bool has_sender_ = false, warned_ = false;
  absl::Time created_ = absl::UnixEpoch();
  std::string body_type_, message_, reason_, data_directory_;
  std::optional<std::string> alias_;
  std::string status_;
};

class Listing {
 public:
  Listing(QueueState& state, QueueSelection selection, bool verbose)
      : state_(state), selection_(std::move(selection)), verbose_(verbose) {}

  Task<absl::Status> Print() {
    for (const QueuePlace& place : state_.places) {
      const QueueGroupLayout& group = state_.layout.groups[place.group];
      const absl::string_view wanted = selection_.group;
      if (!wanted.empty() && !absl::EqualsIgnoreCase(wanted, group.name)) continue;
      CO_RETURN_IF_ERROR(co_await PrintPlace(place));
    }
    if (selection_.group.empty()) {
      CO_RETURN_IF_ERROR(co_await Write(absl::StrCat("\t\tTotal requests: ", requests_, "\n")));
    }
    co_return co_await Flush();
  }

 private:
  Task<absl::Status> Write(std::string text) {
    buffer_.append(text);
    if (buffer_.size() < kBufferBytes) co_return absl::OkStatus();
    co_return co_await Flush();
  }

  Task<absl::Status> Flush() {
    if (buffer_.empty()) co_return absl::OkStatus();
    const std::string text = std::exchange(buffer_, std::string());
    co_return co_await WriteAll(state_.env.process().standard_output(), text);
  }

  std::string Title(const QueuePlace& place, size_t requests, size_t printed) const {
    std::string text =
        absl::StrCat("\t\t", place.shown, " (", requests, " request", requests == 1 ? "" : "s");
    if (printed < requests) absl::StrAppend(&text, ", only ", printed, " printed");
    return absl::StrCat(text, ")\n", verbose_ ? kLongTitle : kShortTitle);
  }

  Task<absl::Status> PrintPlace(const QueuePlace& place) {
    QueueIdPages pages = PagesOfIds(state_, place, selection_);
    CO_ASSIGN_OR_RETURN(absl::Span<const CompactQueueId> page, co_await pages.Next());
    if (!selection_.looks_inside() && pages.count() > kMaxSortedListing) {
      co_return co_await PrintUnsorted(place, pages, page, pages.count());
    }
    std::vector<QueueCandidate> candidates;
    CO_ASSIGN_OR_RETURN(const size_t requests, co_await Gather(place, pages, page, candidates));
    if (requests > kMaxSortedListing) {
      QueueIdPages again = PagesOfIds(state_, place, selection_);
      CO_ASSIGN_OR_RETURN(page, co_await again.Next());
      co_return co_await PrintUnsorted(place, again, page, requests);
    }
    requests_ += requests;
    if (limit() > 0 && requests > limit()) candidates.resize(limit());
    SortCandidates(state_, candidates);
    if (requests == 0) co_return co_await Write(absl::StrCat(place.shown, " is empty\n"));
    CO_RETURN_IF_ERROR(co_await Write(Title(place, requests, candidates.size())));
    for (const QueueCandidate& candidate : candidates) {
      CO_RETURN_IF_ERROR(co_await PrintMessage(place, candidate));
    }
    co_return absl::OkStatus();
  }

  size_t limit() const {
    return static_cast<size_t>(std::max<int64_t>(state_.layout.max_run_size, 0));
  }

  // Counts the messages that are selected, and gives them if they are not too many to be sorted.
  Task<absl::StatusOr<size_t>> Gather(const QueuePlace& place, QueueIdPages& pages,
                                      absl::Span<const CompactQueueId> page,
                                      std::vector<QueueCandidate>& candidates) {
    size_t requests = 0;
    while (!page.empty()) {
      const absl::Span<const CompactQueueId> some = page.first(std::min(page.size(), kReadAtOnce));
      CO_ASSIGN_OR_RETURN(
          std::vector<QueueCandidate> found,
          co_await ReadCandidates(state_, place, selection_, some, GatherFor::kListing));
      requests += found.size();
      if (requests > kMaxSortedListing) {
        candidates = std::vector<QueueCandidate>();
      } else {
        std::move(found.begin(), found.end(), std::back_inserter(candidates));
      }
      page.remove_prefix(some.size());
      if (page.empty()) {
        CO_ASSIGN_OR_RETURN(page, co_await pages.Next());
      }
    }
    co_return requests;
  }

  Task<absl::Status> PrintUnsorted(const QueuePlace& place, QueueIdPages& pages,
                                   absl::Span<const CompactQueueId> page, size_t requests) {
    state_.env.probes().Reached("queue: listed without sorting");
    requests_ += requests;
    const size_t wanted = limit() > 0 ? std::min(limit(), requests) : requests;
    CO_RETURN_IF_ERROR(co_await Write(Title(place, requests, wanted)));
    CO_RETURN_IF_ERROR(co_await Flush());
    size_t printed = 0;
    while (!page.empty()) {
      for (const CompactQueueId& id : page) {
        CO_ASSIGN_OR_RETURN(
            const std::vector<QueueCandidate> one,
            co_await ReadCandidates(state_, place, selection_, absl::MakeConstSpan(&id, 1),
                                    GatherFor::kListing));
        if (one.empty()) continue;
        CO_RETURN_IF_ERROR(co_await PrintMessage(place, one[0]));
        if (++printed == limit()) co_return absl::OkStatus();
      }
      CO_ASSIGN_OR_RETURN(page, co_await pages.Next());
    }
    co_return absl::OkStatus();
  }

  char Mark(bool locked, const QueueCandidate& candidate) const {
    if (selection_.kind == QueueFileKind::kLost) return '?';
    if (locked) return '*';
    const double load = state_.env.host().load_average();
    if (IsOnlyQueued(state_.layout, load, candidate.priority)) return 'X';
    return candidate.too_young ? '-' : ' ';
  }

  // The size of the body; -1: there is none, and `complaint` says so.
  Task<absl::StatusOr<int64_t>> DataBytes(const QueuePlace& place, const std::string& id,
                                          std::string& complaint) {
    const std::string name = place.DataFile(id);
    const absl::StatusOr<FileStat> stat = co_await state_.files().LinkStat(name);
    if (stat.ok()) co_return static_cast<int64_t>(stat->size);
    if (absl::IsCancelled(stat.status())) co_return stat.status();
    complaint = absl::StrCat("readqf: cannot open ", QueuePlace::InMessages(name), ": ",
                             ErrnoText(ErrnoOf(stat.status())), "\n");
    co_return int64_t{-1};
  }

  Task<absl::Status> PrintMessage(const QueuePlace& place, const QueueCandidate& candidate) {
    const std::string name = place.ControlFile(selection_.kind, candidate.id.text());
    absl::StatusOr<std::unique_ptr<File>> file = co_await OpenControlFile(state_, name);
    if (absl::IsCancelled(file.status())) co_return file.status();
    bool locked = false;
    if (file.ok()) {
      const absl::Status lock =
          co_await (*file)->Lock(LockKind::kFlock, LockMode::kShared, LockWait::kNo);
      locked = ErrnoOf(lock) == Errno::kEAGAIN;
    }
    CO_RETURN_IF_ERROR(co_await Write(absl::StrFormat("%13s", candidate.id.text())));
    const std::string mark(1, Mark(locked, candidate));
    if (!file.ok()) co_return co_await Write(absl::StrCat(mark, " (no control file)\n"));
    co_return co_await PrintLines(place, **file, candidate, mark, locked);
  }

  Task<absl::Status> PrintLines(const QueuePlace& place, File& file,
                                const QueueCandidate& candidate, std::string mark, bool locked) {
    EntryPrinter printer(verbose_, candidate.priority, state_.env.host().time_zone());
    QueueLineReader reader(file);
    while (true) {
      CO_ASSIGN_OR_RETURN(const std::optional<std::string> line, co_await reader.Next());
      if (!line.has_value() || line->empty() || *line == "." || line->front() == 'H') break;
      int64_t bytes = -1;
      if (line->front() == 'S' && !printer.has_sender()) {
        std::string complaint;
        CO_ASSIGN_OR_RETURN(
            bytes, co_await DataBytes(DataPlaceOf(place, printer), candidate.id.str(), complaint));
        const bool quiet = locked || selection_.kind == QueueFileKind::kLost;
        CO_RETURN_IF_ERROR(co_await Write(absl::StrCat(quiet ? "" : complaint, mark)));
      }
      CO_RETURN_IF_ERROR(co_await Write(printer.Take(*line, bytes)));
    }
    if (printer.has_sender()) co_return absl::OkStatus();
    co_return co_await Write(absl::StrCat(mark, " (no control file)\n"));
  }

  // Where the body is; a directory that is none of the queue's is as if there were none.
  const QueuePlace& DataPlaceOf(const QueuePlace& place, const EntryPrinter& printer) const {
    const std::string& wanted = printer.data_directory();
    for (const QueuePlace& known : state_.places) {
      if (wanted == known.shown || absl::StrCat(wanted, "/df") == known.shown) return known;
    }
    return place;
  }

  QueueState& state_;
  const QueueSelection selection_;
  const bool verbose_;
  std::string buffer_;
  size_t requests_ = 0;
};

}  // namespace

Task<absl::Status> PrintMailQueue(QueueState& state, QueueSelection selection, bool verbose) {
  if (!selection.group.empty() && state.layout.FindGroup(selection.group) == nullptr) {
    co_return co_await WriteAll(state.env.process().standard_output(),
                                absl::StrCat("Queue group ", selection.group, " unknown\n"));
  }
  Listing listing(state, std::move(selection), verbose);
  co_return co_await listing.Print();
}

}  // namespace stagepost

#include "mta/message/header_collector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/message/known_fields.h"

namespace stagepost {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// ftext of RFC 5322, section 3.6.8.
bool IsNameCharacter(char c) { return c > 32 && c < 127 && c != ':'; }

}  // namespace

void HeaderCollector::Take(absl::string_view text, std::string& body) {
  while (!text.empty()) {
    if (in_body_) {
      body.append(text.data(), text.size());
      return;
    }
    const size_t newline = text.find('\n');
    const absl::string_view part = text.substr(0, newline);
    // One byte more than fits is enough to see that it does not fit.
    const size_t room = max_bytes_ + 1 - std::min(max_bytes_ + 1, line_.size());
    const absl::string_view taken = part.substr(0, room);
    line_.append(taken.data(), taken.size());
    if (Classify() == LineKind::kNoField) {
      text.remove_prefix(taken.size());
      StartBody(body);
      continue;
    }
    if (taken.size() < part.size()) too_large_ = true;
    text.remove_prefix(part.size());
    if (newline == absl::string_view::npos) return;
    text.remove_prefix(1);
    TakeLine();
    if (!in_body_ && line_.size() > 0) {
      // A line without a colon: only now, at its end, is it known to be none of the header's.
      StartBody(body);
      body.push_back('\n');
    }
  }
}

void HeaderCollector::Finish(std::string& body) {
  // SMTP messages end in a complete line; what a file ends in may be anything.
  if (!line_.empty() && !in_body_) StartBody(body);
}

HeaderCollector::LineKind HeaderCollector::Classify() const {
  if (line_.empty()) return LineKind::kEmpty;
  if (IsBlank(line_[0])) {
    return header_.empty() && !too_large_ ? LineKind::kNoField : LineKind::kContinuation;
  }
  size_t end = 0;
  while (end < line_.size() && IsNameCharacter(line_[end])) ++end;
  if (end == 0) return LineKind::kNoField;
  size_t colon = end;
  while (colon < line_.size() && IsBlank(line_[colon])) ++colon;
  if (colon == line_.size()) return LineKind::kUndecided;
  if (line_[colon] == ':') {
    const absl::string_view name = absl::string_view(line_).substr(0, end);
    const bool is_field =
        name.size() <= kMaxFieldNameBytes && !TraitsOf(name).Has(FieldTraits::kEndsHeader);
    return is_field ? LineKind::kField : LineKind::kNoField;
  }
  return first_line_ && absl::StartsWith(line_, "From ") ? LineKind::kFromLine : LineKind::kNoField;
}

void HeaderCollector::TakeLine() {
  const LineKind kind = Classify();
  if (kind == LineKind::kUndecided) return;
  std::string line = std::exchange(line_, std::string());
  const bool first = std::exchange(first_line_, false);
  if (kind == LineKind::kEmpty) {
    in_body_ = true;
    return;
  }
  if (kind == LineKind::kFromLine) {
    CHECK(first);
    from_line_ = std::move(line);
    return;
  }
  bytes_ += line.size() + 1;
  if (bytes_ > max_bytes_) too_large_ = true;
  if (too_large_) return;
  // A NUL ends a field for any program that keeps it as a C string, ours being no exception on
  // disk.
  line.erase(std::remove(line.begin(), line.end(), '\0'), line.end());
  if (kind == LineKind::kContinuation) {
    absl::StrAppend(&header_.back().value, "\n", line);
    return;
  }
  const size_t colon = line.find(':');
  size_t name = colon;
  while (IsBlank(line[name - 1])) --name;
  header_.push_back({line.substr(0, name), line.substr(colon + 1), ""});
}

void HeaderCollector::StartBody(std::string& body) {
  in_body_ = true;
  body += std::exchange(line_, std::string());
}

}  // namespace stagepost

#include "mta/deliver/mbox_layout.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr absl::string_view kContentLength = "Content-Length";
// The name and a colon, with some white space between.
constexpr size_t kLineStart = kContentLength.size() + 8;

bool IsContentLength(absl::string_view line) {
  if (!absl::StartsWithIgnoreCase(line, kContentLength)) return false;
  line = absl::StripLeadingAsciiWhitespace(line.substr(kContentLength.size()));
  return absl::StartsWith(line, ":");
}

}  // namespace

void MboxLayout::Take(absl::string_view text) {
  while (in_header_ && !text.empty()) {
    TakeHeaderByte(text[0]);
    text.remove_prefix(1);
  }
  if (text.empty()) return;
  position_ += text.size();
  last_ = text.back();
}

void MboxLayout::TakeHeaderByte(char c) {
  ++position_;
  last_ = c;
  if (c != '\n') {
    if (line_start_.size() < kLineStart) line_start_.push_back(c);
    return;
  }
  if (line_start_.empty()) {
    in_header_ = false;
    body_begin_ = position_;
    return;
  }
  EndHeaderLine();
}

void MboxLayout::EndHeaderLine() {
  if (line_begin_ == 0) begins_with_from_ = absl::StartsWith(line_start_, "From ");
  const bool continues = line_start_[0] == ' ' || line_start_[0] == '\t';
  if (!continues) {
    skipping_ = IsContentLength(line_start_) && fields_skipped_ < kMaxContentLengthFields;
    if (skipping_) ++fields_skipped_;
  }
  if (!skipping_) {
    if (header_.empty() || header_.back().second != line_begin_) {
      header_.emplace_back(line_begin_, line_begin_);
    }
    header_.back().second = position_;
  }
  line_start_.clear();
  line_begin_ = position_;
}

void MboxLayout::Finish() {
  if (!in_header_) {
    body_unfinished_ = last_ != '\n';
    return;
  }
  if (!line_start_.empty()) {
    EndHeaderLine();
    header_unfinished_ = !skipping_;
  }
  body_begin_ = position_;
}

}  // namespace stagepost

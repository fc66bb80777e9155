#include "mta/message/mailer_lines.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr absl::string_view kFrom = "From ";

}  // namespace

void MailerLines::PutPart(absl::string_view part, std::string& out) {
  const size_t begin = out.size();
  while (!part.empty()) {
    if (treatment_.limit > 2 && !held_.empty()) {
      // There is more behind a line that is full.
      out.append("!\n ");
      out += std::exchange(held_, "");
      column_ = 2;
    }
    const size_t room = treatment_.limit > 2 ? treatment_.limit - 1 - column_ : part.size();
    const size_t size = std::min(room, part.size());
    out.append(part.data(), size);
    column_ += size;
    part.remove_prefix(size);
    if (part.empty()) break;
    held_ = std::string(part.substr(0, 1));
    part.remove_prefix(1);
  }
  if (!treatment_.strip_eighth_bit) return;
  for (size_t i = begin; i < out.size(); ++i) out[i] = static_cast<char>(out[i] & 0x7f);
  for (char& c : held_) c = static_cast<char>(c & 0x7f);
}

void MailerLines::PutBeginning(std::string& out) {
  const std::string beginning = std::exchange(beginning_, "");
  if (beginning == kFrom) PutPart(">", out);
  PutPart(beginning, out);
}

void MailerLines::Take(absl::string_view text, std::string& out) {
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    absl::string_view part = text.substr(0, newline);
    text.remove_prefix(part.size());
    if (at_start_ && treatment_.escape_from) {
      while (!part.empty() && at_start_) {
        beginning_.push_back(part[0]);
        part.remove_prefix(1);
        at_start_ = beginning_.size() < kFrom.size() && absl::StartsWith(kFrom, beginning_);
      }
      if (!at_start_) PutBeginning(out);
    }
    PutPart(part, out);
    if (newline == absl::string_view::npos) {
      if (beginning_.empty() && !part.empty()) at_start_ = false;
      return;
    }
    PutBeginning(out);
    out += std::exchange(held_, "");
    out.push_back('\n');
    text.remove_prefix(1);
    at_start_ = true;
    column_ = 0;
  }
}

void MailerLines::Finish(std::string& out) {
  PutBeginning(out);
  out += std::exchange(held_, "");
}

}  // namespace stagepost

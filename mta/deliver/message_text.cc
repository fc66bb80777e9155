#include "mta/deliver/message_text.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace stagepost {
namespace {

bool IsWanted(const HeaderField& field, const Envelope& envelope, absl::string_view mailer_flags) {
  const absl::string_view condition = field.mailer_flags;
  if (condition.empty()) return true;
  if (condition[0] != '$') {
    return condition.find_first_of(mailer_flags) != absl::string_view::npos;
  }
  const auto macro =
      envelope.macros.find(std::string(condition.substr(2, condition.size() - 3)));  // ${name}
  return macro != envelope.macros.end() && !macro->second.empty();
}

}  // namespace

std::string HeaderForMailer(const Envelope& envelope, absl::string_view mailer_flags,
                            absl::string_view sender) {
  std::string header;
  for (const HeaderField& field : envelope.header) {
    if (!IsWanted(field, envelope, mailer_flags)) continue;
    absl::StrAppend(&header, field.name, ":");
    if (!field.mailer_flags.empty() && absl::EqualsIgnoreCase(field.name, "Return-Path")) {
      absl::StrAppend(&header, absl::StrReplaceAll(field.value, {{"\x81g", sender}}), "\n");
    } else {
      absl::StrAppend(&header, field.value, "\n");
    }
  }
  header.push_back('\n');
  return header;
}

Task<absl::StatusOr<size_t>> QueuedMessageText::Read(absl::Span<char> buffer) {
  if (offset_ < header_.size()) {
    const size_t taken = std::min<size_t>(buffer.size(), header_.size() - offset_);
    std::memcpy(buffer.data(), header_.data() + offset_, taken);
    offset_ += taken;
    co_return taken;
  }
  const absl::StatusOr<size_t> read = co_await message_.ReadBody(offset_ - header_.size(), buffer);
  if (read.ok()) offset_ += *read;
  co_return read;
}

}  // namespace stagepost

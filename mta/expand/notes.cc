#include "mta/expand/notes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/rewrite/address.h"

namespace stagepost {

std::string ExpansionNote::Line() const {
  const bool shown = !address.empty() && (code.empty() || names_address);
  return absl::StrCat(place, shown ? AddressInMessages(address) : "", shown ? "... " : "", text);
}

void NoteTaker::Error(absl::string_view code, absl::string_view enhanced, absl::string_view address,
                      std::string text, int exit_code) {
  ++errors_;
  NoteExit(exit_code);
  ExpansionNote note;
  note.code = std::string(code);
  note.enhanced = std::string(enhanced);
  note.address = std::string(address);
  note.text = std::move(text);
  note.exit_code = exit_code;
  note.names_address = !address.empty() && ReplyNamesAddress(code);
  last_ = note;
  Give(std::move(note));
}

void NoteTaker::SystemError(std::string text) {
  ++errors_;
  NoteExit(kExitSoftware);
  ExpansionNote note;
  note.code = "554";
  note.enhanced = "5.3.0";
  note.place = place_;
  note.text = std::move(text);
  note.exit_code = kExitSoftware;
  last_ = note;
  log_.Write(Severity::kCritical, absl::StrCat(listener_.id, ": SYSERR(root): ", note.Line()));
  if (listener_.observer != nullptr) listener_.observer->Note(note);
}

void NoteTaker::Remark(absl::string_view address, std::string text) {
  ExpansionNote note;
  note.address = std::string(address);
  note.text = std::move(text);
  Give(std::move(note));
}

void NoteTaker::ForTranscript(absl::string_view line) {
  if (listener_.observer != nullptr) listener_.observer->ForTranscript(line);
}

std::string NoteTaker::SetPlace(std::string place) {
  return std::exchange(place_, std::move(place));
}

void NoteTaker::Message(const RewriteMessage& message) {
  absl::string_view reply = message.reply;
  const absl::string_view code = reply.substr(0, 3);
  reply.remove_prefix(reply.size() < 4 ? reply.size() : 4);
  absl::string_view address;
  if (message.names_address) {
    address = message.address.empty() ? address_ : message.address;
  }
  Error(code, reply, address, message.text, 0);
}

void NoteTaker::LookupDeferred(absl::string_view map, absl::string_view key) {
  deferral_ = absl::StrCat(map, " map: lookup (", key, "): deferred");
}

void NoteTaker::Give(ExpansionNote note) {
  note.place = place_;
  if (listener_.log_errors && !note.code.empty()) {
    log_.Write(Severity::kNotice, absl::StrCat(listener_.id, ": ", note.Line()));
  }
  if (listener_.observer != nullptr) listener_.observer->Note(note);
}

}  // namespace stagepost

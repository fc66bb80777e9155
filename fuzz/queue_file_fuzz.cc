// A qf file from an attacker: parsed within bounds, and what is understood is never lost.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/queue/queue_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  stagepost::FindQueueOrder(text);
  const absl::StatusOr<stagepost::Envelope> envelope = stagepost::ParseQueueFile("qf", text);
  if (!envelope.ok()) {
    // A file that says what is wrong with it in more than a line forges the log.
    CHECK(envelope.status().message().find('\n') == absl::string_view::npos);
    stagepost::LosingReason(envelope.status());
    return 0;
  }
  // What was read can be written, and is read again as the same.
  const absl::StatusOr<std::string> once = stagepost::FormatQueueFile(*envelope);
  CHECK(once.ok()) << once.status().message();
  const absl::StatusOr<stagepost::Envelope> again = stagepost::ParseQueueFile("qf", *once);
  CHECK(again.ok()) << again.status().message();
  const absl::StatusOr<std::string> twice = stagepost::FormatQueueFile(*again);
  CHECK(twice.ok() && *twice == *once);
  CHECK(again->recipients.size() == envelope->recipients.size());
  CHECK(again->header.size() == envelope->header.size());
  CHECK(again->macros == envelope->macros);
  CHECK(again->deliver_by == envelope->deliver_by);
  CHECK(again->quarantine == envelope->quarantine);
  CHECK(again->data_directory == envelope->data_directory);
  for (size_t i = 0; i < envelope->recipients.size(); ++i) {
    const stagepost::Recipient &before = envelope->recipients[i], &after = again->recipients[i];
    CHECK(after.address == before.address && after.flags == before.flags);
    CHECK(after.controlling_user == before.controlling_user);
    CHECK(after.original_recipient == before.original_recipient);
  }
  return 0;
}

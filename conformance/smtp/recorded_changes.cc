#include "conformance/smtp/recorded_changes.h"

#include "mta/base/status_macros.h"

namespace stagepost {

absl::Status ApplyRecordedChange(const JsonObject& step, SimHost& host) {
  size_t known = 1;  // "do"
  if (Find(step, "disk_full") != nullptr) {
    host.disk().SetFull(BoolAt(step, "disk_full", false));
    ++known;
  }
  if (Find(step, "load") != nullptr) {
    host.load_average = NumberAt(step, "load", 0);
    ++known;
  }
  if (Find(step, "clock") != nullptr) {
    host.StepClock(absl::Seconds(NumberAt(step, "clock", 0)));
    ++known;
  }
  if (Find(step, "fifo") != nullptr) {
    RETURN_IF_ERROR(host.editor().MakeFifo(StringAt(step, "fifo"), {.mode = 0666}));
    ++known;
  }
  if (known == 1 || known != static_cast<size_t>(step.fields().size())) {
    return absl::InvalidArgumentError("a change that is not known");
  }
  return absl::OkStatus();
}

}  // namespace stagepost

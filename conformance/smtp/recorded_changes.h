// What happens to a machine under attack from outside of any program.
#ifndef STAGEPOST_CONFORMANCE_SMTP_RECORDED_CHANGES_H_
#define STAGEPOST_CONFORMANCE_SMTP_RECORDED_CHANGES_H_

#include "absl/status/status.h"
#include "conformance/smtp/json_text.h"
#include "sim/world/sim_host.h"

namespace stagepost {

// The members of `step` but "do", in the order of this list:
//
//   "disk_full": BOOL       nothing can be made and no file can grow
//   "load": NUMBER          the load average
//   "clock": SECONDS        the clock is set forwards, or backwards
//   "fifo": PATH            a FIFO is made
//
// kInvalidArgument: there is none of them.
absl::Status ApplyRecordedChange(const JsonObject& step, SimHost& host);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_RECORDED_CHANGES_H_

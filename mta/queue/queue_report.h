// What the queue says in the log, in sendmail's words.
//
// For the .cc files of this folder only.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_REPORT_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_REPORT_H_

#include "absl/strings/string_view.h"
#include "mta/env/environment.h"

namespace stagepost {

// "ID: SYSERR(root): TEXT"
void ReportSystemError(Environment& env, absl::string_view id, absl::string_view text);
// "ID: Losing ./qfID: unrecognized line". `name` as the process reaches the file.
void ReportLoss(Environment& env, absl::string_view id, absl::string_view name,
                absl::string_view reason);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_REPORT_H_

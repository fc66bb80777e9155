// A trace as text for people: a legend, then one aligned line for each kept event.
//
//        time (s)  host      process       what        text
//     0.000000000  mx        -             host-up     mx
//     0.001204511  mx        sendmail[12]  command     198.51.100.7:40001 < MAIL FROM:<x@a.example>
//     0.001204511  mx        sendmail[12]  file        rename /var/spool/mqueue/tfA qfA = EACCES
//
// time: virtual, since the world began, in seconds. host: "-" for events of the world itself.
// process: program and process id. what: the kind, see the table in render.cc. text: what is not
// printable is escaped as in C; cut after kMaxTraceText bytes, with the number of bytes left out.
#ifndef STAGEPOST_SIM_TRACE_RENDER_H_
#define STAGEPOST_SIM_TRACE_RENDER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/env/trace.h"
#include "sim/trace/trace.h"

namespace stagepost {

// Bytes of a subject or detail that a line shows.
inline constexpr size_t kMaxTraceText = 160;

std::string RenderTrace(const TraceLog& log);

// The word in the "what" column: "command", "accepted", ...; "event-N" for an unknown kind.
std::string EventKindName(EventKind kind);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TRACE_RENDER_H_

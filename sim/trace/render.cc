#include "sim/trace/render.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/base/errno.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

// Forms: $s subject, $d detail, $n and $m the numbers, $e " = ENAME" unless the first number is 0.
struct Row {
  EventKind kind;
  absl::string_view name;
  absl::string_view form;
};

constexpr Row kRows[] = {
    {EventKind::kSmtpCommand, "command", "$s < $d"},
    {EventKind::kSmtpReply, "reply", "$s > $d"},
    {EventKind::kEnvelopeAccepted, "accepted", "$s from=$d nrcpts=$n"},
    {EventKind::kRecipientAccepted, "recipient", "$s to=$d"},
    {EventKind::kRecipientDelivered, "delivered", "$s to=$d"},
    {EventKind::kRecipientDeferred, "deferred", "$s to=$d"},
    {EventKind::kRecipientBounced, "bounced", "$s to=$d"},
    {EventKind::kRecipientDiscarded, "discarded", "$s to=$d"},
    {EventKind::kEnvelopeDone, "done", "$s"},
    {EventKind::kProcessStarted, "start", "$s $d"},
    {EventKind::kProcessExited, "exit", "$s $d status=$n"},
    {EventKind::kProcessTitle, "title", "$s"},
    {EventKind::kConnectionOpened, "connect", "$s -> $d"},
    {EventKind::kConnectionRefused, "refused", "$s -> $d$e"},
    {EventKind::kConnectionClosed, "close", "$s -> $d"},
    {EventKind::kConnectionReset, "reset", "$s -> $d"},
    {EventKind::kBytesSent, "bytes", "$s $n: $d"},
    {EventKind::kFileCall, "file", "$s $d$e"},
    {EventKind::kFileWritten, "write", "$s offset=$n bytes=$m: $d"},
    {EventKind::kLogLine, "log", "$s: $d"},
    {EventKind::kOutput, "output", "$s: $d"},
    {EventKind::kDnsQuery, "dns", "$s type=$n rcode=$m $d"},
    {EventKind::kHostCrashed, "host-crash", "$s $d"},
    {EventKind::kHostStarted, "host-up", "$s $d"},
    {EventKind::kFault, "fault", "$s $d"},
    {EventKind::kStep, "step", "$s $d"},
    {EventKind::kSchedule, "schedule", "task $m of $n"},
    {EventKind::kReached, "reached", "$s"},
};

const Row* Find(EventKind kind) {
  for (const Row& row : kRows) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

std::string EventText(const Event& event) {
  const Row* row = Find(event.kind);
  const absl::string_view form = row == nullptr ? "$s $d $n $m" : row->form;
  std::string text;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '$') {
      // No two spaces around a part that is empty.
      if (form[i] != ' ' || (!text.empty() && text.back() != ' ')) text.push_back(form[i]);
      continue;
    }
    switch (form[++i]) {
      case 's':
        text += OneLine(event.subject, kMaxTraceText);
        break;
      case 'd':
        text += OneLine(event.detail, kMaxTraceText);
        break;
      case 'n':
        absl::StrAppend(&text, event.number);
        break;
      case 'm':
        absl::StrAppend(&text, event.number2);
        break;
      case 'e':
        if (event.number != 0) {
          absl::StrAppend(&text, " = ", ErrnoName(static_cast<Errno>(event.number)));
        }
        break;
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

struct Line {
  std::string time, host, process, what, text;
};

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

std::vector<Line> LinesOf(const TraceLog& log) {
  std::map<std::pair<uint32_t, uint32_t>, std::string> programs;
  std::vector<Line> lines;
  lines.reserve(log.kept().size() + 1);
  lines.push_back({"time (s)", "host", "process", "what", "text"});
  for (const TraceEvent& traced : log.kept()) {
    const Event& event = traced.event;
    std::string& program = programs[{traced.host, traced.process}];
    if (event.kind == EventKind::kProcessStarted)
      program = OneLine(BaseName(event.subject), kMaxTraceText);
    lines.push_back(
        {absl::StrFormat("%d.%09d", traced.time_ns / 1'000'000'000, traced.time_ns % 1'000'000'000),
         log.HostName(traced.host),
         traced.process == 0 ? "-" : absl::StrCat(program, "[", traced.process, "]"),
         EventKindName(event.kind), EventText(event)});
  }
  return lines;
}

}  // namespace

std::string EventKindName(EventKind kind) {
  const Row* row = Find(kind);
  return row == nullptr ? absl::StrCat("event-", static_cast<int>(kind)) : std::string(row->name);
}

std::string RenderTrace(const TraceLog& log) {
  const std::vector<Line> lines = LinesOf(log);
  size_t time = 0, host = 0, process = 0, what = 0;
  for (const Line& line : lines) {
    time = std::max(time, line.time.size());
    host = std::max(host, line.host.size());
    process = std::max(process, line.process.size());
    what = std::max(what, line.what.size());
  }
  std::string text;
  for (const Line& line : lines) {
    absl::StrAppendFormat(&text, "%*s  %-*s  %-*s  %-*s  %s\n", static_cast<int>(time), line.time,
                          static_cast<int>(host), line.host, static_cast<int>(process),
                          line.process, static_cast<int>(what), line.what, line.text);
  }
  return text;
}

}  // namespace stagepost

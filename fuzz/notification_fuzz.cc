// Reports about hostile messages: whatever senders, recipients, servers and bodies say, a report is
// well-formed MIME in which each line is one of its own, it can be queued, and it is never reported
// about itself.
//
// An input is a series of records that begin behind 0x1f: a letter that says what it is, and the
// rest is its text, with any bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "mta/base/check.h"
#include "mta/bounce/send_notification.h"
#include "mta/queue/queue_file.h"
#include "mta/site/site.h"
#include "mta/smtp/testing/memory_queue.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr size_t kMaxInput = 8192;
constexpr size_t kMaxLineBytes = 998;  // RFC 5322, 2.1.1

// Short, since it is read for each input.
constexpr absl::string_view kConfiguration = R"(V10/Berkeley
Djmx1.corp.example
DnMAILER-DAEMON
Cwcorp.example mx1.corp.example
O OperatorChars=.:%@!^/[]+
HReceived: from $_ by $j id $i; $b
H?D?Date: $a
H?F?From: $?x$x <$g>$|$g$.
H?M?Message-Id: <$t.$i@$j>
Mlocal, P=/bin/mail, F=lsDFMAw5:/|@qSPXmnz9, S=10, R=10, T=DNS/RFC822/SMTP, A=mail $u
Mprog, P=/bin/sh, F=lsDFMoqeu9, S=10, R=10, A=sh -c $u
Msmtp, P=[IPC], F=mDFMuX, S=10, R=10, A=TCP $h
S10
S3
R$*<$*>$*	$2
R$+@$+	$@$1<@$2>
S0
R$+	$#local $:$1
S4
R$*<$*>$*	$1$2$3
)";

struct Report {
  Envelope original;
  Notification notification;
  std::string body;
};

class Body final : public BodySource {
 public:
  explicit Body(const std::string& text) : text_(text) {}
  Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset, absl::Span<char> buffer) override {
    if (offset >= text_.size()) co_return size_t{0};
    const size_t size = std::min(buffer.size(), text_.size() - static_cast<size_t>(offset));
    std::copy_n(text_.data() + offset, size, buffer.data());
    co_return size;
  }

 private:
  const std::string& text_;
};

// What a line of a queue file can hold.
std::string QueueLine(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\n", " "}, {absl::string_view("\0", 1), " "}});
}

void TakeMessage(char letter, absl::string_view text, Report& report) {
  Envelope& original = report.original;
  Notification& notification = report.notification;
  switch (letter) {
    case 's':
      original.sender = QueueLine(text);
      original.sender_bracketed = true;
      break;
    case 'E':
      original.envelope_id = QueueLine(text);
      break;
    case 'V':
      original.macros["_"] = QueueLine(text);
      break;
    case 'n':
      original.flags = "bns";
      break;
    case '8':
      original.eight_bit = true;
      break;
    case 'H': {
      const size_t colon = text.find(':');
      if (colon == text.npos) break;
      const HeaderField field = {std::string(text.substr(0, colon)),
                                 std::string(text.substr(colon + 1)), ""};
      original.header.push_back(field);
      if (!FormatQueueFile(original).ok()) original.header.pop_back();
      break;
    }
    case 'k':
      if (!text.empty()) notification.kind = static_cast<Notification::Kind>(text[0] & 7);
      break;
    case 'T':
      absl::StrAppend(&notification.transcript, text);
      break;
    case 'I':
      notification.received_from = std::string(text);
      break;
    case 'h':
      notification.headers_only = true;
      break;
    case 'p':
      notification.to.emplace_back("postmaster");
      break;
    case 'B':
      absl::StrAppend(&report.body, text);
      break;
    default:
      break;
  }
}

void TakeRecipient(char letter, absl::string_view text, NotifiedRecipient& recipient) {
  const std::map<char, std::string*> fields = {
      {'e', &recipient.expanded_from},   {'o', &recipient.original_recipient},
      {'f', &recipient.final_recipient}, {'x', &recipient.actual_recipient},
      {'c', &recipient.status},          {'m', &recipient.remote_mta},
      {'y', &recipient.diagnostic_type}, {'d', &recipient.diagnostic},
      {'r', &recipient.reason}};
  if (const auto field = fields.find(letter); field != fields.end()) {
    *field->second = std::string(text);
  }
}

Report ReadReport(absl::string_view input) {
  Report report;
  report.original.id = "6AK6W4C7000610";
  report.original.flags = "bs";
  report.original.sender = "alice@corp.example";
  report.original.created = absl::FromUnixSeconds(1'795'156'290);
  report.original.recipients.emplace_back().address = "bob@corp.example";
  std::vector<NotifiedRecipient>& recipients = report.notification.recipients;
  for (const absl::string_view record : absl::StrSplit(input, '\x1f')) {
    if (record.empty()) continue;
    const absl::string_view text = record.substr(1);
    if (record[0] == 'a' && !text.empty()) {
      recipients.emplace_back();
      recipients.back().action = static_cast<NotifiedRecipient::Action>(text[0] & 3);
      recipients.back().address = std::string(text.substr(1));
      recipients.back().final_recipient = "RFC822; bob@corp.example";
      recipients.back().status = "5.1.1";
      recipients.back().diagnostic_type = "SMTP";
    } else if (!recipients.empty()) {
      TakeRecipient(record[0], text, recipients.back());
    }
    TakeMessage(record[0], text, report);
  }
  if (report.notification.kind > Notification::Kind::kDoubleBounce) {
    report.notification.kind = Notification::Kind::kFailure;
  }
  report.notification.interval = "4 hours";
  if (report.notification.to.empty()) {
    report.notification.to.push_back(absl::StrCat("<", report.original.sender, ">"));
  }
  return report;
}

Task<int> Write(Environment& env, Report& report, MemoryQueue& queue) {
  LoadedSite loaded = co_await LoadSite(env, {});
  CHECK(loaded.site != nullptr);
  Body body(report.body);
  const absl::StatusOr<std::string> id =
      co_await SendNotification(*loaded.site, queue, report.original, body, report.notification);
  CHECK(id.ok()) << id.status().message();
  co_return 0;
}

// --- What must hold of it.

void CheckLines(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    CHECK(line.size() <= kMaxLineBytes) << line.size();
    for (const char c : line) CHECK(c != '\0' && c != '\r');
  }
}

// One that is Name: and text, or goes on with one that is.
void CheckFieldLine(absl::string_view line, bool first) {
  if (line[0] == ' ' || line[0] == '\t') {
    CHECK(!first);
    return;
  }
  const size_t colon = line.find(": ");
  CHECK(colon != line.npos && colon > 0) << line;
  for (const char c : line.substr(0, colon)) CHECK(absl::ascii_isalpha(c) || c == '-') << line;
}

void CheckStatusPart(absl::string_view part, size_t recipients) {
  CHECK(absl::ConsumePrefix(&part, "Content-Type: message/delivery-status\n\n"));
  // The line end that the delimiter takes stands behind it.
  CHECK(absl::ConsumeSuffix(&part, "\n"));
  const std::vector<absl::string_view> groups = absl::StrSplit(part, "\n\n");
  CHECK(groups.size() == recipients + 1) << groups.size();
  for (size_t i = 0; i < groups.size(); ++i) {
    std::map<std::string, int> seen;
    bool first = true;
    for (const absl::string_view line : absl::StrSplit(groups[i], '\n')) {
      CHECK(!line.empty());
      CheckFieldLine(line, first);
      first = false;
      if (line[0] != ' ' && line[0] != '\t') ++seen[std::string(line.substr(0, line.find(':')))];
    }
    for (const auto& [name, count] : seen) CHECK(count == 1) << name;
    if (i == 0) CHECK(seen.count("Reporting-MTA") == 1 && seen.count("Action") == 0);
    if (i != 0) CHECK(seen.count("Action") == 1 && seen.count("Reporting-MTA") == 0);
  }
}

void CheckEnvelope(const Envelope& envelope, const Report& report) {
  // RFC 3461, 6.2; Operations Guide, 5.6: no report of a report.
  CHECK(absl::StrContains(envelope.flags, 'r'));
  CHECK(envelope.sender == "MAILER-DAEMON");
  CHECK(envelope.recipients.size() == report.notification.to.size());
  std::map<std::string, int> seen;
  for (const HeaderField& field : envelope.header) {
    ++seen[absl::AsciiStrToLower(field.name)];
    for (const char c : field.value) CHECK(c != '\r' && c != '\0');
  }
  for (const auto& [name, count] : seen) {
    if (name != "to" && name != "received") CHECK(count == 1) << name;
  }
  for (const absl::string_view name :
       {"subject", "from", "auto-submitted", "mime-version", "content-type"}) {
    CHECK(seen.count(std::string(name)) == 1) << name;
  }
  CHECK(seen.count("bcc") == 0 && seen.count("cc") == 0);
}

std::string BoundaryOf(const Envelope& envelope) {
  for (const HeaderField& field : envelope.header) {
    if (!absl::EqualsIgnoreCase(field.name, "Content-Type")) continue;
    const std::vector<std::string> pieces = absl::StrSplit(field.value, '"');
    CHECK(pieces.size() == 3);
    return pieces[1];
  }
  CHECK(false);
  return "";
}

void CheckReport(const StoredMessage& message, const Report& report) {
  CheckEnvelope(message.envelope, report);
  const absl::string_view body = message.body;
  const std::string delimiter = absl::StrCat("\n--", BoundaryOf(message.envelope));
  const std::vector<absl::string_view> parts = absl::StrSplit(body, delimiter);
  // What is in front, for people, the status, what is returned, and behind the end.
  CHECK(parts.size() == 5) << parts.size();
  CHECK(parts[4] == "--\n\n");
  for (size_t i : {0, 1, 2}) CheckLines(parts[i]);
  CHECK(absl::StartsWith(parts[1], "\n\nThe original message was received at ") ||
        absl::StartsWith(parts[1], "\n\n    *****"));
  CheckStatusPart(parts[2].substr(1), report.notification.recipients.size());
  const bool whole = absl::StartsWith(parts[3], "\nContent-Type: message/rfc822\n");
  CHECK(whole || absl::StartsWith(parts[3], "\nContent-Type: text/rfc822-headers\n"));
  const Notification::Kind kind = report.notification.kind;
  const bool must_not = report.notification.headers_only || report.original.flags == "bns" ||
                        kind == Notification::Kind::kSuccess ||
                        kind == Notification::Kind::kPostmasterCopy;
  CHECK(!whole || !must_not);
  size_t header_bytes = 0;
  for (const HeaderField& field : report.original.header) {
    header_bytes += field.name.size() + field.value.size() + 8;
  }
  // ">" in front of "From ", and what addresses in fields are rewritten to.
  const size_t returned = whole ? 2 * report.body.size() : 0;
  CHECK(parts[3].size() <= returned + 40 * header_bytes + 1024) << parts[3].size();
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;
  if (size > kMaxInput) return 0;
  Report report = ReadReport(absl::string_view(reinterpret_cast<const char*>(data), size));
  // Only what can have been in the queue.
  if (!FormatQueueFile(report.original).ok()) return 0;
  TestHost host;
  CHECK(host.disk().WriteFile("/etc/mail/sendmail.cf", kConfiguration).ok());
  MemoryQueue queue;
  // The id of the report cannot be known to those whose text is in it.
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  if (absl::StrContains(input, MemoryQueue().NewId())) return 0;
  CHECK(host.Run(&Write, std::ref(report), std::ref(queue)) == 0);
  CHECK(queue.committed.size() == 1);
  CheckReport(*queue.committed[0], report);
  const absl::StatusOr<std::string> file = FormatQueueFile(queue.committed[0]->envelope);
  CHECK(file.ok()) << file.status().message();
  return 0;
}

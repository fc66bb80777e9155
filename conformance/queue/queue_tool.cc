// Works on the queue of a configuration as the MTA does, without its daemon, rules and mailers.
//
//   queue_tool t.cf print [-v] [-qSELECTION]… [-OOPTION=VALUE]…   mailq
//   queue_tool t.cf rewrite       locks every message and writes its control file back
//   queue_tool t.cf store SENDER RECIPIENT…     body from standard input; says the id
//   queue_tool t.cf quarantine ID REASON; release ID; remove ID
//   queue_tool t.cf hold ID       locks it until standard input ends; says "held"
//   queue_tool t.cf split ID N    its first N recipients get a message of their own; says its id
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/posix/run_program.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {
namespace {

constexpr size_t kMaxBodyBytes = 1 << 20;

Task<int> Say(Environment& env, std::string text, int code) {
  (void)co_await WriteAll(env.process().standard_output(), absl::StrCat(text, "\n"));
  co_return code;
}

Task<std::string> ReadInput(Environment& env) {
  std::string text;
  char buffer[4096];
  while (text.size() < kMaxBodyBytes) {
    const absl::StatusOr<size_t> read =
        co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    if (!read.ok() || *read == 0) break;
    text.append(buffer, *read);
  }
  co_return text;
}

void AddSelection(absl::string_view text, QueueSelection& selection) {
  SelectionTerm term;
  term.negated = absl::ConsumePrefix(&text, "!");
  const char letter = text.empty() ? 'I' : text[0];
  term.text = std::string(text.substr(std::min<size_t>(1, text.size())));
  if (letter == 'G') selection.group = term.text;
  if (letter == 'L') selection.kind = QueueFileKind::kLost;
  if (letter == 'Q') selection.kind = QueueFileKind::kQuarantined;
  if (letter == 'G' || letter == 'L' || (letter == 'Q' && term.text.empty())) return;
  term.field = letter == 'R'   ? SelectionTerm::Field::kRecipient
               : letter == 'S' ? SelectionTerm::Field::kSender
               : letter == 'Q' ? SelectionTerm::Field::kReason
                               : SelectionTerm::Field::kId;
  selection.terms.push_back(std::move(term));
}

Task<int> PrintIt(Environment& env, Queue& queue, Arguments arguments) {
  QueueSelection selection;
  bool verbose = false;
  for (size_t i = 3; i < arguments.size(); ++i) {
    if (arguments[i] == "-v") verbose = true;
    if (absl::StartsWith(arguments[i], "-q")) AddSelection(arguments[i].substr(2), selection);
  }
  const absl::Status status = co_await queue.Print(std::move(selection), verbose);
  if (status.ok()) co_return 0;
  co_return co_await Say(env, status.ToString(), 1);
}

Task<int> RewriteAll(Environment& env, Queue& queue) {
  for (const QueueFileKind kind : {QueueFileKind::kWaiting, QueueFileKind::kQuarantined}) {
    QueueSelection selection;
    selection.kind = kind;
    const absl::StatusOr<std::vector<std::string>> ids =
        co_await queue.List(selection, GatherFor::kListing);
    if (!ids.ok()) co_return co_await Say(env, ids.status().ToString(), 1);
    for (const std::string& id : *ids) {
      absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await queue.Lock(id, kind);
      absl::Status status = message.status();
      if (message.ok()) status = co_await (*message)->Update();
      if (!status.ok()) co_return co_await Say(env, status.ToString(), 1);
    }
  }
  co_return 0;
}

Task<int> StoreIt(Environment& env, Queue& queue, Arguments arguments) {
  auto message = co_await queue.Create(queue.NewId());
  if (!message.ok()) co_return co_await Say(env, message.status().ToString(), 1);
  Envelope envelope;
  envelope.sender = arguments.at(3);
  for (size_t i = 4; i < arguments.size(); ++i) {
    Recipient& recipient = envelope.recipients.emplace_back();
    recipient.address = arguments[i];
    recipient.final_recipient = absl::StrCat("RFC822; ", arguments[i]);
  }
  envelope.header = {{"Subject", " ours", ""}, {"From", absl::StrCat(" ", envelope.sender), ""}};
  envelope.macros = {{"r", "ESMTP"}, {"s", "c.example"}, {"_", "c.example [192.0.2.1]"}};
  absl::Status status = co_await (*message)->AppendBody(co_await ReadInput(env));
  if (status.ok()) status = co_await (*message)->Commit(envelope);
  if (!status.ok()) co_return co_await Say(env, status.ToString(), 1);
  co_return co_await Say(env, envelope.id, 0);
}

Task<int> SplitIt(Environment& env, QueuedMessage& message, size_t count) {
  Envelope part = message.envelope();
  std::vector<Recipient>& left = message.envelope().recipients;
  if (count > left.size()) co_return 1;
  part.recipients.resize(count);
  absl::StatusOr<std::unique_ptr<QueuedMessage>> made = co_await message.Split(std::move(part));
  if (!made.ok()) co_return co_await Say(env, made.status().ToString(), 1);
  left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(count));
  const absl::Status status = co_await message.Update();
  if (!status.ok()) co_return co_await Say(env, status.ToString(), 1);
  co_return co_await Say(env, (*made)->envelope().id, 0);
}

Task<int> ChangeIt(Environment& env, Queue& queue, Arguments arguments) {
  const std::string& command = arguments[2];
  const QueueFileKind kind =
      command == "release" ? QueueFileKind::kQuarantined : QueueFileKind::kWaiting;
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message =
      co_await queue.Lock(arguments.at(3), kind);
  absl::Status status = message.status();
  if (!status.ok()) co_return co_await Say(env, status.ToString(), 1);
  if (command == "quarantine") status = co_await (*message)->Quarantine(arguments.at(4));
  if (command == "release") status = co_await (*message)->Release();
  if (command == "remove") status = co_await (*message)->Remove();
  size_t count = 0;
  if (command == "split" && absl::SimpleAtoi(arguments.at(4), &count)) {
    co_return co_await SplitIt(env, **message, count);
  }
  if (command == "hold") {
    (void)co_await Say(env, "held", 0);
    (void)co_await ReadInput(env);
  }
  if (status.ok()) co_return 0;
  co_return co_await Say(env, status.ToString(), 1);
}

Task<int> Main(Environment& env, Arguments arguments) {
  if (arguments.size() < 3) co_return 64;
  ReadOptions options;
  options.file = arguments[1];
  for (const std::string& argument : arguments) {
    if (absl::StartsWith(argument, "-O")) options.long_options.push_back(argument.substr(2));
  }
  LoadedSite site = co_await LoadSite(env, std::move(options));
  if (site.site == nullptr) co_return co_await Say(env, "no configuration", 78);
  std::vector<std::string> warnings;
  absl::StatusOr<QueueLayout> layout = MakeQueueLayout(site.site->configuration(), warnings);
  if (!layout.ok()) co_return co_await Say(env, std::string(layout.status().message()), 78);
  for (const std::string& warning : warnings) {
    (void)co_await WriteAll(env.process().standard_output(), warning);
  }
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, *std::move(layout));
  if (!queue.ok()) co_return co_await Say(env, std::string(queue.status().message()), 78);
  const std::string& command = arguments[2];
  if (command == "print") co_return co_await PrintIt(env, **queue, std::move(arguments));
  if (command == "rewrite") co_return co_await RewriteAll(env, **queue);
  if (command == "store") co_return co_await StoreIt(env, **queue, std::move(arguments));
  co_return co_await ChangeIt(env, **queue, std::move(arguments));
}

}  // namespace
}  // namespace stagepost

int main(int argc, char** argv) { return stagepost::RunProgram(&stagepost::Main, argc, argv); }

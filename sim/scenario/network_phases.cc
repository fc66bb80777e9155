#include "sim/scenario/network_phases.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sim/scenario/host_builder.h"

namespace stagepost {
namespace {

constexpr absl::string_view kNames[] = {"dns",  "connected", "greeted", "helo",     "mail",
                                        "rcpt", "data",      "dot",     "answered", "quit"};
constexpr absl::string_view kFinalDot = "\r\n.\r\n";

}  // namespace

absl::Span<const absl::string_view> NetworkPhaseNames() { return kNames; }

bool NetworkPhases::IsSendmail(const TraceEvent& event) const {
  SimProcess* const process = world_.hosts()[event.host]->FindProcess(event.process);
  return process != nullptr && process->path() == kSendmailPath;
}

NetworkPhases::Begun NetworkPhases::OnEvent(const TraceEvent& event) {
  Begun begun{event.host, {}};
  const Event& what = event.event;
  if (what.kind == EventKind::kDnsQuery && IsSendmail(event)) begun.phases.push_back("dns");
  if (what.kind == EventKind::kConnectionOpened && IsSendmail(event)) {
    Dialogue& dialogue = dialogues_[what.number];
    dialogue.client = event.host;
    dialogue.address = std::string(what.subject);
    begun.phases.push_back("connected");
  }
  if (what.kind != EventKind::kBytesSent) return begun;
  const auto found = dialogues_.find(what.number2);
  if (found == dialogues_.end()) return begun;
  Dialogue& dialogue = found->second;
  begun.host = dialogue.client;
  if (what.subject == dialogue.address) {
    ClientSends(dialogue, what.detail, begun);
  } else {
    ServerSends(dialogue, what.detail, begun);
  }
  return begun;
}

void NetworkPhases::ClientSends(Dialogue& dialogue, absl::string_view bytes, Begun& begun) {
  if (dialogue.message) {
    dialogue.tail.append(bytes.data(), bytes.size());
    if (absl::EndsWith(dialogue.tail, kFinalDot)) {
      dialogue.message = false;
      dialogue.dot = true;
      begun.phases.push_back("dot");
    }
    dialogue.tail.erase(0, dialogue.tail.size() - std::min(dialogue.tail.size(), kFinalDot.size()));
    return;
  }
  constexpr std::pair<absl::string_view, absl::string_view> kVerbs[] = {
      {"EHLO", "helo"}, {"HELO", "helo"}, {"LHLO", "helo"}, {"MAIL", "mail"},
      {"RCPT", "rcpt"}, {"DATA", "data"}, {"QUIT", "quit"}};
  for (const absl::string_view line : absl::StrSplit(bytes, "\r\n")) {
    for (const auto& [verb, phase] : kVerbs) {
      if (absl::StartsWithIgnoreCase(line, verb)) begun.phases.push_back(phase);
    }
  }
}

void NetworkPhases::ServerSends(Dialogue& dialogue, absl::string_view bytes, Begun& begun) {
  if (!std::exchange(dialogue.greeted, true)) begun.phases.push_back("greeted");
  if (std::exchange(dialogue.dot, false)) begun.phases.push_back("answered");
  for (const absl::string_view line : absl::StrSplit(bytes, "\r\n")) {
    if (!absl::StartsWith(line, "354")) continue;
    dialogue.message = true;
    dialogue.tail = "\r\n";  // a message may be empty
  }
}

}  // namespace stagepost

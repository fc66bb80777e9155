#include "sim/scenario/dialogue.h"

#include <array>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxReply = 1 << 20;

// One client connection and what it has read but not used.
struct Client {
  Environment& env;
  bool may_break = false;
  std::unique_ptr<Connection> connection = nullptr;
  std::string buffer = {};
};

Task<absl::StatusOr<std::string>> ReadLine(Client& client) {
  while (true) {
    const size_t end = client.buffer.find('\n');
    if (end != std::string::npos) {
      std::string line = client.buffer.substr(0, end);
      client.buffer.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      co_return line;
    }
    if (client.buffer.size() > kMaxReply) co_return absl::ResourceExhaustedError("endless reply");
    std::array<char, 4096> chunk;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await client.connection->Read(absl::MakeSpan(chunk)));
    if (n == 0) co_return absl::OutOfRangeError("closed");
    client.buffer.append(chunk.data(), n);
  }
}

// RFC 5321, section 4.2.1: the last line of a reply has no hyphen behind its code.
Task<absl::StatusOr<std::string>> ReadReply(Client& client) {
  std::string reply;
  while (true) {
    CO_ASSIGN_OR_RETURN(const std::string line, co_await ReadLine(client));
    const bool last = line.size() < 4 || line[3] != '-';
    absl::StrAppend(&reply, reply.empty() ? "" : "\n", line);
    if (last) co_return reply;
    if (reply.size() > kMaxReply) co_return absl::ResourceExhaustedError("endless reply");
  }
}

// What stands for a reply that did not come.
std::string StandIn(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status) || ErrnoOf(status) == Errno::kETIMEDOUT) return "(timeout)";
  if (absl::IsOutOfRange(status)) return "(closed)";
  if (absl::IsResourceExhausted(status)) return "(endless reply)";
  return "(reset)";
}

struct Met {
  bool as_expected = false;
  bool ended = false;  // no further reply can come
};

// When a reply may come: no sooner, and no later.
struct Window {
  absl::Duration from = absl::ZeroDuration();
  absl::Duration to = absl::Minutes(10);
};

Task<Met> ExpectReply(Client& client, const std::string& pattern, Window window, int turn,
                      PatternCache& patterns, DialogueResult& result) {
  const MonotonicTime asked = client.env.clock().MonotonicNow();
  const MonotonicTime deadline = asked + window.to;
  const auto reply = co_await WithDeadline(deadline, ReadReply(client));
  const std::string text = reply.ok() ? *reply : StandIn(reply.status());
  if (reply.ok()) result.replies.push_back(text);
  Met met{MatchesAtStart(patterns.Get(pattern), text), !reply.ok()};
  if (!met.as_expected && !(met.ended && client.may_break)) {
    result.failures.push_back({turn, absl::StrCat("expected a reply that begins with ", pattern,
                                                  ", got \"", absl::CEscape(text), "\"")});
  }
  const absl::Duration waited = client.env.clock().MonotonicNow() - asked;
  if (met.as_expected && waited < window.from) {
    result.failures.push_back(
        {turn,
         absl::StrCat("\"", absl::CEscape(text), "\" came after ", absl::FormatDuration(waited),
                      ", expected no sooner than after ", absl::FormatDuration(window.from))});
  }
  co_return met;
}

absl::Duration Duration(const std::string& text) { return *ParseScenarioDuration(text); }

// Plays one turn for the `time`th time; false when the dialogue cannot go on.
Task<bool> PlayTurn(Client& client, const scenario::Turn& turn, int index, uint32_t time,
                    PatternCache& patterns, DialogueResult& result) {
  if (turn.has_pause() && !(co_await Sleep(Duration(turn.pause()))).ok()) co_return false;
  std::string bytes;
  for (const std::string& line : turn.say()) {
    const bool numbered = turn.has_repeat();
    absl::StrAppend(
        &bytes, numbered ? absl::StrReplaceAll(line, {{"{n}", absl::StrCat(time)}}) : line, "\r\n");
  }
  absl::StrAppend(&bytes, turn.raw());
  const absl::Duration within = Duration(turn.within());
  const Window window{turn.has_not_before() ? Duration(turn.not_before()) : absl::ZeroDuration(),
                      within};
  if (!bytes.empty()) {
    const MonotonicTime deadline = client.env.clock().MonotonicNow() + within;
    // A failure shows in the reply, which may have been sent before the connection broke.
    (void)co_await WithDeadline(deadline, WriteAll(*client.connection, bytes));
  }
  for (const std::string& pattern : turn.expect()) {
    const Met met = co_await ExpectReply(client, pattern, window, index, patterns, result);
    if (!met.as_expected || met.ended) co_return false;
  }
  if (turn.reset()) client.connection->Reset();
  if (turn.close()) client.connection.reset();
  co_return !turn.reset() && !turn.close();
}

Task<void> Play(Environment& env, const scenario::Smtp& smtp, DialogueRoute route,
                PatternCache& patterns, DialogueResult& result) {
  auto connection = co_await env.network().Connect(route.to, route.from);
  if (smtp.refused()) {
    if (connection.ok()) {
      result.failures.push_back(
          {-1, absl::StrCat("connected to ", route.to.ToString(), ", which should be refused")});
    } else if (ErrnoOf(connection.status()) != Errno::kECONNREFUSED) {
      result.failures.push_back(
          {-1, absl::StrCat("expected to be refused, got ", connection.status().message())});
    }
    co_return;
  }
  if (!connection.ok()) {
    if (!smtp.may_break()) {
      result.failures.push_back({-1, std::string(connection.status().message())});
    }
    co_return;
  }
  Client client{env, smtp.may_break(), *std::move(connection)};
  if (!smtp.talks_first()) {
    Window window;
    if (smtp.has_greeting_not_before()) window.from = Duration(smtp.greeting_not_before());
    const Met greeting =
        co_await ExpectReply(client, smtp.greeting(), window, -1, patterns, result);
    if (!greeting.as_expected || greeting.ended) co_return;
  }
  for (int i = 0; i < smtp.turn_size(); ++i) {
    for (uint32_t time = 1; time <= smtp.turn(i).repeat(); ++time) {
      if (!co_await PlayTurn(client, smtp.turn(i), i, time, patterns, result)) co_return;
    }
  }
}

}  // namespace

Task<int> PlayDialogue(Environment& env, const scenario::Smtp& smtp, DialogueRoute route,
                       PatternCache& patterns, DialogueResult& result) {
  co_await Play(env, smtp, route, patterns, result);
  result.done = true;
  co_return 0;
}

}  // namespace stagepost

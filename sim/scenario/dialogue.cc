#include "sim/scenario/dialogue.h"

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
#include "sim/scenario/reply_reader.h"

namespace stagepost {
namespace {

// One client connection.
struct Client {
  Client(Environment& environment, bool breakable, std::unique_ptr<Connection> opened)
      : env(environment),
        may_break(breakable),
        connection(std::move(opened)),
        replies(*connection) {}

  Environment& env;
  const bool may_break;
  std::unique_ptr<Connection> connection;
  ReplyReader replies;
};

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
  const auto reply = co_await WithDeadline(deadline, client.replies.Next());
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
  result.client = (*connection)->local().ToString();
  Client client(env, smtp.may_break(), *std::move(connection));
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

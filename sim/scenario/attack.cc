#include "sim/scenario/attack.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "sim/scenario/reply_reader.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

class DictionaryAttack {
 public:
  DictionaryAttack(Environment& env, const scenario::DictionaryAttack& attack, AttackRoute route,
                   AttackResult& result)
      : env_(env),
        attack_(attack),
        route_(std::move(route)),
        result_(result),
        patience_(*ParseScenarioDuration(attack.patience())),
        come_again_(*ParseScenarioDuration(attack.come_again())),
        end_(env.clock().MonotonicNow() + patience_) {}

  Task<void> Run() {
    const MonotonicTime begun = env_.clock().MonotonicNow();
    while (next_ < attack_.names() && env_.clock().MonotonicNow() < end_) {
      co_await Connect();
      if (next_ < attack_.names() && !(co_await Sleep(come_again_)).ok()) break;
    }
    result_.lasted = env_.clock().MonotonicNow() - begun;
  }

 private:
  // One connection, for as long as it lasts.
  Task<void> Connect() {
    ++result_.connections;
    auto connection = co_await WithDeadline(end_, env_.network().Connect(route_.to, route_.from));
    if (!connection.ok()) co_return;
    connection_ = *std::move(connection);
    ReplyReader replies(*connection_);
    co_await Converse(replies);
    connection_.reset();
  }

  Task<void> Converse(ReplyReader& replies) {
    if (!co_await Next(replies)) co_return;
    if (!co_await Ask(replies, "EHLO attacker.example")) co_return;
    while (next_ < attack_.names()) {
      if (!co_await Ask(replies, "MAIL FROM:<>")) co_return;
      if (code_ != '2') co_return;
      uint32_t in_transaction = 0;
      bool enough = false;
      while (next_ < attack_.names() && !enough) {
        if (!co_await Ask(replies, absl::StrCat("RCPT TO:<", Name(), "@", attack_.domain(), ">"))) {
          co_return;
        }
        // Too many for this message: the name has not been answered.
        enough =
            code_ == '4' || (attack_.rset_every() > 0 && ++in_transaction >= attack_.rset_every());
        if (code_ == '4') continue;
        ++result_.tried;
        if (code_ == '2') ++result_.learnt;
        ++next_;
      }
      if (!co_await Ask(replies, "RSET")) co_return;
    }
    (void)co_await Ask(replies, "QUIT");
  }

  // The names that exist stand evenly among those that do not.
  std::string Name() const {
    const auto known = static_cast<uint32_t>(attack_.known_size());
    if (known > 0) {
      const uint32_t distance = attack_.names() / known;
      if (distance > 0 && next_ % distance == distance / 2 && next_ / distance < known) {
        return attack_.known(static_cast<int>(next_ / distance));
      }
    }
    return absl::StrCat("guess", next_);
  }

  // Says a line and reads the reply; false: the connection is over.
  Task<bool> Ask(ReplyReader& replies, std::string line) {
    line += "\r\n";
    if (!(co_await WithDeadline(end_, WriteAll(*connection_, line))).ok()) co_return Thrown();
    co_return co_await Next(replies);
  }

  Task<bool> Next(ReplyReader& replies) {
    const absl::StatusOr<std::string> reply = co_await WithDeadline(end_, replies.Next());
    if (!reply.ok() || reply->empty()) co_return Thrown();
    code_ = (*reply)[0];
    if (reply->rfind("421", 0) == 0) co_return Thrown();
    co_return true;
  }

  bool Thrown() {
    ++result_.thrown_out;
    return false;
  }

  Environment& env_;
  const scenario::DictionaryAttack& attack_;
  const AttackRoute route_;
  AttackResult& result_;
  const absl::Duration patience_, come_again_;
  const MonotonicTime end_;
  std::unique_ptr<Connection> connection_;
  uint32_t next_ = 0;  // name
  char code_ = '0';    // first digit of the last reply
};

// How many of `count` in an hour, rounded up.
int64_t AnHour(uint32_t count, absl::Duration lasted) {
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(lasted), 1);
  return (int64_t{count} * 3600 + seconds - 1) / seconds;
}

}  // namespace

std::string AttackReport(const AttackResult& result, absl::Duration cost) {
  return absl::StrCat(
      "dictionary attack: ", result.tried, " names answered in ",
      absl::FormatDuration(absl::Trunc(result.lasted, absl::Seconds(1))), " (",
      AnHour(result.tried, result.lasted), " an hour), ", result.learnt, " learnt (",
      AnHour(result.learnt, result.lasted), " an hour); ", result.connections, " connections, ",
      result.thrown_out, " ended by the server; it cost ",
      absl::FormatDuration(absl::Trunc(cost, absl::Milliseconds(1))), " of processor time");
}

std::vector<std::string> BeyondLimits(const scenario::DictionaryAttack& attack,
                                      const AttackResult& result) {
  std::vector<std::string> beyond;
  const auto check = [&](bool limited, uint32_t limit, uint32_t count, const char* what) {
    const int64_t rate = AnHour(count, result.lasted);
    if (!limited || rate <= limit) return;
    beyond.push_back(
        absl::StrCat("expected at most ", limit, " names ", what, " an hour, there were ", rate));
  };
  check(attack.has_learnt_an_hour_at_most(), attack.learnt_an_hour_at_most(), result.learnt,
        "learnt");
  check(attack.has_tried_an_hour_at_most(), attack.tried_an_hour_at_most(), result.tried,
        "answered");
  return beyond;
}

Task<int> RunDictionaryAttack(Environment& env, const scenario::DictionaryAttack& attack,
                              AttackRoute route, AttackResult& result) {
  DictionaryAttack running(env, attack, std::move(route), result);
  co_await running.Run();
  result.done = true;
  co_return 0;
}

}  // namespace stagepost

// From the connection to the greeting: who the client is, whether it may speak, what it is offered.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/date.h"
#include "mta/policy/load_limits.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// What greet_pause may ask for at most.
constexpr int kMaxPauseMilliseconds = 300'000;

}  // namespace

Task<absl::Status> Session::Start() {
  if (const Connection* connection = channel_.connection(); connection != nullptr) {
    if (context_.counters != nullptr) {
      ticket_ = context_.counters->Open(Unmapped(connection->peer().address));
    }
    client_ =
        co_await IdentifyClient(context_.site->hosts(), connection->peer(), connection->local());
  } else {
    client_ = LocalProcessClient(login_);
  }
  DefineSessionMacros();
  relay_ = client_.relay();
  if (!client_.is_local_process) co_await CheckClient();
  if (closing_) co_return absl::OkStatus();
  co_await AskFeatures();
  if (!rejection_.has_value() && !client_.is_local_process) {
    CO_RETURN_IF_ERROR(co_await PauseBeforeGreeting());
  }
  Greet();
  co_return absl::OkStatus();
}

void Session::DefineSessionMacros() {
  DefineClientMacros(client_, macros_);
  if (ticket_ != nullptr) DefineCounterMacros(ticket_->counts(), macros_);
  DefinePortMacros(context_.port, macros_);
  macros_.SetLiteral(well_known::kDeliveryMode, absl::string_view(&context_.delivery_mode, 1));
  macros_.SetLiteral(well_known::kLoadAvg, absl::StrCat(RoundedLoad(context_.env.host())));
  macros_.SetLiteral(OneCharacterName('r'), "SMTP");
  host_name_ = Expand("$j");
}

Task<void> Session::CheckClient() {
  Verdict verdict = co_await Ask(
      {.ruleset = "check_relay", .argument = client_.name, .second = client_.address_text()},
      /*with_id=*/false);
  if (verdict.result == CheckResult::kDiscard) {
    discards_ = true;
    transaction_.discard = true;
  }
  if (!verdict.refused()) co_return;
  if (verdict.reply.closing()) {
    silent_end_ = true;
    closing_ = true;
    Send(std::move(verdict.reply));
    co_return;
  }
  rejection_ = std::move(verdict.reply);
}

Task<void> Session::AskFeatures() {
  features_ = DefaultFeatures(options(), context_.port);
  const Verdict verdict = co_await AskRuleset(
      RewriteContext(), {.ruleset = "srv_features",
                         .argument = client_.is_local_process ? client_.name : relay_,
                         .second = "",
                         .strip_comments = true});
  // Its errors change nothing, as with sendmail, nor does what is no answer: shipped rules say "OK"
  // of a client of which the access map knows nothing, and an O would be one of the letters.
  if (verdict.result == CheckResult::kPass && !verdict.mailer.empty()) {
    ApplyFeatureLetters(verdict.words, features_);
  }
  // Whoever has been refused for good reasons is told those.
  if (!features_.temporary_failure || rejection_.has_value()) co_return;
  context_.env.log().Write(Severity::kError, absl::StrCat("ERROR: srv_features=tempfail, relay=",
                                                          relay_, ", access temporarily disabled"));
  rejection_ = Reply(450, "4.3.0", "Please try again later.");
}

Task<absl::Status> Session::PauseBeforeGreeting() {
  const Verdict verdict = co_await AskRuleset(
      RewriteContext(),
      {.ruleset = "greet_pause", .argument = client_.name, .second = client_.address_text()});
  int milliseconds = 0;
  if (!absl::SimpleAtoi(verdict.mailer, &milliseconds) || milliseconds <= 0) {
    co_return absl::OkStatus();
  }
  const MonotonicTime start = context_.env.clock().MonotonicNow();
  const auto pause = absl::Milliseconds(std::min(milliseconds, kMaxPauseMilliseconds));
  const absl::Status status = co_await channel_.reader().Fill(start + pause);
  if (absl::IsDeadlineExceeded(status)) co_return absl::OkStatus();
  CO_RETURN_IF_ERROR(status);
  const int64_t seconds = absl::ToInt64Seconds(context_.env.clock().MonotonicNow() - start);
  Log(3, Severity::kInfo,
      absl::StrCat("rejecting commands from ", relay_, " due to pre-greeting traffic after ",
                   seconds, " seconds"));
  spoke_early_ = true;
  rejection_ = Reply(550, "5.0.0", "Command rejected");
  co_return absl::OkStatus();
}

void Session::Greet() {
  if (spoke_early_) {
    Send(Reply(554, "", absl::StrCat(host_name_, " ESMTP not accepting messages")));
    return;
  }
  macros_.SetLiteral(OneCharacterName('b'),
                     FormatDate(context_.env.clock().WallNow(), context_.env.host().time_zone()));
  const std::string text = Expand(options().Text(OptionId::kSmtpGreetingMessage));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  // The word that says which protocol this is goes behind the first one, which is the host's name.
  const size_t blank = std::min(lines[0].find(' '), lines[0].size());
  Reply reply(220, "", absl::StrCat(lines[0].substr(0, blank), " ESMTP", lines[0].substr(blank)));
  for (size_t i = 1; i < lines.size(); ++i) reply.AddLine(absl::StripAsciiWhitespace(lines[i]));
  Send(std::move(reply));
}

}  // namespace stagepost

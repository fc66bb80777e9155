#include "mta/policy/check_ruleset.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/policy/rule_trace.h"
#include "mta/rewrite/error_mailer.h"

namespace stagepost {
namespace {

// sendmail's room for a mailer's user and host.
constexpr size_t kUserBytes = 255;
constexpr size_t kHostBytes = 254;
// Rules that go wrong do so again and again.
constexpr size_t kMaxSystemErrors = 10;

std::string Joined(absl::Span<const Token> tokens, char blank, size_t limit) {
  std::string text = JoinTokens(tokens, blank);
  if (text.size() > limit) text.resize(limit);
  return text;
}

// Where the parts of $#mailer $@host $:user stand.
struct Answer {
  absl::Span<const Token> host;
  absl::Span<const Token> user;
  bool has_user = false;
};

Answer Parts(absl::Span<const Token> tokens) {
  Answer answer;
  size_t at = 2;
  if (at < tokens.size() && tokens[at].Is(Operator::kHost)) ++at;
  const size_t host = std::min(at, tokens.size());
  while (at < tokens.size() && !tokens[at].Is(Operator::kUser)) ++at;
  answer.has_user = at < tokens.size();
  at = std::min(at, tokens.size());
  answer.host = tokens.subspan(host, at - host);
  if (answer.has_user) answer.user = tokens.subspan(at + 1);
  return answer;
}

// "550 5.7.1" and a text as a reply. A code that SMTP does not have becomes 554: rules may have
// taken it from anywhere.
Reply MakeReply(const RewriteMessage& message, absl::string_view address) {
  absl::string_view codes = message.reply;
  int code = 0;
  if (!absl::SimpleAtoi(codes.substr(0, 3), &code) || code < 200 || code > 559) code = 554;
  codes.remove_prefix(std::min<size_t>(4, codes.size()));
  const std::string enhanced =
      codes.empty() ? absl::StrCat(code == 354 ? 5 : code / 100, ".0.0") : std::string(codes);
  if (!message.names_address || address.empty()) return Reply(code, enhanced, message.text);
  return Reply(code, enhanced, absl::StrCat(AddressInMessages(address), "... ", message.text));
}

void RefuseAsError(std::string text, absl::string_view reply, Verdict& verdict) {
  verdict.result = CheckResult::kRefuse;
  verdict.exit_code = kExitConfiguration;
  verdict.reply = MakeReply({.reply = std::string(reply), .text = text}, {});
  verdict.system_errors.push_back(std::move(text));
}

// Hears what the machine has to say. Complaints about the text that is asked about are nobody's
// business; those about the rules are, and they refuse.
class RuleErrors final : public ForwardingObserver {
 public:
  explicit RuleErrors(RewriteObserver* next) : ForwardingObserver(next) {}
  void Message(const RewriteMessage& message) override {
    ForwardingObserver::Message(message);
    if (!absl::StartsWith(message.reply, "554")) return;
    if (messages_.size() < kMaxSystemErrors) messages_.push_back(message);
  }

  const std::vector<RewriteMessage>& messages() const { return messages_; }

 private:
  std::vector<RewriteMessage> messages_;
};

// The argument, and $| and the second one behind it.
bool Scan(const AddressContext& context, const CheckQuestion& question, TokenList& tokens) {
  const Tokenizer& tokenizer = context.engine.tokenizer();
  const ScanOptions options = {.comments =
                                   question.strip_comments ? Comments::kStrip : Comments::kKeep};
  const bool scanned = tokenizer.Scan(question.argument, options, tokens).ok;
  if (!question.second.has_value()) return scanned;
  Token separator;
  separator.data = "$|";
  separator.size = 2;
  separator.kind = Token::Kind::kOperator;
  separator.op = Operator::kSeparator;
  separator.Measure();
  tokens.Append(separator);
  (void)tokenizer.Scan(*question.second, options, tokens);
  return tokens.size() <= kMaxTokens;
}

void AppendLogField(absl::string_view name, absl::string_view value, std::string& line) {
  absl::StrAppend(&line, ", ", name, "=", value);
}

}  // namespace

Verdict ReadVerdict(absl::Span<const Token> tokens, absl::string_view address) {
  Verdict verdict;
  const bool is_answer = !tokens.empty() && tokens[0].Is(Operator::kMailer);
  for (const Token& token : is_answer ? tokens.subspan(1) : tokens) {
    verdict.words.emplace_back(token.text());
  }
  if (!is_answer || tokens.size() < 2) return verdict;
  const Answer answer = Parts(tokens);
  const absl::string_view mailer = tokens[1].text();
  if (mailer == "discard") {
    verdict.result = CheckResult::kDiscard;
    return verdict;
  }
  if (mailer != "error") {
    verdict.mailer = std::string(mailer);
    verdict.host = Joined(answer.host, ' ', kHostBytes);
    return verdict;
  }
  if (tokens.size() > 3 && tokens[2].Is(Operator::kHost) && tokens[3].text() == "quarantine") {
    verdict.result = CheckResult::kQuarantine;
    verdict.reason = Joined(answer.user, ' ', kUserBytes);
    return verdict;
  }
  if (!answer.has_user) {
    RefuseAsError("buildaddr: no user", "554 5.3.5", verdict);
    return verdict;
  }
  std::optional<std::string> host;
  if (!answer.host.empty()) host = Joined(answer.host, ' ', kHostBytes);
  const ErrorMailer error = ReadErrorMailer(host, Joined(answer.user, ' ', kUserBytes));
  verdict.result = CheckResult::kRefuse;
  verdict.exit_code = error.exit_code;
  verdict.reply = MakeReply(error.message, address);
  return verdict;
}

Task<Verdict> AskRuleset(AddressContext context, CheckQuestion question) {
  const RulesetSource* ruleset = context.configuration.FindRuleset(question.ruleset);
  if (ruleset == nullptr || !context.engine.HasRules(ruleset->number)) co_return Verdict{};
  TokenList tokens;
  if (!Scan(context, question, tokens)) co_return Verdict{};
  RuleErrors errors(context.observer);
  const int status =
      co_await context.engine.Apply(ruleset->number, tokens, context.macros, &errors);
  // What failed for the moment and is no error of the rules is for them to judge.
  Verdict verdict;
  if (status == kExitOk || status == kExitTemporaryFailure) {
    verdict = ReadVerdict(tokens, question.address);
  }
  if (!errors.messages().empty()) {
    verdict = Verdict{};
    verdict.answered = false;
    const RewriteMessage& first = errors.messages().front();
    for (const RewriteMessage& message : errors.messages()) {
      verdict.system_errors.push_back(message.text);
    }
    verdict.result = CheckResult::kRefuse;
    verdict.exit_code = kExitConfiguration;
    verdict.reply = MakeReply(first, {});
  }
  co_return verdict;
}

void LogVerdict(SystemLog& log, const CheckLog& about, const CheckQuestion& question,
                const Verdict& verdict) {
  const std::string id = about.id.empty() ? std::string() : absl::StrCat(about.id, ": ");
  for (const std::string& error : verdict.system_errors) {
    log.Write(Severity::kCritical,
              absl::StrCat(about.id.empty() ? "NOQUEUE: " : absl::string_view(id),
                           "SYSERR(root): ", error));
  }
  if (verdict.result == CheckResult::kPass || !verdict.answered) return;
  std::string line = absl::StrCat(id, "ruleset=", question.ruleset);
  if (!question.argument.empty()) AppendLogField("arg1", question.argument, line);
  if (question.second.has_value() && !question.second->empty()) {
    AppendLogField("arg2", *question.second, line);
  }
  if (!about.relay.empty()) AppendLogField("relay", about.relay, line);
  switch (verdict.result) {
    case CheckResult::kPass:
      break;
    case CheckResult::kRefuse:
      AppendLogField("reject", verdict.reply.Text(), line);
      break;
    case CheckResult::kDiscard:
      absl::StrAppend(&line, ", discard");
      break;
    case CheckResult::kQuarantine:
      AppendLogField("quarantine", verdict.reason, line);
      break;
  }
  log.Write(Severity::kNotice, line);
}

}  // namespace stagepost

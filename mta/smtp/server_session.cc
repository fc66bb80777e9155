#include "mta/smtp/server_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/cf/text.h"
#include "mta/policy/load_limits.h"
#include "mta/policy/rule_trace.h"
#include "mta/smtp/session.h"

namespace stagepost {

Session::Session(SessionContext context, std::unique_ptr<Connection> connection, int64_t number)
    : context_(context),
      channel_(context.env, std::move(connection), number),
      macros_(&configuration().macros),
      transaction_(NewTransaction()) {}

Session::Session(SessionContext context, ByteSource& input, ByteSink& output, std::string login)
    : context_(context),
      channel_(context.env, input, output),
      login_(std::move(login)),
      macros_(&configuration().macros),
      transaction_(NewTransaction()) {}

Task<absl::Status> Session::Run() {
  context_.queue.BeginReceiving();
  absl::Status status = co_await Serve();
  co_await context_.queue.EndReceiving();
  co_return status;
}

Task<absl::Status> Session::Serve() {
  absl::Status status = co_await Start();
  if (status.ok()) status = co_await Loop();
  // What was said last still has to reach a client that is there.
  if (status.ok()) status = co_await channel_.Flush();
  if (!status.ok()) status = co_await HangUp(std::move(status));
  Reset();
  if (!any_mail_ && !silent_end_ && !rejection_.has_value()) {
    Log(5, Severity::kInfo,
        absl::StrCat(relay_, " did not issue MAIL/EXPN/VRFY/ETRN during connection to ",
                     context_.port.name));
  }
  co_return status;
}

absl::Duration Session::TimeoutOf(TimeoutId id) const {
  const absl::Duration timeout = options().timeout(id);
  // 0 is sendmail's way to say: no limit.
  return timeout <= absl::ZeroDuration() ? absl::InfiniteDuration() : timeout;
}

Task<absl::Status> Session::Loop() {
  while (!closing_) {
    CO_ASSIGN_OR_RETURN(const absl::string_view line,
                        co_await channel_.NextLine(TimeoutOf(TimeoutId::kCommand)));
    const Command command = ParseCommand(line);
    channel_.RecordCommand(command.line);
    if (std::exchange(first_command_, false) && command.looks_like_proxy_request) {
      RejectProxy(command);
      continue;
    }
    if (RefusedOutright(command)) continue;
    CO_RETURN_IF_ERROR(co_await Execute(command));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Session::Execute(const Command& command) {
  switch (command.verb) {
    case Verb::kHelo:
    case Verb::kEhlo:
      co_await Delay(ThrottledCommand::kHello, "HELO/EHLO");
      Hello(command);
      break;
    case Verb::kMail:
      co_await Mail(command.argument);
      break;
    case Verb::kRcpt:
      co_await Rcpt(command.argument);
      break;
    case Verb::kData:
      co_return co_await Data();
    case Verb::kRset:
      Reset();
      Send(Reply(250, "2.0.0", "Reset state"));
      break;
    case Verb::kNoop:
      co_await Delay(ThrottledCommand::kNoop, "NOOP");
      Send(Reply(250, "2.0.0", "OK"));
      break;
    case Verb::kQuit:
      Send(Reply(221, "2.0.0", absl::StrCat(host_name_, " closing connection")));
      closing_ = true;
      break;
    case Verb::kVrfy:
    case Verb::kExpn:
      co_await Verify(command);
      break;
    case Verb::kEtrn:
      co_await Etrn(command);
      break;
    case Verb::kHelp:
      co_await Help(command.argument);
      break;
    case Verb::kVerb:
      Verb();
      break;
    default:
      Unknown(command);
      break;
  }
  co_return absl::OkStatus();
}

bool Session::RefusedOutright(const Command& command) {
  if (!rejection_.has_value()) return false;
  switch (command.verb) {
    case Verb::kQuit:
    case Verb::kHelo:
    case Verb::kEhlo:
    case Verb::kNoop:
    case Verb::kRset:
    case Verb::kUnknown:
    case Verb::kLogged:
      return false;
    default:
      break;
  }
  if (!TooManyBadCommands()) Send(*rejection_);
  return true;
}

bool Session::TooManyBadCommands() {
  if (++bad_commands_ <= kMaxBadCommands) return false;
  Send(Reply(421, "4.7.0", absl::StrCat(host_name_, " Too many bad commands; closing connection")));
  closing_ = true;
  return true;
}

Task<absl::Status> Session::HangUp(absl::Status status) {
  if (absl::IsDeadlineExceeded(status)) {
    Log(1, Severity::kNotice,
        absl::StrCat("timeout waiting for input from ", client_.name, " during server cmd read"));
  }
  // As with sendmail, a client that has gone to sleep is not told.
  if (absl::IsOutOfRange(status) || absl::IsDeadlineExceeded(status)) {
    if (transaction_.mail_given && transaction_.sender_ok) {
      Log(1, Severity::kNotice,
          absl::StrCat("lost input channel from ", relay_, " to ", context_.port.name, " after ",
                       transaction_.list.entries.empty() ? "mail" : "rcpt"));
    }
    co_return absl::OkStatus();
  }
  if (absl::IsResourceExhausted(status)) {
    Log(3, Severity::kInfo,
        absl::StrCat(relay_,
                     ": SMTP violation, input too long: ", channel_.reader().buffered().size()));
    Send(Reply(421, "4.7.0",
               absl::StrCat(host_name_, " Command too long, possible attack ", relay_)));
  } else if (absl::IsCancelled(status)) {
    Send(Reply(421, "4.3.2", absl::StrCat(host_name_, " closing connection")));
  } else {
    co_return status;
  }
  // The client may well be gone or deaf; it has had its chance.
  (void)co_await Shield(kFarewellGrace, channel_.Flush(kFarewellGrace));
  co_return absl::OkStatus();
}

void Session::Reset() {
  if (transaction_.mail_given) LogFrom("", 0);
  transaction_ = NewTransaction();
}

void Session::LogFrom(absl::string_view message_id, int message_class) {
  const MailParameters& parameters = transaction_.parameters;
  std::string line = absl::StrCat("from=", Shortened(transaction_.sender_path),
                                  ", size=", parameters.size.value_or(0), ", class=", message_class,
                                  ", nrcpts=", transaction_.counted);
  if (!message_id.empty()) absl::StrAppend(&line, ", msgid=", Shortened(message_id));
  if (!parameters.body_type.empty()) {
    absl::StrAppend(&line, ", bodytype=", parameters.body_type);
  }
  absl::StrAppend(&line, ", proto=", Expand("$r"), ", daemon=", context_.port.name,
                  ", relay=", relay_);
  Log(4, Severity::kInfo, line);
}

Task<Verdict> Session::Ask(CheckQuestion question, bool with_id) {
  RuleTrace told(context_.env.trace(), nullptr);
  Verdict verdict = co_await AskRuleset(RewriteContext(told.observer()), question);
  MakePlain(verdict.reply);
  if (verdict.result != CheckResult::kPass && options().Number(OptionId::kLogLevel) > 3) {
    const std::string id = with_id ? Id() : std::string();
    LogVerdict(context_.env.log(), {.id = id, .relay = relay_}, question, verdict);
  }
  co_return verdict;
}

AddressContext Session::RewriteContext(RewriteObserver* observer) {
  Site& site = *context_.site;
  return {site.engine(), site.configuration(), transaction_.macros, observer};
}

std::string Session::Expand(absl::string_view text) {
  Names& names = context_.site->configuration().names;
  std::vector<std::string> errors;
  return transaction_.macros.ExpandToString(ParseText(text, names, errors), names)
      .value_or(std::string());
}

const std::string& Session::Id() {
  if (transaction_.id.empty()) {
    transaction_.id = context_.queue.NewId();
    transaction_.created = context_.env.clock().WallNow();
    transaction_.macros.SetLiteral(OneCharacterName('i'), transaction_.id);
  }
  return transaction_.id;
}

void Session::Log(int level, Severity severity, absl::string_view text) {
  if (options().Number(OptionId::kLogLevel) <= level) return;
  context_.env.log().Write(severity, absl::StrCat(Id(), ": ", text));
}

void Session::Send(Reply reply) {
  MakePlain(reply);
  channel_.Send(reply);
}

void Session::MakePlain(Reply& reply) {
  for (std::string& line : reply.lines) {
    for (char& c : line) {
      c = static_cast<char>(c & 0x7f);
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
  }
}

Transaction Session::NewTransaction() const {
  Transaction transaction(macros_, options().Number(OptionId::kBadRcptThrottle));
  transaction.discard = discards_;
  return transaction;
}

Task<void> Session::Delay(ThrottledCommand command, absl::string_view name) {
  const CommandThrottle::Verdict verdict = throttle_.Count(command, name);
  if (!verdict.warning.empty()) {
    Log(5, Severity::kInfo, absl::StrCat(relay_, ": ", verdict.warning));
  }
  if (verdict.wait > absl::ZeroDuration()) co_await Pause(verdict.wait);
}

Task<void> Session::DelayForLoad() {
  const Host& host = context_.env.host();
  const LoadLimits limits = LoadLimitsOf(options(), context_.port, host.processors());
  const int load = RoundedLoad(host);
  if (!limits.delays(load)) co_return;
  Log(8, Severity::kInfo,
      absl::StrCat("delaying=", relay_, ", load average=", load, " >= ", limits.delay));
  co_await Pause(kLoadDelay);
}

Task<void> Session::Pause(absl::Duration duration) {
  // What was said before must not wait.
  (void)co_await channel_.Flush();
  (void)co_await stagepost::Sleep(duration);
}

Task<absl::Status> RunServerSession(SessionContext context, std::unique_ptr<Connection> connection,
                                    int64_t number) {
  Session session(context, std::move(connection), number);
  co_return co_await session.Run();
}

Task<absl::Status> RunLocalSession(SessionContext context, ByteSource& input, ByteSink& output,
                                   std::string login) {
  Session session(context, input, output, std::move(login));
  co_return co_await session.Run();
}

}  // namespace stagepost

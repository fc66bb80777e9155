#include "mta/smtp/server_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/message/date.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// sendmail shows a client without a host name by its address, in brackets.
std::string ClientName(const IpAddress& address) {
  return absl::StrCat("[", address.is_v4() ? "" : "IPv6:", address.ToString(), "]");
}

}  // namespace

Session::Session(SessionContext context, std::unique_ptr<Connection> connection, int64_t number)
    : context_(context), channel_(context.env, std::move(connection), number) {
  client_.address = channel_.peer().address;
  client_.name = ClientName(client_.address);
}

Task<absl::Status> Session::Run() {
  Greet();
  absl::Status status = co_await Loop();
  // What was said last still has to reach a client that is there.
  if (status.ok()) status = co_await channel_.Flush();
  if (!status.ok()) status = co_await HangUp(std::move(status));
  Reset();
  if (!any_mail_) {
    Log(Severity::kInfo,
        absl::StrCat(client_.name, " did not issue MAIL/EXPN/VRFY/ETRN during connection to ",
                     context_.settings.daemon_name));
  }
  co_return status;
}

Task<absl::Status> Session::Loop() {
  while (!closing_) {
    CO_ASSIGN_OR_RETURN(const absl::string_view line,
                        co_await channel_.NextLine(context_.settings.timeouts.command));
    const Command command = ParseCommand(line);
    channel_.RecordCommand(command.line);
    if (std::exchange(first_command_, false) && command.looks_like_proxy_request) {
      RejectProxy(command);
      continue;
    }
    CO_RETURN_IF_ERROR(co_await Execute(command));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Session::Execute(const Command& command) {
  switch (command.verb) {
    case Verb::kHelo:
    case Verb::kEhlo:
      Hello(command);
      break;
    case Verb::kMail:
      co_return co_await Mail(command.argument);
    case Verb::kRcpt:
      co_return co_await Rcpt(command.argument);
    case Verb::kData:
      co_return co_await Data();
    case Verb::kRset:
      Reset();
      Send(Reply(250, "2.0.0", "Reset state"));
      break;
    case Verb::kNoop:
      Send(Reply(250, "2.0.0", "OK"));
      break;
    case Verb::kQuit:
      Send(Reply(221, "2.0.0", absl::StrCat(context_.settings.host_name, " closing connection")));
      closing_ = true;
      break;
    case Verb::kVrfy:
      any_mail_ = true;
      // As sendmail with PrivacyOptions=novrfy: whether somebody exists is not told this way.
      Send(Reply(252, "2.5.2", "Cannot VRFY user; try RCPT to attempt delivery (or try finger)"));
      break;
    case Verb::kUnknown:
      Unknown(command);
      break;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Session::HangUp(absl::Status status) {
  const std::string& host = context_.settings.host_name;
  if (absl::IsOutOfRange(status)) {
    if (transaction_.mail_given) {
      Log(Severity::kNotice, absl::StrCat("lost input channel from ", client_.name, " to ",
                                          context_.settings.daemon_name));
    }
    co_return absl::OkStatus();
  }
  if (absl::IsResourceExhausted(status)) {
    Log(Severity::kInfo,
        absl::StrCat(client_.name, ": SMTP violation, input too long: over ", kMaxCommandLine));
    Send(Reply(421, "4.7.0",
               absl::StrCat(host, " Command too long, possible attack ", client_.name)));
  } else if (absl::IsDeadlineExceeded(status)) {
    Log(Severity::kNotice,
        absl::StrCat("timeout waiting for input from ", client_.name, " during server cmd read"));
    Send(Reply(421, "4.4.1", absl::StrCat(host, " Lost input channel from ", client_.name)));
  } else if (absl::IsCancelled(status)) {
    Send(Reply(421, "4.3.2", absl::StrCat(host, " closing connection")));
  } else {
    co_return status;
  }
  // The client may well be gone or deaf; it has had its chance.
  (void)co_await Shield(kFarewellGrace, channel_.Flush(kFarewellGrace));
  co_return absl::OkStatus();
}

void Session::Greet() {
  const SessionSettings& settings = context_.settings;
  const std::string date =
      FormatDate(context_.env.clock().WallNow(), context_.env.host().time_zone());
  Send(Reply(220, "",
             absl::StrCat(settings.host_name, " ESMTP Stagepost ", settings.version, "; ", date)));
}

void Session::Hello(const Command& command) {
  const bool extended = command.verb == Verb::kEhlo;
  // Even a HELO that is refused tells sendmail which protocol this is.
  protocol_ = extended ? "ESMTP" : "SMTP";
  if (command.argument.empty()) {
    Send(Reply(501, "5.0.0", absl::StrCat(extended ? "EHLO" : "HELO", " requires domain address")));
    return;
  }
  if (!IsAcceptableHelo(command.argument)) {
    Send(Reply(501, "5.0.0", "Invalid domain name"));
    return;
  }
  Reset();
  client_.helo = std::string(command.argument);
  Reply reply(
      250, "",
      absl::StrCat(context_.settings.host_name, " Hello ", client_.name, ", pleased to meet you"));
  if (extended) {
    reply.AddLine("ENHANCEDSTATUSCODES");
    reply.AddLine("PIPELINING");
    reply.AddLine("8BITMIME");
    const int64_t limit = context_.settings.max_message_bytes;
    reply.AddLine(limit > 0 ? absl::StrCat("SIZE ", limit) : "SIZE");
  }
  Send(reply);
}

void Session::Unknown(const Command& command) {
  if (++bad_commands_ > kMaxBadCommands) {
    Send(Reply(
        421, "4.7.0",
        absl::StrCat(context_.settings.host_name, " Too many bad commands; closing connection")));
    return;
  }
  Send(
      Reply(500, "5.5.1", absl::StrCat("Command unrecognized: \"", Shortened(command.line), "\"")));
}

void Session::RejectProxy(const Command& command) {
  Log(Severity::kInfo,
      absl::StrCat(client_.name, ": probable open proxy: command=", command.line.substr(0, 40)));
  Send(Reply(421, "4.7.0",
             absl::StrCat(context_.settings.host_name, " Rejecting open proxy ", client_.name)));
}

void Session::Reset() {
  if (transaction_.mail_given) LogFrom("");
  transaction_ = Transaction();
}

void Session::LogFrom(absl::string_view message_id) {
  std::string line =
      absl::StrCat("from=", Shortened(transaction_.sender_path), ", size=", transaction_.size,
                   ", class=0, nrcpts=", transaction_.recipients.size());
  if (!message_id.empty()) absl::StrAppend(&line, ", msgid=", Shortened(message_id));
  if (transaction_.body_8bitmime) absl::StrAppend(&line, ", bodytype=8BITMIME");
  absl::StrAppend(&line, ", proto=", protocol_, ", daemon=", context_.settings.daemon_name,
                  ", relay=", client_.name);
  Log(Severity::kInfo, line);
}

const std::string& Session::Id() {
  if (transaction_.id.empty()) transaction_.id = context_.queue.NewId();
  return transaction_.id;
}

void Session::Log(Severity severity, absl::string_view text) {
  context_.env.log().Write(severity, absl::StrCat(Id(), ": ", text));
}

void Session::Send(const Reply& reply) {
  if (reply.closing()) closing_ = true;
  channel_.Send(reply);
}

Task<absl::Status> RunServerSession(SessionContext context, std::unique_ptr<Connection> connection,
                                    int64_t number) {
  Session session(context, std::move(connection), number);
  co_return co_await session.Run();
}

}  // namespace stagepost

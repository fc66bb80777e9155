// HELO, EHLO, HELP, ETRN, VERB, and what is none of the commands we know.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/version.h"
#include "mta/smtp/help_file.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// The queue group that there is without a Q line.
constexpr absl::string_view kDefaultQueueGroup = "mqueue";

bool IsQueueGroup(const Configuration& configuration, absl::string_view name) {
  if (absl::EqualsIgnoreCase(name, kDefaultQueueGroup)) return true;
  return std::any_of(
      configuration.queue_groups.begin(), configuration.queue_groups.end(),
      [name](const QueueGroup& group) { return absl::EqualsIgnoreCase(group.name, name); });
}

}  // namespace

bool Session::RefuseEarlyTraffic(absl::string_view command) {
  if (!features_.guards_replies || channel_.reader().buffered().empty()) return false;
  Log(3, Severity::kInfo,
      absl::StrCat("rejecting server ", command, " from ", relay_,
                   " due to traffic before response"));
  rejection_ = Reply(550, "5.0.0", "Command rejected");
  Send(Reply(554, "5.5.0", "SMTP protocol error"));
  return true;
}

void Session::Hello(const Command& command) {
  const bool extended = command.verb == Verb::kEhlo;
  const absl::string_view name = extended ? "EHLO" : "HELO";
  const bool ends_transaction = !RefuseHello(command, name);
  if (ends_transaction) Reset();
  // Even a HELO that is refused tells sendmail which protocol this is.
  macros_.SetLiteral(OneCharacterName('r'), extended ? "ESMTP" : "SMTP");
  if (!ends_transaction) return;
  helo_ = std::string(command.argument);
  macros_.SetLiteral(OneCharacterName('s'), helo_);
  Send(HelloReply(extended));
}

bool Session::RefuseHello(const Command& command, absl::string_view name) {
  const bool bogus_allowed = options().Flag(OptionId::kAllowBogusHELO);
  if (command.argument.empty() && !bogus_allowed) {
    Send(Reply(501, "5.0.0", absl::StrCat(name, " requires domain address")));
    return true;
  }
  if (command.argument.size() > kMaxHeloLength ||
      (!bogus_allowed && !IsAcceptableHelo(command.argument))) {
    Log(9, Severity::kInfo,
        absl::StrCat("invalid domain name (", Shortened(command.argument), ") from ", relay_));
    Send(Reply(501, "5.0.0", "Invalid domain name"));
    return true;
  }
  return RefuseEarlyTraffic(name);
}

Reply Session::HelloReply(bool extended) const {
  // AllowBogusHELO lets others in, too.
  const absl::string_view name = absl::string_view(helo_).substr(0, helo_.find_first_of(" \t"));
  const bool bogus = !name.empty() && !IsAcceptableHelo(name);
  Reply reply(250, "",
              absl::StrCat(host_name_, " Hello ", relay_,
                           bogus ? ", accepting invalid domain name" : ", pleased to meet you"));
  if (!extended) return reply;
  reply.AddLine("ENHANCEDSTATUSCODES");
  if (rejection_.has_value()) return reply;
  if (features_.pipelining) reply.AddLine("PIPELINING");
  if (features_.expn) {
    reply.AddLine("EXPN");
    if (features_.verb) reply.AddLine("VERB");
  }
  reply.AddLine("8BITMIME");
  const int64_t limit = options().Number(OptionId::kMaxMessageSize);
  reply.AddLine(limit > 0 ? absl::StrCat("SIZE ", limit) : "SIZE");
  if (features_.dsn) reply.AddLine("DSN");
  if (features_.etrn) reply.AddLine("ETRN");
  const int64_t minimum = absl::ToInt64Seconds(options().Interval(OptionId::kDeliverByMin));
  if (minimum > 0) reply.AddLine(absl::StrCat("DELIVERBY ", minimum));
  if (minimum == 0) reply.AddLine("DELIVERBY");
  reply.AddLine("HELP");
  return reply;
}

void Session::Unknown(const Command& command) {
  const std::string shown = absl::StrCat("\"", Shortened(command.line), "\"");
  switch (command.verb) {
    case Verb::kNotImplemented:
      Send(Reply(502, "5.5.1", absl::StrCat("Command not implemented: ", shown)));
      return;
    case Verb::kAuth:
      // No mechanism is offered.
      if (command.argument.empty()) {
        Send(Reply(501, "5.5.2", "AUTH mechanism must be specified"));
      } else {
        const absl::string_view name = command.argument.substr(0, command.argument.find(' '));
        Send(Reply(504, "5.3.3",
                   absl::StrCat("AUTH mechanism ", Shortened(name), " not available")));
      }
      return;
    case Verb::kStartTls:
      if (command.argument.empty()) {
        Send(Reply(454, "4.3.3", "TLS not available after start"));
      } else {
        Send(Reply(501, "5.5.2", "Syntax error (no parameters allowed)"));
      }
      return;
    default:
      break;
  }
  if (command.verb == Verb::kLogged) {
    const absl::string_view word = absl::StripAsciiWhitespace(command.line);
    const absl::string_view name = word.substr(0, word.find_first_of(" \t"));
    Log(0, Severity::kCritical,
        absl::StrCat("\"", absl::AsciiStrToLower(name), "\" command from ", relay_, " (",
                     client_.address_text(), ")"));
  }
  if (TooManyBadCommands()) return;
  Send(Reply(500, "5.5.1", absl::StrCat("Command unrecognized: ", shown)));
}

void Session::RejectProxy(const Command& command) {
  Log(0, Severity::kInfo,
      absl::StrCat(relay_, ": probable open proxy: command=", command.line.substr(0, 40),
                   "\\r\\n"));
  Send(Reply(421, "4.7.0", absl::StrCat(host_name_, " Rejecting open proxy ", relay_)));
  closing_ = true;
}

Task<void> Session::Help(absl::string_view topic) {
  const HelpText help = co_await ReadHelp(context_.env.files(), options().Text(OptionId::kHelpFile),
                                          topic.empty() ? "smtp" : topic);
  if (!help.available) {
    Send(Reply(502, "5.3.0",
               absl::StrCat("Sendmail ", kSendmailVersion, " -- HELP not implemented")));
    co_return;
  }
  if (help.lines.empty()) {
    Send(Reply(504, "5.3.0", absl::StrCat("HELP topic \"", Shortened(topic), "\" unknown")));
    co_return;
  }
  Reply reply(214, "2.0.0", Expand(help.lines[0]));
  for (size_t i = 1; i < help.lines.size(); ++i) {
    reply.AddLine(absl::StrCat("2.0.0 ", Expand(help.lines[i])));
  }
  reply.AddLine("2.0.0 End of HELP info");
  Send(std::move(reply));
}

Task<void> Session::Etrn(const Command& command) {
  const absl::string_view node = command.argument;
  const std::string shown(absl::StripAsciiWhitespace(command.line));
  if (!features_.etrn) {
    Log(5, Severity::kInfo, absl::StrCat(relay_, ": ", Shortened(shown), " [rejected]"));
    Send(Reply(502, "5.7.0", "Sorry, we do not allow this operation"));
    co_return;
  }
  if (node.empty()) {
    Send(Reply(500, "5.5.2", "Parameter required"));
    co_return;
  }
  Verdict verdict = co_await Ask({.ruleset = "check_etrn", .argument = node}, /*with_id=*/false);
  if (verdict.refused()) {
    Send(std::move(verdict.reply));
    co_return;
  }
  any_mail_ = true;
  co_await Delay(ThrottledCommand::kEtrn, "ETRN");
  Log(5, Severity::kInfo, absl::StrCat(relay_, ": ", Shortened(shown)));
  const bool group = node[0] == '#';
  const absl::string_view name = node.substr(group ? 1 : 0);
  if (group && !IsQueueGroup(configuration(), name)) {
    Send(Reply(459, "4.5.4", absl::StrCat("Queue ", Shortened(name), " unknown")));
    co_return;
  }
  if (!co_await context_.host.StartQueueRun(std::string(node))) {
    Send(Reply(458, "4.3.0", absl::StrCat("Unable to queue messages for node ", Shortened(node))));
    co_return;
  }
  Send(Reply(
      250, "2.0.0",
      absl::StrCat("Queuing for ", group ? "queue group " : "node ", Shortened(name), " started")));
}

void Session::Verb() {
  if (!features_.verb) {
    Send(Reply(502, "5.7.0", "Verbose unavailable"));
    return;
  }
  verbose_ = true;
  Send(Reply(250, "2.0.0", "Verbose mode"));
}

}  // namespace stagepost

#include "mta/deliver/mail_transaction.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/message_bytes.h"
#include "mta/deliver/outgoing_mail.h"
#include "mta/message/body_plan.h"

namespace stagepost {
namespace {

constexpr size_t kReadBlock = 16 * 1024;

// Whether `text` can stand between the angle brackets of a command: no control characters, and
// brackets only inside of quotes (RFC 5321, section 4.1.2).
bool FitsInCommand(absl::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::ascii_iscntrl(c)) return false;
    if (c == '\\' && i + 1 < text.size() && !absl::ascii_iscntrl(text[i + 1])) {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '<' || c == '>')) {
      return false;
    }
  }
  return !quoted;
}

// What a server has said it takes; 0: it did not say.
int64_t SizeLimit(const SmtpClient& client) {
  int64_t limit = 0;
  const std::optional<absl::string_view> offered = client.Offer("SIZE");
  if (!offered.has_value() || !absl::SimpleAtoi(*offered, &limit) || limit < 0) return 0;
  return limit;
}

std::string NotifyOf(absl::string_view flags) {
  std::string wanted;
  const auto add = [&](char flag, absl::string_view name) {
    if (flags.find(flag) == absl::string_view::npos) return;
    absl::StrAppend(&wanted, wanted.empty() ? "" : ",", name);
  };
  add('S', "SUCCESS");
  add('F', "FAILURE");
  add('D', "DELAY");
  return wanted.empty() ? "NEVER" : wanted;
}

// Flag p: the way back to senders elsewhere leads over this host (RFC 821; RFC 5321, appendix C,
// advises against it).
std::string SenderPath(const MailerRun& run) {
  if (!run.mailer.Has('p') || run.local_sender || run.sender.empty()) return run.sender;
  return absl::StrCat("@", ExpandText(run.site, run.macros, "$j"),
                      run.sender.front() == '@' ? "," : ":", run.sender);
}

// RFC 2852, section 4: what is left of the time, and the mode.
std::string DeliverByParameter(const DeliverBy& by, absl::Duration age) {
  const bool returns = by.mode == DeliverBy::Mode::kReturn;
  int64_t left = by.seconds - absl::ToInt64Seconds(age);
  if (returns) left = std::max<int64_t>(left, 1);
  return absl::StrCat(" BY=", left, ";", returns ? "R" : "N", by.trace ? "T" : "");
}

}  // namespace

MailTransaction::MailTransaction(const MailerRun& run, SmtpClient& client, std::string server,
                                 SessionTranscript& transcript)
    : run_(run), client_(client), server_(std::move(server)), transcript_(transcript) {
  if (!run.null_sender) transaction_.sender = SenderPath(run);
  for (const std::string& user : run.users) transaction_.recipients.push_back({.path = user});
  transcript_.set_describe([this](const ClientRecipient& refused) { return LineOf(refused); });
}

absl::Status MailTransaction::Fits() const {
  if (!FitsInCommand(transaction_.sender)) {
    return absl::DataLossError("553 5.1.7 Invalid sender address");
  }
  for (const ClientRecipient& recipient : transaction_.recipients) {
    if (!FitsInCommand(recipient.path)) {
      return absl::DataLossError("553 5.1.3 Invalid recipient address");
    }
  }
  if (const absl::Status in_time = FitsTime(); !in_time.ok()) return in_time;
  const int64_t limit = SizeLimit(client_);
  if (limit > 0 && MessageBytes(run_.message.envelope()) > limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("552 5.3.4 Message is too large; ", limit, " bytes max"));
  }
  return absl::OkStatus();
}

// Mail that is to be returned when its time is over goes to servers only that will do so.
absl::Status MailTransaction::FitsTime() const {
  const Envelope& envelope = run_.message.envelope();
  if (!envelope.deliver_by.has_value() || envelope.deliver_by->mode != DeliverBy::Mode::kReturn) {
    return absl::OkStatus();
  }
  const std::optional<absl::string_view> offered = client_.Offer("DELIVERBY");
  if (!offered.has_value()) {
    return absl::FailedPreconditionError("554 5.4.7 Server does not support Deliver By");
  }
  const absl::Duration age = run_.site.env().clock().WallNow() - envelope.created;
  const int64_t left = envelope.deliver_by->seconds - absl::ToInt64Seconds(age);
  int64_t least = 0;
  if (!absl::SimpleAtoi(*offered, &least) || left >= least) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("554 5.4.7 Message can't be delivered in time; ", left, " < ", least));
}

std::string MailTransaction::MailParameters() const {
  std::string parameters;
  const Envelope& envelope = run_.message.envelope();
  const int64_t size = MessageBytes(envelope);
  // Of reports without what they are about, sendmail does not know it.
  if (client_.Offers("SIZE") && size > 0) absl::StrAppend(&parameters, " SIZE=", size);
  const bool eight = client_.Offers("8BITMIME");
  const BodyPlan plan = PlanBody(envelope, run_.mailer, run_.site.configuration(), eight);
  if (eight && plan.announcement == BodyPlan::Announcement::kEightBitMime) {
    parameters.append(" BODY=8BITMIME");
  }
  if (eight && plan.announcement == BodyPlan::Announcement::kSevenBit) {
    parameters.append(" BODY=7BIT");
  }
  if (client_.Offers("DSN")) {
    if (!envelope.envelope_id.empty()) {
      absl::StrAppend(&parameters, " ENVID=", envelope.envelope_id);
    }
    if (envelope.flags.find('d') != std::string::npos) {
      const bool headers_only = envelope.flags.find('n') != std::string::npos;
      absl::StrAppend(&parameters, " RET=", headers_only ? "HDRS" : "FULL");
    }
  }
  if (client_.Offers("DELIVERBY") && envelope.deliver_by.has_value()) {
    const absl::Time now = run_.site.env().clock().WallNow();
    parameters.append(DeliverByParameter(*envelope.deliver_by, now - envelope.created));
  }
  return parameters;
}

std::string MailTransaction::RecipientParameters(const Recipient& recipient) const {
  std::string parameters;
  if (!client_.Offers("DSN")) return parameters;
  const absl::string_view flags = recipient.flags;
  const bool primary = flags.find('P') != absl::string_view::npos;
  // Where nobody sees to the time, delays are at least told of (RFC 2852, 4.1.4.1).
  const auto& by = run_.message.envelope().deliver_by;
  const bool tell =
      by.has_value() && by->mode == DeliverBy::Mode::kNotify && !client_.Offers("DELIVERBY");
  const bool asked = flags.find('N') != absl::string_view::npos;
  if ((asked || tell) && primary && !run_.mailer.Has('l')) {
    const bool anything = !asked || flags.find_first_of("SFD") != absl::string_view::npos;
    absl::StrAppend(&parameters,
                    " NOTIFY=", NotifyOf(absl::StrCat(flags, tell && anything ? "D" : "")));
  }
  if (!recipient.original_recipient.empty()) {
    absl::StrAppend(&parameters, " ORCPT=", recipient.original_recipient);
  }
  return parameters;
}

Task<std::unique_ptr<MessageText>> MailTransaction::Prepare() {
  forbidden_ = Fits();
  if (absl::IsFailedPrecondition(forbidden_)) transcript_.Say(forbidden_.message());
  if (!forbidden_.ok()) co_return nullptr;
  absl::StatusOr<std::unique_ptr<MessageText>> text =
      co_await TextForMailer(run_, false, client_.Offers("8BITMIME"));
  if (!text.ok()) {
    forbidden_ = text.status();
    co_return nullptr;
  }
  transaction_.parameters = MailParameters();
  for (size_t i = 0; i < run_.recipients.size(); ++i) {
    transaction_.recipients[i].parameters = RecipientParameters(run_.recipients[i]);
  }
  co_return *std::move(text);
}

Task<absl::Status> MailTransaction::Run() {
  const std::unique_ptr<MessageText> text = co_await Prepare();
  if (text == nullptr) co_return absl::OkStatus();
  status_ = co_await client_.Send(transaction_, *text);
  co_return status_;
}

Task<absl::Status> MailTransaction::RunAtOnce() {
  const std::unique_ptr<MessageText> text = co_await Prepare();
  if (text == nullptr) co_return absl::OkStatus();
  std::string whole, block(kReadBlock, '\0');
  while (true) {
    const absl::StatusOr<size_t> read = co_await text->Read(absl::MakeSpan(block));
    // Nothing has been said yet: the session is as good as it was.
    if (!read.ok()) {
      status_ = read.status();
      co_return absl::OkStatus();
    }
    if (*read == 0) break;
    whole.append(block, 0, *read);
  }
  status_ = co_await client_.SendAtOnce(transaction_, whole, &transcript_);
  co_return status_;
}

MailerReport MailTransaction::Report() const {
  MailerReport report;
  bool first = true;
  for (const ClientRecipient& recipient : transaction_.recipients) {
    if (recipient.reply.has_value()) {
      report.results.push_back(ResultOf(recipient));
      continue;
    }
    report.results.push_back(Unanswered(first));
    if (first && absl::IsUnavailable(status_)) {
      report.message_text = absl::StrCat("reply: read error from ", server_);
    }
    first = false;
  }
  return report;
}

DeliveryResult MailTransaction::ResultOf(const ClientRecipient& recipient) const {
  const bool lmtp = run_.mailer.Has('z');
  DeliveryResult result = ResultOfReply(
      *recipient.reply,
      {.stage = recipient.stage, .lmtp = lmtp, .enhanced = client_.Offers("ENHANCEDSTATUSCODES")});
  if (recipient.stage != ReplyStage::kMail) result.remote_mta = server_;
  result.at_recipient = recipient.stage == ReplyStage::kRecipient;
  if (result.kind == DeliveryResult::Kind::kSent) {
    result.diagnostic = recipient.accepted;
    result.passed_on = client_.Offers("DSN");
    result.deliver_by = client_.Offers("DELIVERBY");
  }
  return result;
}

std::string MailTransaction::LineOf(const ClientRecipient& recipient) const {
  const size_t number = static_cast<size_t>(&recipient - transaction_.recipients.data());
  return OutcomeLine(ResultOf(recipient), ShownAddress(run_.recipients[number]));
}

// As sendmail, the first one says why in full.
DeliveryResult MailTransaction::Unanswered(bool first) const {
  if (!forbidden_.ok()) {
    if (absl::IsFailedPrecondition(forbidden_)) {
      DeliveryResult result = ResultOfExitCode(kExitUnavailable, "", "");
      result.dsn = run_.mailer.Has('z') ? "5.4.7" : "5.0.0";
      result.line_dsn = "5.0.0";
      result.status = "5.4.7";
      result.diagnostic.clear();
      return result;
    }
    const bool too_large = absl::IsResourceExhausted(forbidden_);
    DeliveryResult result = ResultOfExitCode(too_large ? kExitUnavailable : kExitDataError, "", "");
    if (too_large) {
      result.dsn = "5.3.4";
      result.reply = absl::StrCat(kExitUnavailable);
    }
    result.diagnostic = std::string(forbidden_.message());
    return result;
  }
  if (absl::IsDeadlineExceeded(status_)) {
    return Deferred("4.4.1", absl::StrCat("Connection timed out with ", server_));
  }
  if (!absl::IsUnavailable(status_)) return Deferred("4.3.0", status_.message());
  const ReplyStage stage = client_.stage();
  if (!run_.mailer.Has('z') && stage != ReplyStage::kRecipient) {
    const bool said = stage == ReplyStage::kData;
    DeliveryResult result =
        Deferred("4.4.2", said ? absl::StrCat("Connection reset by ", server_) : "");
    result.queue_text.clear();
    return result;
  }
  DeliveryResult result =
      Deferred("4.4.2", first ? absl::StrCat("Connection reset by ", server_) : "");
  if (!first) result.queue_text = absl::StrCat("reply: read error from ", server_);
  return result;
}

}  // namespace stagepost

#include "mta/bounce/send_notification.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/message/complete_header.h"
#include "mta/message/envelope_macros.h"
#include "mta/message/header_for_mailer.h"
#include "mta/message/mailer_lines.h"
#include "mta/message/mime_type.h"
#include "mta/policy/safe_file.h"

namespace stagepost {
namespace {

using Kind = Notification::Kind;

constexpr int kIdAttempts = 3;
constexpr int64_t kReportBytes = 1024;
constexpr size_t kReadBytes = 32 * 1024;
constexpr size_t kMaxPrefaceBytes = 64 * 1024;
constexpr absl::string_view kFullName = "Mail Delivery Subsystem";

// Empty: it cannot be read.
Task<std::string> Contents(FileSystem& files, std::string path) {
  const absl::StatusOr<std::unique_ptr<File>> file =
      co_await OpenSafely(files, {}, std::move(path), {});
  if (!file.ok()) co_return "";
  std::string contents(kMaxPrefaceBytes, '\0');
  size_t size = 0;
  while (size < contents.size()) {
    const absl::StatusOr<size_t> read = co_await (*file)->Read(
        size, absl::MakeSpan(contents.data() + size, contents.size() - size));
    if (!read.ok() || *read == 0) break;
    size += *read;
  }
  contents.resize(size);
  co_return contents;
}

class Sending {
 public:
  Sending(Site& site, Queue& queue, const Envelope& original, BodySource& body,
          const Notification& notification)
      : site_(site),
        configuration_(site.configuration()),
        queue_(queue),
        original_(original),
        body_(body),
        notification_(notification) {}

  Task<absl::StatusOr<std::string>> Run();

 private:
  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create();
  Task<absl::Status> Write(IncomingMessage& message);
  Task<absl::Status> WriteOriginal(IncomingMessage& message);
  Task<HeaderText> OriginalHeader(Macros& macros, const Mailer& mailer);
  void DefineMacros(const std::string& id, Macros& macros);
  Envelope MakeEnvelope(const std::string& id);
  // What ErrorHeader says, with its macros replaced: a text, or the lines of a file.
  Task<std::string> Preface(const std::string& id);
  Recipient RecipientFor(const std::string& shown) const;
  Header Fields() const;
  bool ReturnsBody() const;
  bool IsMime() const { return configuration_.options.Flag(OptionId::kSendMimeErrors); }
  // What Content-Transfer-Encoding the report must have because of what it returns; empty: none.
  std::string Encoding() const;
  std::string Expanded(absl::string_view macro) const;

  Site& site_;
  Configuration& configuration_;
  Queue& queue_;
  const Envelope& original_;
  BodySource& body_;
  const Notification& notification_;
  NotifiedMessage about_;
  std::string boundary_;
};

std::string Sending::Expanded(absl::string_view macro) const {
  const absl::StatusOr<Text> text = ParseText(macro, configuration_.names);
  if (!text.ok()) return "";
  return configuration_.macros.ExpandToString(*text, configuration_.names).value_or("");
}

bool Sending::ReturnsBody() const {
  const bool full =
      notification_.kind != Kind::kSuccess && notification_.kind != Kind::kPostmasterCopy;
  return full && !notification_.headers_only && !absl::StrContains(original_.flags, 'n') &&
         ImportanceOf(configuration_, original_.header).message_class >= 0 &&
         !configuration_.options.Has(PrivacyFlag::kNobodyReturn);
}

std::string Sending::Encoding() const {
  const std::string encoding =
      ReadEncoding(FieldValue(original_.header, "Content-Transfer-Encoding"));
  if (encoding == "binary") return encoding;
  return encoding.empty() && !original_.eight_bit ? "" : "8bit";
}

Header Sending::Fields() const {
  Header header;
  const auto add = [&header](absl::string_view name, absl::string_view value) {
    header.push_back({std::string(name), absl::StrCat(" ", value), ""});
  };
  for (const std::string& address : notification_.to) add("To", ReportLine(address));
  if (IsMime()) {
    add("MIME-Version", "1.0");
    add("Content-Type",
        absl::StrCat("multipart/report; report-type=delivery-status;\n\tboundary=\"", boundary_,
                     "\""));
    if (const std::string encoding = Encoding(); !encoding.empty()) {
      add("Content-Transfer-Encoding", encoding);
    }
  }
  add("Subject", notification_.subject());
  add("Auto-Submitted", notification_.auto_submitted());
  return header;
}

void Sending::DefineMacros(const std::string& id, Macros& macros) {
  EnvelopeFacts facts;
  facts.id = id;
  facts.sender = Expanded("$n");
  facts.full_name = std::string(kFullName);
  facts.now = about_.now;
  facts.zone = about_.zone;
  macros.SetLiteral(OneCharacterName('_'), "localhost");
  macros.SetLiteral(OneCharacterName('s'), "localhost");
  macros.SetLiteral(OneCharacterName('r'), "");
  DefineEnvelopeMacros(facts, macros);
}

Task<std::string> Sending::Preface(const std::string& id) {
  std::string header = configuration_.options.Text(OptionId::kErrorHeader);
  if (header.empty() || notification_.kind == Kind::kSuccess) co_return "";
  if (header[0] == '/') header = co_await Contents(site_.env().files(), header);
  Macros macros(&configuration_.macros);
  DefineMacros(id, macros);
  std::string preface;
  for (absl::string_view line : absl::StrSplit(absl::StripSuffix(header, "\n"), '\n')) {
    const absl::StatusOr<Text> text = ParseText(line, configuration_.names);
    const std::string expanded =
        text.ok() ? macros.ExpandToString(*text, configuration_.names).value_or("") : "";
    absl::StrAppend(&preface, expanded, "\n");
  }
  co_return header.empty() ? "" : preface;
}

Envelope Sending::MakeEnvelope(const std::string& id) {
  Macros macros(&configuration_.macros);
  DefineMacros(id, macros);
  const Header fields = Fields();
  CompletedHeader completed = CompleteHeader(configuration_, site_.engine().tokenizer(),
                                             ReceivedHeader{.header = fields}, macros);
  Envelope envelope;
  envelope.id = id;
  envelope.sender = Expanded("$n");
  envelope.sender_bracketed = false;
  // What has not been returned once will not be if the report fails.
  envelope.flags = ReturnsBody() ? "rs" : "nrs";
  envelope.header = std::move(completed.header);
  envelope.eight_bit = original_.eight_bit;
  // sendmail's guess of what it will be.
  envelope.message_bytes = ReturnsBody() ? original_.message_bytes.value_or(0) + kReportBytes : 0;
  envelope.macros = {{"_", "localhost"}, {"r", ""}, {"s", "localhost"}, {"daemon_flags", ""}};
  if (const auto address = original_.macros.find("if_addr"); address != original_.macros.end()) {
    envelope.macros.insert(*address);
  }
  for (const std::string& address : notification_.to) {
    envelope.recipients.push_back(RecipientFor(address));
  }
  return envelope;
}

Recipient Sending::RecipientFor(const std::string& shown) const {
  Recipient recipient;
  recipient.flags = "PF";
  recipient.bracketed = shown.size() >= 2 && shown.front() == '<' && shown.back() == '>';
  recipient.address = recipient.bracketed ? shown.substr(1, shown.size() - 2) : shown;
  const bool has_domain = absl::StrContains(recipient.address, '@');
  recipient.final_recipient = absl::StrCat("RFC822; ", recipient.address, has_domain ? "" : "@",
                                           has_domain ? "" : about_.host_name);
  return recipient;
}

// As it would be written to a file: nothing is left out but what is never sent.
Task<HeaderText> Sending::OriginalHeader(Macros& macros, const Mailer& mailer) {
  DefineQueuedMacros(original_, configuration_, about_.now, about_.zone, macros);
  const AddressContext context = {site_.engine(), configuration_, macros};
  const RemoteName sender = co_await NameForMailer(context, original_.sender, mailer,
                                                   {.use = {.sender = true}, .canonical = true});
  co_return co_await HeaderForMailer(
      context, original_, HeaderTarget{.mailer = mailer, .sender = sender.text, .plan = {}});
}

Task<absl::Status> Sending::WriteOriginal(IncomingMessage& message) {
  const bool with_body = ReturnsBody();
  std::string text;
  if (IsMime()) {
    absl::StrAppend(&text, "--", boundary_,
                    "\nContent-Type: ", with_body ? "message/rfc822\n" : "text/rfc822-headers\n");
    if (const std::string encoding = Encoding(); !encoding.empty()) {
      absl::StrAppend(&text, "Content-Transfer-Encoding: ", encoding, "\n");
    }
    text.push_back('\n');
  } else {
    absl::StrAppend(&text, with_body ? "   ----- Original message follows -----\n\n"
                                     : "   ----- Message header follows -----\n\n");
  }
  const Mailer* const mailer = configuration_.FindMailer("*file*");
  CHECK(mailer != nullptr);
  Macros macros(&configuration_.macros);
  const HeaderText header = co_await OriginalHeader(macros, *mailer);
  absl::StrAppend(&text, header.text);
  if (with_body) text.push_back('\n');
  CO_RETURN_IF_ERROR(co_await message.AppendBody(text));
  MailerLines lines({.escape_from = true});
  std::string buffer(kReadBytes, '\0');
  char last = '\n';
  for (uint64_t offset = 0; with_body;) {
    CO_ASSIGN_OR_RETURN(const size_t size, co_await body_.ReadAt(offset, absl::MakeSpan(buffer)));
    if (size == 0) break;
    offset += size;
    last = buffer[size - 1];
    text.clear();
    lines.Take(absl::string_view(buffer).substr(0, size), text);
    CO_RETURN_IF_ERROR(co_await message.AppendBody(text));
  }
  text.clear();
  lines.Finish(text);
  if (last != '\n') text.push_back('\n');
  absl::StrAppend(&text, IsMime() ? absl::StrCat("\n--", boundary_, "--\n\n") : "\n");
  co_return co_await message.AppendBody(text);
}

Task<absl::Status> Sending::Write(IncomingMessage& message) {
  std::string text;
  if (IsMime()) {
    absl::StrAppend(&text, "This is a MIME-encapsulated message\n\n--", boundary_, "\n\n");
  }
  absl::StrAppend(&text, NotificationText(notification_, about_), "\n");
  if (IsMime()) {
    absl::StrAppend(&text, "--", boundary_, "\nContent-Type: message/delivery-status\n\n",
                    DeliveryStatus(notification_, about_));
  }
  CO_RETURN_IF_ERROR(co_await message.AppendBody(text));
  co_return co_await WriteOriginal(message);
}

Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Sending::Create() {
  for (int attempt = 1;; ++attempt) {
    auto message = co_await queue_.Create(queue_.NewId());
    if (!absl::IsAlreadyExists(message.status()) || attempt == kIdAttempts) co_return message;
  }
}

Task<absl::StatusOr<std::string>> Sending::Run() {
  Environment& env = site_.env();
  about_.id = original_.id;
  about_.host_name = Expanded("$j");
  if (const auto relay = original_.macros.find("_"); relay != original_.macros.end()) {
    about_.relay = relay->second;
  }
  about_.envelope_id = original_.envelope_id;
  about_.arrival = original_.created;
  if (original_.deliver_by.has_value()) {
    about_.deliver_by = original_.created + absl::Seconds(original_.deliver_by->seconds);
  }
  about_.now = env.clock().WallNow();
  about_.zone = env.host().time_zone();

  CO_ASSIGN_OR_RETURN(const std::unique_ptr<IncomingMessage> message, co_await Create());
  boundary_ =
      absl::StrCat(message->id(), ".", absl::ToUnixSeconds(about_.now), "/", about_.host_name);
  about_.preface = co_await Preface(message->id());
  Envelope envelope = MakeEnvelope(message->id());
  absl::Status status = co_await Write(*message);
  if (status.ok()) status = co_await message->Commit(envelope);
  if (!status.ok()) {
    // What is left of it is an orphan, and goes with those.
    (void)co_await message->Abandon();
    co_return status;
  }
  Trace& trace = env.trace();
  trace.Record({EventKind::kEnvelopeAccepted, envelope.id, envelope.sender,
                static_cast<int64_t>(envelope.recipients.size()), 0});
  for (const Recipient& recipient : envelope.recipients) {
    trace.Record({EventKind::kRecipientAccepted, envelope.id, recipient.address, 0, 0});
  }
  co_return envelope.id;
}

}  // namespace

Task<absl::StatusOr<std::string>> SendNotification(Site& site, Queue& queue,
                                                   const Envelope& original, BodySource& body,
                                                   Notification notification) {
  Sending sending(site, queue, original, body, notification);
  co_return co_await sending.Run();
}

}  // namespace stagepost

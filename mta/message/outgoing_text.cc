#include "mta/message/outgoing_text.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/message/mailer_lines.h"
#include "mta/message/mime_encoder.h"
#include "mta/message/mime_limits.h"
#include "mta/message/mime_type.h"
#include "mta/message/mime_walker.h"

namespace stagepost {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
// Flag L: what SMTP has room for (RFC 5321, 4.5.3.1.6), with some to spare.
constexpr size_t kSmtpLineBytes = 990;

size_t LimitOf(const Mailer& mailer) {
  if (mailer.line_limit > 0) return static_cast<size_t>(mailer.line_limit);
  return mailer.Has('L') ? kSmtpLineBytes : 0;
}

// "mx1.corp.example id 6AK6XWSU000517", for X-MIME-Autoconverted.
std::string ConverterOf(const OutgoingParts& parts) {
  std::string host;
  if (const Text* name = parts.configuration->macros.Find(OneCharacterName('j')); name != nullptr) {
    const absl::StatusOr<std::string> text =
        parts.configuration->macros.ExpandToString(*name, parts.configuration->names);
    if (text.ok()) host = *text;
  }
  return absl::StrCat(host, " id ", parts.envelope->id);
}

}  // namespace

struct OutgoingText::State {
  State(std::string header, OutgoingParts p, BodySource& b)
      : parts(p),
        body(b),
        header_text(std::move(header)),
        lines({.limit = LimitOf(*p.mailer), .strip_eighth_bit = p.plan.strip_eighth_bit_header}) {}

  Task<absl::Status> Begin();
  Task<absl::Status> More();
  Task<absl::StatusOr<bool>> Produce(std::string& out);
  void PutMimeFields(std::string& out) const;
  void BeginDecoding(std::string& out);

  const OutgoingParts parts;
  BodySource& body;
  std::string header_text;
  MailerLines lines;
  std::unique_ptr<MimeWalker> walker;
  std::unique_ptr<TextDecoder> decoder;
  uint64_t offset = 0;  // in the body, without a walker
  bool begun = false, ended = false;
  bool at_line_start = true;
  std::string ready;  // put out and not yet read
  size_t read = 0;    // of ready
};

// The fields that make a message with eight bits one of MIME.
void OutgoingText::State::PutMimeFields(std::string& out) const {
  const Header& header = parts.envelope->header;
  if (FindField(header, "MIME-Version") == nullptr) absl::StrAppend(&out, "MIME-Version: 1.0\n");
  if (FindField(header, "Content-Type") == nullptr) {
    const std::string& charset = parts.configuration->options.Text(OptionId::kDefaultCharSet);
    absl::StrAppend(&out, "Content-Type: text/plain; charset=",
                    charset.empty() ? "unknown-8bit" : charset, "\n");
  }
  if (parts.plan.conversion == BodyConversion::kNone &&
      FindField(header, "Content-Transfer-Encoding") == nullptr) {
    absl::StrAppend(&out, "Content-Transfer-Encoding: 8bit\n");
  }
}

void OutgoingText::State::BeginDecoding(std::string& out) {
  const std::string written = FieldValue(parts.envelope->header, "Content-Transfer-Encoding");
  if (ReadEncoding(written) == "base64") {
    decoder = std::make_unique<Base64Decoder>();
  } else {
    decoder = std::make_unique<QuotedPrintableDecoder>();
  }
  absl::StrAppend(&out, "Content-Transfer-Encoding: 8bit\nX-MIME-Autoconverted: from ", written,
                  " to 8bit by ", ConverterOf(parts), "\n\n");
}

Task<absl::Status> OutgoingText::State::Begin() {
  begun = true;
  const BodyPlan& plan = parts.plan;
  std::string text = std::move(header_text);
  if (plan.add_mime_fields) PutMimeFields(text);
  lines.Take(text, ready);
  text.clear();
  if (plan.conversion == BodyConversion::kToEightBit) {
    BeginDecoding(text);
  } else if (plan.conversion == BodyConversion::kToSevenBit || plan.walk_parts) {
    WalkOptions options;
    options.encode = plan.conversion == BodyConversion::kToSevenBit;
    options.quoted_printable = {.encode_specials = parts.mailer->Has('3'),
                                .escape_from = parts.mailer->Has('E')};
    options.converter = ConverterOf(parts);
    walker = std::make_unique<MimeWalker>(*parts.configuration, std::move(options), body);
    // As it goes out: a boundary that has been shortened is looked for as such.
    Header header = parts.envelope->header;
    for (HeaderField& field : header) LimitMimeField(*parts.configuration, field);
    CO_RETURN_IF_ERROR(co_await walker->Begin(std::move(header), text));
  } else {
    text = "\n";
  }
  lines.Take(text, ready);
  lines.set_treatment(
      {.limit = LimitOf(*parts.mailer),
       .strip_eighth_bit = plan.strip_eighth_bit && plan.conversion == BodyConversion::kNone,
       .escape_from = parts.mailer->Has('E')});
  co_return absl::OkStatus();
}

// Some more of the body; false: that was all.
Task<absl::StatusOr<bool>> OutgoingText::State::Produce(std::string& out) {
  if (walker != nullptr) co_return co_await walker->Step(out);
  std::string buffer(kReadBytes, '\0');
  CO_ASSIGN_OR_RETURN(const size_t size, co_await body.ReadAt(offset, absl::MakeSpan(buffer)));
  offset += size;
  buffer.resize(size);
  if (decoder == nullptr) {
    out += buffer;
    co_return size > 0;
  }
  decoder->Take(buffer, out);
  if (size > 0) co_return true;
  decoder->Finish(out);
  co_return false;
}

Task<absl::Status> OutgoingText::State::More() {
  if (!begun) {
    CO_RETURN_IF_ERROR(co_await Begin());
    co_return absl::OkStatus();
  }
  std::string text;
  CO_ASSIGN_OR_RETURN(const bool more, co_await Produce(text));
  if (!text.empty()) at_line_start = text.back() == '\n';
  if (!more) {
    ended = true;
    if (!at_line_start) text.push_back('\n');
    // Decoded text has an empty line behind it.
    if (decoder != nullptr) text.push_back('\n');
    if (parts.mailer->Has('b') && !parts.local_sender) text.push_back('\n');
  }
  lines.Take(text, ready);
  if (ended) lines.Finish(ready);
  co_return absl::OkStatus();
}

OutgoingText::OutgoingText(std::string header, OutgoingParts parts, BodySource& body)
    : state_(std::make_unique<State>(std::move(header), parts, body)) {}

OutgoingText::~OutgoingText() = default;

Task<absl::StatusOr<size_t>> OutgoingText::Read(absl::Span<char> buffer) {
  State& state = *state_;
  while (state.read == state.ready.size() && !state.ended) {
    state.ready.clear();
    state.read = 0;
    CO_RETURN_IF_ERROR(co_await state.More());
  }
  const size_t size = std::min(buffer.size(), state.ready.size() - state.read);
  if (size > 0) std::memcpy(buffer.data(), state.ready.data() + state.read, size);
  state.read += size;
  co_return size;
}

std::vector<std::string> OutgoingText::alerts() const {
  return state_->walker == nullptr ? std::vector<std::string>() : state_->walker->alerts();
}

}  // namespace stagepost

#include "mta/message/mime_walker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"
#include "mta/message/known_fields.h"
#include "mta/message/mime_limits.h"

namespace stagepost {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
// A longer line comes in pieces; it is no boundary.
constexpr size_t kPieceBytes = 8 * 1024;
// What stands for the boundary of a multipart that has none.
constexpr absl::string_view kNoBoundary = "---";
constexpr NameId kEncodable = OneCharacterName('e');
constexpr NameId kMessages = OneCharacterName('s');

bool HasEighthBit(char c) { return (c & 0x80) != 0; }

bool IsMultipart(const ContentType& type) { return type.type == "multipart"; }

}  // namespace

void MimeWalker::Put(absl::string_view text, std::string& out) {
  if (text.empty()) return;
  absl::StrAppend(&out, text);
  at_line_start_ = text.back() == '\n';
}

bool MimeWalker::InClass(char name, const ContentType& type) const {
  const NameId id = OneCharacterName(name);
  return configuration_.classes.Contains(id, type.name()) ||
         configuration_.classes.Contains(id, type.type);
}

Task<absl::Status> MimeWalker::Begin(Header header, std::string& out) {
  co_return co_await BeginEntity(std::move(header), true, 0, out);
}

void MimeWalker::BeginHeader(bool of_message) {
  mode_ = Mode::kHeader;
  of_message_ = of_message;
  collector_.emplace(kMaxPartHeaderBytes);
  raw_header_.clear();
}

void MimeWalker::PutFields(Header& header, bool without_encoding, std::string& out) {
  for (HeaderField& field : header) {
    if (without_encoding && TraitsOf(field.name).Has(FieldTraits::kEncoding)) continue;
    for (std::string& alert : LimitMimeField(configuration_, field)) {
      alerts_.push_back(std::move(alert));
    }
    Put(absl::StrCat(field.name, ":", field.value, "\n"), out);
  }
}

Task<absl::Status> MimeWalker::BeginEntity(Header header, bool is_top, uint64_t offset,
                                           std::string& out) {
  const bool in_digest = !is_top && !of_message_ && !levels_.empty() && levels_.back().digest;
  const HeaderField* type_field = FindField(header, "Content-Type");
  const HeaderField* encoding_field = FindField(header, "Content-Transfer-Encoding");
  const std::string written_encoding = encoding_field == nullptr ? "" : encoding_field->value;
  const std::string encoding = ReadEncoding(written_encoding);
  const bool has_mime_version = FindField(header, "MIME-Version") != nullptr;
  const ContentType type =
      type_field != nullptr
          ? ReadContentType(type_field->value)
          : ReadContentType(in_digest ? absl::string_view("message/rfc822") : "text/plain");

  if (!is_top) PutFields(header, options_.encode, out);
  if (options_.encode && of_message_ && !has_mime_version) Put("MIME-Version: 1.0\n", out);

  const bool encodable = encoding.empty() || configuration_.classes.Contains(kEncodable, encoding);
  const bool untouched = !encodable || (options_.encode && InClass('n', type));
  encoder_.reset();
  mode_ = Mode::kOpaque;
  bool keeps_encoding = true;
  if (!untouched && IsMultipart(type)) {
    keeps_encoding = false;
    mode_ = Mode::kText;
    const bool too_long = type.boundary.empty() && type_field != nullptr &&
                          absl::StrContains(type_field->value, "boundary");
    if (too_long) {
      mode_ = Mode::kOpaque;
    } else if (levels_.size() < kMaxMultipartDepth) {
      levels_.push_back({type.boundary.empty() ? std::string(kNoBoundary) : type.boundary,
                         type.subtype == "digest"});
    }
  } else if (!untouched && type.type == "message" &&
             configuration_.classes.Contains(kMessages, type.subtype)) {
    keeps_encoding = false;
    mode_ = Mode::kHeader;
  }
  if (options_.encode && !untouched && mode_ == Mode::kOpaque && type.type != "message") {
    CO_ASSIGN_OR_RETURN(const std::string chosen, co_await ChooseEncoding(type, encoding, offset));
    if (!chosen.empty()) {
      keeps_encoding = false;
      mode_ = Mode::kEncoded;
      if (chosen == "base64") {
        encoder_ = std::make_unique<Base64Encoder>();
      } else {
        encoder_ = std::make_unique<QuotedPrintableEncoder>(options_.quoted_printable);
      }
      Put(absl::StrCat("Content-Transfer-Encoding: ", chosen,
                       "\nX-MIME-Autoconverted: from 8bit to ", chosen, " by ", options_.converter,
                       "\n"),
          out);
    }
  }
  if (options_.encode && keeps_encoding && !written_encoding.empty()) {
    Put(absl::StrCat("Content-Transfer-Encoding:", written_encoding, "\n"), out);
  }
  Put("\n", out);
  newline_pending_ = false;
  if (mode_ == Mode::kHeader) BeginHeader(true);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> MimeWalker::ChooseEncoding(const ContentType& type,
                                                             const std::string& encoding,
                                                             uint64_t offset) {
  CO_ASSIGN_OR_RETURN(const Census census, co_await CountPart(offset));
  if (census.eight_bit == 0) co_return std::string();
  if (InClass('q', type)) co_return std::string("quoted-printable");
  // Lines mean nothing to what is binary, and little text has many eight-bit characters.
  const bool base64 =
      InClass('b', type) || encoding == "binary" || census.eight_bit > census.bytes / 8;
  co_return std::string(base64 ? "base64" : "quoted-printable");
}

// To the next boundary.
Task<absl::StatusOr<MimeWalker::Census>> MimeWalker::CountPart(uint64_t offset) {
  Census census;
  std::string line;  // the one under way, as long as it may be a boundary
  bool may_be_boundary = true;
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    CO_ASSIGN_OR_RETURN(const size_t size, co_await body_.ReadAt(offset, absl::MakeSpan(buffer)));
    offset += size;
    for (const char c : absl::string_view(buffer).substr(0, size)) {
      if (c == '\n') {
        if (may_be_boundary && FindBoundary(line).has_value()) co_return census;
        census.bytes += line.size() + 1;
        line.clear();
        may_be_boundary = true;
        continue;
      }
      if (HasEighthBit(c)) ++census.eight_bit;
      if (line.size() < kPieceBytes) {
        line.push_back(c);
      } else {
        ++census.bytes;
        may_be_boundary = false;
      }
    }
    if (size == 0) break;
  }
  if (!line.empty() && may_be_boundary && FindBoundary(line).has_value()) co_return census;
  census.bytes += line.size();
  co_return census;
}

std::optional<MimeWalker::Boundary> MimeWalker::FindBoundary(absl::string_view line) const {
  if (!absl::ConsumePrefix(&line, "--")) return std::nullopt;
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  for (size_t level = levels_.size(); level > 0; --level) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, levels_[level - 1].boundary)) continue;
    if (rest.empty()) return Boundary{level - 1, false};
    if (rest == "--") return Boundary{level - 1, true};
  }
  return std::nullopt;
}

void MimeWalker::FinishPart(std::string& out) {
  if (mode_ == Mode::kHeader) PutHeaderAsItIs(out);
  if (encoder_ != nullptr) {
    std::string text;
    encoder_->Finish(text);
    Put(text, out);
  }
  encoder_.reset();
  if (newline_pending_ || !at_line_start_) Put("\n", out);
  newline_pending_ = false;
}

void MimeWalker::TakeBoundary(const Boundary& boundary, std::string& out) {
  FinishPart(out);
  // Whoever has opened a multipart inside and not closed it.
  while (levels_.size() > boundary.level + 1) {
    Put(absl::StrCat("--", levels_.back().boundary, "--\n"), out);
    levels_.pop_back();
  }
  Put(absl::StrCat("--", levels_.back().boundary, boundary.final ? "--\n" : "\n"), out);
  if (boundary.final) {
    levels_.pop_back();
    mode_ = Mode::kText;
  } else {
    BeginHeader(false);
  }
}

void MimeWalker::TakeContent(const Piece& piece, std::string& out) {
  std::string text;
  if (mode_ == Mode::kEncoded) {
    if (newline_pending_) encoder_->EndLine(text);
    encoder_->Put(piece.text, text);
  } else {
    if (newline_pending_) text.push_back('\n');
    absl::StrAppend(&text, piece.text);
    if (mode_ == Mode::kText) {
      for (char& c : text) c = static_cast<char>(c & 0x7f);
    }
  }
  Put(text, out);
  newline_pending_ = piece.ends_line;
}

// A header that is none, or never ends.
void MimeWalker::PutHeaderAsItIs(std::string& out) {
  Put(raw_header_, out);
  raw_header_.clear();
  collector_.reset();
  newline_pending_ = false;
}

Task<absl::Status> MimeWalker::TakeHeaderLine(Piece piece, std::string& out) {
  absl::StrAppend(&raw_header_, piece.text, piece.ends_line ? "\n" : "");
  std::string body;
  collector_->Take(absl::StrCat(piece.text, piece.ends_line ? "\n" : ""), body);
  if (collector_->too_large()) {
    PutHeaderAsItIs(out);
    mode_ = Mode::kOpaque;
    co_return absl::OkStatus();
  }
  if (!collector_->in_body()) co_return absl::OkStatus();
  const Header header = collector_->header();
  // The line of a mailbox in front is no field, and lost on nobody.
  if (!collector_->from_line().empty()) Put(absl::StrCat(collector_->from_line(), "\n"), out);
  collector_.reset();
  // What stands behind the header is its own first line, if an empty one does not end it.
  const uint64_t offset = offset_ - body.size();
  CO_RETURN_IF_ERROR(co_await BeginEntity(header, false, offset, out));
  if (body.empty()) co_return absl::OkStatus();
  absl::string_view text = body;
  const bool ends_line = absl::ConsumeSuffix(&text, "\n");
  if (mode_ == Mode::kHeader) {
    CO_RETURN_IF_ERROR(
        co_await TakeHeaderLine({.text = text, .starts_line = true, .ends_line = ends_line}, out));
  } else {
    TakeContent({.text = text, .starts_line = true, .ends_line = ends_line}, out);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> MimeWalker::Take(Piece piece, std::string& out) {
  const bool whole = piece.starts_line && (piece.ends_line || piece.last);
  if (whole && !levels_.empty()) {
    if (const auto boundary = FindBoundary(piece.text); boundary.has_value()) {
      TakeBoundary(*boundary, out);
      co_return absl::OkStatus();
    }
  }
  if (mode_ == Mode::kHeader) co_return co_await TakeHeaderLine(piece, out);
  TakeContent(piece, out);
  co_return absl::OkStatus();
}

// False: there is nothing more to read.
Task<absl::StatusOr<bool>> MimeWalker::Fill() {
  buffer_.erase(0, taken_);
  taken_ = 0;
  const size_t size = buffer_.size();
  const uint64_t offset = offset_ + size;
  buffer_.resize(size + kReadBytes);
  const absl::StatusOr<size_t> read =
      co_await body_.ReadAt(offset, absl::MakeSpan(buffer_).subspan(size));
  buffer_.resize(size + read.value_or(0));
  if (!read.ok()) co_return read.status();
  at_end_ = *read == 0;
  co_return !at_end_;
}

void MimeWalker::Finish(std::string& out) {
  done_ = true;
  if (mode_ == Mode::kEncoded && newline_pending_) {
    std::string text;
    encoder_->EndLine(text);
    Put(text, out);
    newline_pending_ = false;
    // What should have been in front of a boundary is not missed.
    if (!levels_.empty() && at_line_start_) Put("\n", out);
  }
  FinishPart(out);
  while (!levels_.empty()) {
    Put(absl::StrCat("--", levels_.back().boundary, "--\n"), out);
    levels_.pop_back();
  }
}

Task<absl::StatusOr<bool>> MimeWalker::Step(std::string& out) {
  if (done_) co_return false;
  absl::string_view rest = absl::string_view(buffer_).substr(taken_);
  size_t newline = rest.find('\n');
  while (newline == rest.npos && rest.size() < kPieceBytes && !at_end_) {
    CO_RETURN_IF_ERROR((co_await Fill()).status());
    rest = buffer_;
    newline = rest.find('\n');
  }
  if (rest.empty()) {
    Finish(out);
    co_return false;
  }
  // Owned: taking it may read more.
  const std::string text(rest.substr(0, std::min(newline, kPieceBytes)));
  const bool ends_line = text.size() == newline;
  const Piece piece = {.text = text,
                       .starts_line = !in_line_,
                       .ends_line = ends_line,
                       .last = at_end_ && text.size() == rest.size()};
  taken_ += text.size() + (ends_line ? 1 : 0);
  offset_ += text.size() + (ends_line ? 1 : 0);
  in_line_ = !ends_line;
  CO_RETURN_IF_ERROR(co_await Take(piece, out));
  co_return true;
}

}  // namespace stagepost

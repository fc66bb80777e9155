#include "mta/message/mime_encoder.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// A longer line gets a soft end before the next character.
constexpr size_t kSoftLimit = 72;
constexpr size_t kBase64Line = 72;
// White space kept back in front of a possible line end; more of it is text.
constexpr size_t kMaxBlanks = 1024;
constexpr absl::string_view kSpecials = "!\"#$@[\\]^`{|}~";
constexpr absl::string_view kHex = "0123456789ABCDEF";
constexpr absl::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> MakeValues() {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}
constexpr std::array<int8_t, 256> kValues = MakeValues();

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

int HexValue(char c) {
  const size_t at = kHex.find(absl::ascii_toupper(static_cast<unsigned char>(c)));
  return at == kHex.npos ? -1 : static_cast<int>(at);
}

}  // namespace

void QuotedPrintableEncoder::Encode(char c) {
  const uint8_t byte = static_cast<uint8_t>(c);
  line_.push_back('=');
  line_.push_back(kHex[byte >> 4]);
  line_.push_back(kHex[byte & 15]);
}

void QuotedPrintableEncoder::EncodeBlank() {
  if (blank_ != '\0') Encode(blank_);
  blank_ = '\0';
}

void QuotedPrintableEncoder::PutCharacter(char c, std::string& out) {
  if (blank_ != '\0') {
    if (options_.escape_from && blank_ == ' ' && line_ == "From") {
      EncodeBlank();
    } else {
      line_.push_back(blank_);
    }
    blank_ = '\0';
  }
  if (line_.size() > kSoftLimit) {
    absl::StrAppend(&out, line_, "=\n");
    line_.clear();
  }
  if (IsBlank(c)) {
    blank_ = c;
  } else if ((c & 0x80) != 0 || c == '=' ||
             (options_.encode_specials && absl::StrContains(kSpecials, c))) {
    Encode(c);
  } else {
    line_.push_back(c);
  }
}

void QuotedPrintableEncoder::Put(absl::string_view bytes, std::string& out) {
  for (const char c : bytes) PutCharacter(c, out);
}

void QuotedPrintableEncoder::EndLine(std::string& out) {
  Finish(out);
  out.push_back('\n');
}

void QuotedPrintableEncoder::Finish(std::string& out) {
  EncodeBlank();
  // A dot alone would end the message if somebody on the way forgets to double it.
  absl::StrAppend(&out, line_ == "." ? "=2E" : line_);
  line_.clear();
}

void Base64Encoder::PutGroup(std::string& out) {
  if (column_ == kBase64Line) {
    out.push_back('\n');
    column_ = 0;
  }
  const size_t size = group_.size();
  group_.resize(3);
  const uint32_t bits = static_cast<uint32_t>(static_cast<uint8_t>(group_[0])) << 16 |
                        static_cast<uint32_t>(static_cast<uint8_t>(group_[1])) << 8 |
                        static_cast<uint8_t>(group_[2]);
  for (size_t i = 0; i < 4; ++i) {
    out.push_back(i <= size ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=');
  }
  column_ += 4;
  group_.clear();
}

void Base64Encoder::Put(absl::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    group_.push_back(c);
    if (group_.size() == 3) PutGroup(out);
  }
}

void Base64Encoder::Finish(std::string& out) {
  if (!group_.empty()) PutGroup(out);
}

void QuotedPrintableDecoder::PutBlanks(std::string& out) {
  out += blanks_;
  blanks_.clear();
}

void QuotedPrintableDecoder::Take(absl::string_view text, std::string& out) {
  for (const char c : text) {
    if (!escape_.empty()) {
      if (c == '\n') {
        escape_.clear();  // a soft line end
        continue;
      }
      if (escape_.size() == 1 && HexValue(c) >= 0) {
        escape_.push_back(c);
        continue;
      }
      if (escape_.size() == 2 && !IsBlank(escape_[1]) && HexValue(c) >= 0) {
        out.push_back(static_cast<char>(HexValue(escape_[1]) * 16 + HexValue(c)));
        escape_.clear();
        continue;
      }
      // Blanks between the equals sign and the line end were put there on the way.
      if (IsBlank(c) && escape_.size() < kMaxBlanks &&
          (escape_.size() == 1 || IsBlank(escape_[1]))) {
        escape_.push_back(c);
        continue;
      }
      out += escape_;
      escape_.clear();
    }
    if (IsBlank(c) && blanks_.size() < kMaxBlanks) {
      blanks_.push_back(c);
      continue;
    }
    if (c == '\n') {
      blanks_.clear();
      out.push_back(c);
      continue;
    }
    PutBlanks(out);
    if (c == '=') {
      escape_ = "=";
    } else {
      out.push_back(c);
    }
  }
}

void QuotedPrintableDecoder::Finish(std::string& out) {
  out += escape_;
  escape_.clear();
  blanks_.clear();
}

void Base64Decoder::PutByte(char c, std::string& out) {
  if (cr_ && c != '\n') out.push_back('\r');
  cr_ = c == '\r';
  if (!cr_) out.push_back(c);
}

void Base64Decoder::Take(absl::string_view text, std::string& out) {
  for (const char c : text) {
    if (done_) return;
    if (c == '=') {
      // Padding: what has been read makes one byte or two.
      if (count_ >= 2) PutByte(static_cast<char>(bits_ >> (count_ == 2 ? 4 : 10)), out);
      if (count_ == 3) PutByte(static_cast<char>(bits_ >> 2), out);
      done_ = count_ > 0;
      count_ = 0;
      continue;
    }
    const int8_t value = kValues[static_cast<uint8_t>(c)];
    if (value < 0) continue;
    bits_ = bits_ << 6 | static_cast<uint32_t>(value);
    if (++count_ < 4) continue;
    PutByte(static_cast<char>(bits_ >> 16), out);
    PutByte(static_cast<char>(bits_ >> 8), out);
    PutByte(static_cast<char>(bits_), out);
    bits_ = 0;
    count_ = 0;
  }
}

void Base64Decoder::Finish(std::string& out) {
  if (cr_) out.push_back('\r');
  cr_ = false;
}

}  // namespace stagepost

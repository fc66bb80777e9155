// Encodings of MIME bodies as streams. RFC 2045, 6.7 and 6.8.
//
// Encoders take lines: their bytes in pieces of any size, and where a line ends. Decoders take
// encoded text. All append to what is put out.
#ifndef STAGEPOST_MTA_MESSAGE_MIME_ENCODER_H_
#define STAGEPOST_MTA_MESSAGE_MIME_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

class PartEncoder {
 public:
  virtual ~PartEncoder() = default;
  // Bytes of a line; no line end among them.
  virtual void Put(absl::string_view bytes, std::string& out) = 0;
  virtual void EndLine(std::string& out) = 0;
  // The part has ended. The last line is not ended by it.
  virtual void Finish(std::string& out) = 0;
};

struct QuotedPrintableOptions {
  bool encode_specials = false;  // flag 3: what EBCDIC has no place for
  bool escape_from = false;      // flag E: no line begins with "From "
};

class QuotedPrintableEncoder final : public PartEncoder {
 public:
  explicit QuotedPrintableEncoder(QuotedPrintableOptions options) : options_(options) {}

  void Put(absl::string_view bytes, std::string& out) override;
  void EndLine(std::string& out) override;
  void Finish(std::string& out) override;

 private:
  void PutCharacter(char c, std::string& out);
  void Encode(char c);
  void EncodeBlank();

  const QuotedPrintableOptions options_;
  std::string line_;   // at most 76 characters
  char blank_ = '\0';  // the last character, if it was a blank: it may end the line
};

class Base64Encoder final : public PartEncoder {
 public:
  void Put(absl::string_view bytes, std::string& out) override;
  // Line ends are CR LF in what is encoded.
  void EndLine(std::string& out) override { Put("\r\n", out); }
  void Finish(std::string& out) override;

 private:
  void PutGroup(std::string& out);

  std::string group_;  // fewer than 3 bytes between calls
  size_t column_ = 0;
};

class TextDecoder {
 public:
  virtual ~TextDecoder() = default;
  // Encoded text with LF line ends, cut anywhere. Puts out text with LF line ends.
  virtual void Take(absl::string_view text, std::string& out) = 0;
  virtual void Finish(std::string& out) = 0;
};

// What is not quoted as it should be stays as it is.
class QuotedPrintableDecoder final : public TextDecoder {
 public:
  void Take(absl::string_view text, std::string& out) override;
  void Finish(std::string& out) override;

 private:
  void PutBlanks(std::string& out);

  std::string escape_;  // "=", "=4", or "=" and blanks
  std::string blanks_;  // those at the end of a line are none of it; at most kMaxBlanks
};

// What is no character of base64 is passed over; what stands behind the padding as well.
class Base64Decoder final : public TextDecoder {
 public:
  void Take(absl::string_view text, std::string& out) override;
  void Finish(std::string& out) override;

 private:
  void PutByte(char c, std::string& out);

  uint32_t bits_ = 0;
  int count_ = 0;    // of characters in bits_
  bool cr_ = false;  // a CR that may be half of a line end
  bool done_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MIME_ENCODER_H_

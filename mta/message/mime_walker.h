// Walks through the body of a message by its MIME structure: shortens what readers have choked on
// in the headers of parts and, if asked to, encodes the parts that have eight bits.
// RFC 2045, RFC 2046; Operations Guide, 5.6 (EightBitMode, MaxMimeHeaderLength), 5.3 (classes b, e,
// n, q, s).
//
//            "--b"                   empty line            "--b"
//   [text] ---------> [part header] ----------> [part] -----------> [part header]
//      ^                                          |
//      +------------------------------------------+
//                        "--b--"
//
// Nothing is recursive: multiparts inside multiparts are a stack of boundaries, at most
// kMaxMultipartDepth; what is deeper is text. Held are one piece of the body, the header of one
// part, and the boundaries. Of a part that may need to be encoded the body is read twice.
#ifndef STAGEPOST_MTA_MESSAGE_MIME_WALKER_H_
#define STAGEPOST_MTA_MESSAGE_MIME_WALKER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/message/header.h"
#include "mta/message/header_collector.h"
#include "mta/message/message_text.h"
#include "mta/message/mime_encoder.h"
#include "mta/message/mime_type.h"

namespace stagepost {

inline constexpr size_t kMaxMultipartDepth = 20;
// Of one part; a longer one is text, and nothing in it is looked at.
inline constexpr size_t kMaxPartHeaderBytes = 64 * 1024;

struct WalkOptions {
  bool encode = false;  // else parts stay as they are
  QuotedPrintableOptions quoted_printable;
  // Who converts: "mx1.corp.example id 6AK6XWSU000517".
  std::string converter;
};

class MimeWalker {
 public:
  // `configuration` and `body` outlive it.
  MimeWalker(const Configuration& configuration, WalkOptions options, BodySource& body)
      : configuration_(configuration), options_(std::move(options)), body_(body) {}

  // Puts out the fields that the encoding of the message as a whole asks for, and the empty line
  // behind its header. `header` is that of the message; its own fields are not put out.
  Task<absl::Status> Begin(Header header, std::string& out);
  // Puts out some more; false: that was all.
  Task<absl::StatusOr<bool>> Step(std::string& out);

  // For the log, at Severity::kAlert.
  const std::vector<std::string>& alerts() const { return alerts_; }

 private:
  enum class Mode : uint8_t {
    kText,     // around parts: seven bits
    kHeader,   // of a part, or of a message in a part
    kOpaque,   // a part that stays as it is
    kEncoded,  // by encoder_
  };
  struct Level {
    std::string boundary;
    bool digest = false;  // its parts are messages unless they say otherwise
  };
  struct Piece {
    absl::string_view text;
    bool starts_line = false;
    bool ends_line = false;
    bool last = false;  // of the body
  };
  struct Boundary {
    size_t level = 0;
    bool final = false;
  };

  Task<absl::StatusOr<bool>> Fill();
  Task<absl::Status> Take(Piece piece, std::string& out);
  void TakeContent(const Piece& piece, std::string& out);
  Task<absl::Status> TakeHeaderLine(Piece piece, std::string& out);
  void TakeBoundary(const Boundary& boundary, std::string& out);
  std::optional<Boundary> FindBoundary(absl::string_view line) const;

  // The header of a part is complete; its body begins at `offset`.
  Task<absl::Status> BeginEntity(Header header, bool is_top, uint64_t offset, std::string& out);
  void PutFields(Header& header, bool without_encoding, std::string& out);
  void PutHeaderAsItIs(std::string& out);
  // How a part without structure goes out: the name of its encoding, or empty: as it is.
  Task<absl::StatusOr<std::string>> ChooseEncoding(const ContentType& type,
                                                   const std::string& encoding, uint64_t offset);
  struct Census {
    uint64_t bytes = 0, eight_bit = 0;
  };
  Task<absl::StatusOr<Census>> CountPart(uint64_t offset);
  bool InClass(char name, const ContentType& type) const;

  void BeginHeader(bool of_message);
  void FinishPart(std::string& out);
  void Finish(std::string& out);
  void Put(absl::string_view text, std::string& out);

  const Configuration& configuration_;
  const WalkOptions options_;
  BodySource& body_;

  std::vector<Level> levels_;
  Mode mode_ = Mode::kOpaque;
  bool of_message_ = false;  // the header under way is that of a message in a part
  std::optional<HeaderCollector> collector_;
  std::string raw_header_;  // the header under way, as it is
  std::unique_ptr<PartEncoder> encoder_;
  bool newline_pending_ = false;  // of the last line: it is the boundary's if one comes
  bool at_line_start_ = true;     // what was put out last is a line end

  std::string buffer_;    // read and not yet taken
  size_t taken_ = 0;      // of buffer_
  uint64_t offset_ = 0;   // in the body, of the next byte to be taken
  bool in_line_ = false;  // the next byte continues a line
  bool at_end_ = false;   // all has been read
  bool done_ = false;
  std::vector<std::string> alerts_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MIME_WALKER_H_

// A body from an attacker, walked through by its MIME structure, encoded and decoded: the same
// however it is read, bounded, and what was encoded is decoded to what it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/async/executor.h"
#include "mta/async/loop.h"
#include "mta/base/check.h"
#include "mta/cf/configuration.h"
#include "mta/message/header_collector.h"
#include "mta/message/mime_encoder.h"
#include "mta/message/mime_limits.h"
#include "mta/message/mime_walker.h"

namespace stagepost {
namespace {

class Body final : public BodySource {
 public:
  Body(std::string text, size_t piece) : text_(std::move(text)), piece_(piece) {}
  Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset, absl::Span<char> buffer) override {
    if (offset >= text_.size()) co_return 0;
    const size_t size =
        std::min({buffer.size(), text_.size() - static_cast<size_t>(offset), piece_});
    std::copy_n(text_.data() + offset, size, buffer.data());
    co_return size;
  }

 private:
  const std::string text_;
  const size_t piece_;
};

Task<std::string> Walk(const Configuration& configuration, const Header& header, std::string body,
                       bool encode, size_t piece) {
  Body source(std::move(body), piece);
  MimeWalker walker(configuration, {.encode = encode, .quoted_printable = {}, .converter = "x"},
                    source);
  std::string out;
  CHECK((co_await walker.Begin(header, out)).ok());
  for (;;) {
    const absl::StatusOr<bool> more = co_await walker.Step(out);
    CHECK(more.ok());
    if (!*more) co_return out;
  }
}

std::string Walked(const Configuration& configuration, const Header& header,
                   const std::string& body, bool encode, size_t piece) {
  Loop loop;
  Executor executor(loop);
  std::string result;
  executor.Start([&result](std::string text) { result = std::move(text); }, &Walk,
                 std::cref(configuration), std::cref(header), body, encode, piece);
  loop.RunUntilIdle();
  return result;
}

void CheckRoundTrip(PartEncoder& encoder, TextDecoder& decoder, absl::string_view text) {
  std::string encoded, decoded;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    encoder.Put(text.substr(0, end), encoded);
    text.remove_prefix(end);
    if (text.empty()) break;
    encoder.EndLine(encoded);
    text.remove_prefix(1);
  }
  encoder.Finish(encoded);
  for (const char c : encoded) CHECK((c & 0x80) == 0);
  decoder.Take(encoded, decoded);
  decoder.Finish(decoded);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  Configuration configuration;
  const auto add = [&configuration](char name, absl::string_view word) {
    configuration.classes.Add(OneCharacterName(name), word);
  };
  for (const absl::string_view word : {"7bit", "8bit", "binary"}) add('e', word);
  add('n', "multipart/signed");
  add('s', "rfc822");
  add('q', "text/html");
  HeaderCollector collector(4096);
  std::string body;
  collector.Take(text, body);
  collector.Finish(body);
  for (const bool encode : {false, true}) {
    const std::string whole = Walked(configuration, collector.header(), body, encode, size + 1);
    CHECK(Walked(configuration, collector.header(), body, encode, 3) == whole);
    // Every part may bring the fields of its encoding.
    CHECK(whole.size() <= 200 * (body.size() + 10));
  }

  QuotedPrintableEncoder quoted({.encode_specials = size % 2 == 0, .escape_from = size % 3 == 0});
  QuotedPrintableDecoder from_quoted;
  CheckRoundTrip(quoted, from_quoted, text);
  Base64Encoder base64;
  Base64Decoder from_base64;
  CheckRoundTrip(base64, from_base64, text);
  std::string out;
  QuotedPrintableDecoder().Take(text, out);
  Base64Decoder().Take(text, out);
  CHECK(out.size() <= 2 * size);

  std::string shortened(text);
  ShortenBalanced(shortened, size / 2);
  CHECK(shortened.size() <= size / 2);
  return 0;
}

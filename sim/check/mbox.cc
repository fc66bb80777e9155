#include "sim/check/mbox.h"

#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

std::optional<uint64_t> ContentLength(absl::string_view header) {
  for (absl::string_view line : absl::StrSplit(header, '\n')) {
    uint64_t length = 0;
    if (absl::ConsumePrefix(&line, "Content-Length:") && absl::SimpleAtoi(line, &length)) {
      return length;
    }
  }
  return std::nullopt;
}

// " id X" or " id X;" of the first Received field, which may be folded.
std::string QueueId(absl::string_view header) {
  const size_t received = header.find("Received:");
  if (received == header.npos) return "";
  const size_t id = header.find(" id ", received);
  if (id == header.npos) return "";
  const absl::string_view rest = header.substr(id + 4);
  return std::string(rest.substr(0, rest.find_first_of(" ;\n\t")));
}

MboxMessage ParseOne(absl::string_view text) {
  MboxMessage message;
  if (!absl::ConsumePrefix(&text, "From ")) {
    message.body = text;
    message.damage = "does not begin with a From line";
    return message;
  }
  const size_t line_end = text.find('\n');
  message.from_line = std::string(text.substr(0, line_end));
  if (line_end == text.npos) {
    message.damage = "ends in its From line";
    return message;
  }
  text.remove_prefix(line_end + 1);
  const size_t header_end = text.find("\n\n");
  if (header_end == text.npos) {
    message.header = text;
    message.damage = "ends in its header";
    return message;
  }
  message.header = text.substr(0, header_end + 1);
  message.queue_id = QueueId(message.header);
  message.body = text.substr(header_end + 2);
  if (!absl::ConsumeSuffix(&message.body, "\n")) {
    message.damage = "is not followed by an empty line";
    return message;
  }
  const std::optional<uint64_t> length = ContentLength(message.header);
  if (length.has_value() && *length != message.body.size()) {
    message.damage =
        absl::StrCat("has ", message.body.size(), " bytes, its Content-Length is ", *length);
  }
  return message;
}

// Where the first message ends by its Content-Length; nullopt: it has none, or no empty line is
// there. What comes behind does not matter: a crash may leave anything after a whole message.
std::optional<size_t> EndByContentLength(absl::string_view mailbox) {
  const size_t header_end = mailbox.find("\n\n");
  if (header_end == mailbox.npos) return std::nullopt;
  const std::optional<uint64_t> length = ContentLength(mailbox.substr(0, header_end));
  const size_t body = header_end + 2;
  if (!length.has_value() || *length >= mailbox.size() - body) return std::nullopt;
  const size_t end = body + static_cast<size_t>(*length) + 1;
  if (mailbox[end - 1] != '\n') return std::nullopt;
  return end;
}

// Where the next line after an empty one begins with "From ".
size_t EndByFromLine(absl::string_view mailbox) {
  const size_t end = mailbox.find("\n\nFrom ");
  return end == mailbox.npos ? mailbox.size() : end + 2;
}

}  // namespace

std::vector<MboxMessage> ParseMbox(absl::string_view mailbox) {
  std::vector<MboxMessage> messages;
  while (!mailbox.empty()) {
    const std::optional<size_t> known = EndByContentLength(mailbox);
    const size_t end = known.has_value() ? *known : EndByFromLine(mailbox);
    messages.push_back(ParseOne(mailbox.substr(0, end)));
    mailbox.remove_prefix(end);
  }
  return messages;
}

}  // namespace stagepost

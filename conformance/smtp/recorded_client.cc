#include "conformance/smtp/recorded_client.h"

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

class Client {
 public:
  Client(Environment& env, RecordedDialogue& dialogue)
      : env_(env),
        dialogue_(dialogue),
        timeout_(absl::Seconds(NumberAt(dialogue.step, "timeout", 60))),
        start_(env.clock().MonotonicNow()) {}

  Task<void> Play() {
    const auto& script = Find(dialogue_.step, "script")->list_value().values();
    auto connection = co_await env_.network().Connect(dialogue_.to, dialogue_.from);
    if (connection.ok()) {
      connection_ = *std::move(connection);
    } else {
      Note("*", absl::StrCat("connect: ", connection.status().message()));
      ended_ = true;
    }
    const bool greeted = script.empty() || !script[0].has_struct_value() ||
                         !BoolAt(script[0].struct_value(), "nogreet", false);
    if (greeted) co_await ReadReplies(1);
    for (int i = 0; i < script.size(); ++i) {
      if (ended_) {
        Note("*", absl::StrCat("@not sent ", i));
        continue;
      }
      co_await Say(script[i]);
    }
    connection_.reset();
  }

 private:
  void Note(absl::string_view who, absl::string_view text) {
    auto& event = *dialogue_.events.add_values()->mutable_list_value();
    const absl::Duration since = env_.clock().MonotonicNow() - start_;
    event.add_values()->set_number_value(static_cast<double>(absl::ToInt64Milliseconds(since)));
    event.add_values()->set_string_value(std::string(who));
    event.add_values()->set_string_value(TextOf(text));
  }

  Task<void> Say(const JsonValue& item) {
    if (item.has_string_value()) {
      co_await Send(absl::StrCat(BytesOf(item.string_value()), "\r\n"));
      co_await ReadReplies(1);
      co_return;
    }
    const JsonObject& what = item.struct_value();
    if (const JsonValue* lines = Find(what, "send")) {
      std::string bytes;
      for (const JsonValue& line : lines->list_value().values()) {
        absl::StrAppend(&bytes, BytesOf(line.string_value()), "\r\n");
      }
      co_await Send(std::move(bytes));
      const double count = NumberAt(what, "replies", lines->list_value().values_size());
      co_await ReadReplies(static_cast<int>(count));
    } else if (Find(what, "data") != nullptr) {
      co_await SendMessage(StringAt(what, "data"));
    } else if (Find(what, "raw") != nullptr) {
      co_await Send(StringAt(what, "raw"));
      co_await ReadReplies(static_cast<int>(NumberAt(what, "replies", 1)));
    } else if (Find(what, "sleep") != nullptr) {
      (void)co_await Sleep(absl::Seconds(NumberAt(what, "sleep", 0)));
    } else if (Find(what, "read") != nullptr) {
      co_await ReadReplies(static_cast<int>(NumberAt(what, "read", 0)));
    } else if (Find(what, "eof") != nullptr) {
      connection_.reset();
      ended_ = true;
    }
  }

  Task<void> SendMessage(std::string text) {
    if (!absl::StartsWith(last_, "354")) {
      Note("*", "message not sent, DATA was refused");
      co_return;
    }
    std::string bytes;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      absl::StrAppend(&bytes, absl::StartsWith(line, ".") ? "." : "", line, "\r\n");
    }
    bytes += ".\r\n";
    co_await Send(std::move(bytes));
    co_await ReadReplies(1);
  }

  Task<void> Send(std::string bytes) {
    const absl::Status sent = co_await WithDeadline(env_.clock().MonotonicNow() + timeout_,
                                                    WriteAll(*connection_, bytes));
    if (sent.ok()) co_return;
    Note("*", absl::StrCat("send: ", sent.message()));
    ended_ = true;
  }

  Task<void> ReadReplies(int count) {
    for (int i = 0; i < count; ++i) {
      while (!ended_) {
        std::optional<std::string> line = co_await ReadLine();
        last_ = line.value_or("");
        if (!line.has_value()) break;
        const bool code = line->size() >= 3 && absl::ascii_isdigit((*line)[0]) &&
                          absl::ascii_isdigit((*line)[1]) && absl::ascii_isdigit((*line)[2]);
        if (code && line->substr(3, 1) != "-") break;
      }
    }
  }

  Task<std::optional<std::string>> ReadLine() {
    while (buffer_.find('\n') == std::string::npos) {
      std::array<char, 4096> bytes;
      const auto got = co_await WithDeadline(env_.clock().MonotonicNow() + timeout_,
                                             connection_->Read(absl::MakeSpan(bytes)));
      if (got.ok() && *got > 0) {
        buffer_.append(bytes.data(), *got);
        continue;
      }
      if (absl::IsDeadlineExceeded(got.status())) {
        Note("*", "no reply, timed out");
      } else if (!got.ok()) {
        Note("*", absl::StrCat("connection: ", got.status().message()));
      } else {
        if (!buffer_.empty()) Note("S", buffer_);
        Note("*", "closed by server");
      }
      ended_ = true;
      co_return std::nullopt;
    }
    const size_t end = buffer_.find('\n');
    std::string line(absl::StripSuffix(absl::string_view(buffer_).substr(0, end), "\r"));
    buffer_.erase(0, end + 1);
    Note("S", line);
    co_return line;
  }

  Environment& env_;
  RecordedDialogue& dialogue_;
  const absl::Duration timeout_;
  const MonotonicTime start_;
  std::unique_ptr<Connection> connection_;
  std::string buffer_, last_;
  bool ended_ = false;
};

}  // namespace

Task<int> PlayRecordedDialogue(Environment& env, RecordedDialogue& dialogue) {
  Client client(env, dialogue);
  co_await client.Play();
  dialogue.done = true;
  co_return 0;
}

}  // namespace stagepost

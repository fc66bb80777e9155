#include "conformance/smtp/recorded_client.h"

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
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
      Note("@", absl::StrCat(i));
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
    } else if (Find(what, "stream") != nullptr) {
      co_await Stream(StringAt(what, "stream"), NumberAt(what, "count", 1));
      co_await ReadReplies(static_cast<int>(NumberAt(what, "replies", 0)));
    } else if (Find(what, "drip") != nullptr) {
      co_await Drip(StringAt(what, "drip"), absl::Seconds(NumberAt(what, "interval", 0.001)));
      co_await ReadReplies(static_cast<int>(NumberAt(what, "replies", 1)));
    } else if (Find(what, "many") != nullptr) {
      co_await Many(what);
    } else if (Find(what, "sleep") != nullptr) {
      (void)co_await Sleep(absl::Seconds(NumberAt(what, "sleep", 0)));
    } else if (Find(what, "read") != nullptr) {
      co_await ReadReplies(static_cast<int>(NumberAt(what, "read", 0)));
    } else if (Find(what, "eof") != nullptr) {
      connection_.reset();
      ended_ = true;
    }
  }

  // The same bytes over and over, holding a piece of them only. A server that goes away has not
  // ended the dialogue before what it said has been read.
  Task<void> Stream(std::string bytes, double count) {
    constexpr size_t kPiece = 64 * 1024;
    const std::string one = std::move(bytes);
    std::string piece = one;
    double in_piece = 1;
    for (; piece.size() + one.size() <= kPiece && in_piece < count; ++in_piece) piece += one;
    while (count > 0) {
      if (count < in_piece) piece.resize(one.size() * static_cast<size_t>(count));
      count -= in_piece;
      const absl::Status sent = co_await WithDeadline(env_.clock().MonotonicNow() + timeout_,
                                                      WriteAll(*connection_, piece));
      if (sent.ok()) continue;
      Note("*", absl::StrCat("stream: ", sent.message()));
      break;
    }
  }

  // Byte for byte, each some time after the other.
  Task<void> Drip(std::string bytes, absl::Duration interval) {
    for (const char byte : bytes) {
      const absl::Status sent =
          co_await WriteAll(*connection_, absl::string_view(&byte, sizeof byte));
      if (!sent.ok()) {
        Note("*", absl::StrCat("drip: ", sent.message()));
        break;
      }
      (void)co_await Sleep(interval);
    }
  }

  // Lines that differ in a number ("%d"), so many at a time. The transcript gets the first words of
  // their replies, with how often in a row each came.
  Task<void> Many(const JsonObject& what) {
    const std::string line = StringAt(what, "many");
    const int end = static_cast<int>(NumberAt(what, "to", 1));
    const int window = static_cast<int>(NumberAt(what, "window", 1));
    quiet_ = true;
    for (int next = static_cast<int>(NumberAt(what, "from", 1)); next <= end && !ended_;) {
      std::string bytes;
      int sent = 0;
      for (; sent < window && next <= end; ++sent, ++next) {
        absl::StrAppend(&bytes, absl::StrReplaceAll(line, {{"%d", absl::StrCat(next)}}), "\r\n");
      }
      co_await Send(std::move(bytes));
      co_await ReadReplies(sent);
    }
    quiet_ = false;
    Note("*", absl::StrCat("many: ", absl::StrJoin(runs_, ", ", [](std::string* out, auto& run) {
                             absl::StrAppend(out, run.first, " x ", run.second);
                           })));
    runs_.clear();
  }

  // The code and the enhanced code of a reply.
  void Count(absl::string_view line) {
    const size_t end = line.find(' ', line.find(' ') == 3 ? 4 : 0);
    const std::string words(line.substr(0, end));
    if (runs_.empty() || runs_.back().first != words) runs_.emplace_back(words, 0);
    ++runs_.back().second;
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
    if (quiet_) {
      Count(line);
    } else {
      Note("S", line);
    }
    co_return line;
  }

  Environment& env_;
  RecordedDialogue& dialogue_;
  const absl::Duration timeout_;
  const MonotonicTime start_;
  std::unique_ptr<Connection> connection_;
  std::string buffer_, last_;
  bool ended_ = false;
  bool quiet_ = false;
  std::vector<std::pair<std::string, int>> runs_;
};

}  // namespace

Task<int> PlayRecordedDialogue(Environment& env, RecordedDialogue& dialogue) {
  Client client(env, dialogue);
  co_await client.Play();
  dialogue.done = true;
  co_return 0;
}

}  // namespace stagepost

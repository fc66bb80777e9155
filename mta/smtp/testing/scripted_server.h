// A server in memory for tests of the client: it answers each command with the next line of its
// script, and does what no server should when told to.
//
//   ScriptedServer server({"220 a\r\n", "250-a\r\n250 PIPELINING\r\n", "250 ok\r\n", …});
//   SmtpClient client(world.env().clock(), server.input(), server.output(), {});
//
// The first turn is the greeting. A turn that begins with 354 lets message text follow, and the
// next turn is what its end is answered with.
#ifndef STAGEPOST_MTA_SMTP_TESTING_SCRIPTED_SERVER_H_
#define STAGEPOST_MTA_SMTP_TESTING_SCRIPTED_SERVER_H_

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/operation.h"
#include "mta/env/stream.h"
#include "mta/message/message_text.h"

namespace stagepost {

class ScriptedServer {
 public:
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();

  // Closes after so many turns, in both directions; what is said stays readable.
  explicit ScriptedServer(std::vector<std::string> turns, size_t closes_after = kNever)
      : turns_(std::move(turns)), closes_after_(closes_after) {
    Answer();
  }

  ByteSink& input() { return input_; }
  ByteSource& output() { return output_; }

  // What it does besides. Set before the client starts.
  size_t segment = 4096;         // a read of the client brings at most so much
  size_t window = kNever;        // so many bytes wait unread, in either direction
  size_t speaks_after = kNever;  // after so many bytes of message text: `early`
  std::string early;
  bool deaf_after_early = false;  // reads nothing from then on

  // What has come.
  std::vector<std::string> commands;
  std::string text;  // of messages, their final dots included
  int writes = 0;    // in how many pieces all came

  // Says `bytes` unasked.
  void Say(absl::string_view bytes) {
    said_.append(bytes.data(), bytes.size());
    WakeReader();
  }
  void Close() {
    closed_ = true;
    WakeReader();
    WakeWriter();
  }

 private:
  class PendingRead final : public PendingOperation<absl::StatusOr<size_t>> {
   public:
    PendingRead(ScriptedServer& server, absl::Span<char> buffer)
        : server_(server), buffer_(buffer) {}
    ~PendingRead() override { Leave(); }
    void Wake() {
      Leave();
      Finish(server_.TakeSaid(buffer_));
    }

   private:
    void Start() override { server_.reader_ = this; }
    void OnStop() override {
      Leave();
      PendingOperation::OnStop();
    }
    void Leave() {
      if (server_.reader_ == this) server_.reader_ = nullptr;
    }
    ScriptedServer& server_;
    const absl::Span<char> buffer_;
  };

  class PendingWrite final : public PendingOperation<absl::StatusOr<size_t>> {
   public:
    PendingWrite(ScriptedServer& server, absl::string_view bytes)
        : server_(server), bytes_(bytes) {}
    ~PendingWrite() override { Leave(); }
    void Wake() {
      Leave();
      Finish(server_.Take(bytes_));
    }

   private:
    void Start() override { server_.writer_ = this; }
    void OnStop() override {
      Leave();
      PendingOperation::OnStop();
    }
    void Leave() {
      if (server_.writer_ == this) server_.writer_ = nullptr;
    }
    ScriptedServer& server_;
    const absl::string_view bytes_;
  };

  class Input final : public ByteSink {
   public:
    explicit Input(ScriptedServer& server) : server_(server) {}
    Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
      if (server_.CanTake()) return server_.Take(bytes);
      return Operation<absl::StatusOr<size_t>>(new PendingWrite(server_, bytes));
    }

   private:
    ScriptedServer& server_;
  };

  class Output final : public ByteSource {
   public:
    explicit Output(ScriptedServer& server) : server_(server) {}
    Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
      if (!server_.said_.empty() || server_.closed_) return server_.TakeSaid(buffer);
      return Operation<absl::StatusOr<size_t>>(new PendingRead(server_, buffer));
    }

   private:
    ScriptedServer& server_;
  };

  // A server that cannot say more reads no more.
  bool CanTake() const { return closed_ || (!deaf_ && said_.size() < window); }

  absl::StatusOr<size_t> Take(absl::string_view bytes) {
    if (closed_) return absl::UnavailableError("broken pipe");
    bytes = bytes.substr(0, window);
    ++writes;
    for (const char c : bytes) {
      if (closed_ || deaf_) break;  // it has arrived, and nobody reads it
      TakeByte(c);
    }
    return bytes.size();
  }

  void TakeByte(char c) {
    if (in_text_) {
      text.push_back(c);
      if (text.size() == speaks_after) {
        Say(early);
        deaf_ = deaf_after_early;
      }
    }
    line_.push_back(c);
    if (c != '\n') return;
    if (in_text_) {
      if (line_ == ".\r\n") {
        in_text_ = false;
        Answer();
      }
    } else {
      line_.resize(line_.size() - std::min<size_t>(line_.size(), 2));
      commands.push_back(line_);
      Answer();
    }
    line_.clear();
  }

  void Answer() {
    if (next_ < turns_.size()) {
      const std::string& turn = turns_[next_];
      in_text_ = absl::StartsWith(turn, "354");
      Say(turn);
    }
    if (++next_ >= closes_after_) Close();
  }

  absl::StatusOr<size_t> TakeSaid(absl::Span<char> buffer) {
    const size_t size = std::min({buffer.size(), said_.size(), segment});
    std::memcpy(buffer.data(), said_.data(), size);
    said_.erase(0, size);
    WakeWriter();
    return size;
  }

  void WakeReader() {
    if (reader_ != nullptr) reader_->Wake();
  }
  void WakeWriter() {
    if (writer_ != nullptr && CanTake()) writer_->Wake();
  }

  const std::vector<std::string> turns_;
  const size_t closes_after_;
  size_t next_ = 0;
  std::string said_, line_;
  bool in_text_ = false, closed_ = false, deaf_ = false;
  PendingRead* reader_ = nullptr;
  PendingWrite* writer_ = nullptr;
  Input input_{*this};
  Output output_{*this};
};

// The text of a message in memory; `size` bytes of it where that is more than the text has, the
// rest being lines of x.
class TestText final : public MessageText {
 public:
  explicit TestText(std::string text, size_t size = 0, size_t piece = 4096)
      : text_(std::move(text)), left_(std::max(text_.size(), size)), piece_(piece) {}

  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (!error.ok()) co_return error;
    const size_t size = std::min({buffer.size(), left_, piece_});
    for (size_t i = 0; i < size; ++i, ++position_) {
      buffer[i] = position_ < text_.size() ? text_[position_] : position_ % 64 == 63 ? '\n' : 'x';
    }
    left_ -= size;
    read += size;
    co_return size;
  }

  absl::Status error = absl::OkStatus();
  size_t read = 0;

 private:
  const std::string text_;
  size_t left_, position_ = 0;
  const size_t piece_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_TESTING_SCRIPTED_SERVER_H_

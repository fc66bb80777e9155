#include "tools/audit/audit_sink.h"

#include <array>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxSessions = 1000;

// "<u@h>" of "RCPT To:<u@h> NOTIFY=NEVER".
std::string Path(const std::string& line) {
  const size_t begin = line.find('<');
  const size_t end = line.rfind('>');
  return begin == std::string::npos || end == std::string::npos || end < begin
             ? line
             : line.substr(begin, end + 1 - begin);
}

class SinkSession {
 public:
  SinkSession(Connection& connection, AuditSink& sink) : connection_(connection), sink_(sink) {}

  Task<absl::Status> Serve() {
    CO_RETURN_IF_ERROR(co_await Say("220 sink ESMTP"));
    while (true) {
      CO_ASSIGN_OR_RETURN(const std::string line, co_await Line());
      if (absl::StartsWithIgnoreCase(line, "QUIT")) co_return co_await Say("221 2.0.0 bye");
      if (absl::StartsWithIgnoreCase(line, "DATA")) {
        CO_RETURN_IF_ERROR(co_await Say("354 go ahead"));
        CO_RETURN_IF_ERROR(co_await TakeMessage());
      } else if (absl::StartsWithIgnoreCase(line, "EHLO")) {
        CO_RETURN_IF_ERROR(co_await Say("250-sink\r\n250 8BITMIME"));
      } else {
        if (absl::StartsWithIgnoreCase(line, "RCPT")) recipients_.push_back(Path(line));
        if (absl::StartsWithIgnoreCase(line, "MAIL")) recipients_.clear();
        CO_RETURN_IF_ERROR(co_await Say("250 2.0.0 ok"));
      }
    }
  }

 private:
  Task<absl::Status> Say(absl::string_view reply) {
    co_return co_await WriteAll(connection_, absl::StrCat(reply, "\r\n"));
  }

  Task<absl::Status> TakeMessage() {
    while (true) {
      CO_ASSIGN_OR_RETURN(const std::string line, co_await Line());
      if (line == ".") break;
    }
    ++sink_.messages;
    for (std::string& recipient : recipients_) sink_.recipients.push_back(std::move(recipient));
    recipients_.clear();
    co_return co_await Say("250 2.0.0 taken");
  }

  Task<absl::StatusOr<std::string>> Line() {
    while (true) {
      const size_t end = buffer_.find("\r\n");
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        co_return line;
      }
      if (buffer_.size() > kMaxLine) co_return absl::ResourceExhaustedError("line too long");
      std::array<char, 4096> chunk;
      CO_ASSIGN_OR_RETURN(const size_t n, co_await connection_.Read(absl::MakeSpan(chunk)));
      if (n == 0) co_return absl::OutOfRangeError("end of stream");
      buffer_.append(chunk.data(), n);
    }
  }

  Connection& connection_;
  AuditSink& sink_;
  std::string buffer_;
  std::vector<std::string> recipients_;
};

Task<absl::Status> ServeOne(AuditSink& sink, std::unique_ptr<Connection> connection) {
  SinkSession session(*connection, sink);
  co_return co_await session.Serve();
}

Task<absl::Status> AcceptAll(AuditSink& sink, TaskScope& scope, Listener& listener) {
  while (true) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await listener.Accept());
    // Over the limit: the connection is closed.
    (void)scope.Spawn(&ServeOne, std::ref(sink), std::move(connection));
  }
}

}  // namespace

Task<int> ServeAuditSink(Environment& env, AuditSink& sink) {
  const auto v4 = env.network().Listen({.address = {IpAddress(), 25}, .backlog = 128});
  const auto v6 = env.network().Listen({.address = {IpAddress::V6({}), 25}, .backlog = 128});
  if (!v4.ok() || !v6.ok()) co_return 71;
  TaskScope scope(co_await CurrentContext(), "sink", TaskScope::Policy::kSupervise, kMaxSessions);
  for (const auto* listener : {&v4, &v6}) {
    (void)scope.Spawn(&AcceptAll, std::ref(sink), std::ref(scope), std::ref(***listener));
  }
  (void)co_await scope.Join();
  co_return 0;
}

}  // namespace stagepost

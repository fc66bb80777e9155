#include "sim/peer/sink.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxSessions = 10'000;

struct SinkServer {
  Environment& env;
  std::vector<std::string> domains;
  int next_message = 1;
};

// Whether the line is a RCPT for one of the domains.
bool IsForUs(const SinkServer& server, absl::string_view line) {
  const size_t at = line.rfind('@');
  const size_t end = line.rfind('>');
  if (at == line.npos || end == line.npos || end < at) return false;
  const absl::string_view domain = line.substr(at + 1, end - at - 1);
  return std::any_of(server.domains.begin(), server.domains.end(), [&](const std::string& ours) {
    return absl::EqualsIgnoreCase(ours, domain);
  });
}

// Reads lines up to and including CRLF from a connection.
class SinkLines {
 public:
  explicit SinkLines(Connection& connection) : connection_(connection) {}

  Task<absl::StatusOr<std::string>> Next() {
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

 private:
  Connection& connection_;
  std::string buffer_;
};

Task<absl::Status> Store(SinkServer& server, std::string text) {
  const std::string path = absl::StrFormat("%s/%06d", kSinkDirectory, server.next_message++);
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                      co_await server.env.files().Open(
                          path, {.write = true, .create = true, .exclusive = true, .mode = 0644}));
  for (size_t written = 0; written < text.size();) {
    const absl::string_view rest = absl::string_view(text).substr(written);
    CO_ASSIGN_OR_RETURN(const size_t n, co_await file->Write(written, rest));
    written += n;
  }
  CO_RETURN_IF_ERROR(co_await file->Sync());
  co_return co_await server.env.files().SyncDirectory(kSinkDirectory);
}

Task<absl::StatusOr<std::string>> ReadMessage(SinkLines& lines) {
  std::string message;
  while (true) {
    CO_ASSIGN_OR_RETURN(std::string line, co_await lines.Next());
    if (line == ".") co_return message;
    absl::StrAppend(&message, line[0] == '.' ? line.substr(1) : line, "\r\n");
  }
}

Task<absl::Status> ServeOne(SinkServer& server, std::unique_ptr<Connection> connection) {
  SinkLines lines(*connection);
  const std::string name = server.env.host().name();
  std::string envelope;
  CO_RETURN_IF_ERROR(co_await WriteAll(*connection, absl::StrCat("220 ", name, " ESMTP sink\r\n")));
  while (true) {
    CO_ASSIGN_OR_RETURN(const std::string line, co_await lines.Next());
    const std::string verb = absl::AsciiStrToUpper(line.substr(0, 4));
    std::string reply = "250 2.0.0 ok";
    if (verb == "EHLO") {
      reply = absl::StrCat("250-", name, "\r\n250-PIPELINING\r\n250 8BITMIME");
    } else if (verb == "HELO") {
      reply = absl::StrCat("250 ", name);
    } else if (verb == "MAIL") {
      envelope = absl::StrCat(line, "\n");
    } else if (verb == "RCPT") {
      if (IsForUs(server, line)) {
        absl::StrAppend(&envelope, line, "\n");
      } else {
        reply = "550 5.7.1 not one of my domains";
      }
    } else if (verb == "RSET") {
      envelope.clear();
    } else if (verb == "DATA") {
      CO_RETURN_IF_ERROR(co_await WriteAll(*connection, "354 go ahead\r\n"));
      CO_ASSIGN_OR_RETURN(std::string message, co_await ReadMessage(lines));
      CO_RETURN_IF_ERROR(co_await Store(server, absl::StrCat(envelope, "\n", message)));
    } else if (verb == "QUIT") {
      co_return co_await WriteAll(*connection, "221 2.0.0 bye\r\n");
    } else if (verb != "NOOP") {
      reply = "500 5.5.1 what?";
    }
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection, absl::StrCat(reply, "\r\n")));
  }
}

}  // namespace

Task<int> SinkMain(Environment& env, Arguments arguments) {
  auto listener = env.network().Listen({.address = {IpAddress(), 25}, .backlog = 128});
  if (!listener.ok()) co_return 71;
  env.process().SetTitle("accepting connections");
  SinkServer server{env, {arguments.begin() + 1, arguments.end()}};
  TaskScope sessions(co_await CurrentContext(), "sink sessions", TaskScope::Policy::kSupervise,
                     kMaxSessions);
  while (true) {
    auto connection = co_await (*listener)->Accept();
    if (!connection.ok()) break;
    const absl::Status spawned =
        sessions.Spawn(&ServeOne, std::ref(server), *std::move(connection));
    if (!spawned.ok()) continue;  // over the limit: the connection is closed
  }
  sessions.RequestStop();
  (void)co_await sessions.Join();
  co_return 0;
}

}  // namespace stagepost

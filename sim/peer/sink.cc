#include "sim/peer/sink.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxMessage = 64 << 20;
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
  return std::any_of(server.domains.begin(), server.domains.end(),
                     [&](const std::string& ours) { return absl::EqualsIgnoreCase(ours, domain); });
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

Task<absl::Status> WriteSynced(File& file, absl::string_view text) {
  for (size_t written = 0; written < text.size();) {
    CO_ASSIGN_OR_RETURN(const size_t n, co_await file.Write(written, text.substr(written)));
    written += n;
  }
  co_return co_await file.Sync();
}

// Whole messages only have numbers; what is being written is called otherwise.
Task<absl::Status> Store(SinkServer& server, const std::string& text) {
  FileSystem& files = server.env.files();
  const int number = server.next_message++;
  const std::string path = absl::StrFormat("%s/%06d", kSinkDirectory, number);
  const std::string draft = absl::StrFormat("%s/.%06d", kSinkDirectory, number);
  CO_ASSIGN_OR_RETURN(
      std::unique_ptr<File> file,
      co_await files.Open(draft, {.write = true, .create = true, .truncate = true, .mode = 0644}));
  CO_RETURN_IF_ERROR(co_await WriteSynced(*file, text));
  CO_RETURN_IF_ERROR(co_await files.Rename(draft, path));
  co_return co_await files.SyncDirectory(kSinkDirectory);
}

// The numbers go on where they ended when the sink last ran.
Task<absl::Status> FindNextNumber(SinkServer& server) {
  CO_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                      co_await server.env.files().ListDirectory(kSinkDirectory));
  for (const DirectoryEntry& entry : entries) {
    int number = 0;
    if (absl::SimpleAtoi(entry.name, &number)) {
      server.next_message = std::max(server.next_message, number + 1);
    }
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> ReadMessage(SinkLines& lines) {
  std::string message;
  while (true) {
    CO_ASSIGN_OR_RETURN(std::string line, co_await lines.Next());
    if (line == ".") co_return message;
    if (message.size() > kMaxMessage) co_return absl::ResourceExhaustedError("message too long");
    absl::StrAppend(&message, absl::StripPrefix(line, "."), "\r\n");
  }
}

// What is known of the message that is being sent.
struct Transaction {
  std::string envelope;
  int recipients = 0;
};

// The reply to any command but DATA and QUIT, without its line end.
std::string ReplyTo(const SinkServer& server, absl::string_view line, Transaction& transaction) {
  const std::string verb = absl::AsciiStrToUpper(line.substr(0, 4));
  if (verb == "EHLO") {
    return absl::StrCat("250-", server.env.host().name(), "\r\n250-PIPELINING\r\n250 8BITMIME");
  }
  if (verb == "HELO") return absl::StrCat("250 ", server.env.host().name());
  if (verb == "NOOP") return "250 2.0.0 ok";
  if (verb == "RSET") {
    transaction = {};
    return "250 2.0.0 ok";
  }
  if (verb == "MAIL") {
    transaction = {absl::StrCat(line, "\n"), 0};
    return "250 2.1.0 ok";
  }
  if (verb == "RCPT") {
    if (transaction.envelope.empty()) return "503 5.5.1 MAIL first";
    if (!IsForUs(server, line)) return "550 5.7.1 not one of my domains";
    absl::StrAppend(&transaction.envelope, line, "\n");
    ++transaction.recipients;
    return "250 2.1.5 ok";
  }
  return "500 5.5.1 what?";
}

Task<absl::Status> ServeOne(SinkServer& server, std::unique_ptr<Connection> connection) {
  SinkLines lines(*connection);
  Transaction transaction;
  CO_RETURN_IF_ERROR(co_await WriteAll(
      *connection, absl::StrCat("220 ", server.env.host().name(), " ESMTP sink\r\n")));
  while (true) {
    CO_ASSIGN_OR_RETURN(const std::string line, co_await lines.Next());
    std::string reply;
    if (absl::EqualsIgnoreCase(line, "QUIT")) {
      co_return co_await WriteAll(*connection, "221 2.0.0 bye\r\n");
    }
    if (!absl::EqualsIgnoreCase(line, "DATA")) {
      reply = ReplyTo(server, line, transaction);
    } else if (transaction.recipients == 0) {
      reply = "503 5.5.1 RCPT first";
    } else {
      CO_RETURN_IF_ERROR(co_await WriteAll(*connection, "354 go ahead\r\n"));
      CO_ASSIGN_OR_RETURN(const std::string message, co_await ReadMessage(lines));
      const absl::Status stored =
          co_await Store(server, absl::StrCat(transaction.envelope, "\n", message));
      reply = stored.ok() ? "250 2.0.0 ok" : "451 4.3.0 cannot store it";
      transaction = {};
    }
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection, absl::StrCat(reply, "\r\n")));
  }
}

Task<absl::Status> AcceptAll(SinkServer& server, TaskScope& scope, Listener& listener) {
  while (true) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await listener.Accept());
    // Over the limit: the connection is closed.
    (void)scope.Spawn(&ServeOne, std::ref(server), std::move(connection));
  }
}

}  // namespace

Task<int> SinkMain(Environment& env, Arguments arguments) {
  if (arguments.size() < 2) co_return 64;
  SinkServer server{env, {arguments.begin() + 1, arguments.end()}};
  if (!(co_await FindNextNumber(server)).ok()) co_return 73;
  const auto v4 = env.network().Listen({.address = {IpAddress(), 25}, .backlog = 128});
  const auto v6 = env.network().Listen({.address = {IpAddress::V6({}), 25}, .backlog = 128});
  if (!v4.ok() || !v6.ok()) co_return 71;
  env.process().SetTitle("accepting connections");
  TaskScope scope(co_await CurrentContext(), "sink", TaskScope::Policy::kSupervise, kMaxSessions);
  for (const auto* listener : {&v4, &v6}) {
    (void)scope.Spawn(&AcceptAll, std::ref(server), std::ref(scope), std::ref(***listener));
  }
  (void)co_await scope.Join();
  co_return 0;
}

}  // namespace stagepost

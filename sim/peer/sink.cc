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
  int64_t last_session = 0;
};

// What those who watch are told of one connection.
class SinkSession {
 public:
  SinkSession(Environment& env, std::string peer, int64_t number)
      : trace_(env.trace()), peer_(std::move(peer)), number_(number) {}

  void Heard(absl::string_view line) {
    trace_.Record({EventKind::kSmtpCommand, peer_, line, number_, 0});
  }
  void Said(absl::string_view reply) {
    int code = 0;
    (void)absl::SimpleAtoi(reply.substr(0, 3), &code);
    trace_.Record({EventKind::kSmtpReply, peer_, reply, code, number_});
  }
  void Stored(absl::string_view name, absl::string_view sender,
              const std::vector<std::string>& recipients) {
    trace_.Record({EventKind::kEnvelopeAccepted, name, sender,
                   static_cast<int64_t>(recipients.size()), number_});
    for (const std::string& recipient : recipients) {
      trace_.Record({EventKind::kRecipientAccepted, name, recipient, 0, 0});
    }
  }

 private:
  Trace& trace_;
  const std::string peer_;
  const int64_t number_;
};

// What stands in the angle brackets of a MAIL or RCPT line.
std::string AddressIn(absl::string_view line) {
  const size_t begin = line.find('<');
  const size_t end = line.find_last_of('>');
  if (begin == line.npos || end == line.npos || end < begin) return "";
  return std::string(line.substr(begin + 1, end - begin - 1));
}

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

// Whole messages only have numbers; what is being written is called otherwise. Sets `name` to the
// file's.
Task<absl::Status> Store(SinkServer& server, const std::string& text, std::string& name) {
  FileSystem& files = server.env.files();
  const int number = server.next_message++;
  name = absl::StrFormat("%06d", number);
  const std::string path = absl::StrCat(kSinkDirectory, "/", name);
  const std::string draft = absl::StrCat(kSinkDirectory, "/.", name);
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
  std::string sender;
  std::vector<std::string> recipients;
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
    transaction = {absl::StrCat(line, "\n"), AddressIn(line), {}};
    return "250 2.1.0 ok";
  }
  if (verb == "RCPT") {
    if (transaction.envelope.empty()) return "503 5.5.1 MAIL first";
    if (!IsForUs(server, line)) return "550 5.7.1 not one of my domains";
    absl::StrAppend(&transaction.envelope, line, "\n");
    transaction.recipients.push_back(AddressIn(line));
    return "250 2.1.5 ok";
  }
  return "500 5.5.1 what?";
}

Task<absl::StatusOr<std::string>> TakeMessage(SinkServer& server, SinkLines& lines,
                                              SinkSession& session, Transaction transaction) {
  CO_ASSIGN_OR_RETURN(const std::string message, co_await ReadMessage(lines));
  std::string name;
  const absl::Status stored =
      co_await Store(server, absl::StrCat(transaction.envelope, "\n", message), name);
  if (!stored.ok()) co_return "451 4.3.0 cannot store it";
  session.Stored(name, transaction.sender, transaction.recipients);
  co_return "250 2.0.0 ok";
}

Task<absl::Status> ServeOne(SinkServer& server, std::unique_ptr<Connection> connection) {
  SinkSession session(server.env, connection->peer().ToString(), ++server.last_session);
  SinkLines lines(*connection);
  Transaction transaction;
  std::string reply = absl::StrCat("220 ", server.env.host().name(), " ESMTP sink");
  while (true) {
    session.Said(reply);
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection, absl::StrCat(reply, "\r\n")));
    if (absl::StartsWith(reply, "221")) co_return absl::OkStatus();
    if (absl::StartsWith(reply, "354")) {
      CO_ASSIGN_OR_RETURN(
          reply, co_await TakeMessage(server, lines, session, std::exchange(transaction, {})));
      continue;
    }
    CO_ASSIGN_OR_RETURN(const std::string line, co_await lines.Next());
    session.Heard(line);
    if (absl::EqualsIgnoreCase(line, "QUIT")) {
      reply = "221 2.0.0 bye";
    } else if (!absl::EqualsIgnoreCase(line, "DATA")) {
      reply = ReplyTo(server, line, transaction);
    } else {
      reply = transaction.recipients.empty() ? "503 5.5.1 RCPT first" : "354 go ahead";
    }
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

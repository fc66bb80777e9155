#include "conformance/smtp/recorded_next_hop.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/async/context.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// The next of a list of replies; the last one stays.
std::string TakeFirst(google::protobuf::ListValue& list) {
  CHECK(list.values_size() > 0);
  const std::string first = BytesOf(list.values(0).string_value());
  if (list.values_size() > 1) list.mutable_values()->DeleteSubrange(0, 1);
  return first;
}

// What the script says to `verb` with `argument`.
std::string ReplyTo(JsonObject& script, const std::string& verb, absl::string_view argument,
                    const std::string& otherwise) {
  const auto found = script.mutable_fields()->find(verb);
  if (found == script.mutable_fields()->end()) return otherwise;
  JsonValue& value = found->second;
  if (value.has_struct_value()) {
    for (auto& [part, reply] : *value.mutable_struct_value()->mutable_fields()) {
      if (!absl::StrContains(argument, part)) continue;
      return reply.has_list_value() ? TakeFirst(*reply.mutable_list_value())
                                    : BytesOf(reply.string_value());
    }
    return otherwise;
  }
  return value.has_list_value() ? TakeFirst(*value.mutable_list_value())
                                : BytesOf(value.string_value());
}

class Server {
 public:
  Server(Environment& env, RecordedNextHop& hop, std::unique_ptr<Connection> connection)
      : env_(env),
        hop_(hop),
        connection_(std::move(connection)),
        start_(env.clock().MonotonicNow()) {
    JsonObject step;
    Set(step, "type", "nexthop");
    Set(step, "at", absl::StrCat(hop.at.address.ToString(), ":", hop.at.port));
    Set(step, "from", connection_->peer().address.ToString());
    (*step.mutable_fields())["events"].mutable_list_value();
    place_ = hop.connected(std::move(step));
  }

  Task<void> Serve() {
    if (!co_await Say(ReplyTo(hop_.script, "greet", "", "220 nexthop.example ESMTP test"))) {
      co_return;
    }
    while (true) {
      const std::optional<std::string> line = co_await ReadLine();
      if (!line.has_value()) co_return;
      if (!co_await Answer(*line)) co_return;
    }
  }

 private:
  void Note(absl::string_view who, absl::string_view text) {
    JsonObject& step = *hop_.steps->mutable_values(place_)->mutable_struct_value();
    auto& events = *(*step.mutable_fields())["events"].mutable_list_value();
    auto& event = *events.add_values()->mutable_list_value();
    const absl::Duration since = env_.clock().MonotonicNow() - start_;
    event.add_values()->set_number_value(static_cast<double>(absl::ToInt64Milliseconds(since)));
    event.add_values()->set_string_value(std::string(who));
    event.add_values()->set_string_value(TextOf(text));
  }

  // False: the script says that the connection is over.
  Task<bool> Say(std::string text) {
    std::vector<std::string> lines = absl::StrSplit(text, '\n');
    std::string end;
    if (lines.back() == "DROP" || lines.back() == "HANG") {
      end = lines.back();
      lines.pop_back();
    }
    for (const std::string& line : lines) Note("S", line);
    if (!lines.empty()) {
      const std::string bytes = absl::StrCat(absl::StrJoin(lines, "\r\n"), "\r\n");
      (void)co_await WithDeadline(env_.clock().MonotonicNow() + kPatience,
                                  WriteAll(*connection_, bytes));
    }
    if (end == "DROP") Note("*", "server drops the connection");
    while (end == "HANG" && (co_await ReadLine()).has_value()) {
    }
    co_return end.empty();
  }

  Task<std::optional<std::string>> ReadLine() {
    while (buffer_.find('\n') == std::string::npos) {
      std::array<char, 4096> bytes;
      const auto got = co_await WithDeadline(env_.clock().MonotonicNow() + kPatience,
                                             connection_->Read(absl::MakeSpan(bytes)));
      if (!got.ok() || *got == 0) {
        Note("*", got.ok() ? "closed by client" : "error: the connection");
        co_return std::nullopt;
      }
      buffer_.append(bytes.data(), *got);
    }
    const size_t end = buffer_.find('\n');
    std::string line(absl::StripSuffix(absl::string_view(buffer_).substr(0, end), "\r"));
    buffer_.erase(0, end + 1);
    Note("C", line);
    co_return line;
  }

  std::string Keywords() {
    const JsonValue* value = Find(hop_.script, "EHLO");
    if (value != nullptr && value->has_string_value()) return BytesOf(value->string_value());
    std::vector<std::string> lines = {"nexthop.example Hello"};
    if (value == nullptr) {
      lines.insert(lines.end(), {"PIPELINING", "8BITMIME", "SIZE", "DSN"});
    } else {
      for (const JsonValue& keyword : value->list_value().values()) {
        lines.push_back(BytesOf(keyword.string_value()));
      }
    }
    std::string text;
    for (size_t i = 0; i < lines.size(); ++i) {
      const bool last = i + 1 == lines.size();
      absl::StrAppend(&text, last ? "250 " : "250-", lines[i], last ? "" : "\n");
    }
    return text;
  }

  // False: the connection is over.
  Task<bool> Answer(const std::string& line) {
    const absl::string_view word = absl::string_view(line).substr(0, line.find_first_of(" :"));
    const std::string verb = absl::AsciiStrToUpper(word);
    if (verb == "EHLO") co_return co_await Say(Keywords());
    if (verb == "DATA") co_return co_await TakeMessage();
    if (verb == "QUIT") {
      (void)co_await Say(ReplyTo(hop_.script, "QUIT", "", "221 2.0.0 bye"));
      co_return false;
    }
    co_return co_await Say(ReplyTo(hop_.script, verb, line, "250 2.0.0 ok"));
  }

  Task<bool> TakeMessage() {
    const std::string reply = ReplyTo(hop_.script, "DATA", "", "354 go ahead");
    if (!co_await Say(reply)) co_return false;
    if (!absl::StartsWith(reply, "354")) co_return true;
    while (true) {
      const std::optional<std::string> line = co_await ReadLine();
      if (!line.has_value()) co_return false;
      if (*line == ".") break;
    }
    co_return co_await Say(ReplyTo(hop_.script, "DOT", "", "250 2.0.0 accepted"));
  }

  Environment& env_;
  RecordedNextHop& hop_;
  std::unique_ptr<Connection> connection_;
  const MonotonicTime start_;
  int place_ = 0;
  std::string buffer_;
};

constexpr size_t kMaxConnections = 100;

Task<absl::Status> ServeOne(Environment& env, RecordedNextHop& hop,
                            std::unique_ptr<Connection> connection) {
  Server server(env, hop, std::move(connection));
  co_await server.Serve();
  co_return absl::OkStatus();
}

}  // namespace

Task<int> ServeRecordedNextHop(Environment& env, RecordedNextHop& hop) {
  auto listener = env.network().Listen({.address = hop.at});
  CHECK(listener.ok()) << listener.status().message();
  hop.listening = true;
  TaskScope scope(co_await CurrentContext(), "next hop", TaskScope::Policy::kSupervise,
                  kMaxConnections);
  while (true) {
    auto connection = co_await (*listener)->Accept();
    if (!connection.ok()) break;
    (void)scope.Spawn(&ServeOne, std::ref(env), std::ref(hop), *std::move(connection));
  }
  (void)co_await scope.Join();
  co_return 0;
}

}  // namespace stagepost

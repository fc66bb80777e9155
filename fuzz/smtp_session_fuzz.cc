// Whole sessions: whatever a client sends, cut anywhere, the server ends in order, every line it
// says is a reply, and what it has accepted are messages as a polite client would send them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/smtp/server_session.h"
#include "mta/smtp/testing/memory_connection.h"
#include "mta/smtp/testing/memory_queue.h"
#include "sim/scenario/default_configuration.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr size_t kMaxInput = 8192;

class Nobody final : public AcceptedMessages, public SessionHost {
 public:
  Task<void> OnAccepted(std::unique_ptr<QueuedMessage>, char) override {
    ++accepted;
    co_return;
  }
  Task<bool> StartQueueRun(std::string) override { co_return true; }
  size_t accepted = 0;
};

struct Played {
  TestClient client;
  MemoryQueue queue;
  Nobody nobody;
  PortOptions port;
};

Task<int> Play(Environment& env, Played& session) {
  LoadedSite loaded = co_await LoadSite(env, {});
  CHECK(loaded.site != nullptr);
  const SessionContext context = {.env = env,
                                  .site = std::move(loaded.site),
                                  .port = session.port,
                                  .queue = session.queue,
                                  .accepted = session.nobody,
                                  .host = session.nobody};
  (void)co_await RunServerSession(context, std::make_unique<MemoryConnection>(session.client), 1);
  co_return 0;
}

// Each line comes by itself, as from a client that waits for replies, or two together.
void Feed(absl::string_view input, TestClient& client) {
  bool join = false;
  for (const absl::string_view line : absl::StrSplit(input, '\n')) {
    if (!join) client.segments.emplace_back();
    client.segments.back() += std::string(line) + "\n";
    join = absl::EndsWith(line, "+\r");
  }
}

void CheckSession(const Played& session) {
  CHECK(session.nobody.accepted == session.queue.committed.size());
  for (const absl::string_view line :
       absl::StrSplit(session.client.received, "\r\n", absl::SkipEmpty())) {
    CHECK(line.size() >= 4 && line.size() <= 510) << line;
    CHECK(absl::ascii_isdigit(line[0]) && absl::ascii_isdigit(line[2])) << line;
    for (const char c : line) CHECK(c >= ' ' && c < 0x7f) << line;
  }
  for (const auto& message : session.queue.committed) {
    CHECK(!message->envelope.recipients.empty());
    for (const HeaderField& field : message->envelope.header) {
      CHECK(!absl::StrContains(field.name, '\n'));
      for (size_t i = field.value.find('\n'); i != std::string::npos;
           i = field.value.find('\n', i + 1)) {
        // A line of a folded field: nothing that could be taken for another field.
        CHECK(i + 1 < field.value.size() &&
              (field.value[i + 1] == ' ' || field.value[i + 1] == '\t'));
      }
    }
  }
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > stagepost::kMaxInput) return 0;
  stagepost::TestHost host;
  CHECK(host.disk().WriteFile("/etc/mail/sendmail.cf", stagepost::DefaultConfiguration()).ok());
  stagepost::Played session;
  session.port.name = "MTA";
  stagepost::Feed(absl::string_view(reinterpret_cast<const char*>(data), size), session.client);
  host.limit = absl::Hours(20);
  CHECK(host.Run(&stagepost::Play, std::ref(session)) == 0);
  stagepost::CheckSession(session);
  return 0;
}

// The queue against a simulated disk: every file call may fail, and the machine may crash at it.
#include "mta/queue/queue.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kDirectory = "/var/spool/mqueue";
// Before it the queue is opened: chdir, and a look for the directories qf, df and xf.
constexpr int kFirstCall = 4;

Envelope MakeEnvelope() {
  Envelope envelope;
  envelope.sender = "u@outside.example";
  for (const char* address : {"alice@corp.example", "bob@corp.example"}) {
    envelope.recipients.emplace_back().address = address;
  }
  envelope.header = {{"Return-Path", " <\x81g>", "P"}, {"Subject", " x", ""}};
  envelope.macros = {{"r", "ESMTP"}};
  return envelope;
}

std::string Body() {
  std::string body;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&body, "line ", i, " of the body\n");
  return body;
}

struct Stored {
  absl::Status status = absl::UnknownError("not reached");
  std::string id;
};

Task<absl::StatusOr<std::string>> StoreIn(Queue& queue) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<IncomingMessage> message,
                      co_await queue.Create(queue.NewId()));
  const std::string body = Body();
  for (size_t at = 0; at < body.size(); at += 1000) {
    const absl::Status appended =
        co_await message->AppendBody(absl::string_view(body).substr(at, 1000));
    if (appended.ok()) continue;
    (void)co_await message->Abandon();
    co_return appended;
  }
  Envelope envelope = MakeEnvelope();
  CO_RETURN_IF_ERROR(co_await message->Commit(envelope));
  co_return message->id();
}

Task<int> Store(Environment& env, Stored& stored) {
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, SingleQueue(kDirectory));
  stored.status = queue.status();
  if (!queue.ok()) co_return 1;
  absl::StatusOr<std::string> id = co_await StoreIn(**queue);
  stored.status = id.status();
  if (id.ok()) stored.id = *id;
  co_return 0;
}

Task<absl::StatusOr<std::string>> ReadAll(QueuedMessage& message) {
  std::string body;
  char buffer[8192];
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await message.ReadBody(body.size(), absl::MakeSpan(buffer)));
    if (read == 0) co_return std::move(body);
    body.append(buffer, read);
  }
}

// What a queue run finds.
struct Found {
  std::vector<std::string> ids;
  std::vector<absl::Status> statuses;  // of Lock(), by id
  std::vector<std::string> bodies;
  std::vector<Envelope> envelopes;
};

Task<int> Look(Environment& env, Found& found) {
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, SingleQueue(kDirectory));
  if (!queue.ok()) co_return 1;
  absl::StatusOr<std::vector<std::string>> ids = co_await (*queue)->List();
  if (!ids.ok()) co_return 2;
  found.ids = *ids;
  for (const std::string& id : *ids) {
    absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await (*queue)->Lock(id);
    found.statuses.push_back(message.status());
    if (!message.ok()) continue;
    absl::StatusOr<std::string> body = co_await ReadAll(**message);
    found.bodies.push_back(body.value_or("(unreadable)"));
    found.envelopes.push_back((*message)->envelope());
  }
  co_return 0;
}

TEST(Queue, KeepsAMessage) {
  TestHost host;
  Stored stored;
  ASSERT_EQ(host.Run(&Store, std::ref(stored)), 0);
  ASSERT_TRUE(stored.status.ok()) << stored.status;
  const std::string qf = absl::StrCat(kDirectory, "/qf", stored.id);
  EXPECT_EQ(*host.disk().ListDirectory(kDirectory),
            (std::vector<std::string>{"df" + stored.id, "qf" + stored.id}));
  EXPECT_EQ(host.disk().Stat(qf)->mode, 0600u);
  EXPECT_EQ(host.Read(absl::StrCat(kDirectory, "/df", stored.id)), Body());
  EXPECT_TRUE(absl::StartsWith(host.Read(qf), "V8\nT1795156412\nK0\nN0\nP1")) << host.Read(qf);

  Found found;
  ASSERT_EQ(host.Run(&Look, std::ref(found)), 0);
  ASSERT_EQ(found.ids, std::vector<std::string>{stored.id});
  ASSERT_EQ(found.bodies, std::vector<std::string>{Body()});
  EXPECT_EQ(found.envelopes[0].recipients.size(), 2u);
  EXPECT_EQ(found.envelopes[0].id, stored.id);
  EXPECT_EQ(found.envelopes[0].body_bytes, static_cast<int64_t>(Body().size()));
  EXPECT_EQ(found.envelopes[0].data_file->inode,
            host.disk().Stat(absl::StrCat(kDirectory, "/df", stored.id))->inode);
}

TEST(Queue, AnyFailingCallRefusesTheMessageAndLeavesNothing) {
  for (const Errno error : {Errno::kEIO, Errno::kENOSPC}) {
    int refused = 0;
    for (int n = kFirstCall;; ++n) {
      TestHost host;
      host.fail_at = n;
      host.fail_with = error;
      Stored stored;
      ASSERT_EQ(host.Run(&Store, std::ref(stored)), 0);
      if (host.calls() <= n) break;
      host.fail_at = -1;
      const std::vector<std::string> files = *host.disk().ListDirectory(kDirectory);
      if (stored.status.ok()) {
        EXPECT_EQ(files.size(), 2u) << n;
        continue;
      }
      ++refused;
      EXPECT_EQ(ErrnoOf(stored.status), error) << n << stored.status;
      EXPECT_TRUE(files.empty()) << n << " " << files[0];
    }
    EXPECT_GE(refused, 10);
  }
}

TEST(Queue, NothingIsHalfAcceptedWhenTheDiskStaysBroken) {
  for (int n = kFirstCall;; ++n) {
    TestHost host;
    host.fail_at = n;
    host.fail_on = true;
    Stored stored;
    ASSERT_EQ(host.Run(&Store, std::ref(stored)), 0);
    const bool reached = host.calls() > n;
    host.fail_at = -1;
    Found found;
    ASSERT_EQ(host.Run(&Look, std::ref(found)), 0);
    if (!reached) {
      ASSERT_TRUE(stored.status.ok());
      break;
    }
    EXPECT_FALSE(stored.status.ok()) << n;
    // A qf file that could not be removed is a whole message; the client will send it again.
    for (const absl::Status& status : found.statuses) EXPECT_TRUE(status.ok()) << n << status;
    for (const std::string& body : found.bodies) EXPECT_EQ(body, Body()) << n;
  }
}

TEST(Queue, ACrashLosesNothingThatWasAcceptedAndKeepsNothingHalf) {
  int kept = 0, gone = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (int n = 1;; ++n) {
      TestHost host(seed);
      host.fail_at = n;
      host.fail_with = Errno::kOk;  // crash
      Stored stored;
      const bool ended = host.Run(&Store, std::ref(stored)) == 0;
      if (ended) host.host().Crash();
      host.fail_at = -1;
      host.host().Boot();
      Found found;
      ASSERT_EQ(host.Run(&Look, std::ref(found)), 0);
      ASSERT_LE(found.ids.size(), 1u);
      for (const absl::Status& status : found.statuses) {
        EXPECT_TRUE(status.ok()) << seed << " " << n << status;
      }
      for (const std::string& body : found.bodies) EXPECT_EQ(body, Body()) << seed << " " << n;
      for (const Envelope& e : found.envelopes) EXPECT_EQ(e.recipients.size(), 2u);
      (found.ids.empty() ? gone : kept) += 1;
      if (!ended) continue;
      ASSERT_TRUE(stored.status.ok()) << stored.status;
      EXPECT_EQ(found.ids.size(), 1u) << seed;
      break;
    }
  }
  EXPECT_GT(gone, 0);
  EXPECT_GT(kept, 20);  // also some that crashed between rename and the 250
}

Task<int> LockTwice(Environment& env, std::string& id, std::vector<absl::Status>& results) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  absl::StatusOr<std::unique_ptr<IncomingMessage>> message = co_await queue->Create(queue->NewId());
  id = (*message)->id();
  results.push_back((co_await queue->Create(id)).status());  // AlreadyExists
  results.push_back((co_await queue->Lock(id)).status());    // NotFound
  Envelope envelope = MakeEnvelope();
  results.push_back(co_await (*message)->Commit(envelope));
  results.push_back((co_await queue->Lock(id)).status());  // Aborted: not handed over
  message->reset();
  std::unique_ptr<QueuedMessage> locked = *co_await queue->Lock(id);
  results.push_back((co_await queue->Lock(id)).status());  // Aborted
  locked->envelope().recipients.pop_back();
  results.push_back(co_await locked->Update());
  results.push_back((co_await queue->Lock(id)).status());  // Aborted: the new file is locked, too
  locked.reset();
  locked = *co_await queue->Lock(id);
  if (locked->envelope().recipients.size() != 1) co_return 1;
  results.push_back(co_await locked->Remove());
  results.push_back((co_await queue->Lock(id)).status());             // NotFound
  results.push_back((co_await queue->Lock("../../etc/x")).status());  // NotFound
  co_return 0;
}

Task<int> CommitInto(Environment& env, TestHost& host, std::string prefix,
                     std::vector<absl::Status>& results) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  absl::StatusOr<std::unique_ptr<IncomingMessage>> message = co_await queue->Create(queue->NewId());
  const std::string name = absl::StrCat(kDirectory, "/", prefix, (*message)->id());
  if (!host.disk().WriteFile(name, "another's", {.mode = 0600}).ok()) co_return 1;
  Envelope envelope = MakeEnvelope();
  if (prefix == "hf") envelope.quarantine = "suspicious";
  results.push_back(co_await (*message)->Commit(envelope));
  co_return 0;
}

TEST(Queue, NoControlFileIsReplacedByANewMessage) {
  for (const bool has_call : {true, false}) {
    for (const std::string prefix : {"qf", "hf"}) {
      TestHost host;
      int renames = 0;
      host.fault = [&](FileCall call, absl::string_view) {
        const bool is_first = call == FileCall::kRename && renames++ == 0;
        return is_first && !has_call ? Errno::kEINVAL : Errno::kOk;
      };
      std::vector<absl::Status> results;
      ASSERT_EQ(host.Run(&CommitInto, std::ref(host), prefix, std::ref(results)), 0);
      EXPECT_TRUE(absl::IsAlreadyExists(results[0])) << results[0];
      const std::vector<std::string> files = *host.disk().ListDirectory(kDirectory);
      ASSERT_EQ(files.size(), 1u);
      EXPECT_EQ(files[0].substr(0, 2), prefix);
      EXPECT_EQ(host.Read(absl::StrCat(kDirectory, "/", files[0])), "another's");
    }
  }
}

Task<int> CreateAgain(Environment& env, std::string id, std::vector<absl::Status>& results) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  results.push_back((co_await queue->Create(id)).status());
  co_return 0;
}

// A queue run would take our body for that of the message that has lost its own.
TEST(Queue, NoBodyIsGivenToAControlFileThatHasLostItsOwn) {
  for (const std::string prefix : {"qf", "hf"}) {
    TestHost host;
    const std::string id = "6ALFG0000001x0";
    const std::string name = absl::StrCat(kDirectory, "/", prefix, id);
    ASSERT_TRUE(host.disk().WriteFile(name, "another's", {.mode = 0600}).ok());
    std::vector<absl::Status> results;
    ASSERT_EQ(host.Run(&CreateAgain, id, std::ref(results)), 0);
    EXPECT_TRUE(absl::IsAlreadyExists(results[0])) << results[0];
    EXPECT_EQ(*host.disk().ListDirectory(kDirectory), std::vector<std::string>{prefix + id});
  }
}

TEST(Queue, OneWorksOnAMessageAtATime) {
  TestHost host;
  std::string id;
  std::vector<absl::Status> results;
  ASSERT_EQ(host.Run(&LockTwice, std::ref(id), std::ref(results)), 0);
  using Code = absl::StatusCode;
  std::vector<Code> codes;
  for (const absl::Status& status : results) codes.push_back(status.code());
  EXPECT_EQ(codes, (std::vector<Code>{Code::kAlreadyExists, Code::kNotFound, Code::kOk,
                                      Code::kAborted, Code::kAborted, Code::kOk, Code::kAborted,
                                      Code::kOk, Code::kNotFound, Code::kNotFound}));
  EXPECT_TRUE(host.disk().ListDirectory(kDirectory)->empty());
}

TEST(Queue, SetsAsideWhatItCannotUse) {
  TestHost host;
  const auto add = [&](absl::string_view name, absl::string_view text, FileMode mode) {
    ASSERT_TRUE(
        host.disk().WriteFile(absl::StrCat(kDirectory, "/", name), text, {.mode = mode}).ok());
  };
  const std::string good = *FormatQueueFile(MakeEnvelope());
  add("qf6AK6XWAA000001", "V8\nT1\nP1\nS<>\nxX\n.\n", 0600);
  add("df6AK6XWAA000001", "body", 0600);
  add("qf6AK6XWAB000001", good, 0600);  // no df
  add("qf6AK6XWAC000001", good, 0622);
  add("df6AK6XWAC000001", "body", 0600);
  add("qf6AK6XWAD000001", "", 0600);    // being written by somebody's hand
  add("Qf6AK6XWAE000001", good, 0600);  // lost, for people to look at
  add("qf6AK6XWAF000001", absl::StrCat("V8\nT1\nP1\n", "d/elsewhere\nS<>\n.\n"), 0600);
  add("qf6AK6XWAG000001", absl::StrCat(good, "more\n"), 0600);
  add("qf6AK6XWAH000001", std::string(kMaxQueueFileBytes + 1, 'x'), 0600);
  add("qfnonsense", good, 0600);
  Found found;
  ASSERT_EQ(host.Run(&Look, std::ref(found)), 0);
  // Of those that are alike the newest first; those that cannot be read last.
  EXPECT_EQ(found.ids, (std::vector<std::string>{
                           "6AK6XWAG000001", "6AK6XWAC000001", "6AK6XWAB000001", "6AK6XWAF000001",
                           "6AK6XWAA000001", "6AK6XWAH000001", "6AK6XWAD000001"}));
  for (const absl::Status& status : found.statuses) EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(*host.disk().ReadFile(absl::StrCat(kDirectory, "/Qf6AK6XWAB000001")), good);
  const std::vector<std::string> files = *host.disk().ListDirectory(kDirectory);
  EXPECT_EQ(files,
            (std::vector<std::string>{"Qf6AK6XWAA000001", "Qf6AK6XWAB000001", "Qf6AK6XWAC000001",
                                      "Qf6AK6XWAE000001", "Qf6AK6XWAF000001", "Qf6AK6XWAG000001",
                                      "Qf6AK6XWAH000001", "df6AK6XWAA000001", "df6AK6XWAC000001",
                                      "qf6AK6XWAD000001", "qfnonsense"}));
  const std::string log = host.Log();
  for (const absl::string_view line :
       {"6AK6XWAA000001: SYSERR(root): readqf: ./qf6AK6XWAA000001: line 5: bad line \"xX\"",
        "6AK6XWAA000001: Losing ./qf6AK6XWAA000001: unrecognized line",
        "6AK6XWAB000001: SYSERR(root): readqf: cannot open ./df6AK6XWAB000001: No such file or",
        "6AK6XWAC000001: bogus queue file, uid=0, gid=0, mode=100622",
        "6AK6XWAC000001: Losing ./qf6AK6XWAC000001: bogus file uid/gid in mqueue",
        "6AK6XWAD000001: SYSERR(root): readqf: ./qf6AK6XWAD000001: incomplete queue file read",
        "6AK6XWAF000001: Losing ./qf6AK6XWAF000001: bogus queue file directory",
        "6AK6XWAG000001: SYSERR(root): SECURITY ALERT: extra or bogus data in queue file: more",
        "6AK6XWAG000001: Losing ./qf6AK6XWAG000001: bogus queue line"}) {
    EXPECT_TRUE(absl::StrContains(log, line)) << line << "\n" << log;
  }
}

Task<int> CleanUp(Environment& env, absl::Status& status) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  status = co_await queue->RemoveOrphans();
  co_return 0;
}

TEST(Queue, RemovesOldOrphans) {
  TestHost host;
  const absl::Time now = host.host().WallNow();
  const auto add = [&](absl::string_view name, absl::Duration age) {
    const std::string path = absl::StrCat(kDirectory, "/", name);
    ASSERT_TRUE(host.disk().WriteFile(path, "x", {.mode = 0600}).ok());
    ASSERT_TRUE(host.disk().SetTimes(path, now - age, now - age).ok());
  };
  add("df6AK6XWAA000001", absl::Hours(25));
  add("tf6AK6XWAA000001", absl::Hours(25));
  add("df6AK6XWAB000001", absl::Hours(23));
  add("df6AK6XWAC000001", absl::Hours(25));
  add("qf6AK6XWAC000001", absl::Hours(25));
  add("dfnotes", absl::Hours(25));
  absl::Status status;
  ASSERT_EQ(host.Run(&CleanUp, std::ref(status)), 0);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(*host.disk().ListDirectory(kDirectory),
            (std::vector<std::string>{"df6AK6XWAB000001", "df6AK6XWAC000001", "dfnotes",
                                      "qf6AK6XWAC000001"}));
}

Task<int> Open(Environment& env, absl::Status& status) {
  status = (co_await OpenQueue(env, SingleQueue(kDirectory))).status();
  co_return 0;
}

TEST(Queue, SaysInSendmailsWordsThatItCannotBeOpened) {
  TestHost host;
  absl::Status status;
  host.start.identity = {UserId{2001}, GroupId{2001}, {}};
  host.Run(&Open, std::ref(status));
  EXPECT_EQ(status.message(), "can not chdir(/var/spool/mqueue/): Permission denied");
  EXPECT_EQ(ErrnoOf(status), Errno::kEACCES);
  ASSERT_TRUE(host.disk().RemoveAll(kDirectory).ok());
  host.Run(&Open, std::ref(status));
  EXPECT_EQ(status.message(), "can not chdir(/var/spool/mqueue/): No such file or directory");
  ASSERT_TRUE(host.disk().WriteFile(kDirectory, "x").ok());
  host.Run(&Open, std::ref(status));
  EXPECT_EQ(status.message(), "can not chdir(/var/spool/mqueue/): Not a directory");
}

}  // namespace
}  // namespace stagepost

// A queue with groups on a simulated disk, a message to keep there, and what is found afterwards.
#ifndef STAGEPOST_SIM_TESTING_QUEUE_TEST_UTIL_H_
#define STAGEPOST_SIM_TESTING_QUEUE_TEST_UTIL_H_

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/test_host.h"

namespace stagepost {

inline constexpr absl::string_view kBase = "/var/spool/mqueue/";
inline constexpr absl::string_view kBody = "first line\nsecond line\n";

inline Envelope MakeEnvelope(const std::vector<std::string>& recipients) {
  Envelope envelope;
  envelope.sender = "u@outside.example";
  for (const std::string& address : recipients) {
    envelope.recipients.emplace_back().address = address;
  }
  envelope.header = {{"Subject", " x", ""}};
  return envelope;
}

// q* with subdirectories, slow with r=2.
inline QueueLayout Groups() {
  QueueLayout layout = SingleQueue("/var/spool/mqueue/q*");
  layout.groups.push_back({.name = "slow", .path = "/var/spool/mqueue/slow", .max_recipients = 2});
  return layout;
}

inline void MakeGroups(TestHost& host) {
  for (const char* name : {"q1", "q2", "q2/qf", "q2/df", "q2/xf", "slow", "slow/df"}) {
    ASSERT_TRUE(host.disk().MakeDirectories(absl::StrCat(kBase, name), {.mode = 0700}).ok());
  }
}

// All files of the queue, by their paths below its base.
inline std::map<std::string, std::string> Files(TestHost& host, absl::string_view below = "") {
  std::map<std::string, std::string> files;
  const std::string directory = absl::StrCat(kBase, below);
  const auto names = host.disk().ListDirectory(directory.substr(0, directory.size() - 1));
  if (!names.ok()) return files;
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(below, name);
    if (host.disk().Stat(absl::StrCat(kBase, path))->type == FileType::kDirectory) {
      files.merge(Files(host, absl::StrCat(path, "/")));
    } else {
      files[path] = host.Read(absl::StrCat(kBase, path));
    }
  }
  return files;
}

// Recipients in all control files of the queue, each as often as it is there; every one must have a
// readable body.
inline std::multiset<std::string> QueuedRecipients(TestHost& host) {
  std::multiset<std::string> recipients;
  const std::map<std::string, std::string> files = Files(host);
  for (const auto& [path, text] : files) {
    const size_t slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (!absl::StartsWith(name, "qf") && !absl::StartsWith(name, "hf")) continue;
    const absl::StatusOr<Envelope> envelope = ParseQueueFile(path, text);
    EXPECT_TRUE(envelope.ok()) << path << envelope.status();
    if (!envelope.ok()) continue;
    for (const Recipient& recipient : envelope->recipients) recipients.insert(recipient.address);
    const bool has_body = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return absl::EndsWith(file.first, absl::StrCat("df", name.substr(2))) && file.second == kBody;
    });
    EXPECT_TRUE(has_body) << path;
  }
  return recipients;
}

struct Stored {
  absl::Status status = absl::UnknownError("not reached");
  std::vector<std::string> ids;
};

// Stores a message whose recipients "…@slow" go to the group slow.
inline Task<absl::Status> StoreIn(Queue& queue, std::vector<std::string> recipients,
                                  Stored& stored) {
  std::vector<std::string> groups;
  for (const std::string& recipient : recipients) {
    groups.push_back(absl::EndsWith(recipient, "@slow") ? "slow" : "");
  }
  const std::vector<QueuePart> parts = DivideByQueueGroup(queue.layout(), groups);
  const auto envelope_of = [&](const QueuePart& part) {
    std::vector<std::string> own;
    for (const size_t i : part.recipients) own.push_back(recipients[i]);
    return MakeEnvelope(own);
  };
  CO_ASSIGN_OR_RETURN(std::unique_ptr<IncomingMessage> message,
                      co_await queue.Create(queue.NewId(), parts[0].group));
  absl::Status status = co_await message->AppendBody(kBody);
  for (size_t i = 1; i < parts.size() && status.ok(); ++i) {
    Envelope envelope = envelope_of(parts[i]);
    status = co_await message->AddPart(envelope, parts[i].group);
    stored.ids.push_back(envelope.id);
  }
  if (!status.ok()) {
    (void)co_await message->Abandon();
    co_return status;
  }
  Envelope envelope = envelope_of(parts[0]);
  CO_RETURN_IF_ERROR(co_await message->Commit(envelope));
  stored.ids.insert(stored.ids.begin(), envelope.id);
  co_return absl::OkStatus();
}

inline Task<int> Store(Environment& env, QueueLayout layout, std::vector<std::string> recipients,
                       Stored& stored) {
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, std::move(layout));
  stored.status = queue.status();
  if (!queue.ok()) co_return 1;
  stored.status = co_await StoreIn(**queue, std::move(recipients), stored);
  co_return 0;
}

inline const std::vector<std::string> kFour = {"a@slow", "b@slow", "c@slow", "d@fast"};
inline const std::multiset<std::string> kAllFour(kFour.begin(), kFour.end());

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_QUEUE_TEST_UTIL_H_

// Messages that are handed over as they were accepted, instead of being found and read again.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/queue_test_util.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

// With all that a session may know of a message.
Envelope FullEnvelope() {
  Envelope envelope = MakeEnvelope({"alice@corp.example", "bob@corp.example"});
  envelope.recipients[0].user = "alice";
  envelope.recipients[0].final_recipient = "RFC822; alice@corp.example";
  envelope.recipients[0].original_recipient = "rfc822;Alice@corp.example";
  envelope.recipients[1].flags = "PNSF";
  envelope.recipients[1].bracketed = false;
  envelope.recipients[1].controlling_user = "bob:1001:1001:team";
  envelope.header.push_back({"Received", " from c.example\n\tby corp.example", ""});
  envelope.message_class = -30;
  envelope.message_bytes = 12'345;
  envelope.message = "said";
  envelope.eight_bit = envelope.has_8bitmime = true;
  envelope.flags = "dns";
  envelope.envelope_id = "QQ314";
  envelope.auth_sender = "e+3Dmc2@corp.example";
  envelope.deliver_by = DeliverBy{DeliverBy::Mode::kReturn, true, 120};
  envelope.macros = {
      {"_", "c.example [192.0.2.1]"}, {"r", "ESMTP"}, {"s", "c.example"}, {"daemon_flags", " "}};
  return envelope;
}

// What the file says, and what it does not say.
std::string Shown(QueuedMessage& message) {
  const Envelope& envelope = message.envelope();
  std::string text = absl::StrCat(envelope.id, " ", message.group(), " ", message.directory(), " ",
                                  envelope.message_class, " ", envelope.message_bytes.value_or(-1),
                                  " ", envelope.body_bytes, "\n");
  for (const Recipient& recipient : envelope.recipients) absl::StrAppend(&text, recipient.user);
  return absl::StrCat(text, "\n", FormatQueueFile(envelope).value_or("cannot be written"));
}

Task<std::string> Body(QueuedMessage& message) {
  std::string body(1000, '\0');
  const absl::StatusOr<size_t> size = co_await message.ReadBody(0, absl::MakeSpan(body));
  body.resize(size.value_or(0));
  co_return body;
}

struct Seen {
  std::vector<std::string> handed, read;
  std::vector<absl::StatusCode> locks;  // while they were held
  absl::Status status = absl::UnknownError("not reached");
};

Task<absl::Status> HandOverAndCompare(Environment& env, Seen& seen) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Queue> queue, co_await OpenQueue(env, Groups()));
  CO_ASSIGN_OR_RETURN(std::unique_ptr<IncomingMessage> incoming,
                      co_await queue->Create(queue->NewId(), "slow"));
  CO_RETURN_IF_ERROR(co_await incoming->AppendBody("the body\n"));
  Envelope part = FullEnvelope();
  CO_RETURN_IF_ERROR(co_await incoming->AddPart(part, ""));
  Envelope envelope = FullEnvelope();
  CO_RETURN_IF_ERROR(co_await incoming->Commit(envelope));
  std::vector<std::unique_ptr<QueuedMessage>> messages = incoming->HandOver(std::move(envelope));
  incoming.reset();
  std::vector<std::string> ids;
  for (const std::unique_ptr<QueuedMessage>& message : messages) {
    ids.push_back(message->envelope().id);
    const std::string body = co_await Body(*message);
    seen.handed.push_back(absl::StrCat(Shown(*message), body));
    seen.locks.push_back((co_await queue->Lock(ids.back())).status().code());
  }
  messages.clear();
  for (const std::string& id : ids) {
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<QueuedMessage> message, co_await queue->Lock(id));
    const std::string body = co_await Body(*message);
    seen.read.push_back(absl::StrCat(Shown(*message), body));
  }
  co_return absl::OkStatus();
}

Task<int> Compare(Environment& env, Seen& seen) {
  seen.status = co_await HandOverAndCompare(env, seen);
  co_return 0;
}

TEST(QueueHandover, GivesWhatLockingWouldGive) {
  TestHost host;
  MakeGroups(host);
  Seen seen;
  ASSERT_EQ(host.Run(&Compare, std::ref(seen)), 0);
  ASSERT_TRUE(seen.status.ok()) << seen.status;
  ASSERT_EQ(seen.handed.size(), 2u);
  EXPECT_EQ(seen.handed, seen.read);
  EXPECT_NE(seen.read[0], seen.read[1]);
  using Code = absl::StatusCode;
  EXPECT_EQ(seen.locks, (std::vector<Code>{Code::kAborted, Code::kAborted}));
}

Task<absl::Status> UpdateAndRemove(Environment& env) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Queue> queue, co_await OpenQueue(env, Groups()));
  CO_ASSIGN_OR_RETURN(std::unique_ptr<IncomingMessage> incoming,
                      co_await queue->Create(queue->NewId()));
  Envelope envelope = FullEnvelope();
  CO_RETURN_IF_ERROR(co_await incoming->Commit(envelope));
  std::unique_ptr<QueuedMessage> message =
      std::move(incoming->HandOver(std::move(envelope)).front());
  incoming.reset();
  const std::string id = message->envelope().id;
  message->envelope().recipients.pop_back();
  CO_RETURN_IF_ERROR(co_await message->Update());
  EXPECT_TRUE(absl::IsAborted((co_await queue->Lock(id)).status()));
  message.reset();
  CO_ASSIGN_OR_RETURN(message, co_await queue->Lock(id));
  EXPECT_EQ(message->envelope().recipients.size(), 1u);
  co_return co_await message->Remove();
}

Task<int> Work(Environment& env, absl::Status& status) {
  status = co_await UpdateAndRemove(env);
  co_return 0;
}

TEST(QueueHandover, WhatWasHandedOverIsWorkedOnLikeAnyOther) {
  TestHost host;
  MakeGroups(host);
  absl::Status status = absl::UnknownError("not reached");
  ASSERT_EQ(host.Run(&Work, std::ref(status)), 0);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Files(host).empty());
}

}  // namespace
}  // namespace stagepost

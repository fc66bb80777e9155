// A whole session of SmtpClient with a ScriptedServer, and what came of it.
//
//   ClientSession session({"220 a\r\n", …});
//   session.Recipients({"bob", "carol"});
//   session.Run();
//   EXPECT_EQ(session.reply(0), "250 2.1.5 ok");
#ifndef STAGEPOST_MTA_SMTP_TESTING_CLIENT_SESSION_H_
#define STAGEPOST_MTA_SMTP_TESTING_CLIENT_SESSION_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/smtp/smtp_client.h"
#include "mta/smtp/testing/scripted_server.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {

class DialogueText final : public ClientDialogue {
 public:
  void OnSent(absl::string_view line) override { absl::StrAppend(&text, ">>> ", line, "\n"); }
  void OnReply(absl::string_view line) override { absl::StrAppend(&text, line, "\n"); }
  std::string text;
};

class ClientSession {
 public:
  explicit ClientSession(std::vector<std::string> turns, ClientOptions options = {},
                         size_t closes_after = ScriptedServer::kNever)
      : server(std::move(turns), closes_after),
        client(world.env().clock(), server.input(), server.output(), std::move(options)) {
    client.set_dialogue(&dialogue);
    Recipients({"bob@b.example"});
  }

  void Recipients(std::vector<std::string> paths) {
    transaction.recipients.clear();
    for (std::string& path : paths) transaction.recipients.push_back({.path = std::move(path)});
  }
  // Greets, sends, quits; to its end or until it waits.
  void Run() { done_ = world.Run(&ClientSession::Talk, std::ref(*this)); }
  bool done() const { return done_->has_value(); }

  // The reply of a recipient, with what it was to: "recipient: 550 no"; "": none.
  std::string reply(size_t recipient) const {
    static constexpr const char* kStages[] = {"connect",   "greeting", "hello",  "mail",
                                              "recipient", "data",     "message"};
    const ClientRecipient& asked = transaction.recipients[recipient];
    if (!asked.reply.has_value()) return "";
    return absl::StrCat(kStages[static_cast<int>(asked.stage)], ": ", asked.reply->text);
  }

  TestWorld world;
  ScriptedServer server;
  DialogueText dialogue;
  SmtpClient client;
  ClientTransaction transaction = {.sender = "alice@a.example"};
  std::unique_ptr<TestText> text = std::make_unique<TestText>("Subject: x\n\nHello.\n");
  // Of the steps; kUnknown: not come to.
  absl::Status greeted = absl::UnknownError(""), sent = absl::UnknownError("");

 private:
  static Task<int> Talk(ClientSession& session) {
    session.greeted = co_await session.client.Greet("a.example");
    if (session.greeted.ok()) {
      session.sent = co_await session.client.Send(session.transaction, *session.text);
    }
    (void)co_await session.client.Quit();
    co_return 0;
  }
  std::shared_ptr<std::optional<int>> done_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_TESTING_CLIENT_SESSION_H_

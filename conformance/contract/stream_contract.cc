// What goes through a connection, and how it ends: in order, by halves, with a reset.
#include <vector>

#include "conformance/contract/contract_host.h"
#include "conformance/contract/network_contract_util.h"

namespace stagepost {
namespace {

class StreamContract : public ContractTest {};

#define CO_PAIR(name) CO_REQUIRE_ASSIGN(Pair name, co_await MakePair(env))
#define CO_READ(name, source) \
  CO_REQUIRE_ASSIGN(const std::string name, co_await ReadSettled(source))

Task<absl::Status> TryWrite(ByteSink& sink, std::string bytes) {
  co_return (co_await sink.Write(bytes)).status();
}

// Writes until nothing has gone through for a while; says how much.
Task<absl::StatusOr<size_t>> Fill(Environment& env, ByteSink& sink) {
  const std::string bytes(50'000, 'f');
  size_t written = 0;
  while (true) {
    const auto wrote = co_await WithDeadline(Soon(env), sink.Write(bytes));
    if (absl::IsDeadlineExceeded(wrote.status())) co_return written;
    if (!wrote.ok()) co_return wrote.status();
    written += *wrote;
  }
}

// Numbered, so that what is lost, doubled or moved shows.
std::string Numbered(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) absl::StrAppend(&text, i, ",");
  text.resize(size);
  return text;
}

Task<absl::Status> SendNumbered(Connection& connection, size_t size) {
  const std::string text = Numbered(size);
  CO_RETURN_IF_ERROR(co_await WriteAll(connection, text));
  co_return connection.ShutdownWrite();
}

CONTRACT_TEST(StreamContract, Read_WhatWasWritten) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "there"));
  CO_READ(there, *pair.server);
  EXPECT_EQ(there, "there");
  EXPECT_OK(co_await WriteAll(*pair.server, "and back"));
  CO_READ(back, *pair.client);
  EXPECT_EQ(back, "and back");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_BinaryBytes) {
  CO_PAIR(pair);
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_OK(co_await WriteAll(*pair.client, all));
  EXPECT_OK(pair.client->ShutdownWrite());
  CO_REQUIRE_ASSIGN(const std::string got, co_await ReadAll(*pair.server));
  EXPECT_EQ(got, all);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_NoMoreThanAskedFor) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "abcdef"));
  EXPECT_OK(co_await Sleep(kSettle));
  CO_REQUIRE_ASSIGN(const std::string first, co_await ReadOnce(*pair.server, 2));
  EXPECT_EQ(first, "ab");
  CO_REQUIRE_ASSIGN(const std::string rest, co_await ReadOnce(*pair.server, 100));
  EXPECT_EQ(rest, "cdef");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_JoinsWhatWasWrittenApart) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "one"));
  EXPECT_OK(co_await WriteAll(*pair.client, "two"));
  EXPECT_OK(co_await Sleep(kSettle));
  CO_READ(text, *pair.server);
  EXPECT_EQ(text, "onetwo");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_EndOfStreamStays) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "last"));
  pair.client.reset();
  CO_READ(text, *pair.server);
  EXPECT_EQ(text, "last");
  for (int again = 0; again < 3; ++again) {
    CO_READ(end, *pair.server);
    EXPECT_EQ(end, "");
  }
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_PendingHearsTheEnd) {
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "read", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&TryRead, std::ref(*pair.server)));
  EXPECT_OK(co_await Sleep(kSettle));
  pair.client.reset();
  EXPECT_OK(co_await scope.Join());
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_DeadlineLosesNothing) {
  CO_PAIR(pair);
  const absl::Status late = co_await WithDeadline(Soon(env), TryRead(*pair.server));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_OK(co_await WriteAll(*pair.client, "hello"));
  CO_READ(text, *pair.server);
  EXPECT_EQ(text, "hello");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_WhatIsThereIgnoresADeadlineThatHasPassed) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "hello"));
  EXPECT_OK(co_await Sleep(kSettle));
  std::string buffer(10, '\0');
  const auto got = co_await WithDeadline(env.clock().MonotonicNow() + absl::Seconds(-1),
                                         pair.server->Read(absl::MakeSpan(buffer)));
  CO_REQUIRE(got.ok());
  EXPECT_EQ(*got, 5u);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Read_CancelledByItsScope) {
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "read", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&TryRead, std::ref(*pair.server)));
  EXPECT_OK(co_await Sleep(kSettle));
  scope.RequestStop();
  const absl::Status stopped = co_await scope.Join();
  EXPECT_TRUE(stopped.ok() || absl::IsCancelled(stopped)) << stopped;
  EXPECT_OK(co_await WriteAll(*pair.client, "kept"));
  CO_READ(text, *pair.server);
  EXPECT_EQ(text, "kept");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Write_DeadlineWritesNothing) {
  CO_PAIR(pair);
  CO_REQUIRE_ASSIGN(const size_t filled, co_await Fill(env, *pair.client));
  EXPECT_GT(filled, 0u);
  EXPECT_OK(pair.client->ShutdownWrite());
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.server));
  EXPECT_EQ(text.size(), filled);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Write_GoesOnOnceThePeerReads) {
  CO_PAIR(pair);
  CO_REQUIRE_ASSIGN(const size_t filled, co_await Fill(env, *pair.client));
  TaskScope scope(co_await CurrentContext(), "send", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&SendNumbered, std::ref(*pair.client), 100'000));
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.server));
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(text.size(), filled + 100'000);
  EXPECT_TRUE(text.substr(filled) == Numbered(100'000));
  co_return 0;
}

CONTRACT_TEST(StreamContract, Write_Much) {
  constexpr size_t kSize = 5'000'000;
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "send", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&SendNumbered, std::ref(*pair.client), kSize));
  EXPECT_OK(co_await Sleep(kSettle));
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.server));
  EXPECT_TRUE(text == Numbered(kSize)) << text.size();
  EXPECT_OK(co_await scope.Join());
  co_return 0;
}

CONTRACT_TEST(StreamContract, Write_MuchBothWaysAtOnce) {
  constexpr size_t kSize = 1'000'000;
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "send", TaskScope::Policy::kFirstError, 2);
  EXPECT_OK(scope.Spawn(&SendNumbered, std::ref(*pair.client), kSize));
  EXPECT_OK(scope.Spawn(&SendNumbered, std::ref(*pair.server), kSize));
  EXPECT_OK(co_await Sleep(kSettle));
  CO_REQUIRE_ASSIGN(const std::string there, co_await ReadAll(*pair.server));
  CO_REQUIRE_ASSIGN(const std::string back, co_await ReadAll(*pair.client));
  EXPECT_OK(co_await scope.Join());
  EXPECT_TRUE(there == Numbered(kSize)) << there.size();
  EXPECT_TRUE(back == Numbered(kSize)) << back.size();
  co_return 0;
}

CONTRACT_TEST(StreamContract, Write_ToAClosedPeer_EPIPE) {
  CO_PAIR(pair);
  pair.server.reset();
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_OK(co_await TryWrite(*pair.client, "first: a reset comes back"));
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_ERRNO(co_await TryWrite(*pair.client, "second"), EPIPE);
  EXPECT_ERRNO(co_await TryWrite(*pair.client, "third"), EPIPE);
  CO_READ(end, *pair.client);
  EXPECT_EQ(end, "");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Write_ErrorIsUnavailable) {
  CO_PAIR(pair);
  pair.server->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  const absl::Status status = co_await TryWrite(*pair.client, "anybody?");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  co_return 0;
}

CONTRACT_TEST(StreamContract, HalfClose_ClientFirst) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "question"));
  EXPECT_OK(pair.client->ShutdownWrite());
  CO_REQUIRE_ASSIGN(const std::string question, co_await ReadAll(*pair.server));
  EXPECT_EQ(question, "question");
  EXPECT_OK(co_await WriteAll(*pair.server, "answer"));
  pair.server.reset();
  CO_REQUIRE_ASSIGN(const std::string answer, co_await ReadAll(*pair.client));
  EXPECT_EQ(answer, "answer");
  co_return 0;
}

CONTRACT_TEST(StreamContract, HalfClose_ServerFirst) {
  CO_PAIR(pair);
  EXPECT_OK(pair.server->ShutdownWrite());
  CO_READ(end, *pair.client);
  EXPECT_EQ(end, "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(co_await WriteAll(*pair.client, "more"));
    CO_READ(more, *pair.server);
    EXPECT_EQ(more, "more");
  }
  co_return 0;
}

CONTRACT_TEST(StreamContract, HalfClose_WithAWaitingRead) {
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "read", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&TryRead, std::ref(*pair.client)));
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_OK(pair.client->ShutdownWrite());
  CO_READ(end, *pair.server);
  EXPECT_EQ(end, "");
  EXPECT_OK(co_await WriteAll(*pair.server, "late"));
  EXPECT_OK(co_await scope.Join());
  co_return 0;
}

CONTRACT_TEST(StreamContract, ShutdownWrite_ThenWrite_EPIPE) {
  CO_PAIR(pair);
  EXPECT_OK(pair.client->ShutdownWrite());
  EXPECT_ERRNO(co_await TryWrite(*pair.client, "too late"), EPIPE);
  co_return 0;
}

CONTRACT_TEST(StreamContract, ShutdownWrite_Twice) {
  CO_PAIR(pair);
  EXPECT_OK(pair.client->ShutdownWrite());
  EXPECT_OK(pair.client->ShutdownWrite());
  EXPECT_OK(co_await WriteAll(*pair.server, "unharmed"));
  CO_READ(text, *pair.client);
  EXPECT_EQ(text, "unharmed");
  co_return 0;
}

CONTRACT_TEST(StreamContract, ShutdownWrite_AfterBothHaveClosed_ENOTCONN) {
  CO_PAIR(pair);
  EXPECT_OK(pair.client->ShutdownWrite());
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_OK(pair.server->ShutdownWrite());
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_ERRNO(pair.client->ShutdownWrite(), ENOTCONN);
  EXPECT_ERRNO(pair.server->ShutdownWrite(), ENOTCONN);
  co_return 0;
}

CONTRACT_TEST(StreamContract, ShutdownWrite_AfterTheEndWasRead) {
  CO_PAIR(pair);
  pair.server.reset();
  CO_READ(end, *pair.client);
  EXPECT_EQ(end, "");
  EXPECT_OK(pair.client->ShutdownWrite());
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_ShowsOnceAndThenTheEnd) {
  CO_PAIR(pair);
  pair.client->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  const absl::Status status = co_await TryRead(*pair.server);
  EXPECT_ERRNO(status, ECONNRESET);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  CO_READ(end, *pair.server);
  EXPECT_EQ(end, "");
  EXPECT_ERRNO(co_await TryWrite(*pair.server, "anybody?"), EPIPE);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_ShowsOnceToAWriter) {
  CO_PAIR(pair);
  pair.client->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_ERRNO(co_await TryWrite(*pair.server, "anybody?"), ECONNRESET);
  EXPECT_ERRNO(co_await TryWrite(*pair.server, "anybody?"), EPIPE);
  CO_READ(end, *pair.server);
  EXPECT_EQ(end, "");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_AfterwardsShutdownWrite_ENOTCONN) {
  CO_PAIR(pair);
  pair.client->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_ERRNO(pair.server->ShutdownWrite(), ENOTCONN);
  EXPECT_ERRNO(pair.client->ShutdownWrite(), ENOTCONN);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_EndsAWaitingRead) {
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "read", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&TryRead, std::ref(*pair.server)));
  EXPECT_OK(co_await Sleep(kSettle));
  pair.client->Reset();
  EXPECT_ERRNO(co_await scope.Join(), ECONNRESET);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_EndsAWaitingWrite) {
  CO_PAIR(pair);
  CO_REQUIRE_ASSIGN(const size_t filled, co_await Fill(env, *pair.client));
  EXPECT_GT(filled, 0u);
  TaskScope scope(co_await CurrentContext(), "write", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&SendNumbered, std::ref(*pair.client), 100));
  EXPECT_OK(co_await Sleep(kSettle));
  pair.server->Reset();
  EXPECT_ERRNO(co_await scope.Join(), ECONNRESET);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_LeavesWhatHadArrived) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, "arrived"));
  EXPECT_OK(co_await Sleep(kSettle));
  pair.client->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  CO_READ(text, *pair.server);
  EXPECT_EQ(text, "arrived");
  EXPECT_ERRNO(co_await TryRead(*pair.server), ECONNRESET);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_AfterTheEnd) {
  CO_PAIR(pair);
  EXPECT_OK(pair.client->ShutdownWrite());
  EXPECT_OK(co_await Sleep(kSettle));
  pair.client->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  CO_READ(end, *pair.server);
  EXPECT_EQ(end, "");
  EXPECT_ERRNO(co_await TryWrite(*pair.server, "anybody?"), EPIPE);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_OneselfIsTheEndForOneself) {
  CO_PAIR(pair);
  pair.client->Reset();
  EXPECT_ERRNO(co_await TryRead(*pair.client), ECONNRESET);
  EXPECT_ERRNO(co_await TryRead(*pair.client), ECONNRESET);
  EXPECT_ERRNO(co_await TryWrite(*pair.client, "no"), ECONNRESET);
  pair.client->Reset();
  EXPECT_EQ(pair.client->peer(), pair.listener->local());
  co_return 0;
}

CONTRACT_TEST(StreamContract, Reset_OneselfEndsOnesOwnRead) {
  CO_PAIR(pair);
  TaskScope scope(co_await CurrentContext(), "read", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&TryRead, std::ref(*pair.client)));
  EXPECT_OK(co_await Sleep(kSettle));
  pair.client->Reset();
  EXPECT_ERRNO(co_await scope.Join(), ECONNRESET);
  co_return 0;
}

CONTRACT_TEST(StreamContract, Destroy_DeliversWhatWasWritten) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.server, "221 goodbye\r\n"));
  pair.server.reset();
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.client));
  EXPECT_EQ(text, "221 goodbye\r\n");
  co_return 0;
}

// The last reply arrives whole although input was left unread.
CONTRACT_TEST(StreamContract, Destroy_WithUnreadInput) {
  CO_PAIR(pair);
  EXPECT_OK(co_await WriteAll(*pair.client, std::string(5000, 'x')));
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_OK(co_await WriteAll(*pair.server, "421 goodbye\r\n"));
  pair.server.reset();
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.client));
  EXPECT_EQ(text, "421 goodbye\r\n");
  co_return 0;
}

CONTRACT_TEST(StreamContract, Destroy_KeepsTheAddressesOfThePeer) {
  CO_PAIR(pair);
  const SocketAddress client = pair.client->local();
  pair.client.reset();
  EXPECT_OK(co_await Sleep(kSettle));
  EXPECT_EQ(pair.server->peer(), client);
  EXPECT_EQ(pair.server->local(), pair.listener->local());
  co_return 0;
}

Task<absl::Status> Echo(std::unique_ptr<Connection> connection) {
  CO_ASSIGN_OR_RETURN(const std::string text, co_await ReadAll(*connection));
  co_return co_await WriteAll(*connection, text);
}

Task<absl::Status> Serve(Listener& listener, int count) {
  TaskScope scope(co_await CurrentContext(), "sessions", TaskScope::Policy::kSupervise, 1000);
  for (int i = 0; i < count; ++i) {
    auto connection = co_await listener.Accept();
    if (!connection.ok()) break;
    EXPECT_OK(scope.Spawn(&Echo, *std::move(connection)));
  }
  co_return co_await scope.Join();
}

Task<absl::Status> Ask(Environment& env, SocketAddress to, int number, int& answered) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await ConnectTo(env, to));
  const std::string question = absl::StrCat("question ", number);
  CO_RETURN_IF_ERROR(co_await WriteAll(*connection, question));
  CO_RETURN_IF_ERROR(connection->ShutdownWrite());
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await ReadAll(*connection));
  answered += answer == question;
  co_return absl::OkStatus();
}

CONTRACT_TEST(StreamContract, ManyConnectionsAtOnce) {
  constexpr int kClients = 200;
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> listener,
                    env.network().Listen({.address = AddressOf(kLoopbackV6), .backlog = 1000}));
  int answered = 0;
  TaskScope scope(co_await CurrentContext(), "all", TaskScope::Policy::kFirstError, kClients + 1);
  EXPECT_OK(scope.Spawn(&Serve, std::ref(*listener), kClients));
  for (int i = 0; i < kClients; ++i) {
    EXPECT_OK(scope.Spawn(&Ask, std::ref(env), listener->local(), i, std::ref(answered)));
  }
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(answered, kClients);
  co_return 0;
}

INSTANTIATE_CONTRACT(StreamContract);

}  // namespace
}  // namespace stagepost

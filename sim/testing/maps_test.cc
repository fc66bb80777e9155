// Maps on a simulated host: files that change, programs, servers, and what goes wrong with them.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/cf/configuration.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/databases.h"
#include "mta/env/same_file.h"
#include "mta/env/stream.h"
#include "mta/maps/netstring.h"
#include "sim/testing/maps_test_util.h"
#include "sim/testing/test_host.h"
#include "sim/world/dns_zones.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

Task<int> ReadTextAnew(Environment& env, Said& said) {
  Maps maps(env);
  EXPECT_EQ(maps.Declare("t text -v1 /etc/mail/t"), "");
  said.push_back(co_await maps.Look("t", "one"));
  co_await WriteTextFile(env, "/etc/mail/t", "one uno\ntwo dos\n");
  said.push_back(co_await maps.Look("t", "one"));
  said.push_back(co_await maps.Look("t", "\"TWO\""));
  CHECK((co_await env.files().Unlink("/etc/mail/t")).ok());
  said.push_back(co_await maps.Look("t", "one"));
  said.push_back(co_await maps.Look("t", "one"));
  co_return 0;
}

TEST(MapsTest, TextIsReadAnewWhenItHasChanged) {
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/t", "one 1\n").ok());
  Said said;
  EXPECT_EQ(host.Run(&ReadTextAnew, std::ref(said)), 0);
  EXPECT_EQ(said,
            (Said{"1", "uno", "dos", "(69)", "text map \"t\": unsafe map file /etc/mail/t\n(75)"}));
  EXPECT_TRUE(absl::StrContains(host.Log(), "NOQUEUE: SYSERR(root): text map \"t\": unsafe map"));
}

Task<int> ReadHashAnew(Environment& env, Said& said) {
  Maps maps(env);
  maps.Declare("h hash -a.x /etc/mail/h");
  co_await BuildDatabase(env, "/etc/mail/h.db", DatabaseType::kHash, {{"one", "1"}});
  said.push_back(co_await maps.Look("h", "ONE"));
  co_await BuildDatabase(env, "/etc/mail/h.db", DatabaseType::kHash, {{"one", "[%0|%1]"}});
  CHECK((co_await Sleep(kFileGlance)).ok());
  said.push_back(co_await maps.Look("h", "One", {"argument"}));
  CHECK((co_await env.files().Unlink("/etc/mail/h.db")).ok());
  said.push_back(co_await maps.Look("h", "one", {"still"}));
  co_return 0;
}

TEST(MapsTest, HashIsOpenedAnewWhenItHasChanged) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  Said said;
  EXPECT_EQ(host.Run(&ReadHashAnew, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"1.x", "[One|argument].x", "[one|still].x"}));
}

Task<int> AskOften(Environment& env, TestHost& host, Said& said) {
  Maps maps(env);
  maps.Declare("h hash /etc/mail/h");
  co_await BuildDatabase(env, "/etc/mail/h.db", DatabaseType::kHash, {{"one", "1"}});
  said.push_back(co_await maps.Look("h", "one"));
  for (int i = 0; i < 2; ++i) {
    CHECK((co_await Sleep(kFileGlance)).ok());
    host.ResetCalls();
    for (int j = 0; j < 3; ++j) said.push_back(co_await maps.Look("h", "one"));
    said.push_back(absl::StrCat(host.calls(), " calls"));
  }
  co_await BuildDatabase(env, "/etc/mail/h.db", DatabaseType::kHash, {{"one", "2"}});
  said.push_back(co_await maps.Look("h", "one"));
  CHECK((co_await Sleep(kFileGlance)).ok());
  said.push_back(co_await maps.Look("h", "one"));
  co_return 0;
}

TEST(MapsTest, HashIsLookedAtOnceForMany) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  Said said;
  EXPECT_EQ(host.Run(&AskOften, std::ref(host), std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"1", "1", "1", "1", "1 calls", "1", "1", "1", "1 calls", "1", "2"}));
}

Task<int> LearnNul(Environment& env, Said& said) {
  Maps maps(env);
  const std::string nul(1, '\0');
  co_await BuildDatabase(env, "/etc/mail/n.db", DatabaseType::kBtree,
                         {{"one" + nul, "1" + nul}, {"two", "2"}, {"two" + nul, "3" + nul}});
  maps.Declare("both btree /etc/mail/n");
  maps.Declare("with btree -N /etc/mail/n.db");
  maps.Declare("without btree -O /etc/mail/n");
  // The first key found decides for the others.
  said.push_back(co_await maps.Look("both", "one"));
  said.push_back(co_await maps.Look("both", "two"));
  said.push_back(co_await maps.Look("with", "two"));
  said.push_back(co_await maps.Look("without", "two"));
  said.push_back(co_await maps.Look("without", "one"));
  maps.Declare("both btree /etc/mail/n");
  said.push_back(co_await maps.Look("both", "two"));
  said.push_back(co_await maps.Look("both", "one"));
  co_return 0;
}

TEST(MapsTest, WhetherKeysEndInNulIsLearnt) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  Said said;
  EXPECT_EQ(host.Run(&LearnNul, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"1", "3", "3", "2", "(0)", "2", "(0)"}));
}

Task<int> AskBadFiles(Environment& env, Said& said) {
  Maps maps(env);
  co_await BuildDatabase(env, "/etc/mail/bt.db", DatabaseType::kBtree, {{"one", "1"}});
  for (const char* line :
       {"missing hash /etc/mail/nosuch", "trunc hash /etc/mail/trunc", "kind hash /etc/mail/bt",
        "dir hash /etc/mail/dir", "open text /etc/open/t", "fifo text /etc/mail/fifo",
        "quiet hash -o -a.x /etc/mail/nosuch", "imp implicit /etc/mail/nosuch",
        "tag hash -T<T> /etc/mail/nosuch", "tagged hash -t -T<T> /etc/mail/nosuch",
        "calm hash -t /etc/mail/nosuch", "column text -kx /etc/mail/t"}) {
    EXPECT_EQ(maps.Declare(line), "");
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    co_await maps.Look(words[0], "one");
    said.push_back(absl::StrCat(words[0], " ", co_await maps.Look(words[0], "One")));
  }
  co_return 0;
}

TEST(MapsTest, FilesThatCannotBeRead) {
  TestHost host;
  DiskEditor disk = host.disk();
  ASSERT_TRUE(disk.WriteFile("/etc/mail/trunc.db", std::string(3000, 'x')).ok());
  ASSERT_TRUE(disk.MakeDirectories("/etc/mail/dir.db").ok());
  ASSERT_TRUE(disk.MakeDirectories("/etc/open", {.mode = 0775}).ok());
  ASSERT_TRUE(disk.WriteFile("/etc/open/t", "one 1\n").ok());
  ASSERT_TRUE(disk.WriteFile("/etc/mail/t", "one 1\n").ok());
  ASSERT_TRUE(disk.MakeFifo("/etc/mail/fifo", {.mode = 0644}).ok());
  Said said;
  EXPECT_EQ(host.Run(&AskBadFiles, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"missing (75)", "trunc (75)", "kind (75)", "dir (75)", "open (75)",
                        "fifo (75)", "quiet (0)", "imp (75)", "tag One<T>(75)", "tagged One<T>(68)",
                        "calm (68)", "column (75)"}));
  const std::string log = host.Log();
  for (const char* line :
       {"hash map \"missing\": missing map file /etc/mail/nosuch.db: No such file or directory\n",
        "Cannot open hash database /etc/mail/trunc.db: Invalid argument\n",
        "Cannot open hash database /etc/mail/bt.db: Invalid argument\n",
        "hash map \"dir\": unsafe map file /etc/mail/dir.db: Regular files only\n",
        "text map \"open\": unsafe map file /etc/open/t\n",
        "text map \"fifo\": unsafe map file /etc/mail/fifo\n",
        "text map \"column\", file /etc/mail/t: -k should specify a number, not x\n"}) {
    EXPECT_TRUE(absl::StrContains(log, absl::StrCat("NOQUEUE: SYSERR(root): ", line))) << line;
  }
  EXPECT_FALSE(absl::StrContains(log, "quiet"));
}

Task<int> MakeHash(Environment& env) {
  co_return co_await BuildDatabase(env, "/etc/mail/h.db", DatabaseType::kHash, {{"one", "1"}});
}

Task<int> AskWithoutDescriptors(Environment& env, Said& said, bool& none_left) {
  Maps maps(env);
  for (const char* line : {"h hash -o /etc/mail/h", "i implicit -o /etc/mail/h",
                           "t text -o -v1 /etc/mail/t", "s stab -o /etc/mail/aliases"}) {
    EXPECT_EQ(maps.Declare(line), "");
    for (const bool none : {true, false}) {
      none_left = none;
      const std::string answer = co_await maps.Look(std::string(1, line[0]), "one");
      said.push_back(answer.substr(answer.rfind('\n') + 1));
    }
  }
  co_return 0;
}

TEST(MapsTest, FilesThatCannotBeOpenedForTheMoment) {
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/t", "one 1\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/aliases", "one: 1\n").ok());
  ASSERT_EQ(host.Run(&MakeHash), 0);
  bool none_left = false;
  host.fault = [&](FileCall call, absl::string_view) {
    return none_left && call == FileCall::kOpen ? Errno::kEMFILE : Errno::kOk;
  };
  Said said;
  EXPECT_EQ(host.Run(&AskWithoutDescriptors, std::ref(said), std::ref(none_left)), 0);
  // An optional map whose file is there is never taken for one that has none.
  EXPECT_EQ(said, (Said{"(75)", "1", "(75)", "1", "(75)", "1", "(75)", "1"}));
}

// Prints its arguments, or what the last of them says.
Task<int> Helper(Environment& env, Arguments arguments) {
  const std::string& key = arguments.back();
  std::string text = absl::StrJoin(arguments, "|");
  if (key == "who") {
    text = absl::StrCat(static_cast<uint32_t>(env.process().credentials().effective_user), " ",
                        env.process().working_directory(), " ",
                        env.process().EnvironmentVariable("AGENT").value_or(""));
  }
  if (key == "lines") text = "a %0 %1\nb\n";
  if (key == "nothing") text.clear();
  if (key == "long") text.assign(100'000, 'x');
  if (!text.empty()) CHECK((co_await WriteAll(env.process().standard_output(), text)).ok());
  co_return key == "temporary" ? 75 : key == "one" ? 1 : 0;
}

Task<int> AskPrograms(Environment& env, Said& said) {
  Maps maps(env);
  maps.configuration.options.SetLong("DefaultUser=alice:7", {}, Options::Origin::kFile);
  maps.Declare("p program -a.x /bin/helper -f  two");
  maps.Declare("gone program /nonexistent");
  for (const char* key : {"a b", "who", "lines", "nothing", "temporary", "one"}) {
    said.push_back(co_await maps.Look("p", key));
  }
  said.push_back(absl::StrCat((co_await maps.Look("p", "long")).size()));
  said.push_back(co_await maps.Look("gone", "x"));
  co_return 0;
}

TEST(MapsTest, Programs) {
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/bin/helper", "", {.mode = 0755}).ok());
  host.host().InstallProgram("/bin/helper", &Helper);
  Said said;
  EXPECT_EQ(host.Run(&AskPrograms, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"/bin/helper|-f|two|a b.x", "2001 /tmp sendmail.x", "a lines .x", "(0)",
                        "(75)", "(1)", "2049", "(78)"}));
}

// A socket map's server: answers what follows the map's name, sends half an answer, or hangs up.
Task<absl::Status> Serve(Connection& connection, Said& asked) {
  std::vector<char> buffer(1000);
  while (true) {
    NetstringReader question;
    while (!question.complete()) {
      CO_ASSIGN_OR_RETURN(const size_t read, co_await connection.Read(absl::MakeSpan(buffer)));
      if (read == 0) co_return absl::OkStatus();
      absl::string_view bytes(buffer.data(), read);
      CO_RETURN_IF_ERROR(question.Take(bytes));
    }
    asked.push_back(question.text());
    const std::string key = question.text().substr(question.text().find(' ') + 1);
    if (key == "hang up") co_return absl::OkStatus();
    if (key == "silent") continue;
    const std::string reply = key == "half"   ? "100:OK x"
                              : key == "huge" ? "9999999:"
                              : key == "odd"  ? "x"
                                              : MakeNetstring(key);
    CO_RETURN_IF_ERROR(co_await WriteAll(connection, reply));
    if (key == "half") co_return absl::OkStatus();
  }
}

Task<int> SocketServer(Environment& env, Said& asked) {
  auto listener = env.network().Listen({.address = {*IpAddress::Parse("127.0.0.1"), 7777}});
  CHECK(listener.ok());
  while (true) {
    auto connection = co_await (*listener)->Accept();
    if (!connection.ok()) co_return 0;
    (void)co_await Serve(**connection, asked);
  }
}

Task<int> AskSockets(Environment& env, Said& said) {
  Maps maps(env);
  (void)co_await Sleep(absl::Seconds(1));
  maps.Declare("s socket -f -d5s -a.x inet:7777@127.0.0.1");
  for (const char* key : {"ok a %0 b", "OK", "NOTFOUND", "OK ", "TEMP x", "TIMEOUT", "PERM no",
                          "HELLO", "", "hang up", "OK again", "half", "huge", "odd", "silent"}) {
    said.push_back(co_await maps.Look("s", key));
  }
  for (const char* line : {"none socket inet:7778@[127.0.0.1]", "port socket inet:smtp@localhost",
                           "kind socket foo:bar", "unix socket unix:/run/x", "path socket /run/x",
                           "host socket inet:7777@nowhere.example", "bare socket inet:7777"}) {
    maps.Declare(line);
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    said.push_back(co_await maps.Look(words[0], "OK"));
  }
  co_return 0;
}

TEST(MapsTest, Sockets) {
  TestHost host;
  Said said, asked;
  SimProcess& server = host.host().Spawn({}, [](const ExitStatus&) {});
  server.StartTask(&SocketServer, std::ref(server.environment()), std::ref(asked));
  EXPECT_EQ(host.Run(&AskSockets, std::ref(said)), 0);
  const std::string failed = "socket_map_lookup(s): ";
  EXPECT_EQ(said,
            (Said{"(76)",
                  ".x",
                  "(68)",
                  ".x",
                  "(75)",
                  "(75)",
                  "(69)",
                  "(76)",
                  "(76)",
                  "(75)",
                  "again.x",
                  failed + "received only 4 of 100 reply characters\n(75)",
                  failed + "reply too long: 9999999\n(75)",
                  failed + "failed to read length parameter of reply\n(75)",
                  failed + "deadline exceeded\n(75)",
                  "(75)",
                  "socket map \"port\": unknown port name smtp\n(75)",
                  "socket map \"kind\": unknown socket type foo: Protocol not supported\n(75)",
                  "socket map \"unix\": local socket /run/x is not supported: only TCP is\n(75)",
                  "socket map \"path\": local socket /run/x is not supported: only TCP is\n(75)",
                  "socket map \"host\": Unknown host name nowhere.example\n(75)",
                  "socket map \"bare\": no host given\n(75)"}));
  EXPECT_EQ(asked[0], "s ok a %0 b");
}

Task<int> AskSequences(Environment& env, Said& said) {
  Maps maps(env);
  maps.Declare("n null");
  maps.Declare("a sequence n");
  maps.Declare("b sequence a n");
  EXPECT_EQ(maps.Declare("self sequence self n"), "");
  said.push_back(co_await maps.Look("self", "x"));
  maps.Declare("a sequence b");
  said.push_back(co_await maps.Look("b", "x"));
  EXPECT_EQ(maps.Declare("m sequence n n n n n n n n n n n n n"),
            "Sequence map m: too many member maps (12 max)\n");
  // Twelve to the power of twelve questions.
  std::string twelve;
  for (int i = 0; i < 12; ++i) {
    maps.Declare(absl::StrCat("w", i, " sequence", i == 0 ? " n" : twelve));
    twelve.clear();
    for (int k = 0; k < 12; ++k) absl::StrAppend(&twelve, " w", i);
  }
  said.push_back(co_await maps.Look("w11", "x"));
  maps.Declare("sw switch service");
  maps.Declare("sw.files regex -a.found ^x");
  said.push_back(co_await maps.Look("sw", "x"));
  maps.Declare("no switch nosuch");
  said.push_back(co_await maps.Look("no", "x"));
  co_return 0;
}

TEST(MapsTest, MapsOfMaps) {
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/service.switch", "service files nis\n").ok());
  Said said;
  EXPECT_EQ(host.Run(&AskSequences, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"Sequence map self: maps within maps without end\n(75)",
                        "Sequence map b: maps within maps without end\n(75)",
                        "Sequence map w11: maps within maps without end\n(75)",
                        "Switch map sw: unknown member map sw.nis\n.found", "(75)"}));
}

Task<int> AskOthers(Environment& env, Said& said) {
  Maps maps(env);
  for (const char* line : {"d dequote -D", "ar arith", "mc macro", "st stab /etc/mail/aliases",
                           "sy syslog -LNOTICE", "re regex -s1,2 -d. ([a-z]+)@([a-z]+)"}) {
    EXPECT_EQ(maps.Declare(line), "");
  }
  said.push_back(co_await maps.Look("d", "\"a.b\""));
  maps.context().deferred = true;
  said.push_back(co_await maps.Look("d", "\"a.b\""));
  maps.context().deferred = false;
  said.push_back(co_await maps.Look("ar", "/", {"-7", "2"}));
  said.push_back(co_await maps.Look("ar", "*", {"9223372036854775807", "2"}));
  said.push_back(co_await maps.Look("ar", "/", {"-9223372036854775808", "-1"}));
  const std::string drawn = co_await maps.Look("ar", "r", {"5", "6"});
  EXPECT_TRUE(drawn == "5" || drawn == "6") << drawn;
  said.push_back(co_await maps.Look("mc", "{Var}", {"value"}));
  const absl::StatusOr<NameId> name = maps.configuration.names.Intern("Var");
  said.push_back(WriteText(*maps.configuration.macros.Find(*name), maps.configuration.names));
  co_await maps.Look("mc", "{Var}");
  EXPECT_EQ(maps.configuration.macros.Find(*name), nullptr);
  said.push_back(co_await maps.Look("st", "ROOT"));
  maps.context().queue_id = "4Q";
  said.push_back(co_await maps.Look("sy", "text %1", {"more"}));
  said.push_back(co_await maps.Look("re", "\"a\"@b"));
  EXPECT_EQ(maps.Declare("x ldap -k (x=%0)"), "readcf: map x: class ldap not available\n");
  EXPECT_EQ(maps.Declare("x regex (a)\\1"),
            "pattern-compile-error: back-reference \\1 is not supported\n");
  co_return 0;
}

TEST(MapsTest, MapsThatKnowTheirAnswers) {
  TestHost host;
  ASSERT_TRUE(
      host.disk()
          .WriteFile("/etc/mail/aliases", "# comment\nroot: alice,\n  bob\nbad line\n: x\nempty:\n")
          .ok());
  Said said;
  EXPECT_EQ(host.Run(&AskOthers, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"a.b", "(75)", "-3", "-2", "(0)", "", "value",
                        "/etc/mail/aliases: line 4: missing colon\n"
                        "/etc/mail/aliases: line 5: : x... illegal alias name\n"
                        "/etc/mail/aliases: line 6: empty:... missing value for alias\n"
                        "/etc/mail/aliases: 1 aliases, longest 11 bytes, 15 bytes total\n"
                        "alice,  bob",
                        "", "a.b"}));
  EXPECT_TRUE(absl::StrContains(host.Log(), "4Q: text more\n"));
}

}  // namespace
}  // namespace stagepost

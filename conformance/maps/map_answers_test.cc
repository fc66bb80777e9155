// What sendmail's test mode said about maps and hosts (recorded_*.txt, made by record_maps.py), and
// what this program's maps say in the same world.
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "conformance/rewrite/oracle_world.h"
#include "gtest/gtest.h"
#include "mta/base/check.h"
#include "mta/cf/configuration.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/databases.h"
#include "mta/env/stream.h"
#include "mta/maps/map_table.h"

namespace stagepost {
namespace {

constexpr absl::string_view kSwitch =
    "hosts\tfiles dns\naliases\tfiles\nmysvc\tfiles nis\nrsvc\tfiles [NOTFOUND=return] dns\n";
constexpr absl::string_view kFilesOnly = "hosts\tfiles\n";
std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  CHECK(!content.empty());
  return content;
}

// One "> COMMAND" of a recording, and what was said.
struct Recorded {
  std::string command;
  std::vector<std::string> answer;
};

// `head` gets the lines above the first command.
std::vector<Recorded> ParseRecording(absl::string_view text, std::vector<std::string>& head) {
  std::vector<Recorded> all;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, "> ")) {
      all.push_back({std::string(line.substr(2)), {}});
    } else if (!line.empty()) {
      (all.empty() ? head : all.back().answer).emplace_back(line);
    }
  }
  return all;
}

std::vector<MapDeclaration> ParseMapLines(absl::string_view text) {
  std::vector<MapDeclaration> maps;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, "K")) continue;
    MapDeclaration& map = maps.emplace_back();
    const std::pair<absl::string_view, absl::string_view> name =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    const absl::string_view rest = absl::StripLeadingAsciiWhitespace(name.second);
    const std::pair<absl::string_view, absl::string_view> map_class =
        absl::StrSplit(rest, absl::MaxSplits(' ', 1));
    map.name = std::string(name.first);
    map.map_class = std::string(map_class.first);
    map.arguments = std::string(map_class.second);
  }
  return maps;
}

// Everything that a command needs, for the length of a process.
class Answerer {
 public:
  explicit Answerer(Environment& env) : env_(env), hosts_(env, HostLookupOptions()) {
    configuration_.macros.SetLiteral(OneCharacterName('m'), "corp.example");
    for (const char* name : {"mx1", "mx1.corp.example", "localhost", "[10.0.0.1]"}) {
      configuration_.classes.Add(OneCharacterName('w'), name);
    }
  }

  std::string DeclareAll() {
    Diagnostics diagnostics;
    maps_.DeclareAll(diagnostics);
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics) absl::StrAppend(&text, diagnostic.text, "\n");
    return text;
  }

  Task<std::string> Answer(absl::string_view command) {
    const std::pair<absl::string_view, absl::string_view> words =
        absl::StrSplit(command, absl::MaxSplits(' ', 1));
    if (words.first == "/mx") co_return co_await Mx(words.second);
    if (words.first == "/canon") co_return co_await Canon(words.second);
    if (words.first != "/map") co_return co_await Rule(words.first, words.second);
    const std::pair<absl::string_view, absl::string_view> map =
        absl::StrSplit(words.second, absl::MaxSplits(' ', 1));
    co_return co_await AskMap(map.first, map.second);
  }

  Configuration& configuration() { return configuration_; }

 private:
  static std::string Said(absl::string_view message) {
    return message.empty() ? "" : absl::StrCat(message, "\n");
  }

  Task<std::string> AskMap(absl::string_view name, absl::string_view key) {
    Map* const map = maps_.Find(name);
    if (map == nullptr) co_return absl::StrCat("Map named \"", name, "\" not found\n");
    std::string message;
    const bool open = co_await map->Open(message);
    if (!open) co_return absl::StrCat(Said(message), "Map named \"", name, "\" not open\n");
    const MapAnswer answer = co_await map->Ask(key, {});
    co_return absl::StrCat(
        Said(message), "map_lookup: ", name, " (", key, ") ", Said(answer.message),
        answer.value.has_value() ? absl::StrCat("returns ", *answer.value) : "no match", " (",
        answer.status, ")\n");
  }

  // The rule's blanks are those of its tokens; they are left out on both sides.
  Task<std::string> Rule(absl::string_view name, absl::string_view key) {
    Map* const map = maps_.Find(name);
    if (map == nullptr) co_return absl::StrCat("rewrite: map ", name, " not found\n=[dflt]\n");
    const MapAnswer answer = co_await map->Lookup(key, {});
    const std::string value = absl::StrReplaceAll(answer.value.value_or("dflt"), {{" ", ""}});
    co_return absl::StrCat(Said(answer.message), "=[", value, "]\n",
                           answer.status == 75 ? "== status 75\n" : "");
  }

  Task<std::string> Mx(absl::string_view domain) {
    const auto is_local = [&](absl::string_view name) {
      return configuration_.classes.Contains(OneCharacterName('w'), name);
    };
    const MxAnswer mx = co_await hosts_.MailExchangers(
        domain, is_local, {.drop_local_host = false, .own_domain = "corp.example"});
    std::string text = absl::StrCat("getmxrr(", domain, ") returns ");
    if (mx.null_mx) co_return text + "null MX (See RFC7505)\n";
    const bool failed = mx.status == LookupStatus::kTemporary;
    absl::StrAppend(&text, failed ? -1 : static_cast<int>(mx.hosts.size()), " value(s):\n");
    for (const MxHost& host : mx.hosts) absl::StrAppend(&text, "\t", host.name, "\n");
    co_return text;
  }

  Task<std::string> Canon(absl::string_view name) {
    const CanonicalName found = co_await hosts_.Canonical(name, "corp.example");
    co_return absl::StrCat(Said(found.message), "getcanonname(", name, ") returns ", found.name,
                           "\n");
  }

  Environment& env_;
  Configuration configuration_;
  HostLookup hosts_;
  MapContext context_{env_, configuration_, nullptr, hosts_};
  MapTable maps_{context_};
};

Task<std::string> ReadInput(Environment& env) {
  std::string text;
  std::vector<char> buffer(4096);
  while (true) {
    const absl::StatusOr<size_t> read =
        co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    CHECK(read.ok());
    if (*read == 0) co_return text;
    text.append(buffer.data(), *read);
  }
}

// Standard input: K lines, an empty line, commands. Output: diagnostics, then for each command a
// line
// "> COMMAND" and the answer.
Task<int> AnswerCommands(Environment& env, Arguments) {
  const std::string input = co_await ReadInput(env);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(input, absl::MaxSplits("\n\n", 1));
  Answerer answerer(env);
  answerer.configuration().maps = ParseMapLines(parts.first);
  std::string output = answerer.DeclareAll();
  for (const absl::string_view command : absl::StrSplit(parts.second, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&output, "> ", command, "\n", co_await answerer.Answer(command));
  }
  CHECK((co_await WriteAll(env.process().standard_output(), output)).ok());
  co_return 0;
}

// Standard input: the source of the map "numbers", as makemap reads it.
Task<int> MakeNumbers(Environment& env, Arguments) {
  const std::string input = co_await ReadInput(env);
  auto file = co_await env.files().Open(
      "/etc/mail/numbers.db", {.read = true, .write = true, .create = true, .mode = 0644});
  CHECK(file.ok());
  auto builder = env.databases().Build(**file, {.type = DatabaseType::kHash});
  CHECK(builder.ok());
  for (const absl::string_view line : absl::StrSplit(input, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    const absl::string_view value = absl::StripLeadingAsciiWhitespace(line.substr(end));
    if (value.empty()) continue;
    CHECK(
        (*builder)->Put(absl::AsciiStrToLower(line.substr(0, end)), value, PutMode::kReplace).ok());
  }
  CHECK((co_await (*builder)->Finish()).ok());
  co_return 0;
}

class MapAnswersTest : public testing::Test {
 protected:
  MapAnswersTest() {
    world_.WriteFile("/etc/hosts", ReadFile("conformance/oracle/common/hosts"));
    world_.WriteFile("/etc/resolv.conf", "search corp.example\n");
    world_.WriteFile("/etc/mail/service.switch", kSwitch);
    world_.WriteFile("/etc/mail/cols",
                     absl::StrCat("a,1\nb , 2\n,x\nc\nd,\ne,,3\n f,4\ng\t5\n\nlong,",
                                  std::string(3000, 'x'), "\n"));
    for (const char* name : {"table.txt", "words.txt"}) {
      world_.WriteFile(absl::StrCat("/etc/mail/", name), ReadFile(Engine(name)));
    }
    EXPECT_EQ(world_.Run(&MakeNumbers, {"makemap"}, ReadFile(Engine("numbers"))).exit_code, 0);
  }

  static std::string Engine(absl::string_view name) {
    return absl::StrCat("conformance/oracle/rewrite/configs/engine/", name);
  }

  void AddZones(const std::string& more) {
    const std::string common = ReadFile("conformance/oracle/common/zone.json");
    const std::string joined =
        absl::StrCat(common.substr(0, common.rfind('}')), ",", more.substr(more.find('{') + 1));
    ASSERT_TRUE(world_.AddZones(joined).ok());
  }

  // Compares what is said now with the recording.
  void Check(absl::string_view recording, absl::string_view map_lines) {
    std::vector<std::string> recorded_head, head;
    const std::vector<Recorded> recorded = ParseRecording(recording, recorded_head);
    std::string input = absl::StrCat(absl::StripTrailingAsciiWhitespace(map_lines), "\n\n");
    for (const Recorded& each : recorded) absl::StrAppend(&input, each.command, "\n");
    const OracleWorld::Result result = world_.Run(&AnswerCommands, {"answer"}, input);
    ASSERT_EQ(result.exit_code, 0) << result.output;
    const std::vector<Recorded> answered = ParseRecording(result.output, head);
    EXPECT_EQ(absl::StrJoin(head, "\n"), absl::StrJoin(recorded_head, "\n"));
    ASSERT_EQ(answered.size(), recorded.size());
    for (size_t i = 0; i < recorded.size(); ++i) {
      const bool typed = absl::StartsWith(recorded[i].command, "/");
      std::string answer = absl::StrJoin(answered[i].answer, "\n");
      // Traces of rules show the byte that stands for an operator as it is written.
      if (!typed) answer = absl::StrReplaceAll(answer, {{"\x9b", "$|"}});
      EXPECT_EQ(answer,
                typed ? absl::StrJoin(recorded[i].answer, "\n") : WithoutBlanks(recorded[i].answer))
          << recorded[i].command;
    }
  }

  static std::string WithoutBlanks(std::vector<std::string> lines) {
    for (std::string& line : lines) {
      if (absl::StartsWith(line, "= ")) line = absl::StrReplaceAll(line, {{" ", ""}});
    }
    return absl::StrJoin(lines, "\n");
  }

  OracleWorld world_;
};

TEST_F(MapAnswersTest, Maps) {
  AddZones(ReadFile("conformance/maps/zone.json"));
  Check(ReadFile("conformance/maps/recorded_maps.txt"), ReadFile("conformance/maps/k_lines.cf"));
}

TEST_F(MapAnswersTest, Hosts) {
  AddZones(ReadFile("conformance/maps/zone.json"));
  Check(ReadFile("conformance/maps/recorded_hosts.txt"), "");
}

TEST_F(MapAnswersTest, HostsOfTheVectors) {
  AddZones("{}");
  Check(ReadFile("conformance/maps/host_vectors_dns.txt"), "");
}

TEST_F(MapAnswersTest, HostsOfTheVectorsWithoutDns) {
  AddZones("{}");
  world_.WriteFile("/etc/mail/service.switch", kFilesOnly);
  Check(ReadFile("conformance/maps/host_vectors_files.txt"), "");
}

}  // namespace
}  // namespace stagepost

#include "sim/scenario/loader.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

// A world of seven lines for steps and expectations; what is appended begins in line 8.
constexpr absl::string_view kWorld = R"(name: "t"
summary: "s"
world {
  host { name: "mx" address: "192.0.2.25" mta {} user { name: "alice" } }
  host { name: "out" address: "198.51.100.7" }
  host { name: "far" address: "203.0.113.9" sink { domain: "far.example" } }
}
)";

// Its one host goes on with what is appended.
constexpr absl::string_view kHost =
    R"(name: "t" summary: "s" world { host { name: "mx" address: "192.0.2.25" )";

struct Mistake {
  absl::string_view text;
  absl::string_view error;  // after "f.textproto:"
};

void ExpectError(absl::string_view text, absl::string_view error) {
  const absl::StatusOr<LoadedScenario> loaded = LoadScenario("f.textproto", text);
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(std::string(loaded.status().message()), absl::StrCat("f.textproto:", error)) << text;
}

TEST(LoadScenario, SyntaxErrors) {
  const Mistake mistakes[] = {
      {"nmae: \"x\"", "1:1: field \"nmae\": Scenario has no such field (did you mean \"name\"?)"},
      {"zzzzzz: 1",
       "1:1: field \"zzzzzz\": Scenario has no such field (known: name, summary, covers, world, "
       "step, expect, time_limit)"},
      {"name: 5", "1:7: field \"name\": expected a text in quotes, found 5"},
      {"name \"x\"", "1:6: field \"name\": expected \":\", found \"x\""},
      {"world: \"x\"", "1:8: field \"world\": expected \"{\", found \"x\""},
      {"name: \"t\"\nworld {", "2:8: expected a field name, found the end of the file"},
      {"}", "1:1: expected a field name, found }"},
      {"name: \"abc\n", "1:11: string literals cannot cross line boundaries"},
      {"name: \"a\"\nname: \"b\"", "2:1: field \"name\": may be given only once"},
      {"world { host { file { path { a { b { c { d {",
       "1:28: field \"path\": expected \":\", found {"},
      {"a{a{a{a{a{",
       "1:1: field \"a\": Scenario has no such field (known: name, summary, covers, world, step, "
       "expect, time_limit)"},
      {"[foo.bar]: 1",
       "1:10: extension \"foo.bar\" is not defined or is not an extension of "
       "\"stagepost.scenario.Scenario\""},
      {"", "1:1: field \"name\": required in Scenario, and missing"},
      {"name: \"t\"", "1:1: field \"summary\": required in Scenario, and missing"},
      {"name: \"\"", "1:1: field \"name\": may not be empty"},
      {"name: \"a b\"\nsummary: \"s\" world {host{name:\"a\" address:\"1.2.3.4\"}}",
       "1:1: field \"name\": \"a b\" has other than letters, digits and _ - . / or more than 200 "
       "of them"},
      {"name: \"t\" summary: \"s\"", "1:1: field \"world\": required in Scenario, and missing"},
      {"name: \"t\" summary: \"s\"\nworld {}", "2:1: field \"world\": needs at least one host"},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"mx\" address: \"192.0.2.25\" }\n host { "
       "name: \"mx\" address: \"192.0.2.26\" } }",
       "3:2: field \"host\": a second host \"mx\""},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"mx\" address: \"192.0.2.25\" }\n host { "
       "name: \"my\" address: \"192.0.2.25\" } }",
       "3:2: field \"host\": address 192.0.2.25 is taken by host \"mx\""},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"mx\" address: \"192.0.2.256\" } }",
       "2:27: field \"address\": \"192.0.2.256\" is no IPv4 or IPv6 address"},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"mx\" address: \"::1\" } }",
       "2:27: field \"address\": \"::1\" is loopback, which every host has"},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"mx\" } }",
       "2:9: field \"address\": required in Host, and missing"},
      {"name: \"t\" summary: \"s\"\nworld { host { address: \"192.0.2.25\" } }",
       "2:9: field \"name\": required in Host, and missing"},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"m_x\" address: \"192.0.2.25\" } }",
       "2:16: field \"name\": \"m_x\" is no name of a host or domain"},
      {"name: \"t\" summary: \"s\"\nworld { host { name: \"mx\" address: \"192.0.2.25\" } host { "
       "name: "
       "\"my\" address: \"192.0.2.26\" }\n link { from: \"mx\" to: \"my\" } link { from: \"my\" "
       "to: \"mx\" "
       "both: false } }",
       "3:31: field \"link\": a second link for the same way"},
      {"time_limit: \"-1s\"\nname: \"t\"\nsummary: \"s\"\nworld {\n  host { name: \"mx\" address: "
       "\"192.0.2.25\" mta {} user { name: \"alice\" } }\n  host { name: \"out\" address: "
       "\"198.51.100.7\" }\n  host { name: \"far\" address: \"203.0.113.9\" sink { domain: "
       "\"far.example\" } }\n}\n",
       "1:1: field \"time_limit\": may not be negative"},
  };
  for (const Mistake& mistake : mistakes) ExpectError(mistake.text, mistake.error);
  ExpectError(absl::string_view("\0\1\xff", 3),
              "1:1: invalid control characters encountered in text");
}

TEST(LoadScenario, MistakesInAHost) {
  const Mistake mistakes[] = {
      {"mta {} sink { domain: \"a.example\" }",
       "1:79: field \"sink\": a host has an mta or a sink, not both: each needs port 25"},
      {"sink {}", "1:72: field \"sink\": needs at least one domain"},
      {"sink { domain: \"a\" port: 0 }", "1:91: field \"port\": is 1 to 65535"},
      {"sink { domain: \"a\" answer { reply: \"2\" } }",
       "1:91: field \"to\": required in Answer, and missing"},
      {"sink { domain: \"a\" answer { to: MAIL } }",
       "1:91: field \"answer\": is as usual: it needs a reply, a delay or the like"},
      {"sink { domain: \"a\" answer { to: MAIL keep: true } }",
       "1:109: field \"keep\": is only for MESSAGE"},
      {"sink { domain: \"a\" answer { to: MAIL reply: \"2\" raw: \"2\" } }",
       "1:120: field \"raw\": excludes \"reply\""},
      {"user { name: \"a\" } user { name: \"a\" }",
       "1:91: field \"user\": there is a user \"a\" already"},
      {"user { name: \"root\" }", "1:72: field \"user\": there is a user \"root\" already"},
      {"user { name: \"Al\" }", "1:79: field \"name\": \"Al\" is no name of a user"},
      {"user { name: \"a\" uid: 8 }", "1:72: field \"user\": uid 8 is that of mail"},
      {"mta { run_as_user: \"smsmp\" }",
       "1:78: field \"run_as_user\": no user \"smsmp\" on this host (did you mean \"smmsp\"?)"},
      {"mta { queue_interval: \"15\" }",
       "1:78: field \"queue_interval\": \"15\" is no duration, such as \"1500ms\", \"5s\", "
       "\"2h30m\""},
      {"mta { queue_interval: \"0s\" }",
       "1:78: field \"queue_interval\": must be whole seconds, at least one"},
      {"time_zone: \"CET\"",
       "1:72: field \"time_zone\": \"CET\" is no time zone: \"UTC\", or a difference from it such "
       "as \"+0200\""},
      {"file { path: \"etc/passwd\" }", "1:79: field \"path\": \"etc/passwd\" is no absolute path"},
      {"file { path: \"/etc/../passwd\" }",
       "1:79: field \"path\": \"/etc/../passwd\" has an empty, \".\" or \"..\" component"},
      {"file { path: \"/etc/x\" content: \"x\" directory: true }",
       "1:94: field \"content\": a directory has none"},
      {"file { path: \"/etc/x\" mode: \"0900\" }",
       "1:94: field \"mode\": \"0900\" is no mode: three or four octal digits, such as \"600\""},
      {"file { path: \"/etc/x\" owner: \"alice\" }",
       "1:94: field \"owner\": no user \"alice\" on this host (known: bin, daemon, mail, nobody, "
       "root, smmsp)"},
      {"file { path: \"/a\" } file { path: \"/a\" }", "1:92: field \"file\": a second file /a"},
      {"file { path: \"/a/b/c\" } file { path: \"/a/b\" }",
       "1:72: field \"file\": /a/b/c cannot be below the file /a/b"},
      {"file { path: \"/run/p\" fifo: true content: \"x\" }",
       "1:105: field \"content\": a FIFO has none"},
      {"file { path: \"/run/p\" fifo: true directory: true }",
       "1:94: field \"fifo\": excludes \"directory\""},
      {"file { path: \"/a/b\" } file { path: \"/a\" fifo: true }",
       "1:72: field \"file\": /a/b cannot be below the file /a"},
      {"quota { kib: 4 }", "1:72: field \"quota\": needs one of user, group"},
      {"quota { user: \"alice\" }",
       "1:80: field \"user\": no user \"alice\" on this host (known: bin, daemon, mail, nobody, "
       "root, smmsp)"},
      {"quota { group: \"mail\" } quota { user: \"mail\" } quota { group: \"mail\" }",
       "1:119: field \"quota\": a second quota of group mail"},
      {"mta { queue_interval: \"1500ms\" }",
       "1:78: field \"queue_interval\": must be whole seconds, at least one"},
      {"mta { run_as_user: \"1000\" }",
       "1:78: field \"run_as_user\": no user \"1000\" on this host (known: bin, daemon, mail, "
       "nobody, root, smmsp)"},
  };
  for (const Mistake& mistake : mistakes) {
    ExpectError(absl::StrCat(kHost, mistake.text, " } }"), mistake.error);
  }
}

TEST(LoadScenario, MistakesInStepsAndExpectations) {
  const Mistake mistakes[] = {
      {"step { smtp { from: \"out\" to: \"mx\"\n  turn { say: \"NOOP\" exepct: \"250\" } } }",
       "9:22: field \"exepct\": Turn has no such field (did you mean \"expect\"?)"},
      {"expect { mailbox { host: \"mx\" user: \"alice\"\n messages: \"one\" } }",
       "9:12: field \"messages\": expected a number, found \"one\""},
      {"step { smtp { from: \"out\" to: \"mx\" refused: 7 } }",
       "8:45: field \"refused\": number out of range: 7"},
      {"step { smtp { from: \"out\" to: \"mx\" refused: yes } }",
       "8:49: field \"refused\": expected true or false, found yes"},
      {"expect { mailbox { host: \"mx\" user: \"alice\" messages: -1 } }",
       "8:55: field \"messages\": expected a number, found -"},
      {"expect { mailbox { host: \"mx\" user: \"alice\" messages: 4294967296 } }",
       "8:55: field \"messages\": number out of range: 4294967296"},
      {"step { wait { for: \"1s\" until { queue { host: \"mx\" messages: 0 } } } }",
       "8:25: field \"until\": excludes \"for\", which is given, too"},
      {"step { run { host: \"mxx\"\n command: \"mailq\" } }",
       "8:14: field \"host\": no host \"mxx\" in this world (did you mean \"mx\"?)"},
      {"step { smtp { from: \"stranger\" to: \"mx\" } }",
       "8:15: field \"from\": no host \"stranger\" in this world (known: far, mx, out)"},
      {"step { }",
       "8:1: field \"step\": needs one of smtp, run, wait, change, fault, expect, start_mta, "
       "stop_mta, attack"},
      {"step { wait { limit: \"5s\" } }", "8:8: field \"wait\": needs one of for, until"},
      {"expect {}",
       "8:1: field \"expect\": needs one of mailbox, queue, sink, log, file, process, "
       "heard"},
      {"step { wait { for: \"5 minutes\" } }",
       "8:15: field \"for\": \"5 minutes\" is no duration, such as \"1500ms\", \"5s\", \"2h30m\""},
      {"step { wait { for: \"inf\" } }", "8:15: field \"for\": may be 100 years at most"},
      {"step { smtp { from: \"out\" to: \"mx\" turn { expect: \"250\" expect: \"25(0\" } } }",
       "8:57: field \"expect\": bad pattern: missing ): 25(0"},
      {"step { smtp { from: \"out\" to: \"mx\" refused: true turn { say: \"x\" } } }",
       "8:50: field \"turn\": there is none when the connection is to be refused"},
      {"step { smtp { from: \"out\" to: \"mx\" turn { } } }",
       "8:36: field \"turn\": needs one of say, raw, expect, pause, close, reset"},
      {"step { smtp { from: \"out\" to: \"mx\" turn { within: \"5s\" } } }",
       "8:36: field \"turn\": needs one of say, raw, expect, pause, close, reset"},
      {"step { smtp { from: \"out\" to: \"mx\" turn { close: true } turn { say: \"x\" } } }",
       "8:36: field \"turn\": only the last turn may close or reset the connection"},
      {"step { smtp { from: \"out\" to: \"mx\" turn { close: true reset: true } } }",
       "8:55: field \"reset\": excludes \"close\""},
      {"step { smtp { from: \"out\" to: \"mx\" turn { say: \"a\\r\\nb\" } } }",
       "8:43: field \"say\": is one line: it may have no CR, LF or NUL"},
      {"step { smtp { from: \"out\" to: \"mx\" port: 65536 } }",
       "8:36: field \"port\": is 1 to 65535"},
      {"step { run { host: \"mx\" command: \"mailq 'a\" } }",
       "8:25: field \"command\": has an open quote"},
      {"step { run { host: \"mx\" command: \" \" } }", "8:25: field \"command\": names no program"},
      {"step { run { host: \"mx\" command: \"mailq\" as: \"alcie\" } }",
       "8:42: field \"as\": no user \"alcie\" on this host (did you mean \"alice\"?)"},
      {"step { change { host: \"mx\" chown { path: \"/a\" } } }",
       "8:28: field \"chown\": needs owner or group"},
      {"step { change { host: \"mx\" chown { path: \"/a\" owner: \"bob\" } } }",
       "8:47: field \"owner\": no user \"bob\" on this host (known: alice, bin, daemon, mail, "
       "nobody, root, smmsp)"},
      {"step { change { host: \"mx\" chmod { path: \"/a\" } } }",
       "8:28: field \"mode\": required in Chmod, and missing"},
      {"step { change { host: \"mx\" } }",
       "8:8: field \"change\": needs one of write, remove, chmod, chown, rename, dns, "
       "clock, load_average, interface, quota, link"},
      {"step { start_mta { host: \"out\" } }", "8:20: field \"host\": host \"out\" has no mta"},
      {"step { fault { crash {} } }", "8:8: field \"fault\": needs at least one host"},
      {"step { fault { host: \"mx\" after: \"5s\" } }",
       "8:8: field \"fault\": needs one of crash, kill_mta, partition, file_error, disk_full, "
       "file_stall, forget, reset, "
       "dns_outage"},
      {"step { fault { host: \"mx\" host: \"out\" kill_mta {} } }",
       "8:27: field \"host\": host \"out\" has no mta"},
      {"step { fault { host: \"mx\" file_error { error: \"ENOSPACE\" } } }",
       "8:40: field \"error\": \"ENOSPACE\" is no error of errno(3), such as \"EIO\", \"ENOSPC\""},
      {"step { fault { host: \"mx\" file_error { call: \"opne\" error: \"EIO\" } } }",
       "8:40: field \"call\": \"opne\" is no file call (did you mean \"open\"?)"},
      {"step { fault { host: \"mx\" file_error { error: \"EIO\" per_mille: 0 } } }",
       "8:53: field \"per_mille\": is 1 to 1000"},
      {"step { fault { partition { from: \"mx\" to: \"mx\" } } }",
       "8:39: field \"to\": is the same host as from"},
      {"step { fault { host: \"mx\" partition { from: \"mx\" to: \"out\" } } }",
       "8:16: field \"host\": partition, forget, reset and dns_outage have no host unless "
       "their trigger has"},
      {"step { fault { forget { from: \"mx\" to: \"mx\" } } }",
       "8:36: field \"to\": is the same host as from"},
      {"step { fault { host: \"mx\" forget { from: \"mx\" to: \"out\" } } }",
       "8:16: field \"host\": partition, forget, reset and dns_outage have no host unless "
       "their trigger has"},
      {"step { fault { forget { from: \"mx\" to: \"out\" } on_phase: \"done\" } }",
       "8:8: field \"fault\": its trigger needs a host"},
      {"step { fault { host: \"mx\" file_stall {} } }",
       "8:27: field \"stall\": required in FileStall, and missing"},
      {"step { fault { host: \"mx\" file_stall { stall: \"0s\" } } }",
       "8:40: field \"stall\": must be more than nothing"},
      {"step { fault { host: \"mx\" file_stall { stall: \"1s\" per_mille: 1001 } } }",
       "8:52: field \"per_mille\": is 1 to 1000"},
      {"step { fault { host: \"mx\" file_stall { stall: \"1s\" call: \"chdir\" } } }",
       "8:52: field \"call\": chdir cannot be stalled"},
      {"step { change { host: \"mx\" link { from: \"mx\" to: \"out\" } } }",
       "8:17: field \"host\": a link has from and to, and no host"},
      {"step { change { link { from: \"mx\" to: \"mx\" } } }",
       "8:35: field \"to\": is the same host as from"},
      {"step { change { link { from: \"mx\" to: \"out\" kbit_per_second: 0 } } }",
       "8:45: field \"kbit_per_second\": is 1 to 100000000"},
      {"step { change { link { from: \"mx\" to: \"out\" queue_bytes: 5 } } }",
       "8:45: field \"queue_bytes\": needs kbit_per_second"},
      {"step { change { quota { user: \"root\" } } }",
       "8:8: field \"host\": required in Change, and missing"},
      {"step { change { host: \"mx\" quota { kib: 4 } } }",
       "8:28: field \"quota\": needs one of user, group"},
      {"step { fault { host: \"mx\" crash {} after: \"1s\" on_reply: \"250\" } }",
       "8:48: field \"on_reply\": excludes \"after\", which is given, too"},
      {"expect { mailbox { host: \"mx\" user: \"bob\" messages: 1 } }",
       "8:31: field \"user\": no user \"bob\" on this host (known: alice, bin, daemon, mail, "
       "nobody, root, smmsp)"},
      {"expect { mailbox { host: \"mx\" user: \"1000\" messages: 1 } }",
       "8:31: field \"user\": no user \"1000\" on this host (known: alice, bin, daemon, mail, "
       "nobody, root, smmsp)"},
      {"expect { mailbox { host: \"mx\" user: \"alice\" } }",
       "8:10: field \"mailbox\": expects nothing"},
      {"expect { mailbox { host: \"out\" user: \"root\" messages: 1 } }",
       "8:20: field \"host\": host \"out\" has no mta"},
      {"expect { mailbox { host: \"mx\" user: \"alice\" messages: 1 at_least: 1 } }",
       "8:45: field \"messages\": excludes \"at_least\" and \"at_most\""},
      {"expect { queue { host: \"mx\" at_least: 5 at_most: 4 } }",
       "8:41: field \"at_most\": is less than at_least"},
      {"expect { queue { host: \"mx\" } }",
       "8:10: field \"queue\": needs one of messages, at_least, at_most"},
      {"expect { sink { host: \"mx\" messages: 0 } }",
       "8:17: field \"host\": host \"mx\" has no sink"},
      {"expect { sink { host: \"far\" } }",
       "8:10: field \"sink\": needs one of messages, at_least, at_most, contains, mail, rcpt, "
       "recipients, header, no_header, body"},
      {"expect { heard { host: \"mx\" } }", "8:18: field \"host\": host \"mx\" has no sink"},
      {"expect { heard { host: \"far\" count: 1 at_least: 1 } }",
       "8:30: field \"count\": excludes \"at_least\" and \"at_most\""},
      {"expect { log { host: \"mx\" count: 2 } }",
       "8:10: field \"log\": needs one of contains, matches"},
      {"expect { file { host: \"mx\" path: \"/a\" exists: false mode: \"600\" } }",
       "8:39: field \"exists\": a file that is not there has no content, mode, owner or group"},
      {"expect { process { host: \"mx\" program: \"\" } }",
       "8:31: field \"program\": may not be empty"},
      {"step: [{ wait { for: \"1s\" } }, { wait { for: \"x\" } }]",
       "8:41: field \"for\": \"x\" is no duration, such as \"1500ms\", \"5s\", \"2h30m\""},
  };
  for (const Mistake& mistake : mistakes) {
    ExpectError(absl::StrCat(kWorld, mistake.text), mistake.error);
  }
}

TEST(LoadScenario, WrongDns) {
  constexpr absl::string_view zone = "step { change { dns { zone { name: \"a.example\" ";
  const Mistake mistakes[] = {
      {"record { type: \"MXX\" }",
       "8:57: field \"type\": \"MXX\" is no type of a record (did you mean \"MX\"?)"},
      {"record { type: \"MX\" }", "8:48: field \"record\": a record of type MX needs target"},
      {"record { type: \"A\" address: \"::1\" }",
       "8:67: field \"address\": \"::1\" is no IPv4 address"},
      {"record { type: \"A\" address: \"192.0.2.1\" port: 25 }",
       "8:88: field \"port\": a record of type A has none"},
      {"record { name: \"b.example\" type: \"NS\" target: \"x\" }",
       "8:48: field \"record\": \"b.example\" is not in the zone \"a.example\""},
      {"record { name: \"b..a.example\" type: \"NS\" target: \"x\" }",
       "8:57: field \"name\": \"b..a.example\" is not a domain name: a label is empty"},
      {"record { type: \"NS\" target: \"x\" ttl: \"1500ms\" }",
       "8:80: field \"ttl\": is whole seconds, at most 2147483647"},
      {"fails: \"servfail\"",
       "8:48: field \"fails\": \"servfail\" is no failure of DNS (known: NXDOMAIN, NODATA, "
       "FORMERR, SERVFAIL, NOTIMP, REFUSED, timeout, lame, truncated, malformed)"},
      {"trouble { name: \"x.a.example\" }", "8:48: field \"trouble\": needs fails or delay"},
      {"trouble { name: \"x.b.example\" fails: \"lame\" }",
       "8:48: field \"trouble\": \"x.b.example\" is not in the zone \"a.example\""},
  };
  for (const Mistake& mistake : mistakes) {
    ExpectError(absl::StrCat(kWorld, zone, mistake.text, " } } } }"), mistake.error);
  }
  ExpectError(
      absl::StrCat(kWorld, "step { change { host: \"mx\" dns { remove: \"a.example\" } } }"),
      "8:17: field \"host\": name servers answer all hosts alike; dns has no host");
  ExpectError(absl::StrCat(kWorld, "step { change { remove: \"/etc/motd\" } }"),
              "8:8: field \"host\": required in Change, and missing");
  ExpectError(absl::StrCat(kHost, "} dns { zone { name: \"a\" } zone { name: \"A.\" } } }"),
              "1:99: field \"zone\": a second zone \"A.\"");
}

TEST(LoadScenario, KeepsTheLinesOfWhatItHasRead) {
  const absl::StatusOr<LoadedScenario> loaded =
      LoadScenario("dir/f.textproto", absl::StrCat(kWorld, R"(step { wait { for: "1s" } }
step {
  smtp { from: "out" to: "mx"
    turn { say: "NOOP" expect: "250" }

    turn { say: "QUIT" } }
}
expect { queue { host: "mx" messages: 0 } }
)"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->Where(), "dir/f.textproto:1");
  EXPECT_EQ(loaded->WhereHost(1), "dir/f.textproto:5");
  EXPECT_EQ(loaded->WhereStep(0), "dir/f.textproto:8");
  EXPECT_EQ(loaded->WhereStep(1), "dir/f.textproto:9");
  EXPECT_EQ(loaded->WhereTurn(1, 0), "dir/f.textproto:11");
  EXPECT_EQ(loaded->WhereTurn(1, 1), "dir/f.textproto:13");
  EXPECT_EQ(loaded->WhereExpect(0), "dir/f.textproto:15");
}

TEST(LoadScenario, ListsInBracketsHaveThePlaceOfTheFirst) {
  const absl::StatusOr<LoadedScenario> loaded = LoadScenario(
      "f", absl::StrCat(kWorld, "step: [{ wait { for: \"1s\" } },\n{ wait { for: \"2s\" } }]"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->WhereStep(0), "f:8");
  EXPECT_EQ(loaded->WhereStep(1), "f:8");
}

TEST(LoadScenario, FillsInWhatFollowsFromOtherFields) {
  const absl::StatusOr<LoadedScenario> loaded = LoadScenario("f", absl::StrCat(kHost, R"(
      user { name: "a" } user { name: "b" uid: 1001 home: "/b" } user { name: "c" gid: 8 }
      file { path: "/d" directory: true } file { path: "/f" owner: "c" group: "b" }
    } }
    step { change { host: "mx" write { path: "/g" owner: "a" } } })"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const scenario::Host& host = loaded->scenario.world().host(0);
  EXPECT_EQ(host.user(0).uid(), 1000u);
  EXPECT_EQ(host.user(0).home(), "/home/a");
  EXPECT_EQ(host.user(1).gid(), 1001u);
  EXPECT_EQ(host.user(1).home(), "/b");
  EXPECT_EQ(host.user(2).uid(), 1002u);
  EXPECT_EQ(host.user(2).gid(), 8u);
  EXPECT_EQ(host.file(0).mode(), "755");
  EXPECT_EQ(host.file(1).mode(), "644");
  EXPECT_EQ(loaded->scenario.step(0).change().write().mode(), "644");
}

TEST(LoadScenario, ErrorsAreOneLineWhateverStandsInTheFile) {
  const absl::StatusOr<LoadedScenario> loaded = LoadScenario(
      "odd\nname",
      absl::StrCat(kHost, "mta { run_as_user: \"x\\ny\" } user { name: \"a\\nb\" } } }"));
  EXPECT_EQ(std::string(loaded.status().message()),
            "odd\\nname:1:78: field \"run_as_user\": no user \"x\\ny\" on this host (known: "
            "a\\nb, bin, daemon, mail, nobody, root, smmsp)");
}

TEST(LoadScenario, HasLimits) {
  ExpectError(std::string(kMaxScenarioBytes + 1, ' '), "1:1: a scenario has at most 1048576 bytes");

  std::string hosts = "name: \"t\" summary: \"s\" world {\n";
  for (int i = 0; i <= kMaxScenarioHosts; ++i) {
    absl::StrAppend(&hosts, "host { name: \"h", i, "\" address: \"10.0.0.", i, "\" }\n");
  }
  ExpectError(hosts + "}", "66:1: field \"host\": a world has at most 64 hosts");

  std::string steps(kWorld);
  for (int i = 0; i <= kMaxScenarioSteps; ++i) steps += "step { wait { for: \"1s\" } }\n";
  ExpectError(steps, "10008:1: field \"step\": a scenario has at most 10000 steps");

  std::string patterns = absl::StrCat(kWorld, "step { smtp { from: \"out\" to: \"mx\" turn {\n");
  for (int i = 0; i <= kMaxScenarioPatterns; ++i) patterns += "expect: \"250\"\n";
  ExpectError(patterns + "} } }",
              "10009:1: field \"expect\": a scenario has at most 10000 patterns");

  ExpectError(absl::StrCat(kWorld, "step { smtp { from: \"out\" to: \"mx\" turn { expect: \"",
                           std::string(1001, 'a'), "\" } } }"),
              "8:43: field \"expect\": a pattern has at most 1000 bytes");
}

}  // namespace
}  // namespace stagepost

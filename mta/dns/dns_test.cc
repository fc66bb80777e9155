#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/dns/message.h"
#include "mta/dns/name.h"

namespace stagepost {
namespace {

using std::string_literals::operator""s;

// The header of a response with one question for example.com, type A, and `answers` answers.
std::string Response(int answers) {
  return absl::StrCat("\x12\x34\x81\x80\x00\x01\x00"s, std::string(1, static_cast<char>(answers)),
                      "\x00\x00\x00\x00"s, "\7example\3com\0\0\1\0\1"s);
}

// An A record that owns `name`, as on the wire.
std::string Address(const std::string& name) {
  return absl::StrCat(name, "\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"s);
}

absl::StatusOr<DnsAnswer> Parse(const std::string& bytes) {
  return ParseDnsResponse(bytes, "example.com", DnsType::kA);
}

DnsRecord Record(std::string owner, DnsType type, std::string name = "") {
  DnsRecord record;
  record.owner = std::move(owner);
  record.type = type;
  record.ttl = absl::Seconds(300);
  record.name = std::move(name);
  return record;
}

TEST(DnsName, GoesToTheWire) {
  EXPECT_EQ(*DnsNameToWire("mx.example.com"), "\2mx\7example\3com\0"s);
  EXPECT_EQ(*DnsNameToWire("com."), "\3com\0"s);
  EXPECT_EQ(*DnsNameToWire("."), "\0"s);
  EXPECT_EQ(*DnsNameToWire("a\\.b.\\001\\255"), "\3a.b\2\1\xff\0"s);
  EXPECT_TRUE(DnsNameToWire(std::string(63, 'a')).ok());
  const std::string label = std::string(63, 'a') + ".";
  EXPECT_TRUE(DnsNameToWire(label + label + label + std::string(61, 'a')).ok());
}

TEST(DnsName, RefusesWhatIsNoName) {
  const std::string label = std::string(63, 'a') + ".";
  for (const std::string& name :
       {""s, ".."s, ".com"s, "a..b"s, "a.."s, "\\"s, "a\\1"s, "\\256"s, std::string(64, 'a'),
        label + label + label + std::string(62, 'a'), std::string(100'000, 'a')}) {
    EXPECT_EQ(DnsNameToWire(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(DnsName, ComparesWithoutCase) {
  EXPECT_TRUE(SameDnsName("Example.COM", "example.com."));
  EXPECT_FALSE(SameDnsName("example.com", "example.org"));
  EXPECT_FALSE(SameDnsName("a\\.", "a\\"));
}

TEST(DnsMessage, ReadsCompressedNames) {
  const auto answer = Parse(Response(2) + Address("\xc0\x0c") + Address("\2MX\xc0\x0c"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->records.size(), 2u);
  EXPECT_EQ(answer->records[0].owner, "example.com");
  EXPECT_EQ(answer->records[1].owner, "MX.example.com");
  EXPECT_EQ(answer->records[1].address.ToString(), "192.0.2.1");
  EXPECT_EQ(answer->records[1].ttl, absl::Minutes(1));
}

TEST(DnsMessage, ShowsBytesThatCouldBeMisread) {
  const auto answer = Parse(Response(1) + Address("\7a.b\\ \0\xff\3com\0"s));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->records[0].owner, "a\\.b\\\\\\032\\000\\255.com");
}

TEST(DnsMessage, LeavesOutOtherClassesAndTreatsHugeTtlsAsZero) {
  std::string chaos = Address("\xc0\x0c");
  chaos[5] = 3;
  std::string old = Address("\xc0\x0c");
  old[6] = '\x80';
  const auto answer = Parse(Response(2) + chaos + old);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->records.size(), 1u);
  EXPECT_EQ(answer->records[0].ttl, absl::ZeroDuration());
}

TEST(DnsMessage, MalformedOnesAreErrors) {
  std::string text_beyond = Address("\xc0\x0c");
  text_beyond[3] = 16;
  std::string query = Response(0);
  query[2] = 1;
  std::string cut_off = Response(0);
  cut_off[2] = '\x83';
  std::string no_question = Response(0);
  no_question[5] = 0;
  const struct {
    const char* what;
    std::string bytes;
  } cases[] = {
      {"nothing", ""},
      {"half a header", "\x12\x34\x81\x80\x00"s},
      {"no question", no_question},
      {"a query", query},
      {"cut off", cut_off},
      {"an answer too few", Response(2) + Address("\xc0\x0c")},
      {"half an address", Response(1) + Address("\xc0\x0c").substr(0, 14)},
      {"a pointer to itself", Response(1) + Address("\xc0\x1d")},
      {"a pointer forward", Response(1) + Address("\xc0\xff")},
      {"a loop", Response(2) + Address("\1a\xc0\x0c") + Address("\1b\xc0\x2d")},
      {"an unknown label", Response(1) + Address("\x40\x0c")},
      {"a text beyond its data", Response(1) + text_beyond},
      {"another question", Response(0).replace(13, 1, "f")},
  };
  for (const auto& c : cases) {
    const auto answer = Parse(c.bytes);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kDataLoss) << c.what;
  }
}

// Names whose pointers lead through the whole message cost no more than others.
TEST(DnsMessage, HasALimitOfPointers) {
  std::string message = Response(2);
  std::string chain = "\0\1\0\3\0\0\0\0"s;  // class 3: left out
  const size_t begin = message.size() + 2 + chain.size() + 2;
  std::string pointers = "\xc0\x0c";
  while (pointers.size() < 400) {
    const size_t target = begin + pointers.size() - 2;
    pointers += static_cast<char>(0xc0 | target >> 8);
    pointers += static_cast<char>(target);
  }
  absl::StrAppend(&message, "\xc0\x0c", chain, "\1\x90", pointers);
  const size_t last = begin + pointers.size() - 2;
  const std::string name = {static_cast<char>(0xc0 | last >> 8), static_cast<char>(last)};
  const auto answer = Parse(message + Address(name));
  EXPECT_TRUE(absl::StrContains(answer.status().message(), "too many pointers")) << answer.status();
}

std::vector<DnsRecord> OneOfEach() {
  std::vector<DnsRecord> records;
  records.push_back(Record("example.com", DnsType::kCname, "real.example.com"));
  records.push_back(Record("real.example.com", DnsType::kA));
  records.back().address = *IpAddress::Parse("192.0.2.7");
  records.push_back(Record("real.example.com", DnsType::kAaaa));
  records.back().address = *IpAddress::Parse("2001:db8::7");
  records.push_back(Record("example.com", DnsType::kMx, "mx.example.com"));
  records.back().preference = 10;
  records.push_back(Record("example.com", DnsType::kMx, ""));
  records.push_back(Record("_smtp._tcp.example.com", DnsType::kSrv, "mx.example.com"));
  records.back().preference = 1;
  records.back().weight = 2;
  records.back().port = 25;
  records.push_back(Record("example.com", DnsType::kTxt));
  records.back().text = {"v=spf1 -all", "", std::string(255, 'x')};
  records.push_back(Record("7.2.0.192.in-addr.arpa", DnsType::kPtr, "real.example.com"));
  records.push_back(Record("example.com", DnsType::kNs, "ns.example.com"));
  records.push_back(Record("_25._tcp.mx.example.com", DnsType::kTlsa));
  records.back().rdata = "\3\1\1\0abc"s;
  records.push_back(Record("Example.COM", static_cast<DnsType>(65280)));
  return records;
}

TEST(DnsMessage, WhatIsBuiltReadsTheSame) {
  DnsMessage message;
  message.id = 0xbeef;
  message.response = true;
  message.authenticated = true;
  message.rcode = 3;
  message.name = "example.com";
  message.type = DnsType::kAny;
  message.answers = OneOfEach();
  const auto bytes = BuildDnsMessage(message);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto read = ParseDnsMessage(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->id, 0xbeef);
  EXPECT_TRUE(read->authenticated);
  EXPECT_EQ(read->rcode, 3);
  ASSERT_EQ(read->answers.size(), message.answers.size());
  for (size_t i = 0; i < read->answers.size(); ++i) {
    const DnsRecord &a = read->answers[i], &b = message.answers[i];
    EXPECT_EQ(a.owner, b.owner) << i;
    EXPECT_EQ(a.type, b.type) << i;
    EXPECT_EQ(a.ttl, b.ttl) << i;
    EXPECT_EQ(a.address, b.address) << i;
    EXPECT_EQ(a.name, b.name) << i;
    EXPECT_EQ(a.text, b.text) << i;
    EXPECT_EQ(a.rdata, b.rdata) << i;
    EXPECT_EQ(a.preference, b.preference) << i;
    EXPECT_EQ(a.port, b.port) << i;
  }
  EXPECT_EQ(*BuildDnsMessage(*read), *bytes);
}

TEST(DnsMessage, NamesOfSoaAreUncompressed) {
  std::string soa = Address("\xc0\x0c").substr(0, 10);
  soa[3] = 6;
  soa += "\0\x18\xc0\x0c\xc0\x0c"s + std::string(20, '\7');
  const auto answer = Parse(Response(1) + soa);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->records[0].rdata, "\7example\3com\0\7example\3com\0"s + std::string(20, '\7'));
}

TEST(DnsMessage, QueriesAskForRecursionAndKnowEdns) {
  const auto bytes = BuildDnsQuery(7, "Example.com.", DnsType::kMx);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes,
            "\0\7\1\x20\0\1\0\0\0\0\0\1\7Example\3com\0\0\xf\0\1\0\0\x29\4\xd0\0\0\0\0\0\0"s);
  EXPECT_TRUE(BuildDnsQuery(7, ".", DnsType::kNs).ok());
  EXPECT_FALSE(BuildDnsQuery(7, "", DnsType::kNs).ok());
  EXPECT_FALSE(BuildDnsQuery(7, "a..b", DnsType::kNs).ok());
}

}  // namespace
}  // namespace stagepost

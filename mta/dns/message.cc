#include "mta/dns/message.h"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/dns/name.h"

namespace stagepost {
namespace {

constexpr uint16_t kClassIn = 1;
constexpr uint16_t kTypeOpt = 41;
constexpr size_t kHeader = 12;
// The bits of the header's second word.
constexpr uint16_t kResponseBit = 0x8000, kAuthoritativeBit = 0x0400, kTruncatedBit = 0x0200,
                   kRecursionBit = 0x0100, kAuthenticatedBit = 0x0020, kRcodeBits = 0x000f;
constexpr uint32_t kMaxTtl = 0x7fffffff;
// Compression pointers have 14 bits. No name needs more of them than it can have labels.
constexpr size_t kMaxPointer = 0x3fff;
constexpr int kMaxPointersInName = 127;

absl::Status Malformed(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("malformed DNS message: ", what));
}

// Reads from left to right, to `end`; names may lead back to anywhere before.
class Reader {
 public:
  Reader(absl::string_view message, size_t begin, size_t end)
      : message_(message), at_(begin), end_(end) {}

  size_t at() const { return at_; }
  size_t left() const { return end_ - at_; }

  absl::StatusOr<uint8_t> Byte() {
    if (left() < 1) return Malformed("it ends too early");
    return static_cast<uint8_t>(message_[at_++]);
  }
  absl::StatusOr<uint16_t> Word() {
    ASSIGN_OR_RETURN(const uint8_t high, Byte());
    ASSIGN_OR_RETURN(const uint8_t low, Byte());
    return static_cast<uint16_t>(high << 8 | low);
  }
  absl::StatusOr<uint32_t> Long() {
    ASSIGN_OR_RETURN(const uint16_t high, Word());
    ASSIGN_OR_RETURN(const uint16_t low, Word());
    return uint32_t{high} << 16 | low;
  }
  absl::StatusOr<absl::string_view> Bytes(size_t size) {
    if (left() < size) return Malformed("it ends too early");
    at_ += size;
    return message_.substr(at_ - size, size);
  }

  // A name, followed through its pointers. As text, and as wire if that is not null.
  absl::StatusOr<std::string> Name(std::string* wire = nullptr) {
    std::string text;
    size_t size = 1;  // of the name on the wire
    size_t lowest = at_;
    int pointers = 0;
    std::optional<Reader> elsewhere;  // where the name goes on
    while (true) {
      Reader& here = elsewhere.has_value() ? *elsewhere : *this;
      ASSIGN_OR_RETURN(const uint8_t length, here.Byte());
      if (length == 0) break;
      if (length > kMaxDnsLabel) {
        if (length < 0xc0) return Malformed("an unknown kind of label");
        ASSIGN_OR_RETURN(const uint8_t low, here.Byte());
        const size_t target = size_t{length & 0x3fu} << 8 | low;
        if (target >= lowest) return Malformed("a name that points forward");
        if (++pointers > kMaxPointersInName) return Malformed("a name of too many pointers");
        lowest = target;
        elsewhere.emplace(message_, target, message_.size());
        continue;
      }
      ASSIGN_OR_RETURN(const absl::string_view label, here.Bytes(length));
      size += length + 1u;
      if (size > kMaxDnsNameOnWire) return Malformed("a name longer than 255 bytes");
      AppendDnsLabel(text, label);
      if (wire != nullptr) absl::StrAppend(wire, std::string(1, static_cast<char>(length)), label);
    }
    if (wire != nullptr) *wire += '\0';
    return text;
  }

 private:
  absl::string_view message_;
  size_t at_;
  size_t end_;
};

absl::StatusOr<IpAddress> ReadAddress(absl::string_view rdata, size_t size) {
  if (rdata.size() != size) return Malformed("an address of a wrong length");
  std::array<uint8_t, 16> bytes = {};
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(rdata[i]);
  if (size == 16) return IpAddress::V6(bytes);
  return IpAddress::V4(uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 |
                       uint32_t{bytes[2]} << 8 | bytes[3]);
}

absl::Status ReadText(Reader& reader, DnsRecord& record) {
  while (reader.left() > 0) {
    ASSIGN_OR_RETURN(const uint8_t length, reader.Byte());
    ASSIGN_OR_RETURN(const absl::string_view text, reader.Bytes(length));
    record.text.emplace_back(text);
  }
  if (record.text.empty()) return Malformed("a TXT record without a text");
  return absl::OkStatus();
}

// An SOA record's names may be compressed, which means nothing outside of the message.
absl::Status ReadSoa(Reader& reader, DnsRecord& record) {
  for (int i = 0; i < 2; ++i) RETURN_IF_ERROR(reader.Name(&record.rdata).status());
  ASSIGN_OR_RETURN(const absl::string_view numbers, reader.Bytes(20));
  absl::StrAppend(&record.rdata, numbers);
  return absl::OkStatus();
}

// The fields of the record's type, from all of `reader`.
absl::Status ReadData(absl::string_view rdata, Reader& reader, DnsRecord& record) {
  switch (record.type) {
    case DnsType::kA:
    case DnsType::kAaaa: {
      ASSIGN_OR_RETURN(record.address, ReadAddress(rdata, record.type == DnsType::kA ? 4 : 16));
      return absl::OkStatus();
    }
    case DnsType::kTxt:
      return ReadText(reader, record);
    case DnsType::kSoa:
      RETURN_IF_ERROR(ReadSoa(reader, record));
      break;
    case DnsType::kMx: {
      ASSIGN_OR_RETURN(record.preference, reader.Word());
      ASSIGN_OR_RETURN(record.name, reader.Name());
      break;
    }
    case DnsType::kSrv: {
      ASSIGN_OR_RETURN(record.preference, reader.Word());
      ASSIGN_OR_RETURN(record.weight, reader.Word());
      ASSIGN_OR_RETURN(record.port, reader.Word());
      ASSIGN_OR_RETURN(record.name, reader.Name());
      break;
    }
    case DnsType::kNs:
    case DnsType::kCname:
    case DnsType::kPtr: {
      ASSIGN_OR_RETURN(record.name, reader.Name());
      break;
    }
    default:
      record.rdata = std::string(rdata);
      return absl::OkStatus();
  }
  if (reader.left() > 0) return Malformed("a record longer than its data");
  return absl::OkStatus();
}

// Reads `count` records; those of class IN go to `records`, the size of EDNS to `udp_size`.
absl::Status ReadSection(absl::string_view message, Reader& reader, int count,
                         std::vector<DnsRecord>* records, uint16_t& udp_size) {
  for (int i = 0; i < count; ++i) {
    DnsRecord record;
    ASSIGN_OR_RETURN(record.owner, reader.Name());
    ASSIGN_OR_RETURN(const uint16_t type, reader.Word());
    ASSIGN_OR_RETURN(const uint16_t record_class, reader.Word());
    ASSIGN_OR_RETURN(const uint32_t ttl, reader.Long());
    ASSIGN_OR_RETURN(const uint16_t size, reader.Word());
    Reader data(message, reader.at(), reader.at() + size);
    ASSIGN_OR_RETURN(const absl::string_view rdata, reader.Bytes(size));
    if (type == kTypeOpt) udp_size = record_class;
    if (records == nullptr || type == kTypeOpt || record_class != kClassIn) continue;
    record.type = static_cast<DnsType>(type);
    // RFC 2181, section 8: with its first bit set, a TTL is zero.
    record.ttl = absl::Seconds(ttl > kMaxTtl ? 0 : ttl);
    RETURN_IF_ERROR(ReadData(rdata, data, record));
    records->push_back(std::move(record));
  }
  return absl::OkStatus();
}

class Writer {
 public:
  void Byte(uint8_t value) { bytes_ += static_cast<char>(value); }
  void Word(uint16_t value) {
    Byte(static_cast<uint8_t>(value >> 8));
    Byte(static_cast<uint8_t>(value));
  }
  void Long(uint32_t value) {
    Word(static_cast<uint16_t>(value >> 16));
    Word(static_cast<uint16_t>(value));
  }
  void Bytes(absl::string_view bytes) { absl::StrAppend(&bytes_, bytes); }

  // "" is the root here, as in a message that was parsed.
  absl::Status Name(absl::string_view text, bool compress) {
    ASSIGN_OR_RETURN(const std::string wire, DnsNameToWire(text.empty() ? "." : text));
    size_t at = 0;
    while (wire[at] != '\0') {
      // With the case of letters, which is to be kept (RFC 4343, section 4.1).
      const auto [known, added] = offsets_.emplace(wire.substr(at), bytes_.size());
      if (!added && compress) {
        Word(static_cast<uint16_t>(0xc000 | known->second));
        return absl::OkStatus();
      }
      if (added && bytes_.size() > kMaxPointer) offsets_.erase(known);
      const size_t length = static_cast<uint8_t>(wire[at]) + 1u;
      Bytes(absl::string_view(wire).substr(at, length));
      at += length;
    }
    Byte(0);
    return absl::OkStatus();
  }

  // Writes what `write` writes behind its length.
  template <class Write>
  absl::Status Sized(Write write) {
    const size_t before = bytes_.size();
    Word(0);
    RETURN_IF_ERROR(write());
    const size_t size = bytes_.size() - before - 2;
    if (size > kMaxDnsMessage) return absl::OutOfRangeError("a DNS record is too long");
    bytes_[before] = static_cast<char>(size >> 8);
    bytes_[before + 1] = static_cast<char>(size);
    return absl::OkStatus();
  }

  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
  std::map<std::string, size_t> offsets_;  // of the names written so far and their suffixes
};

absl::Status WriteText(const DnsRecord& record, Writer& writer) {
  for (const std::string& text : record.text) {
    if (text.size() > 255) return absl::InvalidArgumentError("a text is longer than 255 bytes");
    writer.Byte(static_cast<uint8_t>(text.size()));
    writer.Bytes(text);
  }
  return absl::OkStatus();
}

absl::Status WriteData(const DnsRecord& record, Writer& writer) {
  switch (record.type) {
    case DnsType::kA:
    case DnsType::kAaaa: {
      if (record.address.is_v4() != (record.type == DnsType::kA)) {
        return absl::InvalidArgumentError("an address of the other family");
      }
      for (size_t i = 0; i < (record.address.is_v4() ? 4 : 16); ++i) {
        writer.Byte(record.address.bytes()[i]);
      }
      return absl::OkStatus();
    }
    case DnsType::kTxt:
      return WriteText(record, writer);
    case DnsType::kMx:
      writer.Word(record.preference);
      return writer.Name(record.name, true);
    case DnsType::kSrv:
      writer.Word(record.preference);
      writer.Word(record.weight);
      writer.Word(record.port);
      return writer.Name(record.name, false);  // RFC 2782
    case DnsType::kNs:
    case DnsType::kCname:
    case DnsType::kPtr:
      return writer.Name(record.name, true);
    default:
      writer.Bytes(record.rdata);
      return absl::OkStatus();
  }
}

absl::Status WriteRecord(const DnsRecord& record, Writer& writer) {
  RETURN_IF_ERROR(writer.Name(record.owner, true));
  writer.Word(static_cast<uint16_t>(record.type));
  writer.Word(kClassIn);
  writer.Long(static_cast<uint32_t>(absl::ToInt64Seconds(record.ttl)));
  return writer.Sized([&] { return WriteData(record, writer); });
}

uint16_t FlagsOf(const DnsMessage& message) {
  uint16_t flags = message.rcode & kRcodeBits;
  if (message.response) flags |= kResponseBit;
  if (message.authoritative) flags |= kAuthoritativeBit;
  if (message.truncated) flags |= kTruncatedBit;
  if (message.recursion_desired) flags |= kRecursionBit;
  if (message.authenticated) flags |= kAuthenticatedBit;
  return flags;
}

}  // namespace

absl::StatusOr<DnsMessage> ParseDnsMessage(absl::string_view bytes) {
  if (bytes.size() > kMaxDnsMessage) return Malformed("it is too long");
  if (bytes.size() < kHeader) return Malformed("it ends too early");
  Reader reader(bytes, 0, bytes.size());
  DnsMessage message;
  ASSIGN_OR_RETURN(message.id, reader.Word());
  ASSIGN_OR_RETURN(const uint16_t flags, reader.Word());
  ASSIGN_OR_RETURN(const uint16_t questions, reader.Word());
  ASSIGN_OR_RETURN(const uint16_t answers, reader.Word());
  ASSIGN_OR_RETURN(const uint16_t authorities, reader.Word());
  ASSIGN_OR_RETURN(const uint16_t additionals, reader.Word());
  message.response = (flags & kResponseBit) != 0;
  message.authoritative = (flags & kAuthoritativeBit) != 0;
  message.truncated = (flags & kTruncatedBit) != 0;
  message.recursion_desired = (flags & kRecursionBit) != 0;
  message.authenticated = (flags & kAuthenticatedBit) != 0;
  message.rcode = flags & kRcodeBits;
  if (questions != 1) return Malformed("not one question");
  ASSIGN_OR_RETURN(message.name, reader.Name());
  ASSIGN_OR_RETURN(const uint16_t type, reader.Word());
  message.type = static_cast<DnsType>(type);
  ASSIGN_OR_RETURN(const uint16_t question_class, reader.Word());
  if (question_class != kClassIn) return Malformed("a question of another class");
  // A truncated message may end anywhere behind its question, and is not used for more.
  if (message.truncated) return message;
  RETURN_IF_ERROR(ReadSection(bytes, reader, answers, &message.answers, message.udp_size));
  RETURN_IF_ERROR(ReadSection(bytes, reader, authorities, &message.authority, message.udp_size));
  RETURN_IF_ERROR(ReadSection(bytes, reader, additionals, nullptr, message.udp_size));
  return message;
}

absl::StatusOr<DnsAnswer> ParseDnsResponse(absl::string_view bytes, absl::string_view name,
                                           DnsType type) {
  ASSIGN_OR_RETURN(DnsMessage message, ParseDnsMessage(bytes));
  if (!message.response) return Malformed("a query where a response should be");
  ASSIGN_OR_RETURN(const std::string asked, DnsNameToWire(name));
  ASSIGN_OR_RETURN(const std::string answered,
                   DnsNameToWire(message.name.empty() ? "." : message.name));
  if (absl::AsciiStrToLower(asked) != absl::AsciiStrToLower(answered) || message.type != type) {
    return Malformed("the response to another question");
  }
  if (message.truncated) return Malformed("cut off");
  return DnsAnswer{.rcode = static_cast<DnsRcode>(message.rcode),
                   .authenticated = message.authenticated,
                   .records = std::move(message.answers)};
}

absl::StatusOr<std::string> BuildDnsMessage(const DnsMessage& message) {
  Writer writer;
  writer.Word(message.id);
  writer.Word(FlagsOf(message));
  writer.Word(1);
  writer.Word(static_cast<uint16_t>(message.answers.size()));
  writer.Word(static_cast<uint16_t>(message.authority.size()));
  writer.Word(message.udp_size > 0 ? 1 : 0);
  RETURN_IF_ERROR(writer.Name(message.name, true));
  writer.Word(static_cast<uint16_t>(message.type));
  writer.Word(kClassIn);
  for (const DnsRecord& record : message.answers) RETURN_IF_ERROR(WriteRecord(record, writer));
  for (const DnsRecord& record : message.authority) RETURN_IF_ERROR(WriteRecord(record, writer));
  if (message.udp_size > 0) {
    writer.Byte(0);
    writer.Word(kTypeOpt);
    writer.Word(message.udp_size);
    writer.Long(0);
    writer.Word(0);
  }
  if (writer.bytes().size() > kMaxDnsMessage) {
    return absl::OutOfRangeError("a DNS message of more than 65535 bytes");
  }
  return std::move(writer.bytes());
}

absl::StatusOr<std::string> BuildDnsQuery(uint16_t id, absl::string_view name, DnsType type) {
  // Said here, since a message's "" is the root.
  RETURN_IF_ERROR(DnsNameToWire(name).status());
  DnsMessage query;
  query.id = id;
  query.authenticated = true;
  query.name = name == "." ? "" : std::string(name);
  query.type = type;
  query.udp_size = kEdnsUdpSize;
  return BuildDnsMessage(query);
}

}  // namespace stagepost

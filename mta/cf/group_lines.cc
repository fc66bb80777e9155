#include "mta/cf/group_lines.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/cf/equates.h"
#include "mta/cf/option_value.h"
#include "mta/env/network.h"

namespace stagepost {
namespace {

void CheckInterval(absl::string_view value, char unit, LoadContext& context) {
  std::vector<std::string> messages;
  ReadInterval(value, unit, messages);
  for (std::string& message : messages) context.Complain(std::move(message), kExitUsage);
}

void CheckMilterTimeouts(absl::string_view name, absl::string_view value, LoadContext& context) {
  for (absl::string_view part : absl::StrSplit(value, ';')) {
    part = TrimmedStart(part);
    if (part.empty()) continue;
    if (part.size() < 2 || part[1] != ':') {
      context.Error(absl::StrCat("X", name, ", T=: `:' expected"));
      return;
    }
    if (absl::string_view("CSRE").find(part[0]) == absl::string_view::npos) {
      context.Error(absl::StrCat("X", name, ": unknown filter timeout ", part.substr(0, 1)));
      continue;
    }
    CheckInterval(part.substr(2), 's', context);
  }
}

// What an inet socket's address says: "port@host". Gives the host that is to be looked up.
std::optional<std::string> CheckInternetSocket(absl::string_view name, absl::string_view address,
                                               LoadContext& context) {
  const size_t at = address.find('@');
  if (at == address.npos) {
    context.Error(absl::StrCat("X", name, ": bad address ", address, " (expected port@host)"));
    return std::nullopt;
  }
  uint32_t port = 0;
  if (!absl::SimpleAtoi(address.substr(0, at), &port) || port > 65535) {
    context.Error(absl::StrCat("X", name, ": unknown port name ", address.substr(0, at)));
    return std::nullopt;
  }
  absl::string_view host = address.substr(at + 1);
  const bool bracketed = host.size() > 1 && host[0] == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (IpAddress::Parse(host).has_value()) return std::nullopt;
  return std::string(host);
}

std::optional<std::string> CheckSocket(absl::string_view name, absl::string_view socket,
                                       LoadContext& context) {
  if (socket.empty()) {
    context.Error(absl::StrCat("X", name, ": empty or missing socket information"));
    return std::nullopt;
  }
  const size_t colon = socket.find(':');
  if (colon == socket.npos) return std::nullopt;
  const absl::string_view type = socket.substr(0, colon);
  if (type == "inet" || type == "inet6") {
    return CheckInternetSocket(name, socket.substr(colon + 1), context);
  }
  if (type != "unix" && type != "local") {
    context.Error(
        absl::StrCat("X", name, ": unknown socket type ", type, ": Protocol not supported"),
        kExitOsError);
  }
  return std::nullopt;
}

}  // namespace

void ReadQueueGroupLine(absl::string_view line, LoadContext& context) {
  if (!context.configuration.options.IsSet(OptionId::kQueueDirectory)) {
    context.Error("QueueDir must be defined before queue groups");
    return;
  }
  if (line.empty()) {
    context.Error("name required for queue");
    return;
  }
  QueueGroup group;
  group.where = context.where;
  group.name = TakeEquatesName(line);
  while (std::optional<Equate> equate = TakeEquate(line)) {
    if (equate->broken) {
      context.Error(absl::StrCat("queue ", group.name, ": `=' expected"));
      return;
    }
    if (absl::string_view("PFRIJrN").find(equate->key) == absl::string_view::npos) {
      context.Error(absl::StrCat("Q", group.name, ": unknown queue equate ",
                                 std::string(1, equate->key), "="));
      continue;
    }
    if (equate->key == 'I') CheckInterval(equate->value, 'm', context);
    group.equates[equate->key] = std::move(equate->value);
  }
  std::vector<QueueGroup>& groups = context.configuration.queue_groups;
  for (QueueGroup& known : groups) {
    if (!absl::EqualsIgnoreCase(known.name, group.name)) continue;
    known = std::move(group);
    return;
  }
  if (groups.size() + 1 >= kMaxQueueGroups && !absl::EqualsIgnoreCase(group.name, "mqueue")) {
    context.Error(absl::StrCat("too many queue groups defined (", kMaxQueueGroups, " max)"));
    return;
  }
  groups.push_back(std::move(group));
}

std::optional<std::string> ReadMilterLine(absl::string_view line, LoadContext& context) {
  MilterDeclaration milter;
  milter.where = context.where;
  milter.name = TakeEquatesName(line);
  if (milter.name.empty()) {
    context.Error("name required for mail filter");
    return std::nullopt;
  }
  std::vector<MilterDeclaration>& milters = context.configuration.milters;
  const absl::string_view name = milter.name;
  while (std::optional<Equate> equate = TakeEquate(line)) {
    if (equate->broken) {
      context.Error(absl::StrCat("X", name, ": `=' expected"));
      return std::nullopt;
    }
    if (equate->key == 'S') {
      milter.socket = std::move(equate->value);
    } else if (equate->key == 'F' || equate->key == 'T') {
      if (equate->key == 'T') CheckMilterTimeouts(name, equate->value, context);
      milter.equates[equate->key] = std::move(equate->value);
    } else {
      context.Error(
          absl::StrCat("X", name, ": unknown filter equate ", std::string(1, equate->key), "="));
    }
  }
  if (std::any_of(milters.begin(), milters.end(), [&](const MilterDeclaration& known) {
        return absl::EqualsIgnoreCase(known.name, name);
      })) {
    context.Error(absl::StrCat("X", name, ": duplicate filter definition"));
    return std::nullopt;
  }
  std::optional<std::string> host = CheckSocket(name, milter.socket, context);
  if (milters.size() == kMaxMilters) {
    context.Error(absl::StrCat("too many filters defined, ", kMaxMilters, " max"));
    return std::nullopt;
  }
  milters.push_back(std::move(milter));
  return host;
}

}  // namespace stagepost

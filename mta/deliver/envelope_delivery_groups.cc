// Which recipients of an envelope share a transaction, and in which order these come: the part of
// EnvelopeDelivery that looks at hosts.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "mta/deliver/envelope_delivery.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/route.h"

namespace stagepost {
namespace {

// Recipients of one transaction, whatever r= says.
constexpr int kMaxGroup = 1000;

}  // namespace

Task<std::vector<std::string>> EnvelopeDelivery::RouteOf(const SendEntry& entry) {
  if (entry.mailer == nullptr || !IsNetworkMailer(*entry.mailer)) {
    std::vector<std::string> hosts = {absl::AsciiStrToLower(entry.host)};
    co_return hosts;
  }
  Route route = co_await FindRoute(site_, *entry.mailer, entry.host);
  for (std::string& host : route.hosts) absl::AsciiStrToLower(&host);
  co_return std::move(route.hosts);
}

Task<void> EnvelopeDelivery::SortByRoute() {
  const Entries pending = Pending();
  if (envelope_.attempts == 0 || pending.size() < 2) co_return;
  std::map<std::pair<const Mailer*, std::string>, std::vector<std::string>> routes;
  using Key = std::tuple<std::vector<std::string>, std::string>;
  std::vector<std::pair<Key, size_t>> order;
  for (const size_t entry : entries_) {
    const SendEntry& sent = At(entry);
    const auto [route, is_new] = routes.try_emplace({sent.mailer, sent.host});
    if (is_new) route->second = co_await RouteOf(sent);
    order.emplace_back(Key(route->second, sent.user), entry);
    const bool leaves = sent.mailer != nullptr && IsNetworkMailer(*sent.mailer);
    if (leaves && !route->second.empty()) best_hosts_[entry] = route->second.front();
  }
  // A transaction has its recipients from the last to the first.
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    const auto& [route_of_a, user_of_a] = a.first;
    const auto& [route_of_b, user_of_b] = b.first;
    return std::tie(route_of_a, user_of_b, a.second) < std::tie(route_of_b, user_of_a, b.second);
  });
  for (size_t i = 0; i < order.size(); ++i) entries_[i] = order[i].second;
}

EnvelopeDelivery::ShareKey EnvelopeDelivery::ShareKeyOf(size_t entry) {
  const SendEntry& sent = At(entry);
  ShareKey key;
  key.mailer = sent.mailer;
  // What is delivered here is delivered here, whatever the host is called.
  if (!sent.mailer->Has('l')) {
    const auto best = best_hosts_.find(entry);
    key.has_best_host = best != best_hosts_.end();
    key.host = key.has_best_host ? best->second : absl::AsciiStrToLower(sent.host);
  }
  // One program cannot run as two.
  if (sent.mailer->Has('o') && sent.controller.has_value()) {
    const ControllingUser& user = *sent.controller;
    key.controller.emplace(user.user, user.group, user.name);
  }
  return key;
}

std::vector<EnvelopeDelivery::Entries> EnvelopeDelivery::Groups() {
  std::vector<Entries> groups;
  std::map<ShareKey, size_t> open;  // the last group of each kind
  for (const size_t entry : Pending()) {
    const Mailer* const mailer = At(entry).mailer;
    if (mailer == nullptr || !mailer->Has('m')) {
      groups.push_back({entry});
      continue;
    }
    int limit = mailer->max_recipients;
    if (limit <= 0 || limit > kMaxGroup) limit = kMaxGroup;
    const auto [group, is_new] = open.try_emplace(ShareKeyOf(entry), groups.size());
    if (!is_new && static_cast<int>(groups[group->second].size()) < limit) {
      groups[group->second].push_back(entry);
      continue;
    }
    group->second = groups.size();
    groups.push_back({entry});
  }
  return groups;
}

}  // namespace stagepost

#include "mta/policy/connection_counters.h"

#include <algorithm>
#include <array>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {
namespace {

constexpr int64_t kParts = 6;

int64_t PartOf(absl::Duration window) {
  return std::max<int64_t>(1, absl::ToInt64Seconds(window) / kParts) * 1'000'000'000;
}

// What was opened in each of the last parts of a window.
class Window {
 public:
  void Add(int64_t part) {
    Part& current = parts_[Slot(part)];
    if (current.number != part) current = {part, 0};
    ++current.opened;
  }
  int Sum(int64_t part) const {
    int sum = 0;
    for (const Part& each : parts_) {
      if (each.number > part - kParts && each.number <= part) sum += each.opened;
    }
    return sum;
  }

 private:
  struct Part {
    int64_t number = INT64_MIN;
    int opened = 0;
  };
  static size_t Slot(int64_t part) {
    return static_cast<size_t>((part % kParts + kParts) % kParts);
  }
  std::array<Part, kParts> parts_;
};

}  // namespace

struct ConnectionCounters::State {
  struct Client {
    int open = 0;
    Window window;
  };

  int64_t PartNow() const { return clock.MonotonicNow().nanoseconds() / part_nanoseconds; }

  // Null: there is no room.
  Client* Find(const IpAddress& address, int64_t part) {
    const auto found = clients.find(address);
    if (found != clients.end()) return &found->second;
    if (clients.size() >= kMaxCountedClients && swept_in != part) {
      swept_in = part;
      absl::erase_if(clients, [part](const auto& each) {
        return each.second.open == 0 && each.second.window.Sum(part) == 0;
      });
    }
    return clients.size() < kMaxCountedClients ? &clients[address] : nullptr;
  }

  // Forgets those whose window is over, a few at a time.
  void ForgetSome(int64_t part) {
    constexpr int kLooks = 4;
    auto at = clients.upper_bound(looked_at);
    for (int i = 0; i < kLooks && !clients.empty(); ++i) {
      if (at == clients.end()) at = clients.begin();
      looked_at = at->first;
      if (at->second.open == 0 && at->second.window.Sum(part) == 0) {
        at = clients.erase(at);
      } else {
        ++at;
      }
    }
  }

  const Clock& clock;
  int64_t part_nanoseconds;
  absl::btree_map<IpAddress, Client> clients = {};
  Window total = {};
  IpAddress looked_at = {};
  int64_t swept_in = INT64_MIN;
};

ConnectionCounters::ConnectionCounters(const Clock& clock, absl::Duration window)
    : state_(std::make_unique<State>(clock, PartOf(window))) {}

ConnectionCounters::~ConnectionCounters() = default;

void ConnectionCounters::set_window(absl::Duration window) {
  State& state = *state_;
  if (PartOf(window) == state.part_nanoseconds) return;
  state.part_nanoseconds = PartOf(window);
  state.swept_in = INT64_MIN;
  state.total = {};
  for (auto& [address, client] : state.clients) client.window = {};
}

std::unique_ptr<ConnectionCounters::Ticket> ConnectionCounters::Open(const IpAddress& client) {
  State& state = *state_;
  const int64_t part = state.PartNow();
  state.ForgetSome(part);
  state.total.Add(part);
  std::unique_ptr<Ticket> ticket(new Ticket(state, client));
  ticket->counts_ = {.connections = 1, .rate = 1, .total_rate = state.total.Sum(part)};
  State::Client* const known = state.Find(client, part);
  ticket->remembered_ = known != nullptr;
  if (known == nullptr) return ticket;
  known->window.Add(part);
  ticket->counts_.connections = ++known->open;
  ticket->counts_.rate = known->window.Sum(part);
  return ticket;
}

ConnectionCounters::Ticket::~Ticket() {
  if (!remembered_) return;
  const auto found = state_.clients.find(client_);
  if (found != state_.clients.end()) --found->second.open;
}

void DefineCounterMacros(const ConnectionCounters::Counts& counts, Macros& macros) {
  macros.SetLiteral(well_known::kClientConnections, absl::StrCat(counts.connections));
  macros.SetLiteral(well_known::kClientRate, absl::StrCat(counts.rate));
  macros.SetLiteral(well_known::kTotalRate, absl::StrCat(counts.total_rate));
}

}  // namespace stagepost

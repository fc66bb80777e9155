#include "mta/deliver/destinations.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

// Visits that go well, for each place of a window, before it is doubled.
constexpr size_t kVisitsOfARound = 4;

}  // namespace

std::string Destinations::KeyFor(absl::string_view mailer, absl::string_view host) {
  return absl::AsciiStrToLower(absl::StrCat(mailer, host.empty() ? "" : " ", host));
}

size_t Destinations::FirstWindow(absl::string_view key) const {
  return absl::StrContains(key, ' ') ? 1 : limit_;
}

Destinations::Places::iterator Destinations::PlaceOf(absl::string_view key) {
  const auto [place, is_new] = places_.try_emplace(std::string(key));
  if (is_new) place->second.window = FirstWindow(key);
  return place;
}

std::optional<Destinations::Visit> Destinations::TryEnter(absl::string_view key,
                                                          absl::string_view id) {
  const auto place = PlaceOf(key);
  const auto turn = IsQueueId(id) ? kept_.find(CompactQueueId(id)) : kept_.end();
  if (turn != kept_.end() && turn->second == place) {
    kept_.erase(turn);
    --place->second.kept;
  } else if (!place->second.waiting.empty() ||
             place->second.visits + place->second.kept >= place->second.window) {
    return std::nullopt;
  }
  ++place->second.visits;
  return Visit(*this, place->first);
}

void Destinations::Leave(const std::string& key, bool failed) {
  const auto place = places_.find(key);
  CHECK(place != places_.end() && place->second.visits > 0);
  --place->second.visits;
  if (failed) {
    place->second.window = 1;
    place->second.went_well = 0;
  } else if (++place->second.went_well >= kVisitsOfARound * place->second.window) {
    place->second.window = std::min(2 * place->second.window, limit_);
    place->second.went_well = 0;
  }
  Advance(place);
}

void Destinations::Advance(Places::iterator place) {
  Place& here = place->second;
  bool has_turn = false;
  while (!here.waiting.empty() && here.visits + here.kept < here.window) {
    const Parked turn = here.waiting.front();
    here.waiting.pop_front();
    --parked_;
    ++here.kept;
    kept_[turn.id] = place;
    turns_.push_back(turn);
    has_turn = true;
  }
  if (has_turn && listener_ != nullptr) listener_->OnTurn();
  Forget(place);
}

void Destinations::Forget(Places::iterator place) {
  if (places_.size() > kMaxRemembered && place->second.is_idle()) places_.erase(place);
}

void Destinations::Park(absl::string_view key, CompactQueueId id, uint32_t batch) {
  const auto place = PlaceOf(key);
  place->second.waiting.push_back({id, batch});
  ++parked_;
  Advance(place);
}

std::optional<Destinations::Turn> Destinations::NextTurn() {
  if (turns_.empty()) return std::nullopt;
  const Parked next = turns_.front();
  turns_.pop_front();
  return Turn{next.id, next.batch, kept_.at(next.id)->first};
}

void Destinations::GiveUpTurn(CompactQueueId id) {
  const auto turn = kept_.find(id);
  if (turn == kept_.end()) return;
  const auto place = turn->second;
  kept_.erase(turn);
  --place->second.kept;
  Advance(place);
}

std::vector<CompactQueueId> Destinations::Unpark(uint32_t batch) {
  std::vector<CompactQueueId> ids;
  const auto is_meant = [&](const Parked& parked) {
    if (parked.batch == batch) ids.push_back(parked.id);
    return parked.batch == batch;
  };
  for (auto& [key, place] : places_) parked_ -= std::erase_if(place.waiting, is_meant);
  const size_t left = ids.size();
  std::erase_if(turns_, is_meant);
  for (size_t i = left; i < ids.size(); ++i) GiveUpTurn(ids[i]);
  return ids;
}

size_t Destinations::WindowOf(absl::string_view key) const {
  const auto place = places_.find(key);
  return place == places_.end() ? FirstWindow(key) : place->second.window;
}

}  // namespace stagepost

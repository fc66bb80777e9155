#include "mta/cf/option_table.h"

#include <array>
#include <cstddef>

#include "absl/strings/match.h"
#include "mta/cf/option_rows_message.h"
#include "mta/cf/option_rows_queue.h"
#include "mta/cf/option_rows_security.h"
#include "mta/cf/option_rows_smtp.h"

namespace stagepost {
namespace {

// The first option that builds with Debian's features do not have.
constexpr OptionId kFirstOther = OptionId::kAddBcc;

template <typename... Rows>
constexpr std::array<OptionInfo, kOptionCount> InOrder(const Rows&... rows) {
  std::array<OptionInfo, kOptionCount> all{};
  const auto put = [&all](const auto& family) {
    for (const OptionInfo& row : family) all[static_cast<size_t>(row.id)] = row;
  };
  (put(rows), ...);
  return all;
}

constexpr std::array<OptionInfo, kOptionCount> kAll =
    InOrder(kQueueOptions, kSmtpOptions, kSecurityOptions, kMessageOptions);

constexpr bool Complete() {
  for (size_t i = 0; i < kAll.size(); ++i) {
    if (static_cast<size_t>(kAll[i].id) != i || kAll[i].meaning.empty()) return false;
  }
  return std::size(kQueueOptions) + std::size(kSmtpOptions) + std::size(kSecurityOptions) +
             std::size(kMessageOptions) ==
         kAll.size();
}
static_assert(Complete(), "an option has no row, or two");

}  // namespace

absl::Span<const OptionInfo> AllOptions() { return kAll; }

const OptionInfo& InfoOf(OptionId id) { return kAll[static_cast<size_t>(id)]; }

const OptionInfo* FindOptionByLetter(char letter) {
  if (letter == '\0') return nullptr;
  for (const OptionInfo& option : kAll) {
    if (option.letter == letter && option.id < kFirstOther) return &option;
  }
  return nullptr;
}

OptionMatch FindOptionByName(absl::string_view name) {
  OptionMatch match;
  if (name.empty()) return match;
  for (const OptionInfo& option : kAll) {
    if (!absl::StartsWithIgnoreCase(option.name, name)) continue;
    if (option.name.size() == name.size()) return {.found = &option};
    if (option.id >= kFirstOther) continue;
    if (match.first == nullptr) {
      match.first = &option;
    } else if (match.other == nullptr) {
      match.other = &option;
    }
  }
  if (match.other == nullptr && match.first != nullptr) {
    return {.found = match.first, .abbreviated = true};
  }
  return match;
}

}  // namespace stagepost

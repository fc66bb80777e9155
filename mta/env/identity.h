// Who a process, a file or a program is: user and group ids as types of their own.
#ifndef STAGEPOST_MTA_ENV_IDENTITY_H_
#define STAGEPOST_MTA_ENV_IDENTITY_H_

#include <cstdint>
#include <vector>

namespace stagepost {

enum class UserId : uint32_t {};
enum class GroupId : uint32_t {};

inline constexpr UserId kRootUser{0};
inline constexpr GroupId kRootGroup{0};

// What permission checks look at.
struct Identity {
  UserId user = kRootUser;
  GroupId group = kRootGroup;
  std::vector<GroupId> supplementary;  // sorted, without duplicates

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_IDENTITY_H_

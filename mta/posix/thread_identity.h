// Identities: the process's own, and another one for single file calls.
//
// The kernel keeps ids per thread, glibc keeps them equal in all threads. A file call under another
// identity uses the kernel's own calls, raw, on the event loop's thread only: setgroups, setfsgid
// and setfsuid. Setting the file-system uid from 0 to another also takes the capabilities away that
// override file permissions. What stays, as the calling process has it, are capabilities that are
// not about permissions: a disk quota or reserved blocks do not stop a privileged process that
// writes under a user's identity.
//
// Changing costs more than what it is done for, so an identity stays until another one is asked
// for. Whoever makes a call at which the kernel looks who we are says first who that is to be:
//
// - calls on files and directories: OwnIdentity::ActAs();
// - all others that open, look up, make or start something (paths, sockets, threads, programs, and
//   what the C library may do for a look-up): ActAsOneself();
// - the event loop says ActAsOneself() after each step of a task, so that nothing outside of the
//   step that asked for it is done under another identity.
#ifndef STAGEPOST_MTA_POSIX_THREAD_IDENTITY_H_
#define STAGEPOST_MTA_POSIX_THREAD_IDENTITY_H_

#include <vector>

#include "mta/env/identity.h"
#include "mta/env/process.h"

namespace stagepost {

// Who the process is. Owned by the Environment; changed only by PosixProcess.
class OwnIdentity {
 public:
  // As the kernel says. With `rehearsal` (see Has) supplementary groups do not count.
  explicit OwnIdentity(bool rehearsal) : rehearsal_(rehearsal) { Refresh(); }
  OwnIdentity(const OwnIdentity&) = delete;
  OwnIdentity& operator=(const OwnIdentity&) = delete;
  ~OwnIdentity();

  const Credentials& credentials() const { return credentials_; }
  bool privileged() const { return credentials_.effective_user == kRootUser; }
  // Whether calls may be made as `identity` without a change. The primary group is in effect
  // whether it is listed among the others or not. In a private world an account's groups come from
  // its own group file and cannot be those of the process, so only user and primary group must be
  // right.
  bool Has(const Identity& identity) const;
  // REQUIRES: this thread acts as itself.
  void Refresh();

  // From now on file calls of this thread are made under `identity`; null: the process's own.
  // False: without privilege nobody can be somebody else; the call must fail with kEPERM. The
  // thread then acts as itself.
  bool ActAs(const Identity* identity);

 private:
  friend void ActAsOneself();
  bool Become(const Identity& identity);
  void ComeBack();
  // Whose identity this thread has taken another's place of; null: it acts as itself.
  static inline thread_local constinit OwnIdentity* absent_ = nullptr;

  const bool rehearsal_;
  Credentials credentials_;
  // While this is absent_:
  Identity acting_as_;
  std::vector<GroupId> groups_;  // what the thread's supplementary groups are
};

// Makes this thread act as its process.
inline void ActAsOneself() {
  if (OwnIdentity::absent_ != nullptr) OwnIdentity::absent_->ComeBack();
}

inline bool OwnIdentity::ActAs(const Identity* identity) {
  if (identity == nullptr) {
    ActAsOneself();
    return true;
  }
  return (absent_ == this && acting_as_ == *identity) || Become(*identity);
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_THREAD_IDENTITY_H_

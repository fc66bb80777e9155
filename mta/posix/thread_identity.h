// Identities: the process's own, and another one for single file calls.
//
// The kernel keeps ids per thread, glibc keeps them equal in all threads. A file call under another
// identity uses the kernel's own calls, raw, on the event loop's thread only: setgroups, setfsgid
// and setfsuid around the call, and back. Setting the file-system uid from 0 to another also takes
// the capabilities away that override file permissions. What stays, as the calling process has it,
// are capabilities that are not about permissions: a disk quota or reserved blocks do not stop a
// privileged process that writes under a user's identity.
#ifndef STAGEPOST_MTA_POSIX_THREAD_IDENTITY_H_
#define STAGEPOST_MTA_POSIX_THREAD_IDENTITY_H_

#include "mta/env/identity.h"
#include "mta/env/process.h"

namespace stagepost {

// Who the process is. Owned by the Environment; changed only by PosixProcess.
class OwnIdentity {
 public:
  // As the kernel says. With `rehearsal` (see Has) supplementary groups do not count.
  explicit OwnIdentity(bool rehearsal) : rehearsal_(rehearsal) { Refresh(); }

  const Credentials& credentials() const { return credentials_; }
  bool privileged() const { return credentials_.effective_user == kRootUser; }
  // Whether calls may be made as `identity` without a change. The primary group is in effect
  // whether it is listed among the others or not. In a private world an account's groups come from
  // its own group file and cannot be those of the process, so only user and primary group must be
  // right.
  bool Has(const Identity& identity) const;
  void Refresh();

 private:
  const bool rehearsal_;
  Credentials credentials_;
};

// Makes file calls of this thread under `identity` while it exists; null means the process's own.
// REQUIRES: one at a time.
class IdentityScope {
 public:
  IdentityScope(const OwnIdentity& own, const Identity* identity);
  IdentityScope(const IdentityScope&) = delete;
  IdentityScope& operator=(const IdentityScope&) = delete;
  ~IdentityScope();

  // False: without privilege nobody can be somebody else; the call must fail with kEPERM.
  bool permitted() const { return permitted_; }

 private:
  const OwnIdentity& own_;
  bool permitted_ = true;
  bool changed_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_THREAD_IDENTITY_H_

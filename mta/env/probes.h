// Marks in the code that mean something in simulation only.
//
//   if (env.probes().Buggify("queue/slow_open")) co_await Sleep(…);   // a rare, legal misfortune
//   env.probes().Reached("dot-lock was stale");                        // a rare path was really taken
//
// Live, Buggify() is always false and Reached() does nothing. Sites are literals, unique in the tree.
#ifndef STAGEPOST_MTA_ENV_PROBES_H_
#define STAGEPOST_MTA_ENV_PROBES_H_

#include "absl/strings/string_view.h"

namespace stagepost {

class Probes {
 public:
  virtual ~Probes() = default;
  virtual bool Buggify(absl::string_view site) = 0;
  virtual void Reached(absl::string_view site) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_PROBES_H_

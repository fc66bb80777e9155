#include "sim/scenario/default_configuration.h"

namespace stagepost {

absl::string_view DefaultConfiguration() {
  static constexpr char kText[] =
#include "sim/scenario/default.cf.inc"
      ;
  return {kText, sizeof(kText) - 1};
}

}  // namespace stagepost

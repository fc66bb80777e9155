#include "mta/bin/praliases.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) {
  return stagepost::RunProgram(&stagepost::PraliasesMain, argc, argv);
}

#include "mta/bin/makemap.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) {
  return stagepost::RunProgram(&stagepost::MakemapMain, argc, argv);
}

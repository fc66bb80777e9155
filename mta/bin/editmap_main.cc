#include "mta/bin/editmap.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) {
  return stagepost::RunProgram(&stagepost::EditmapMain, argc, argv);
}

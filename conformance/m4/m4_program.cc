// Our m4 as a program of its own, without the simulator that the stagepost command brings along.
#include "mta/m4/m4_main.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) { return stagepost::RunProgram(&stagepost::M4Main, argc, argv); }

#include "mta/bin/sendmail.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) {
  return stagepost::RunProgram(&stagepost::SendmailMain, argc, argv);
}

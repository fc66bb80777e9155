#include "mta/bin/mail_local.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) {
  return stagepost::RunProgram(&stagepost::MailLocalMain, argc, argv);
}

#include "conformance/contract/contract_tool.h"
#include "mta/posix/run_program.h"

int main(int argc, char** argv) {
  return stagepost::RunProgram(&stagepost::ContractTool, argc, argv);
}

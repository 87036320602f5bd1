// bsub-lite-faultsim: runs the fault simulator for one seed or many.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "sim/fault_command.h"

int main(int argc, char** argv) {
  return bsub::sim::FaultCommand({argv + 1, argv + argc}, std::cout, std::cerr);
}

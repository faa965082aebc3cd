// Every compiled program begins here.
#include "program/commands.h"

int main(int argc, char **argv) { return netrt_run(&netrt_program, argc, argv); }

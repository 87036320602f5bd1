# up, down, run: what cli/CMakeLists.txt adds to the program.
list(APPEND BSUB_CLI_SOURCES commands_up_run.cc down.cc run.cc run_cluster.cc up.cc up_lock.cc up_wait.cc)
list(APPEND BSUB_CLI_DEPS bsub_pipeline bsub_supervisor)

# Fuzz targets of the node: what the agent's socket, a launch and the spawner's own log may hold.
foreach(parser spawner_frames spawner_launch task_log)
  bsub_fuzz_test(${parser}_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/${parser}_fuzz.cc" DEPS bsub_spawner_lib
                 CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/${parser}")
endforeach()
bsub_fuzz_test(step_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/step_fuzz.cc" DEPS bsub_step CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/step")

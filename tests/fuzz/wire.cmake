# Fuzz targets of scheduler/rpc's translations: what clients and nodes send.
foreach(parser wire_submit wire_node)
  bsub_fuzz_test(${parser}_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/${parser}_fuzz.cc" DEPS bsub_scheduler_wire
                 CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/${parser}")
endforeach()
# And what a spawner says to its agent.
if(NOT BSUB_WITHOUT_GRPC)
  bsub_fuzz_test(wire_spawner_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/wire_spawner_fuzz.cc" DEPS bsub_worker_daemon
                 CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/wire_spawner")
endif()

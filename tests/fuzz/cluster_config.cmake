bsub_fuzz_test(fuzz_cluster_config SOURCES "${CMAKE_CURRENT_LIST_DIR}/cluster_config_fuzz.cc" DEPS bsub_cluster_config
               CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/cluster_config")

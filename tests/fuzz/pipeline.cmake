bsub_fuzz_test(pipeline_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/pipeline_fuzz.cc" DEPS bsub_pipeline
               CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/pipeline")

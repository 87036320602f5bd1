bsub_fuzz_test(journal_segment_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_segment_fuzz.cc"
  DEPS bsub_journal_files CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/journal_segment")
bsub_fuzz_test(journal_snapshot_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_snapshot_fuzz.cc"
  DEPS bsub_journal_test_support bsub_journal_files CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/journal_snapshot")

bsub_fuzz_test(journal_segment_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_segment_fuzz.cc"
  DEPS bsub_journal_files CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/journal_segment")
bsub_fuzz_test(journal_snapshot_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_snapshot_fuzz.cc"
  DEPS bsub_journal_test_support bsub_journal_files CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/journal_snapshot")
bsub_fuzz_test(journal_entry_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_entry_fuzz.cc"
  DEPS bsub_journal CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/journal_entry")
bsub_fuzz_test(journal_state_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_state_fuzz.cc"
  DEPS bsub_journal_core_test_support CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/journal_state")

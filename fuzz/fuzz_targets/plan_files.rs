//! libFuzzer's way into `landfall_fuzz::plan_files`. Nothing else.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| landfall_fuzz::plan_files(bytes));

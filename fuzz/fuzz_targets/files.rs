//! libFuzzer's way into `landfall_fuzz::files`. Nothing else.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| landfall_fuzz::files(bytes));

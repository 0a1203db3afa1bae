//! libFuzzer's way into `landfall_fuzz::live`. Nothing else.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| landfall_fuzz::live(bytes));

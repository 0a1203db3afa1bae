//! libFuzzer's way into `landfall_fuzz::answers`. Nothing else.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| landfall_fuzz::answers(bytes));

#!/bin/sh
# A rustc that instruments for libFuzzer what is ours, and nothing else: RUSTC_WRAPPER=fuzz/instrumented.sh. Other crates are built as ever,
# the AWS SDK among them, so that a build for fuzzing takes a minute and not half an hour, and needs no nightly compiler.
case " $* " in
*" --crate-name landfall "* | *" --crate-name landfall_fuzz "*)
  exec "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
  ;;
*) exec "$@" ;;
esac

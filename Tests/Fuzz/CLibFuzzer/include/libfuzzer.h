#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own main function. There only in a build with -sanitize=fuzzer.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

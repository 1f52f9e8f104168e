#include "tests/fuzz/fuzz_cases.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    widthwise::fuzz::run_data({data, size});
    return 0;
}

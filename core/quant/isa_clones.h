#pragma once
// One body compiled for several ISAs and chosen at load time, for loops that must be fast. The results are
// the same on each: no contraction, no reassociation.

// Resolvers run before the sanitizers are ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDTHWISE_QUANT_CLONES                                                                               \
    __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"), optimize("O3")))
#else
#define WIDTHWISE_QUANT_CLONES
#endif

// Before a loop whose iterations do not meet each other even where input and output are the same memory.
#if defined(__GNUC__) && !defined(__clang__)
#define WIDTHWISE_QUANT_IN_PLACE _Pragma("GCC ivdep")
#else
#define WIDTHWISE_QUANT_IN_PLACE
#endif

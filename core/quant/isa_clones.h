#pragma once
// Loops for the vector units of whatever CPU runs them. For .cpp files with plain loops over arrays.

// One body compiled for several ISAs and chosen at load time; without contraction or reassociation the
// results are the same on each. Resolvers run before the sanitizers are ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define WIDTHWISE_CLONES                                                                                     \
    __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"), optimize("O3")))
#else
#define WIDTHWISE_CLONES
#endif
// The iterations of a loop do not meet each other even where input and output are the same memory.
#if defined(__GNUC__) && !defined(__clang__)
#define WIDTHWISE_IN_PLACE _Pragma("GCC ivdep")
#else
#define WIDTHWISE_IN_PLACE
#endif

#pragma once
// What IncrementalEngine knows of a program; private to it.

#include "core/engine/incremental.h"

namespace widthwise::engine {

/// The part of a program that has to run where some contents are at hand.
struct IncrementalEngine::Compiled {
    std::vector<bool> needed; ///< steps
    bool reads_input = false;
    std::vector<BufferId> loads;              ///< filled from what is kept
    std::shared_ptr<const Executor> executor; ///< null: the outputs themselves are kept
    std::vector<Executor::Work> work;
    std::vector<size_t> steps; ///< of `work`, numbered as in the whole program
};

struct IncrementalEngine::Prepared {
    const ImageOrder* order = nullptr;
    Program program;
    Numbering numbering;
    int64_t generation = 0;
    int batch = 1;
    std::optional<InputReader> reader;
    std::vector<std::unique_ptr<Compiled>> compiled;

    [[nodiscard]] BufferId root(BufferId id) const { return storage(program, id); }
    [[nodiscard]] ContentId content(BufferId id) const { return numbering.of(id); }
    [[nodiscard]] size_t bytes_per_image(BufferId id) const {
        const Buffer& buffer = program.buffers[id.position()];
        return static_cast<size_t>(buffer.extent.elements()) *
               (buffer.representation.element == Element::u8 ? 1 : sizeof(float));
    }
};

/// Activations that a stretch leaves behind.
struct IncrementalEngine::Recording {
    KeptActivation* input = nullptr;
    std::vector<KeptActivation*> of_work; ///< by work item; null: not kept
    [[nodiscard]] std::vector<KeptActivation*> all() const {
        std::vector<KeptActivation*> list;
        if (input) list.push_back(input);
        for (KeptActivation* kept : of_work)
            if (kept) list.push_back(kept);
        return list;
    }
};

} // namespace widthwise::engine

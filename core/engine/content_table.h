#pragma once
// Numbers what the buffers of programs hold, so that programs that share a beginning are seen to share it
// (value numbering: Cocke and Schwartz 1970). Two buffers with one ContentId hold the same bytes for the same
// image, whatever programs they belong to.

#include "core/engine/program.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace widthwise::engine {

/// A step without the identity of its buffers: what it computes, from which extents and representations to
/// which.
using OperationId = Id<struct OperationTag>;
using ContentId = Id<struct ContentTag>;

struct Numbering {
    std::vector<OperationId> operations; ///< by step
    std::vector<ContentId> contents; ///< by buffer; an alias has its target's; invalid where nothing writes
    [[nodiscard]] ContentId of(BufferId buffer) const { return contents[buffer.position()]; }
};

/// The buffer whose memory `id` shows.
[[nodiscard]] BufferId storage(const Program& program, BufferId id);

/// Not thread-safe.
class ContentTable {
public:
    /// `input` names what the program's input holds (the images and their order). Sums of floats may depend
    /// on the micro-batch that oneDNN compiles for, so contents made by them are only shared at one `batch`;
    /// everything else is the same at any. The program is unchanged on return.
    [[nodiscard]] Numbering number(Program& program, int batch, const std::string& input);

    /// Programs numbered so far; operations remember when they were met last.
    [[nodiscard]] int64_t generation() const { return m_generation; }
    /// Operations met within the last k_remembered programs stay known, as far as their weights take no more
    /// than the budget; those met longest ago go first, the program numbered last stays.
    [[nodiscard]] bool knows(OperationId id) const { return m_operations.contains(id); }

    /// Which program computed a content first: one before `generation`?
    [[nodiscard]] bool was_computed_before(ContentId id, int64_t generation) const;
    void set_computed(ContentId id, int64_t generation);

    void set_budget(int64_t bytes) { m_budget = bytes; }
    [[nodiscard]] int64_t bytes() const { return m_bytes; } ///< of the weights of known operations

    static constexpr int64_t k_remembered = 32;
    static constexpr int64_t k_default_budget = int64_t{256} << 20;

private:
    struct KnownOperation {
        std::string node;
        Operation operation;         ///< its buffers renamed to their places in reads()
        std::vector<Buffer> buffers; ///< what it reads, then what it writes
        int64_t bytes = 0;
        int64_t last_met = 0;
    };
    struct KnownContent {
        int64_t last_met = 0;
        int64_t computed = 0; ///< generation; 0: never
    };
    using ContentKey = std::vector<int>; ///< operation, batch, contents read

    OperationId operation_id(const Program& program, Step& step);
    ContentId content_id(const ContentKey& key);
    void forget_old();
    void forget_beyond_budget();

    std::unordered_map<OperationId, KnownOperation> m_operations;
    std::unordered_multimap<size_t, OperationId> m_by_hash;
    std::map<ContentKey, ContentId> m_content_ids;
    std::unordered_map<ContentId, KnownContent> m_contents;
    std::map<std::string, ContentId> m_inputs;
    int m_next_operation = 0, m_next_content = 0;
    int64_t m_generation = 0;
    int64_t m_budget = k_default_budget, m_bytes = 0;
};

} // namespace widthwise::engine

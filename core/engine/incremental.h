#pragma once
// Runs programs over a sequence of images and re-executes only what an edit changed: what earlier programs
// computed alike is loaded from activations that were kept, compiled layers are shared. The numbers are those
// of a run from the start, exactly.
//
// What is kept: an activation is worth keeping when it is computed for the second time, for then the programs
// in between were edits of one another (a first run, and what follows an edited layer, cost nothing extra).
// Among those the cuts through the program that save the most time per byte are kept (see cut_points.h), by
// measured times; what does not fit entirely is kept for a prefix of the sequence.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/engine/activation_store.h"
#include "core/engine/content_table.h"
#include "core/engine/executor.h"
#include "core/engine/image_order.h"
#include "core/engine/input_reader.h"

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace widthwise::engine {

/// Which activations a run may keep, and for which positions of the sequence.
struct Keep {
    enum class What {
        nothing,
        repeated,  ///< what an earlier program computed too
        everything ///< what fits
    };
    What what = What::nothing;
    int64_t begin = 0, end = 0; ///< begin: a multiple of 16
};

/// Outputs of consecutive positions, on a worker's thread.
struct OutputBatch {
    int64_t first = 0, count = 0;
    int worker = 0;
    std::vector<std::span<const float>> outputs; ///< one per output: count x elements
};

/// Not thread-safe: one call at a time.
class IncrementalEngine {
public:
    /// A program to be run over one sequence, whole or in stretches. Valid for the engine that made it.
    struct Prepared;
    using PreparedPtr = std::shared_ptr<Prepared>;

    void set_memory_budget(int64_t bytes) { m_store.set_budget(bytes); }
    [[nodiscard]] int64_t memory_budget() const { return m_store.budget(); }
    [[nodiscard]] int64_t memory_used() const { return m_store.used(); }
    /// Bytes of weights whose compiled layers are kept for programs to come (each takes about twice as much
    /// again); the last program's are kept in any case.
    void set_layer_budget(int64_t bytes) { m_table.set_budget(bytes); }
    [[nodiscard]] int64_t layer_bytes() const { return m_table.bytes(); }
    [[nodiscard]] size_t compiled_layers() const { return m_layers.size(); }

    /// `order` outlives what is prepared; its data fit the network. Errors: as lower, InputReader.
    [[nodiscard]] Result<PreparedPtr> prepare(const Graph& graph, const PrecisionPlan& resolved,
                                              const ImageOrder& order);
    [[nodiscard]] static const Program& program(const Prepared& prepared);
    [[nodiscard]] static int64_t bytes_per_image(const Prepared& prepared, BufferId buffer);
    /// Elements per image of each output.
    [[nodiscard]] static std::vector<int64_t> output_elements(const Prepared& prepared);

    using Consume = std::function<Result<void>(const OutputBatch&)>;
    /// Positions [begin, end), begin a multiple of 16. `consume` is called once for each micro-batch, from
    /// several threads, in no order. Errors: of the data, of the executor, of `consume`, cancelled.
    [[nodiscard]] Result<void> run(Prepared& prepared, int64_t begin, int64_t end, const Keep& keep,
                                   const WorkControl& control, const Consume& consume);

    /// Steps executed so far, each counted once per image: what a test can hold against a full run.
    [[nodiscard]] int64_t steps_executed() const { return m_steps_executed; }
    /// Forgets the activations that this program would load or has kept.
    void drop_kept(const Prepared& prepared);

private:
    struct Stretch;
    struct Recording;
    struct Compiled;
    [[nodiscard]] bool available(const Prepared& p, ContentId content, int64_t begin, int64_t end) const;
    [[nodiscard]] std::vector<int64_t> boundaries(const Prepared& p, int64_t begin, int64_t end) const;
    [[nodiscard]] Result<const Compiled*> compile(Prepared& p, int64_t begin, int64_t end);
    [[nodiscard]] Recording plan_recording(const Prepared& p, const Compiled& compiled, int64_t begin,
                                           int64_t end, const Keep& keep);
    [[nodiscard]] Result<void> run_stretch(Prepared& p, const Compiled& compiled, int64_t begin, int64_t end,
                                           const Keep& keep, const WorkControl& control,
                                           const Consume& consume);
    [[nodiscard]] Result<std::shared_ptr<const OnednnLayer>>
    layer(const Program& program, OperationId operation, size_t step, int batch, const FusedAdd* add);
    [[nodiscard]] double unit_seconds(const Prepared& p, size_t step) const;

    struct CompiledLayer {
        int batch = 0;
        std::optional<FusedAdd> add;
        std::shared_ptr<const OnednnLayer> layer;
    };
    ContentTable m_table;
    ActivationStore m_store;
    std::map<OperationId, std::vector<CompiledLayer>> m_layers;
    std::map<OperationId, double> m_seconds;      ///< per image, measured
    std::map<std::string, double> m_read_seconds; ///< per image, by sequence
    int64_t m_steps_executed = 0;
};

} // namespace widthwise::engine

#pragma once
// Runs designs of a search space over the search images, as far as each is wanted; what designs have in
// common is worked out once.

#include "core/engine/incremental.h"
#include "core/engine/scores.h"
#include "core/explore/racing.h"
#include "core/flow/session.h"

#include <memory>

namespace widthwise::flow {

struct MeterOptions {
    Model model;
    DatasetPtr images, calibration;
    int64_t calibration_samples = 256;
    uint64_t seed = 1;       ///< of the order of the images
    bool incremental = true; ///< false: every design starts from nothing, with a calibration of its own
};

/// Not thread-safe; answers do not depend on threads, memory or what was run before.
class Meter {
public:
    /// Calibrates, resolves the formats of all choices, and runs the float network. Errors: as
    /// Evaluator::evaluate's.
    [[nodiscard]] static Result<std::unique_ptr<Meter>>
    create(const explore::Space& space, MeterOptions options, const WorkControl& control);
    /// `space` outlives the meter.
    Meter(const explore::Space& space, MeterOptions options);
    ~Meter();
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

    [[nodiscard]] int64_t images() const { return m_order.size(); }
    /// By position in the seed's order: 1 right; without labels or classes all are 1.
    [[nodiscard]] const explore::Answers& reference() const { return m_reference; }

    /// A design that is being run.
    class Design;
    /// Errors: unsupported or invalid_input where the engine cannot run this design (the layer is named);
    /// as passes::prepare.
    [[nodiscard]] Result<std::shared_ptr<Design>> start(const explore::Choices& choices,
                                                        const WorkControl& control);
    /// Appends the answers of positions [answers.size(), end), which begin at a multiple of 16: 1 right;
    /// without labels or classes: predicted as float. Errors: of the data; cancelled, `answers` as before.
    [[nodiscard]] Result<void> run(Design& design, int64_t end, explore::Answers& answers,
                                   const WorkControl& control);

private:
    [[nodiscard]] Result<void> prepare(const WorkControl& control);
    [[nodiscard]] Result<void> resolve_choices(const WorkControl& control);
    [[nodiscard]] Result<void> run_float(const WorkControl& control);
    [[nodiscard]] PrecisionPlan resolved(const explore::Choices& choices) const;
    [[nodiscard]] Result<void> predict(engine::IncrementalEngine& engine,
                                       engine::IncrementalEngine::Prepared& program, int64_t begin,
                                       int64_t end, std::vector<int32_t>& top1, const WorkControl& control);

    const explore::Space& m_space;
    const MeterOptions m_options;
    engine::ImageOrder m_order;
    engine::IncrementalEngine m_engine;
    bool m_labelled = false;
    GraphPtr m_graph; ///< with the base plan's values
    std::shared_ptr<const engine::Statistics> m_statistics;
    /// Number k: every variable at its choice k, or the last one it has. Formats are resolved layer by layer
    /// and operand by operand, so that any design is put together from these.
    std::vector<PrecisionPlan> m_resolved;
    std::vector<int32_t> m_float_top1;
    explore::Answers m_reference;
};

} // namespace widthwise::flow

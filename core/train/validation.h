#pragma once
// How well a model does on images that it is not trained on.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/train/model.h"
#include "core/train/tape.h"

#include <memory>
#include <vector>

namespace widthwise::train {

/// Share of the images whose highest logit is the label, by running statistics. 0..1.
class Validation {
public:
    /// `model` (the structure) and `data` outlive it. Errors as Tape::create.
    [[nodiscard]] static Result<std::unique_ptr<Validation>> create(const Model& model, const Dataset& data,
                                                                    int workers);
    /// By the model's effective numbers as they are, and these statistics (by the layout). Errors: those of
    /// reading; cancelled.
    [[nodiscard]] Result<double> top1(const Model& model, std::span<const float> statistics,
                                      const CancelToken& cancel);

private:
    explicit Validation(const Dataset& data) : m_data(data) {}
    const Dataset& m_data;
    std::vector<std::unique_ptr<Tape>> m_tapes;
};

} // namespace widthwise::train

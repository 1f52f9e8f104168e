#pragma once

#include "core/tensor/tensor.h"

#include <optional>
#include <string>

namespace widthwise::onnx {

/// One input of a node, as far as it is known when the node's turn comes.
struct Operand {
    std::string name; ///< empty: an optional input that is left out
    std::optional<DataType> type;
    std::optional<Shape> shape; ///< at batch 1
    TensorPtr constant;         ///< null for activations

    [[nodiscard]] bool present() const { return !name.empty(); }
    [[nodiscard]] bool is_activation() const { return present() && !constant; }
};

} // namespace widthwise::onnx

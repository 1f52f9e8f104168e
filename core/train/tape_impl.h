#pragma once
// What a tape consists of. Included only by this room's tape*.cpp files.

#include "core/train/tape.h"
#include "core/train/train_op.h"

#include <map>

namespace widthwise::train {

struct Tape::Impl {
    struct Step {
        std::string name;
        TrainOpPtr op;
        Activation* output = nullptr;
        bool reaches_loss = false;
        // Shares of the output's gradient that are added up before the operation's turn.
        Memory first_share, sum;
        std::vector<Memory> shares;

        void add_shares() const;
    };

    DnnlContext dnnl;
    std::vector<Activation> activations; ///< by value; sized once: operations keep references
    std::vector<Step> steps;
    /// Activations as quantizers leave them: by value and quantizer.
    std::map<std::pair<size_t, int>, Activation> rounded;
    Activation* input = nullptr;
    Activation* logits = nullptr;
    Memory dense_logits_gradient, dense_input_gradient;
    Converted to_dense_logits;
    Kernel from_dense_gradient, to_dense_input_gradient;
    Step at_input;                                ///< adds the shares of the input's gradient
    size_t trained_size = 0, statistics_size = 0; ///< of the flat arrays
    std::string at;                               ///< the node being built or run, for errors

    void build(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
               const TapeOptions& options);
    template <typename Work> Result<void> guarded(Work work);

    /// Each operation is followed by `after(step)`, which says whether to go on.
    template <typename After> void run_forward(const Numbers& numbers, After after);
    /// The same on the way back.
    template <typename After> void run_backward(const Numbers& numbers, After after);

private:
    void build_forward(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
                       const TapeOptions& options);
    /// What `node` reads as its input number `index`: the activation, or what its quantizer makes of it.
    Activation& read(const Graph& graph, NodeId node, size_t index, const Quantization* quantization);
    void build_backward(const TapeOptions& options);
    void prepare_shares(Step& step);
};

/// What dnnl throws at `node`, in our words.
[[nodiscard]] Error from_dnnl(const dnnl::error& error, const std::string& node);

template <typename Work> Result<void> Tape::Impl::guarded(Work work) {
    try {
        work();
        return {};
    } catch (const dnnl::error& error) {
        return tl::unexpected<Error>(from_dnnl(error, at));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "out of memory", at, "use a smaller batch");
    }
}

} // namespace widthwise::train

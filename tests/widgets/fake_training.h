#pragma once
// Training and compression that take no time: what the window does with them is tested, not what they do.

#include "core/onnx/export.h"
#include "tests/widgets/tiny_network.h"
#include "widgets/document/training_backend.h"

#include <atomic>
#include <memory>
#include <semaphore>

namespace widthwise::test {

/// What a fake run does; shared with its worker.
struct FakeRun {
    int epochs = 3;
    int steps_per_epoch = 10;
    double top1 = 0.5;   ///< of the last epoch; rises towards it
    double before = 0.1; ///< of the network as it was
    Error error;         ///< a message: what it ends with
    bool endless = false;
    std::atomic<int> steps{0};     ///< done
    std::binary_semaphore gate{1}; ///< taken before the first step
};

/// The network with other weights in its last layer, so that it is another one.
inline flow::Model retrained(const flow::Model& model, const std::optional<PrecisionPlan>& design) {
    flow::Model made = model;
    made.carried_design = design;
    made.trained = true;
    return made;
}

inline gui::TrainingBackend fake_training(std::shared_ptr<FakeRun> fake) {
    gui::TrainingBackend backend;
    backend.load_data = [](const std::string& source) -> Result<DatasetPtr> {
        if (source == "nowhere") return fail(ErrorCode::invalid_input, "no such data", source, "name a card");
        return tiny_data();
    };
    backend.train = [fake](const flow::TrainingRequest& request, const WorkControl& control,
                           const train::Observer& observer) -> Result<flow::TrainingOutcome> {
        fake->gate.acquire();
        fake->gate.release();
        flow::TrainingOutcome outcome;
        train::StepReport step;
        step.steps_per_epoch = fake->steps_per_epoch;
        step.steps = int64_t{fake->epochs} * fake->steps_per_epoch;
        step.images_per_second = 1000;
        for (int epoch = 0; epoch < fake->epochs || fake->endless; ++epoch) {
            for (int i = 0; i < fake->steps_per_epoch; ++i) {
                if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
                ++step.step;
                step.loss = 2.0 / static_cast<double>(step.step);
                ++fake->steps;
                if (observer.on_step) observer.on_step(step);
            }
            const double share = static_cast<double>(epoch + 1) / fake->epochs;
            const train::Epoch done{2.0 / (epoch + 1), fake->top1 * share * 0.9, fake->top1 * share, 0.1,
                                    0.5};
            if (observer.on_epoch && !fake->endless) observer.on_epoch(done);
            outcome.training.epochs.push_back(done);
        }
        if (!fake->error.message.empty()) return tl::unexpected(fake->error);
        outcome.model = retrained(request.model, request.design);
        if (request.validation) {
            outcome.before.emplace().top1 = fake->before;
            outcome.after.emplace().top1 = fake->top1;
        }
        return outcome;
    };
    backend.meta_train = [fake](const flow::MetaRequest& request, const WorkControl&,
                                const train::Observer&) -> Result<flow::MetaResult> {
        flow::MetaResult result;
        result.model = retrained(request.model, std::nullopt);
        result.scales = std::make_shared<ScaleTable>();
        return result;
    };
    backend.compress = [](const flow::Model& model, const PrecisionPlan& plan,
                          const passes::CompressionRequest& request,
                          const WorkControl&) -> Result<flow::CompressionOutcome> {
        if (std::holds_alternative<passes::LowRank>(request.method))
            return fail(ErrorCode::invalid_input, "no layer would save multiplications");
        flow::CompressionOutcome outcome;
        outcome.model = model;
        outcome.plan = plan;
        for (const char* name : {"conv1", "conv2"}) {
            if (!request.layers.empty() && std::ranges::find(request.layers, name) == request.layers.end())
                continue;
            passes::LayerChange change;
            change.layer = name;
            change.weights_before = 1000;
            change.weights_after = change.nonzero_after = 500;
            outcome.compressed.layers.push_back(std::move(change));
        }
        outcome.parameters_before = 2000;
        outcome.parameters_after = 1000;
        outcome.size_before.dense_bytes = 8000;
        outcome.size_after.dense_bytes = 4000;
        return outcome;
    };
    backend.measure_zeros = [](const flow::Model& model, const PrecisionPlan&, const DatasetPtr& data,
                               int64_t,
                               const WorkControl&) -> Result<std::map<std::string, flow::ZeroShares>> {
        std::map<std::string, flow::ZeroShares> zeros;
        for (const Node& node : model.graph->nodes()) zeros[node.name] = {data ? 0.5 : 0.0, 0.25, 0.5};
        return zeros;
    };
    backend.write = [](const flow::Model& model, const ScaleTable*,
                       const std::map<std::string, std::string>& recipe) -> Result<std::string> {
        return onnx::export_model(*model.graph, recipe);
    };
    return backend;
}

} // namespace widthwise::test

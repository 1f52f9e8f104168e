// ResNet-50 as a server runs it on GPUs, float16, the compute part of a request: ONNX Runtime with TensorRT
// under Triton, one instance, 256 requests in flight (by throughput x time, batches of about 115). Source:
// NVIDIA/DeepLearningExamples@49e23b45 PyTorch/Classification/ConvNets/triton/resnet50/README.md, online
// scenario, "Server Compute Infer".
#include "core/graph/zoo.h"
#include "tests/core/cost/small_networks.h"
#include "tests/core/cost/validation.h"

namespace widthwise::test {

std::vector<ValidationRow> validation_gpu(const std::filesystem::path& /*reference*/) {
    const GraphPtr graph = take(zoo::build("resnet50", zoo::Weights::zero));
    const PrecisionPlan plan(take(parse_bits("fp16")));
    std::vector<ValidationRow> rows;
    for (const auto& [name, measured_s] : {std::pair{"a100", 11.344e-3}, std::pair{"v100", 21.062e-3}})
        rows.push_back({.source = "GPU served",
                        .row = std::string(name) + ": ResNet-50 float16, 115 images, s",
                        .theirs = measured_s,
                        .ours = cost_of(graph, plan, take(cost::load_target(name)), 115).latency_s,
                        .limit = 0.5,
                        .note = "the measured time holds the runtime's own share; ours is of the kernels"});
    return rows;
}

} // namespace widthwise::test

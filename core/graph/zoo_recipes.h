#pragma once
// One function an architecture (zoo_*.cpp, by family); zoo.cpp lists them.

#include "core/graph/zoo_layers.h"

namespace widthwise::zoo {

/// To a multiple of `step`, at least one, and never less than 0.9 times what was asked for (the code that
/// came with Sandler et al. 2018).
[[nodiscard]] int64_t rounded_channels(double wanted, int64_t step);

/// What is asked for, with the architecture's own size and classes filled in.
struct Request {
    std::string name;
    int64_t size = 0;
    int64_t classes = 0;
    double width = 1;
    uint64_t seed = 1;
    Weights weights = Weights::he_normal;

    /// `channels` times width, to a multiple of `step` (0: 8, or the largest power of two in `channels`, so
    /// that width 1 changes nothing).
    [[nodiscard]] int64_t wide(int64_t channels, int64_t step = 0) const;
    /// An empty network whose input is 1 x channels x size x size.
    [[nodiscard]] LayerStack image(int64_t channels = 3) const;
};

using Recipe = Result<GraphPtr> (*)(const Request&);

// zoo_demo.cpp
[[nodiscard]] Result<GraphPtr> demo(const Request& request);
[[nodiscard]] Result<GraphPtr> demo_binary(const Request& request);

// zoo_alexnet.cpp
[[nodiscard]] Result<GraphPtr> alexnet(const Request& request);
[[nodiscard]] Result<GraphPtr> alexnet_torchvision(const Request& request);

// zoo_vgg.cpp
[[nodiscard]] Result<GraphPtr> vgg11(const Request& request);
[[nodiscard]] Result<GraphPtr> vgg16(const Request& request);

// zoo_resnet.cpp
[[nodiscard]] Result<GraphPtr> resnet18(const Request& request);
[[nodiscard]] Result<GraphPtr> resnet50_v1(const Request& request);
[[nodiscard]] Result<GraphPtr> resnet50(const Request& request);
[[nodiscard]] Result<GraphPtr> resnext50(const Request& request);

// zoo_resnet_cifar.cpp
[[nodiscard]] Result<GraphPtr> resnet8(const Request& request);
[[nodiscard]] Result<GraphPtr> resnet20(const Request& request);
[[nodiscard]] Result<GraphPtr> resnet32(const Request& request);

// zoo_mobilenet.cpp
[[nodiscard]] Result<GraphPtr> mobilenet_v1(const Request& request);
[[nodiscard]] Result<GraphPtr> mobilenet_v2(const Request& request);
[[nodiscard]] Result<GraphPtr> mobilenet_v3_small(const Request& request);

// zoo_shufflenet.cpp
[[nodiscard]] Result<GraphPtr> shufflenet_v1(const Request& request);
[[nodiscard]] Result<GraphPtr> shufflenet_v2(const Request& request);

// zoo_squeezenet.cpp
[[nodiscard]] Result<GraphPtr> squeezenet_1_0(const Request& request);
[[nodiscard]] Result<GraphPtr> squeezenet_1_1(const Request& request);

// zoo_googlenet.cpp
[[nodiscard]] Result<GraphPtr> googlenet(const Request& request);
[[nodiscard]] Result<GraphPtr> googlenet_torchvision(const Request& request);

// zoo_tiny.cpp
[[nodiscard]] Result<GraphPtr> lenet5(const Request& request);
[[nodiscard]] Result<GraphPtr> cnv(const Request& request);
[[nodiscard]] Result<GraphPtr> ds_cnn(const Request& request);
[[nodiscard]] Result<GraphPtr> ad_autoencoder(const Request& request);

} // namespace widthwise::zoo

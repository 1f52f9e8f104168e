#pragma once
// A network small enough to build in code: conv, relu, pool, fully connected, on 3 x 32 x 32 images.

#include "core/base/rng.h"
#include "core/cost/cost_model.h"
#include "core/data/synthetic.h"
#include "core/flow/session.h"
#include "widgets/document/document.h"

#include <cmath>

namespace widthwise::test {

inline TensorPtr random_tensor(Shape shape, uint64_t seed) {
    Rng rng(seed);
    const double spread =
        std::sqrt(2.0 * static_cast<double>(shape[0]) / static_cast<double>(shape.elements()));
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& value : values) value = static_cast<float>(rng.normal() * spread);
    return std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

/// Layers "conv1", "relu1", "conv2", "relu2", "pool", "flatten", "fc".
inline flow::Model tiny_model() {
    GraphBuilder builder("tiny");
    const ValueId image = builder.input("image", Shape{1, 3, 32, 32});
    const auto conv = [&](const char* name, ValueId input, int64_t in, int64_t out, uint64_t seed) {
        ConvAttributes attributes;
        attributes.kernel = {3, 3};
        attributes.pads = {1, 1, 1, 1};
        attributes.strides = {2, 2};
        const ValueId weights =
            builder.constant(std::string(name) + ".weight", random_tensor(Shape{out, in, 3, 3}, seed));
        return *builder.add(Op::conv, "Conv", name, attributes, {input, weights});
    };
    const ValueId a = *builder.add(Op::relu, "Relu", "relu1", {}, {conv("conv1", image, 3, 8, 1)});
    const ValueId b = *builder.add(Op::relu, "Relu", "relu2", {}, {conv("conv2", a, 8, 16, 2)});
    const ValueId pooled = *builder.add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {b});
    ReshapeAttributes flat;
    flat.shape = {1, 16};
    const ValueId flattened = *builder.add(Op::reshape, "Flatten", "flatten", flat, {pooled});
    const ValueId weights = builder.constant("fc.weight", random_tensor(Shape{12, 16}, 3));
    builder.output(*builder.add(Op::gemm, "Gemm", "fc", {}, {flattened, weights}));
    flow::Model model;
    model.source = "/nowhere/tiny.onnx";
    model.name = "tiny";
    model.hash = "0123";
    model.graph = *builder.build();
    return model;
}

inline DatasetPtr tiny_data(int64_t images = 64) {
    SyntheticOptions options;
    options.images = images;
    return make_synthetic(options, "tiny-data");
}

inline void open_tiny(gui::Document& document, DatasetPtr data = nullptr) {
    gui::Document::Opened opened;
    opened.model = tiny_model();
    opened.plan = gui::uniform_plan(8, 8);
    opened.target = *cost::load_target("asic-45nm");
    opened.data = std::move(data);
    document.open(std::move(opened));
}

} // namespace widthwise::test

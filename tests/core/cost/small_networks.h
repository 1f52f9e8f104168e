#pragma once
// Networks and targets of a few lines for the cost tests.

#include "core/cost/cost_model.h"
#include "core/graph/graph.h"
#include "core/quant/number_format.h"

#include <QTest>

#include <string>
#include <vector>

namespace widthwise::test {

template <typename T> T take(Result<T> result) {
    if (!result) qFatal("%s", result.error().to_line().c_str());
    return std::move(*result);
}

inline LayerPrecision precision(int weights, int activations) {
    return {weights == 32 ? float32_format() : weight_integer(weights),
            activations == 32 ? float32_format() : activation_integer(activations)};
}

/// Grows a network whose constants are zeros.
class Net {
public:
    explicit Net(Shape input) : m_builder("net") { m_last = m_builder.input("in", std::move(input)); }

    [[nodiscard]] ValueId last() const { return m_last; }
    Net& from(ValueId value) {
        m_last = value;
        return *this;
    }
    Net& add(Op op, const std::string& name, Attributes attributes = {}, std::vector<ValueId> more = {}) {
        std::vector<ValueId> inputs = {m_last};
        inputs.insert(inputs.end(), more.begin(), more.end());
        m_last = take(m_builder.add(op, name, name, std::move(attributes), std::move(inputs)));
        return *this;
    }
    ValueId zeros(Shape shape) {
        return m_builder.constant("c" + std::to_string(m_constants++),
                                  std::make_shared<const Tensor>(DataType::f32, std::move(shape)));
    }
    Net& conv(const std::string& name, int64_t filters, int64_t kernel, int64_t stride = 1, int64_t group = 1,
              bool bias = false) {
        const int64_t channels = m_builder.value(m_last).shape[1];
        ConvAttributes attributes;
        attributes.kernel = {kernel, kernel};
        attributes.strides = {stride, stride};
        attributes.pads.fill(kernel / 2);
        attributes.group = group;
        std::vector<ValueId> constants = {zeros({filters, channels / group, kernel, kernel})};
        if (bias) constants.push_back(zeros({filters}));
        return add(Op::conv, name, attributes, constants);
    }
    Net& gemm(const std::string& name, int64_t outputs) {
        const int64_t inputs = m_builder.value(m_last).shape[1];
        return add(Op::gemm, name, {}, {zeros({outputs, inputs})});
    }
    Net& batch_norm(const std::string& name) {
        const int64_t channels = m_builder.value(m_last).shape[1];
        return add(Op::batch_norm, name, BatchNormAttributes{},
                   {zeros({channels}), zeros({channels}), zeros({channels}), zeros({channels})});
    }
    GraphPtr build() {
        m_builder.output(m_last);
        return take(m_builder.build());
    }

private:
    GraphBuilder m_builder;
    ValueId m_last;
    int m_constants = 0;
};

inline CostBreakdown cost_of(const GraphPtr& graph, const PrecisionPlan& plan, const HardwareTarget& target,
                             int64_t batch = 1) {
    return take(cost::estimate(*graph, plan, target, {batch}));
}

inline const LayerCost& layer(const CostBreakdown& cost, const std::string& name) {
    for (const LayerCost& l : cost.layers)
        if (l.layer == name) return l;
    qFatal("no layer %s", name.c_str());
}

inline HardwareTarget square_target(int64_t side, Dataflow dataflow) {
    HardwareTarget target;
    target.rows = target.cols = side;
    target.dataflow = dataflow;
    return target;
}

} // namespace widthwise::test

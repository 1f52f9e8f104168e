#include "widgets/models/layer_columns.h"

#include "widgets/models/layer_table_model.h"

#include <QObject>

namespace widthwise::gui {

ColumnText layer_column_text(int column) {
    const auto tr = [](const char* text) { return QObject::tr(text); };
    switch (column) {
    case LayerTableModel::Name:
        return {tr("Layer"), tr("The node's name in the network")};
    case LayerTableModel::Kind:
        return {tr("Op"), tr("The ONNX operator")};
    case LayerTableModel::ShapeColumn:
        return {tr("Output"), tr("Shape of the output for one image")};
    case LayerTableModel::Parameters:
        return {tr("Params"), tr("Learned numbers")};
    case LayerTableModel::Macs:
        return {tr("MACs"), tr("Multiply-accumulates per image")};
    case LayerTableModel::WeightBits:
        return {tr("W"),
                tr("Format of the weights: type 1 to 9 for an integer's bits, F for float, F4 for all")};
    case LayerTableModel::ActivationBits:
        return {tr("A"),
                tr("Format of the activations that the layer reads: type 1 to 9 for an integer's bits, "
                   "F for float, F4 for all")};
    case LayerTableModel::Sqnr:
        return {tr("SQNR W (dB)"), tr("Signal to quantization noise of the weights")};
    case LayerTableModel::OutputSqnr:
        return {tr("SQNR out (dB)"),
                tr("Signal to quantization noise of the layer's output against float, with "
                   "all errors before it")};
    case LayerTableModel::OutputCosine:
        return {tr("Cosine"), tr("Cosine similarity of the output and float's")};
    case LayerTableModel::OutputKl:
        return {tr("KL (nat)"), tr("Kullback-Leibler divergence of the output's histogram from float's")};
    case LayerTableModel::WeightsClipped:
        return {tr("W clip (%)"), tr("Share of the weights beyond their format's range")};
    case LayerTableModel::InputClipped:
        return {tr("A clip (%)"), tr("Share of the activations read beyond their format's range")};
    case LayerTableModel::AccumulatorNeeded:
        return {tr("Acc. need"), tr("Bits of an accumulator that can hold any sum of the layer")};
    case LayerTableModel::AccumulatorSeen:
        return {tr("Acc. seen"), tr("Bits that the largest sum seen would have needed")};
    case LayerTableModel::ExecutionColumn:
        return {tr("Runs as"), tr("How the layer really ran: on int8 kernels, simulated, or in float")};
    case LayerTableModel::Energy:
        return {tr("Energy (%1)"), tr("Modelled energy per image")};
    case LayerTableModel::Latency:
        return {tr("Latency (%1)"), tr("Modelled latency per image")};
    default:
        return {};
    }
}

} // namespace widthwise::gui

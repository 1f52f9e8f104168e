// Parameters and MACs of the built-in networks against the table of workloads, whose rows say which variant
// they count: the original AlexNet has groups and 227 pixels, GoogLeNet v1 5x5 branches, ResNet-50 its stride
// in the 3x3 (v1.5). The other built-in networks are held to their papers in tst_network_facts.
#include "core/graph/network_facts.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/validation.h"

#include <map>

namespace widthwise::test {
namespace {

const std::map<std::string, std::string>& built_in() {
    static const std::map<std::string, std::string> names = {
        {"AlexNet_orig_grouped_227", "alexnet"},
        {"AlexNet_torchvision_224", "alexnet-torchvision"},
        {"VGG16", "vgg16"},
        {"GoogLeNet_torchvision_bn", "googlenet-torchvision"},
        {"GoogLeNet_v1_paper_5x5", "googlenet"},
        {"ResNet18", "resnet18"},
        {"ResNet50", "resnet50"},
        {"ResNeXt50_32x4d", "resnext50"},
        {"MobileNetV1_1.0_224", "mobilenet-v1"},
        {"MobileNetV2_1.0_224", "mobilenet-v2"},
        {"ShuffleNetV2_x1.0", "shufflenet-v2"},
    };
    return names;
}

} // namespace

std::vector<ValidationRow> validation_workloads(const std::filesystem::path& reference) {
    std::vector<ValidationRow> rows;
    const auto path = reference / "cost" / "tables" / "network_workloads.csv";
    if (!std::filesystem::exists(path)) return rows;
    for (const CsvRow& row : read_csv(path)) {
        const std::string& network = row.at("network");
        const auto name = built_in().find(network);
        if (name == built_in().end()) continue; // a row without counts
        const auto graph = zoo::build(name->second, zoo::Weights::zero);
        if (!graph) qFatal("%s", graph.error().to_line().c_str());
        const NetworkFacts facts = network_facts(**graph);
        const auto add = [&](const char* what, const char* column, int64_t ours) {
            rows.push_back(
                {"Workloads", network + ": " + what, number(row, column), static_cast<double>(ours)});
        };
        add("parameters", "params_computed(incl bias+BN)", facts.parameters);
        add("MACs", "macs_computed", facts.macs);
        add("convolution weights", "conv_weights", facts.convolutions.weights);
        add("convolution MACs", "conv_macs", facts.convolutions.macs);
        add("fully connected weights", "fc_weights", facts.fully_connected.weights);
    }
    return rows;
}

} // namespace widthwise::test

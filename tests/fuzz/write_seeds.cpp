// Seed corpora: write_seeds FOLDER makes FOLDER/onnx (the models of tests/data/onnx_ops.json and some of
// quantized ops) and FOLDER/data (one small sound file for each reader).

#include "core/base/base64.h"
#include "tests/core/data/data_files.h"
#include "tests/core/data/jpeg_samples.h"
#include "tests/core/onnx/proto_models.h"
#include "tests/fuzz/fuzz_cases.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>

using namespace widthwise;
using test::ProtoModel;

namespace {

std::string from_hex(std::string_view hex) {
    std::string out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

void add_byte(ProtoModel& m, const char* name, int type, char value) {
    auto& tensor = *m.graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    tensor.set_raw_data(std::string(1, value));
}

/// Quantizers of each kind around a fully connected layer.
std::vector<std::string> quantized_models() {
    std::vector<std::string> models;
    for (const char* op : {"Quant", "BipolarQuant", "Trunc"}) {
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 3});
        m.weights("w", {4, 3});
        m.floats("s", {}, {0.25F});
        m.floats("z", {}, {0});
        m.floats("b", {}, {4});
        std::vector<std::string> rest{"s"};
        if (std::string_view(op) != "BipolarQuant") rest = {"s", "z", "b"};
        if (std::string_view(op) == "Trunc") rest = {"s", "z", "b", "b"};
        for (const auto& [from, to] : {std::pair{"x", "q"}, {"w", "v"}}) {
            std::vector<std::string> inputs{from};
            inputs.insert(inputs.end(), rest.begin(), rest.end());
            m.node(op, inputs, {to}).set_domain("qonnx.custom_op.general");
        }
        m.node("MatMul", {"q", "v"}, {"y"});
        models.push_back(m.bytes());
    }
    ProtoModel m;
    m.input("x", {-1, 4}).output("y", {-1, 3});
    m.weights("w", {4, 3});
    m.floats("s", {}, {0.25F});
    add_byte(m, "z", ::onnx::TensorProto::UINT8, 3);
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.node("DequantizeLinear", {"q", "s", "z"}, {"d"});
    m.node("QuantizeLinear", {"w", "s", "z"}, {"wq"});
    m.node("DequantizeLinear", {"wq", "s", "z"}, {"wd"});
    m.node("MatMul", {"d", "wd"}, {"y"});
    models.push_back(m.bytes());
    ProtoModel integer;
    integer.input("x", {-1, 4}).output("y", {-1, 3});
    integer.weights("w", {4, 3});
    integer.floats("s", {}, {0.25F});
    add_byte(integer, "z", ::onnx::TensorProto::UINT8, 3);
    integer.node("QuantizeLinear", {"w", "s", "z"}, {"wq"});
    integer.node("DynamicQuantizeLinear", {"x"}, {"q", "qs", "qz"});
    integer.node("MatMulInteger", {"q", "wq", "qz", "z"}, {"i"});
    test::set(integer.node("Cast", {"i"}, {"f"}), "to", int64_t{1});
    integer.node("Mul", {"qs", "s"}, {"both"});
    integer.node("Mul", {"f", "both"}, {"y"});
    models.push_back(integer.bytes());
    ProtoModel linear;
    linear.input("x", {-1, 2, 4, 4}).output("y", {-1, 3, 2, 2});
    linear.weights("w", {3, 2, 3, 3});
    linear.floats("s", {}, {0.25F});
    add_byte(linear, "z", ::onnx::TensorProto::UINT8, 3);
    linear.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    linear.node("QuantizeLinear", {"w", "s", "z"}, {"wq"});
    linear.node("QLinearConv", {"q", "s", "z", "wq", "s", "z", "s", "z"}, {"c"});
    linear.node("DequantizeLinear", {"c", "s", "z"}, {"y"});
    models.push_back(linear.bytes());
    return models;
}

std::vector<std::pair<fuzz::Reader, std::string>> data_files() {
    using fuzz::Reader;
    const std::string npy = test::npy_file(test::npy_header("|u1", "(2, 1, 3, 2)"), std::string(12, '\7'));
    const std::string idx = test::idx_file({2, 3, 2}, std::string(12, '\5'));
    return {
        {Reader::card,
         R"({"format": "folder", "images": "a", "labels": "b.csv", "classes": ["x", "y"], "resize": 256,
                          "crop": 224, "channels": "bgr", "scale": 1, "mean": [1, 2, 3], "std": [1, 1, 1], "layout": "nhwc"})"},
        {Reader::card, R"({"format": "idx", "images": ["a.gz"], "labels": "b.gz"})"},
        {Reader::idx_images, idx},
        {Reader::idx_images, test::gzip(idx)},
        {Reader::idx_labels, test::idx_file({3}, test::bytes_of({0, 1, 2}))},
        {Reader::cifar10, std::string(3073, '\1')},
        {Reader::cifar100, std::string(3074, '\1')},
        {Reader::npy_images, npy},
        {Reader::npy_images, test::npy_file(test::npy_header("<f4", "(1, 2, 2)"), std::string(16, '\0'), 2)},
        {Reader::npy_labels, test::npy_file(test::npy_header("<i8", "(2,)"), std::string(16, '\0'))},
        {Reader::image, test::plain_png(3, 2, 10, 20, 30)},
        {Reader::image, from_hex(test::k_jpeg_colour)},
        {Reader::image, from_hex(test::k_jpeg_subsampled)},
        {Reader::labels_csv, "a.png,0\nb.png,1\n"},
        {Reader::folder, test::plain_png(5, 4, 10, 20, 30)},
        {Reader::folder, from_hex(test::k_jpeg_colour)},
    };
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("write_seeds FOLDER\n", stderr);
        return 2;
    }
    const std::filesystem::path root = argv[1];
    for (const char* name : {"onnx", "data"}) std::filesystem::create_directories(root / name);
    int count = 0;
    const auto write = [&](const char* kind, const std::string& bytes) {
        test::write_file(root / kind / ("seed" + std::to_string(count++)), bytes);
    };
    const auto cases = QJsonDocument::fromJson(
        QByteArray::fromStdString(test::read_file(test::fixture_dir() / "onnx_ops.json")));
    for (const QJsonValue& value : cases.array()) {
        const std::string model = value.toObject()["model"].toString().toStdString();
        write("onnx", base64_decode(model).value_or(""));
    }
    for (const std::string& model : quantized_models()) write("onnx", model);
    for (const auto& [reader, content] : data_files()) write("data", static_cast<char>(reader) + content);
    std::printf("%d seeds\n", count);
    return 0;
}

// Weights beside the model are read, weights anywhere else are not.

#include "tests/core/onnx/hostile_models.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using test::error_of;
using test::expect_error;
using test::ProtoModel;
using test::sample;

namespace fs = std::filesystem;

class TestOnnxExternalData : public QObject {
    Q_OBJECT
private slots:
    void only_inside_the_folder() {
        const fs::path root = test::scratch_dir() / "external";
        fs::remove_all(root);
        fs::create_directories(root / "model" / "sub");
        const std::string weights(4 * 3 * 3 * 3 * 4, '\0');
        test::write_file(root / "secret.bin", weights);
        test::write_file(root / "model" / "sub" / "weights.bin", "12345678" + weights);
        fs::create_symlink(root / "secret.bin", root / "model" / "link.bin");
        fs::create_directory_symlink(root, root / "model" / "up");

        const auto import_with = [&](const std::string& location, const std::string& offset,
                                     const std::string& length) {
            ProtoModel m = sample();
            auto& tensor = *m.graph().mutable_initializer(0);
            tensor.clear_float_data();
            tensor.set_data_location(::onnx::TensorProto::EXTERNAL);
            const auto entry = [&](const char* key, const std::string& value) {
                if (value.empty()) return;
                auto& e = *tensor.add_external_data();
                e.set_key(key);
                e.set_value(value);
            };
            entry("location", location);
            entry("offset", offset);
            entry("length", length);
            const fs::path path = root / "model" / "hand.onnx";
            test::write_file(path, m.bytes());
            expect_error(m.import(), "tensor 'w'"); // from memory there is no folder to look into
            return widthwise::onnx::import_model(path);
        };
        const auto good = import_with("sub/weights.bin", "8", "432");
        QVERIFY2(good, error_of(good).c_str());
        QVERIFY(import_with("sub/weights.bin", "", ""));
        expect_error(import_with("sub/weights.bin", "9", "432"), "end beyond");
        expect_error(import_with("sub/weights.bin", "-8", "432"), "tensor 'w'");
        expect_error(import_with("sub/weights.bin", "9223372036854775807", "432"), "end beyond");
        expect_error(import_with("sub/weights.bin", "8", "431"), "promise 432");
        expect_error(import_with("sub/nothing.bin", "", ""), "cannot be read");
        expect_error(import_with("sub", "", ""), "no file");
        expect_error(import_with("", "", ""), "outside");
        expect_error(import_with("../secret.bin", "", ""), "outside the model's folder");
        expect_error(import_with("sub/../../secret.bin", "", ""), "outside the model's folder");
        expect_error(import_with((root / "secret.bin").string(), "", ""), "outside the model's folder");
        expect_error(import_with("link.bin", "", ""), "outside the model's folder");
        expect_error(import_with("up/secret.bin", "", ""), "outside the model's folder");
    }

    void files_that_are_not_there() {
        const fs::path root = test::scratch_dir();
        const auto missing = widthwise::onnx::import_model(root / "none" / "hand.onnx");
        expect_error(missing, "no such file");
        fs::create_directories(root / "hand.onnx.d");
        const auto folder = widthwise::onnx::import_model(root / "hand.onnx.d");
        expect_error(folder, "no file");
    }
};

QTEST_APPLESS_MAIN(TestOnnxExternalData)
#include "tst_onnx_external_data.moc"

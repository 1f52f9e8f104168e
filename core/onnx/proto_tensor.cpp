#include "core/onnx/proto_tensor.h"

#include "core/base/text.h"
#include "core/onnx/libonnx.h"
#include "core/onnx/narrow_tensor.h"

#include <array>
#include <cstring>
#include <fstream>

namespace widthwise::onnx {

namespace {

using ::onnx::TensorProto;

constexpr std::array<std::pair<int, DataType>, 13> type_pairs{{
    {TensorProto::FLOAT, DataType::f32},
    {TensorProto::DOUBLE, DataType::f64},
    {TensorProto::FLOAT16, DataType::f16},
    {TensorProto::BFLOAT16, DataType::bf16},
    {TensorProto::INT8, DataType::i8},
    {TensorProto::UINT8, DataType::u8},
    {TensorProto::INT16, DataType::i16},
    {TensorProto::UINT16, DataType::u16},
    {TensorProto::INT32, DataType::i32},
    {TensorProto::UINT32, DataType::u32},
    {TensorProto::INT64, DataType::i64},
    {TensorProto::UINT64, DataType::u64},
    {TensorProto::BOOL, DataType::boolean},
}};

tl::unexpected<Error> bad_tensor(const TensorProto& proto, std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message), "tensor " + in_quotes(proto.name()));
}

/// Copies one of the typed fields, narrowed to T as the format prescribes.
template <typename T, typename Field> void copy_field(Tensor& tensor, const Field& field) {
    const auto target = tensor.as<T>();
    for (int i = 0; i < field.size(); ++i) target[static_cast<size_t>(i)] = static_cast<T>(field.Get(i));
}

int64_t field_size(const TensorProto& proto, DataType type) {
    switch (type) {
    case DataType::f32:
        return proto.float_data_size();
    case DataType::f64:
        return proto.double_data_size();
    case DataType::i64:
        return proto.int64_data_size();
    case DataType::u32:
    case DataType::u64:
        return proto.uint64_data_size();
    default:
        return proto.int32_data_size();
    }
}

void copy_typed_data(const TensorProto& proto, Tensor& tensor) {
    switch (tensor.type()) {
    case DataType::f32:
        return copy_field<float>(tensor, proto.float_data());
    case DataType::f64:
        return copy_field<double>(tensor, proto.double_data());
    case DataType::i64:
        return copy_field<int64_t>(tensor, proto.int64_data());
    case DataType::u64:
        return copy_field<uint64_t>(tensor, proto.uint64_data());
    case DataType::u32:
        return copy_field<uint32_t>(tensor, proto.uint64_data());
    case DataType::i32:
        return copy_field<int32_t>(tensor, proto.int32_data());
    case DataType::i16:
        return copy_field<int16_t>(tensor, proto.int32_data());
    case DataType::f16:
    case DataType::bf16:
    case DataType::u16:
        return copy_field<uint16_t>(tensor, proto.int32_data());
    case DataType::i8:
        return copy_field<int8_t>(tensor, proto.int32_data());
    case DataType::boolean:
    case DataType::u8:
        return copy_field<uint8_t>(tensor, proto.int32_data());
    }
}

std::string external_entry(const TensorProto& proto, const std::string& key) {
    for (const auto& entry : proto.external_data()) {
        if (entry.key() == key) return entry.value();
    }
    return {};
}

/// The file that `location` names, if it lies inside `folder` after all links are followed.
Result<std::filesystem::path> resolve(const TensorProto& proto, const std::string& location,
                                      const std::filesystem::path& folder) {
    const auto outside = [&] {
        return bad_tensor(proto,
                          "its external data " + in_quotes(location) + " lie outside the model's folder");
    };
    if (location.find('\0') != std::string::npos) return outside();
    const std::filesystem::path relative(location);
    if (relative.empty() || relative.is_absolute()) return outside();
    for (const auto& part : relative) {
        if (part == "..") return outside();
    }
    std::error_code error;
    const auto root = std::filesystem::canonical(folder, error);
    if (error) return bad_tensor(proto, "the model's folder cannot be read: " + error.message());
    const auto file = std::filesystem::canonical(root / relative, error);
    if (error) {
        return bad_tensor(proto,
                          "its external data " + in_quotes(location) + " cannot be read: " + error.message());
    }
    const auto inside = file.lexically_relative(root);
    if (inside.empty() || *inside.begin() == "..") return outside();
    if (!std::filesystem::is_regular_file(file, error)) {
        return bad_tensor(proto, "its external data " + in_quotes(location) + " are no file");
    }
    return file;
}

} // namespace

std::optional<DataType> data_type_of(int onnx_type) {
    for (const auto& [number, type] : type_pairs) {
        if (number == onnx_type) return type;
    }
    return std::nullopt;
}

int onnx_type_of(DataType type) {
    for (const auto& [number, ours] : type_pairs) {
        if (ours == type) return number;
    }
    return TensorProto::UNDEFINED;
}

namespace {

/// Bytes that `elements` numbers of a type that we read take in the file; nullopt for other types.
std::optional<size_t> stored_bytes(int onnx_type, int64_t elements) {
    const auto count = static_cast<size_t>(elements);
    if (const auto narrow = narrow_type(onnx_type))
        return (count * static_cast<size_t>(narrow->bits) + 7) / 8;
    const auto type = data_type_of(onnx_type);
    return type ? std::optional(count * bytes_per_element(*type)) : std::nullopt;
}

/// What typed fields (instead of raw bytes) must hold: 4-bit numbers come in pairs.
int64_t field_values(int onnx_type, int64_t elements) {
    return narrow_type(onnx_type) ? static_cast<int64_t>(*stored_bytes(onnx_type, elements)) : elements;
}

Tensor read_narrow(const TensorProto& proto, Shape shape) {
    std::vector<uint8_t> bytes;
    if (proto.has_raw_data()) {
        for (const char c : proto.raw_data()) bytes.push_back(static_cast<uint8_t>(c));
    } else {
        for (const int32_t v : proto.int32_data()) bytes.push_back(static_cast<uint8_t>(v));
    }
    return widened(proto.data_type(), std::move(shape), bytes);
}

} // namespace

Result<void> check_tensor(const TensorProto& proto) {
    const Shape shape(std::vector<int64_t>(proto.dims().begin(), proto.dims().end()));
    const auto elements = shape.checked_elements();
    if (!elements) return bad_tensor(proto, "its dimensions " + shape.to_string() + " are impossible");
    // Compare before anything is allocated: the dimensions alone may promise terabytes.
    const auto bytes = stored_bytes(proto.data_type(), *elements);
    if (!bytes) return {};
    const int64_t values = field_values(proto.data_type(), *elements);
    const int64_t held = narrow_type(proto.data_type()) ? proto.int32_data_size()
                                                        : field_size(proto, *data_type_of(proto.data_type()));
    const bool raw = proto.has_raw_data();
    const bool fits = raw ? proto.raw_data().size() == *bytes : held == values;
    if (!fits) {
        return bad_tensor(proto, "it holds " +
                                     (raw ? std::to_string(proto.raw_data().size()) + " bytes"
                                          : std::to_string(held) + " values") +
                                     ", its dimensions " + shape.to_string() + " promise " +
                                     (raw ? std::to_string(*bytes) : std::to_string(values)));
    }
    return {};
}

Result<TensorPtr> read_tensor(const TensorProto& proto) {
    if (auto ok = check_tensor(proto); !ok) return forward_error(ok);
    Shape shape(std::vector<int64_t>(proto.dims().begin(), proto.dims().end()));
    if (narrow_type(proto.data_type()))
        return std::make_shared<const Tensor>(read_narrow(proto, std::move(shape)));
    const auto type = data_type_of(proto.data_type());
    if (!type) return TensorPtr{};
    const bool raw = proto.has_raw_data();
    const auto bytes = static_cast<size_t>(shape.elements()) * bytes_per_element(*type);
    auto tensor = std::make_shared<Tensor>(*type, std::move(shape));
    if (raw && bytes > 0)
        std::memcpy(tensor->bytes().data(), proto.raw_data().data(), bytes);
    else if (!raw)
        copy_typed_data(proto, *tensor);
    if (*type == DataType::f16 || *type == DataType::bf16)
        return std::make_shared<const Tensor>(Tensor::from_f32(tensor->shape(), tensor->to_f32()));
    return tensor;
}

Result<void> bring_in_external_data(TensorProto& proto, const std::filesystem::path& folder) {
    if (proto.data_location() != TensorProto::EXTERNAL) return {};
    if (folder.empty()) return bad_tensor(proto, "its data lie in another file");
    const Shape shape(std::vector<int64_t>(proto.dims().begin(), proto.dims().end()));
    const auto elements = shape.checked_elements();
    const auto stored = elements ? stored_bytes(proto.data_type(), *elements) : std::nullopt;
    if (!stored) return bad_tensor(proto, "external data of this type or size cannot be read");
    const auto bytes = static_cast<int64_t>(*stored);

    auto file = resolve(proto, external_entry(proto, "location"), folder);
    if (!file) return forward_error(file);
    const std::string offset_text = external_entry(proto, "offset");
    const std::string length_text = external_entry(proto, "length");
    const auto offset = offset_text.empty() ? 0 : parse_int(offset_text);
    const auto length = length_text.empty() ? bytes : parse_int(length_text);
    if (!offset || !length || *offset < 0 || *length != bytes) {
        return bad_tensor(proto, "its external data have " + length_text + " bytes at " + offset_text +
                                     ", its dimensions promise " + std::to_string(bytes));
    }
    std::error_code error;
    const auto size = std::filesystem::file_size(*file, error);
    if (error || size > static_cast<uintmax_t>(INT64_MAX) || static_cast<int64_t>(size) < bytes ||
        static_cast<int64_t>(size) - bytes < *offset || bytes > (int64_t{1} << 31)) {
        return bad_tensor(proto, "its external data end beyond the end of " + file->string());
    }
    std::string data(static_cast<size_t>(bytes), '\0');
    std::ifstream stream(*file, std::ios::binary);
    stream.seekg(*offset);
    stream.read(data.data(), bytes);
    if (!stream) return bad_tensor(proto, file->string() + " cannot be read");
    proto.set_raw_data(std::move(data));
    proto.clear_external_data();
    proto.clear_data_location();
    return {};
}

} // namespace widthwise::onnx

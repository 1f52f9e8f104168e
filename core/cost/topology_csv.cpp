#include "core/cost/topology_csv.h"

#include "core/base/input_file.h"
#include "core/base/text.h"

#include <array>
#include <map>
#include <set>

namespace widthwise::cost {
namespace {

constexpr int64_t k_most_bytes = 4 << 20;
constexpr size_t k_most_rows = 10000;
constexpr int64_t k_largest_extent = 1 << 20;
constexpr int64_t k_most_weights = int64_t{1} << 28; ///< all rows together, shared shapes once

constexpr std::array<const char*, 8> k_columns = {"IFMAP height",  "IFMAP width", "filter height",
                                                  "filter width",  "channels",    "number of filters",
                                                  "stride height", "stride width"};

struct Row {
    std::string name;
    std::array<int64_t, 8> number{}; ///< in the order of k_columns
};

class Importer {
public:
    Importer(std::string where, std::string network)
        : m_where(std::move(where)), m_builder(std::move(network)) {}

    Result<GraphPtr> run(std::string_view text) {
        const std::vector<std::string> lines = split(text, '\n');
        size_t rows = 0;
        for (size_t i = 1; i < lines.size(); ++i) { // the first line is the header
            const std::string line = trim(lines[i]);
            if (line.find_first_not_of(", \t\r") == std::string::npos) continue;
            if (++rows > k_most_rows) return complain(i, "more than 10000 layers");
            auto row = parse(line, i);
            if (!row) return forward_error(row);
            if (auto added = add(*row, i); !added) return forward_error(added);
        }
        if (rows == 0)
            return fail(ErrorCode::invalid_input, "no layers", m_where,
                        "a header line and one line per layer are needed");
        return m_builder.build();
    }

private:
    [[nodiscard]] tl::unexpected<Error> complain(size_t line, const std::string& message,
                                                 const std::string& column = {}) const {
        return fail(ErrorCode::invalid_input, message,
                    m_where + ": line " + std::to_string(line + 1) +
                        (column.empty() ? "" : ", column " + column),
                    "columns are layer name, IFMAP height, IFMAP width, filter height, filter width, "
                    "channels, number of "
                    "filters, stride[, stride width]");
    }

    Result<Row> parse(const std::string& line, size_t at) {
        std::vector<std::string> cells = split(line, ',');
        if (cells.size() > 1 && trim(cells.back()).empty()) cells.pop_back(); // trailing comma
        if (cells.size() != 8 && cells.size() != 9)
            return complain(at, std::to_string(cells.size()) + " columns instead of 8 or 9");
        Row row;
        row.name = trim(cells[0]);
        if (row.name.empty()) return complain(at, "an empty layer name", "layer name");
        for (size_t c = 1; c < cells.size(); ++c) {
            const auto number = parse_int(trim(cells[c]));
            if (!number || *number < 1 || *number > k_largest_extent)
                return complain(at,
                                "expected a whole number from 1 to 1048576, not '" +
                                    trim(cells[c]).substr(0, 40) + "'",
                                k_columns[c - 1]);
            row.number[c - 1] = *number;
        }
        if (cells.size() == 8) row.number[7] = row.number[6];
        for (const size_t axis : {0, 1})
            if (row.number[2 + axis] > row.number[axis])
                return complain(at, "the filter is larger than the IFMAP", k_columns[2 + axis]);
        return row;
    }

    Result<void> add(const Row& row, size_t at) {
        const auto [ih, iw, fh, fw, channels, filters, sh, sw] = row.number;
        // SCALE-Sim rounds the number of output pixels up; padding after the last pixel does the same here.
        const auto extra = [](int64_t in, int64_t kernel, int64_t stride) {
            return (stride - (in - kernel) % stride) % stride;
        };
        ConvAttributes attributes;
        attributes.kernel = {fh, fw};
        attributes.strides = {sh, sw};
        attributes.pads = {0, 0, extra(ih, fh, sh), extra(iw, fw, sw)};

        std::string name = row.name;
        for (int n = 2; !m_names.insert(name).second; ++n) name = row.name + "_" + std::to_string(n);
        auto weights = zeros(Shape{filters, channels, fh, fw}, at);
        if (!weights) return forward_error(weights);
        const Shape input{1, channels, ih, iw};
        if (!input.checked_elements()) return complain(at, "the IFMAP is too large", k_columns[0]);
        const ValueId in = m_builder.input(name + ".ifmap", input);
        const ValueId kernel = m_builder.constant(name + ".filter", *weights);
        auto out = m_builder.add(Op::conv, "Conv", name, attributes, {in, kernel});
        if (!out) return complain(at, out.error().message);
        m_builder.output(*out);
        return {};
    }

    /// One tensor per shape: cost and inspection look at shapes only, and a large layer's zeros would be
    /// memory for nothing.
    Result<TensorPtr> zeros(const Shape& shape, size_t at) {
        TensorPtr& tensor = m_zeros[shape.dims()];
        if (tensor) return tensor;
        const auto elements = shape.checked_elements();
        if (!elements || *elements > k_most_weights - m_weights)
            return complain(at, "more than 2^28 weights in all");
        m_weights += *elements;
        tensor = std::make_shared<const Tensor>(DataType::f32, shape);
        return tensor;
    }

    std::string m_where;
    GraphBuilder m_builder;
    std::set<std::string> m_names;
    std::map<std::vector<int64_t>, TensorPtr> m_zeros;
    int64_t m_weights = 0;
};

} // namespace

Result<GraphPtr> import_topology(const std::filesystem::path& path) {
    auto text = read_input(path, k_most_bytes);
    if (!text) return forward_error(text);
    return Importer(path.string(), path.stem().string()).run(*text);
}

} // namespace widthwise::cost

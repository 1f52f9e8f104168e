// The block subset of YAML in which Accelergy writes its summaries.
#include "core/base/text.h"
#include "core/cost/energy_table_text.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr size_t k_deepest = 16;

class Reader {
public:
    explicit Reader(const std::string& where) : m_where(where) {}

    Result<EnergyTable> run(std::string_view text) {
        for (const std::string& line : split(text, '\n')) {
            ++m_line;
            if (auto read = read_line(line); !read) return forward_error(read);
        }
        if (auto complete = check_action(); !complete) return forward_error(complete);
        if (m_table.components.empty())
            return fail(ErrorCode::invalid_input, "no component with energies", m_where,
                        "give the ERT_summary.yaml that Accelergy writes");
        m_table.source = m_where;
        return std::move(m_table);
    }

private:
    struct Open {
        size_t indent = 0;
        std::string key; ///< "-": an item of a sequence
    };

    [[nodiscard]] tl::unexpected<Error> complain(std::string message, std::string remedy = {}) const {
        return fail(ErrorCode::invalid_input, std::move(message),
                    m_where + ": line " + std::to_string(m_line), std::move(remedy));
    }

    Result<void> read_line(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        size_t indent = std::min(line.find_first_not_of(' '), line.size());
        line.remove_prefix(indent);
        if (line.empty() || line.front() == '#' || line == "---") return {};
        if (line.front() == '\t') return complain("a tab in the indentation", "indent with blanks");
        bool item = false;
        if (line == "-" || line.starts_with("- ")) {
            item = true;
            while (!m_open.empty() && (m_open.back().indent > indent ||
                                       (m_open.back().indent == indent && m_open.back().key == "-")))
                m_open.pop_back();
            m_open.push_back({indent, "-"});
            line.remove_prefix(1);
            const size_t blanks = std::min(line.find_first_not_of(' '), line.size());
            line.remove_prefix(blanks);
            indent += 1 + blanks;
            if (line.empty()) return {};
        }
        const size_t colon = key_end(line);
        if (colon == std::string_view::npos)
            return item ? Result<void>() : complain("neither a key nor an item");
        if (!item)
            while (!m_open.empty() && m_open.back().indent >= indent) m_open.pop_back();
        if (m_open.size() >= k_deepest) return complain("nested too deeply");
        m_open.push_back({indent, trim(line.substr(0, colon))});
        return read_value(trim(line.substr(colon + 1)));
    }

    /// The colon that ends a key: followed by a blank or the line's end.
    [[nodiscard]] static size_t key_end(std::string_view line) {
        for (size_t i = 0; i < line.size(); ++i)
            if (line[i] == ':' && (i + 1 == line.size() || line[i + 1] == ' ')) return i;
        return std::string_view::npos;
    }

    /// Is the open path ROOT, table, -, ... with these last keys?
    [[nodiscard]] bool at(std::initializer_list<std::string_view> tail) const {
        if (m_open.size() != 2 + tail.size()) return false;
        const std::string& root = m_open[0].key;
        return (root == "ERT_summary" || root == "ART_summary") && m_open[1].key == "table_summary" &&
               std::equal(tail.begin(), tail.end(), m_open.begin() + 2,
                          [](std::string_view key, const Open& open) { return key == open.key; });
    }

    Result<void> read_value(std::string value) {
        if (m_open.front().key == "ERT" || m_open.front().key == "ART")
            return complain("the full table, with an entry for every argument",
                            "give the summary: ..._summary.yaml");
        if (const size_t comment = value.find(" #"); comment != std::string::npos)
            value = trim(value.substr(0, comment));
        const bool name = at({"-", "name"}), action = at({"-", "actions", "-", "name"});
        const bool energy =
            at({"-", "actions", "-", "energy"}) || at({"-", "actions", "-", "average_energy"});
        const bool area = at({"-", "area"});
        if (!name && !action && !energy && !area) return {};
        if (value.empty() || std::string_view("&*{[|>!%@`").find(value.front()) != std::string_view::npos)
            return complain(value.empty() ? "a value is missing" : "YAML beyond what Accelergy writes");
        if (value.size() > 1 && (value.front() == '\'' || value.front() == '"')) {
            if (value.back() != value.front()) return complain("a quote is not closed");
            value = value.substr(1, value.size() - 2);
        }
        if (name) return start_component(value);
        if (m_table.components.empty()) return complain("a figure before its component's name");
        if (action) return start_action(value);
        const auto number = parse_double(value);
        if (!number || !std::isfinite(*number) || *number < 0 || *number > 1e15)
            return complain("expected a number of 0 or more, not " + in_quotes(value.substr(0, 40)));
        if (area) {
            m_table.components.back().area_um2 = *number;
            return {};
        }
        if (m_action.empty()) return complain("an energy before its action's name");
        m_table.components.back().action_pj[m_action] = *number;
        m_action.clear();
        return {};
    }

    Result<void> start_component(const std::string& path) {
        if (auto complete = check_action(); !complete) return complete;
        auto component = component_of(path);
        if (!component) return complain("no component: " + in_quotes(path.substr(0, 80)));
        if (m_table.components.size() == k_most_components) return complain("more than 10000 components");
        for (const TableComponent& other : m_table.components)
            if (other.path == path) return complain("the component " + in_quotes(path) + " stands twice");
        m_table.components.push_back(std::move(*component));
        return {};
    }

    Result<void> start_action(const std::string& name) {
        if (auto complete = check_action(); !complete) return complete;
        if (m_table.components.back().action_pj.contains(name))
            return complain("the action " + in_quotes(name) + " stands twice");
        m_action = name;
        return {};
    }

    [[nodiscard]] Result<void> check_action() const {
        if (m_action.empty()) return {};
        return complain("the action " + in_quotes(m_action) + " of " +
                        in_quotes(m_table.components.back().name) + " has no energy");
    }

    const std::string& m_where;
    size_t m_line = 0;
    std::vector<Open> m_open;
    std::string m_action; ///< named, its energy still to come
    EnergyTable m_table;
};

} // namespace

Result<EnergyTable> energy_table_from_yaml(std::string_view text, const std::string& where) {
    return Reader(where).run(text);
}

} // namespace widthwise::cost

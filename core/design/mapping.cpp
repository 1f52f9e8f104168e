// A mapping as text for a monospaced panel.
#include "core/design/mapping.h"

#include "core/base/format.h"

#include <array>
#include <cstdio>

namespace widthwise {
namespace {

/// "21,632".
std::string grouped(double count) {
    std::array<char, 352> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.0f", count);
    std::string text = buffer.data();
    for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

/// "20.8", "1,234".
std::string ratio(double value) {
    if (value >= 1000) return grouped(value);
    return format_fixed(value, 1);
}

/// Uses per element that comes from or, for outputs, leaves to the outside; 0: nothing does.
double reuse(const std::vector<LevelAccesses>& accesses, size_t level, Operand operand) {
    const auto i = static_cast<size_t>(operand);
    const OperandAccesses& here = accesses[level].operands[i];
    if (operand != Operand::outputs) return here.fills > 0 ? here.reads / here.fills : 0;
    for (size_t outer = level; outer-- > 0;)
        if (const double leaving = accesses[outer].operands[i].updates; leaving > 0)
            return here.updates / leaving;
    return 0;
}

std::string level_text(const MappedNest& nest, size_t level) {
    std::string text = nest.mapping.levels[level].level;
    if (level >= nest.accesses.size()) return text;
    const LevelAccesses& here = nest.accesses[level];
    if (here.instances > 1) text += " x " + grouped(here.instances);
    std::string separator = "  ";
    for (size_t i = 0; i < k_operands; ++i) {
        const auto operand = static_cast<Operand>(i);
        text += separator + std::string(to_string(operand));
        separator = "; ";
        const OperandAccesses& operand_here = here.operands[i];
        if (operand_here.tile > 0) {
            text += " " + grouped(operand_here.tile);
        } else if (operand_here.reads + operand_here.fills + operand_here.updates <= 0) {
            text += " pass";
            continue;
        }
        if (const double uses = reuse(nest.accesses, level, operand); uses > 0)
            text += " (reuse " + ratio(uses) + ")";
    }
    return text;
}

class NestText {
public:
    void level(const std::string& text) { m_text += text + "\n"; }
    void loops(const std::vector<Loop>& loops, const char* across) {
        for (const Loop& loop : loops) {
            if (loop.extent == 1) continue;
            indent();
            m_text += std::string("for ") + to_char(loop.dim) + " in " +
                      grouped(static_cast<double>(loop.extent)) + across + "\n";
            ++m_depth;
        }
    }
    void body() {
        indent();
        m_text += "outputs += weights * inputs\n";
    }
    std::string take() { return std::move(m_text); }

private:
    void indent() { m_text.append(2 * (m_depth + 1), ' '); }

    std::string m_text;
    size_t m_depth = 0;
};

std::string search_text(const MappedNest& nest) {
    if (!nest.searched) return {};
    std::string text = "\nbest of " + grouped(nest.examined) + " mappings";
    if (nest.gap <= 0) return text + ", exactly\n";
    return text + ", at most " + format_number(100 * nest.gap, 2) + " % above the best of all\n";
}

} // namespace

std::string to_text(const MappedNest& nest) {
    NestText text;
    for (size_t i = 0; i < nest.mapping.levels.size(); ++i) {
        const MappingLevel& level = nest.mapping.levels[i];
        text.level(level_text(nest, i));
        text.loops(level.temporal, "");
        text.loops(level.spatial_x, " across X");
        text.loops(level.spatial_y, " across Y");
    }
    text.body();
    const std::string legend = nest.legend.empty() ? "" : "\n" + nest.legend + "\n";
    return text.take() + legend + search_text(nest);
}

} // namespace widthwise

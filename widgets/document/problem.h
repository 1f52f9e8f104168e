#pragma once

#include "core/base/error.h"

#include <QMetaType>
#include <QString>

namespace widthwise::gui {

/// Something that went wrong, for a banner: one line, and the button that helps.
struct Problem {
    enum class Remedy { none, open_network, open_data, save_as, retry_evaluation, resume_search };
    QString text;
    Remedy remedy = Remedy::none;
};

[[nodiscard]] inline Problem to_problem(const Error& error, Problem::Remedy remedy = Problem::Remedy::none) {
    return {QString::fromStdString(error.to_line()), remedy};
}

} // namespace widthwise::gui
Q_DECLARE_METATYPE(widthwise::gui::Problem)

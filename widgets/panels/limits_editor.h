#pragma once

#include "core/explore/goals.h"

#include <QWidget>

class QGridLayout;
class QMenu;
class QToolButton;

namespace widthwise::gui {

/// Limits on figures in the units that people use, any of them in any combination, one row each.
class LimitsEditor : public QWidget {
    Q_OBJECT
public:
    /// `name`: of this object; its rows' fields are called "NAME_energy" and the like.
    LimitsEditor(const QString& name, QWidget* parent = nullptr);
    /// Figures that can be limited; limits on others are dropped.
    void setMetrics(const std::vector<explore::Metric>& metrics);
    void setConstraints(const std::vector<explore::Constraint>& constraints);
    [[nodiscard]] const std::vector<explore::Constraint>& constraints() const { return m_constraints; }

signals:
    /// By the user.
    void edited();

private:
    void rebuild();
    void addRow(int row, const explore::Constraint& constraint);
    void refreshMenu();
    void change(explore::Metric metric, double limit);

    std::vector<explore::Metric> m_metrics;
    std::vector<explore::Constraint> m_constraints;
    QGridLayout* m_grid;
    QToolButton* m_add;
    QMenu* m_menu;
};

} // namespace widthwise::gui

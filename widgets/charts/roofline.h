#pragma once
// The roofline: what each layer reaches against what the target could give at that layer's reuse.

#include <QString>
#include <QStringList>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

namespace widthwise::gui {

struct RooflinePoint {
    QString label;
    /// MAC per byte of external memory; nullopt: nothing crosses that boundary, drawn at the right edge.
    std::optional<double> intensity;
    double achieved = 0; ///< MAC/s
    enum class BoundBy { compute, memory, launch } bound = BoundBy::compute;
    QString tip;
};
struct Roof {
    QString name;
    double macs_per_s = 0;
};
struct Roofline {
    std::vector<Roof> roofs;           ///< any order
    std::optional<double> bytes_per_s; ///< of the external memory; nullopt: unbounded
    QString memory;                    ///< its name
    std::vector<RooflinePoint> points;
    bool stale = false;
};

/// Log-log chart; a click or the arrow keys choose a point.
class RooflineView : public QWidget {
    Q_OBJECT
public:
    explicit RooflineView(QWidget* parent = nullptr);
    ~RooflineView() override;
    void show(Roofline roofline);
    void setSelected(const QStringList& labels);
    [[nodiscard]] const Roofline& roofline() const;
    /// In this widget's coordinates; (-1, -1) for an unknown label.
    [[nodiscard]] QPoint positionOf(const QString& label) const;

signals:
    void chosen(const QString& label);

protected:
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refresh();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui

#pragma once

#include "widgets/document/document.h"
#include "widgets/precision/choice_box.h"

#include <QObject>

class QGridLayout;
class QLabel;

namespace widthwise::gui {

/// One operand's fields in the format editor: a column of the grid, a row a field. Shows what the selected
/// layers have in common; a field that is touched is changed in all of them, as one command.
class FormatColumn : public QObject {
    Q_OBJECT
public:
    enum Row { Heading, Type, Bits, ZeroPoint, Codes, Scales, ScaleKind, Range, Fraction, Facts };

    FormatColumn(Document& document, LayerOperand operand, QGridLayout& grid, int column, QWidget* parent);
    void refresh();
    /// Edits of one field in a row are one command until this is called.
    void endGesture() { m_gesture_field = -1; }
    /// Whether a binary point can be placed: else its row is not shown.
    [[nodiscard]] bool hasPoint() const { return m_fraction->isEnabled(); }
    [[nodiscard]] QWidget* firstField() const { return m_type; }

private:
    ChoiceBox* addBox(int row, const QString& name, const QString& accessible,
                      std::function<FormatChange(int)> change);
    void addCell(QGridLayout& grid, int row, std::initializer_list<QWidget*> widgets);
    void apply(int field, const FormatChange& change);
    /// Marks the choices that the target does not run as they are, and says what it does instead.
    void markFallbacks(std::vector<ChoiceBox::Choice>& choices, const std::vector<NumberFormat>& formats,
                       const std::function<FormatChange(int)>& change) const;
    void refreshParameters(const std::vector<NumberFormat>& formats);
    /// Fills a box from the field's value in all formats; `choices` are tried one by one.
    void refreshBox(ChoiceBox& box, const std::vector<NumberFormat>& formats, FormatField field,
                    std::vector<ChoiceBox::Choice> choices,
                    const std::function<int(const NumberFormat&)>& get,
                    const std::function<FormatChange(int)>& change);

    Document& m_document;
    const LayerOperand m_operand;
    const int m_column;
    ChoiceBox *m_type, *m_bits, *m_zero_point, *m_codes, *m_scales, *m_scale_kind, *m_range, *m_fraction;
    NumberBox *m_group, *m_fraction_bits;
    RealBox *m_percentile, *m_lo, *m_hi;
    QLabel* m_facts;
    quint64 m_gesture = 0;
    int m_gesture_field = -1;
};

} // namespace widthwise::gui

#pragma once
// The network's layers with their formats, what these cost, and what they do to the numbers. One row a node,
// in the network's order.

#include "widgets/document/diagnostics.h"
#include "widgets/document/weight_analysis.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class LayerTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Name,
        Kind,
        ShapeColumn,
        Parameters,
        Macs,
        WeightBits,
        ActivationBits,
        Sqnr,
        OutputSqnr,
        OutputCosine,
        OutputKl,
        WeightsClipped,
        InputClipped,
        AccumulatorNeeded,
        AccumulatorSeen,
        ExecutionColumn,
        Energy,
        Latency,
        ColumnCount
    };
    /// SortRole: a number where the column has one, -infinity for an empty cell. TakesPrecisionRole: bool, of
    /// the row. BarRole: 0..1, how full the cell's bar is (width of the number, share of the largest energy
    /// or latency); invalid: no bar. FallbackRole: bool, of the widths: the target runs the layer in others.
    enum Role { SortRole = Qt::UserRole, TakesPrecisionRole, BarRole, FallbackRole };

    LayerTableModel(Document& document, WeightAnalysis& analysis, Diagnostics& diagnostics,
                    QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;

    [[nodiscard]] QString layerAt(int row) const;
    [[nodiscard]] int rowOf(const QString& layer) const;
    [[nodiscard]] static std::optional<LayerOperand> operandOf(int column);
    /// Columns that a user can hide, with their names; Name and the widths always stay.
    [[nodiscard]] static bool isOptional(int column);
    [[nodiscard]] static bool isShownAtFirst(int column);
    [[nodiscard]] static QString columnTitle(int column);
    /// "8", "float".
    [[nodiscard]] static QString bitsText(int bits);

private:
    struct Row {
        QString name, kind, shape, full_shape;
        int64_t parameters = 0, macs = 0;
        bool weights = false, activations = false;
    };
    void reset();
    void columnsChanged(int first, int last);
    [[nodiscard]] QVariant number(int row, int column) const;
    [[nodiscard]] QVariant diagnosis(const Row& row, int column) const;
    [[nodiscard]] QString text(int row, int column) const;
    [[nodiscard]] QString toolTip(int row, int column) const;
    [[nodiscard]] const LayerCost* costOf(int row) const;
    [[nodiscard]] const LayerDiagnostics* measuredOf(const Row& row) const;
    void rescaleUnits();

    Document& m_document;
    WeightAnalysis& m_analysis;
    Diagnostics& m_diagnostics;
    std::vector<Row> m_rows;
    double m_energy_factor = 1, m_latency_factor = 1;
    double m_largest_energy = 0, m_largest_latency = 0;
    QString m_energy_unit, m_latency_unit;
};

} // namespace widthwise::gui

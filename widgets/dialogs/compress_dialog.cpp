#include "widgets/dialogs/compress_dialog.h"

#include "widgets/models/layer_change_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/compression_form.h"
#include "widgets/theme.h"

#include <QDialogButtonBox>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QTableView>
#include <QVBoxLayout>

namespace widthwise::gui {
namespace {

enum Effect { Parameters, Macs, Dense, Sparse, Huffman, Energy, Latency, EffectCount };

} // namespace

CompressDialog::CompressDialog(Document& document, Compression& compression, QWidget* parent)
    : QDialog(parent)
    , m_document(document)
    , m_compression(compression)
    , m_form(new CompressionForm(this))
    , m_all(new QRadioButton(tr("&All layers but the last"), this))
    , m_selected(new QRadioButton(this))
    , m_effects(new QWidget(this))
    , m_note(new QLabel(this))
    , m_model(new LayerChangeModel(this))
    , m_table(new QTableView(this)) {
    setObjectName(QStringLiteral("compressDialog"));
    setWindowTitle(tr("Compress"));
    setAttribute(Qt::WA_DeleteOnClose);
    m_all->setObjectName(QStringLiteral("compressAll"));
    m_all->setToolTip(tr("Channels: of every layer that can lose some"));
    m_selected->setObjectName(QStringLiteral("compressSelected"));
    m_all->setChecked(true);
    buildEffects();
    m_note->setObjectName(QStringLiteral("compressNote"));
    m_note->setWordWrap(true);
    m_note->setMinimumHeight(2 * m_note->fontMetrics().lineSpacing());
    m_note->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_table->setObjectName(QStringLiteral("compressLayers"));
    m_table->setAccessibleName(tr("What becomes of each layer"));
    m_table->setModel(m_model);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    style_table(*m_table);
    m_table->setFrameShape(QFrame::StyledPanel);
    m_table->horizontalHeader()->setSectionResizeMode(LayerChangeModel::Note, QHeaderView::Stretch);

    auto* left = new QVBoxLayout;
    left->setSpacing(8);
    left->addWidget(m_form);
    left->addWidget(m_all);
    left->addWidget(m_selected);
    left->addStretch(1);
    auto* top = new QHBoxLayout;
    top->setSpacing(24);
    top->addLayout(left, 1);
    top->addWidget(m_effects, 1, Qt::AlignTop);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    m_apply = buttons->addButton(tr("A&pply"), QDialogButtonBox::ActionRole);
    m_apply->setObjectName(QStringLiteral("compressApply"));
    m_apply->setToolTip(tr("The compressed network becomes a version; undo returns"));
    m_train = buttons->addButton(tr("Apply and &fine-tune\u2026"), QDialogButtonBox::ActionRole);
    m_train->setObjectName(QStringLiteral("compressTrain"));
    m_train->setToolTip(tr("Then opens training, set to leave zeros and shared weights as they are"));
    // Enter in a field is no consent.
    for (QAbstractButton* button : buttons->buttons())
        if (auto* push = qobject_cast<QPushButton*>(button)) push->setAutoDefault(false);
    connect(m_apply, &QPushButton::clicked, this, [this] { apply(false); });
    connect(m_train, &QPushButton::clicked, this, [this] { apply(true); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(8);
    column->addLayout(top);
    column->addWidget(m_note);
    column->addWidget(m_table, 1);
    column->addWidget(buttons);
    resize(960, 640);

    // A parameter that is being typed or stepped is looked at once it rests.
    m_debounce.setSingleShot(true);
    m_debounce.setInterval(200);
    connect(&m_debounce, &QTimer::timeout, this, &CompressDialog::request);
    connect(m_form, &CompressionForm::edited, this, &CompressDialog::schedule);
    for (QRadioButton* box : {m_all, m_selected})
        connect(box, &QRadioButton::clicked, this, &CompressDialog::schedule);
    for (const auto signal : {&Document::networkChanged, &Document::planChanged, &Document::targetChanged})
        connect(&m_document, signal, this, &CompressDialog::schedule);
    connect(&m_document, &Document::selectionChanged, this, &CompressDialog::refreshLayers);
    connect(&m_compression, &Compression::previewed, this, &CompressDialog::refresh);
    connect(&m_compression, &Compression::refused, this, &CompressDialog::showNothing);
    connect(&m_compression, &Compression::applied, this, [this] {
        if (!std::exchange(m_train_after, false)) return;
        emit trainingRequested();
        close();
    });
    refreshLayers();
    schedule();
}

CompressDialog::~CompressDialog() = default;

void CompressDialog::buildEffects() {
    auto* grid = new QGridLayout(m_effects);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(20);
    grid->setVerticalSpacing(4);
    const auto muted = [&](const QString& text) {
        auto* label = new QLabel(text, m_effects);
        label->setForegroundRole(QPalette::PlaceholderText);
        return label;
    };
    int column = 1;
    for (const QString& title : {tr("Before"), tr("After"), tr("Change")})
        grid->addWidget(muted(title), 0, column++, Qt::AlignRight);
    const std::array<std::pair<QString, QString>, EffectCount> texts{
        {{tr("Parameters"), tr("Weights, biases and normalization")},
         {tr("MACs"), tr("Multiply-accumulates for one image")},
         {tr("Stored dense"), tr("Weights at their width, codebooks, scales, biases")},
         {tr("Stored sparse"), tr("A code and a 4-bit distance for each weight that is not zero")},
         {tr("Huffman coded"), tr("The same with codes and distances Huffman coded")},
         {tr("Energy"), tr("Modelled, per image, on the target")},
         {tr("Latency"), tr("Modelled, per image, on the target")}}};
    for (int row = 0; row < EffectCount; ++row) {
        auto* name = new QLabel(texts[static_cast<size_t>(row)].first, m_effects);
        name->setToolTip(texts[static_cast<size_t>(row)].second);
        grid->addWidget(name, row + 1, 0);
        std::array<QLabel*, 3> labels{};
        for (int i = 0; i < 3; ++i) {
            labels[static_cast<size_t>(i)] = new QLabel(k_dash, m_effects);
            labels[static_cast<size_t>(i)]->setObjectName(QStringLiteral("effect%1_%2").arg(row).arg(i));
            grid->addWidget(labels[static_cast<size_t>(i)], row + 1, i + 1, Qt::AlignRight);
        }
        m_rows.push_back(labels);
    }
    grid->setColumnStretch(0, 1);
}

void CompressDialog::schedule() {
    m_apply->setEnabled(false);
    m_train->setEnabled(false);
    refreshLayers();
    m_debounce.start();
}

void CompressDialog::refreshLayers() {
    int weighted = 0;
    if (m_document.hasNetwork())
        for (const QString& layer : m_document.selection())
            weighted += takes_bits(m_document.graph(), layer.toStdString(), LayerOperand::weights) ? 1 : 0;
    m_selected->setText(tr("Selecte&d layers (%1)").arg(weighted));
    m_selected->setEnabled(weighted > 0);
    if (weighted == 0) m_all->setChecked(true);
    if (m_selected->isChecked() && sender() == &m_document) m_debounce.start();
}

void CompressDialog::request() {
    if (!m_document.hasNetwork()) return;
    passes::CompressionRequest request;
    request.method = m_form->method();
    if (m_selected->isChecked())
        for (const QString& layer : m_document.selection())
            if (takes_bits(m_document.graph(), layer.toStdString(), LayerOperand::weights))
                request.layers.push_back(layer.toStdString());
    m_note->setText(tr("Working it out\u2026"));
    m_compression.preview(request);
}

void CompressDialog::setRow(int row, const QString& before, const QString& after, const QString& change) {
    const std::array<QLabel*, 3>& labels = m_rows[static_cast<size_t>(row)];
    labels[0]->setText(before);
    labels[1]->setText(after);
    labels[2]->setText(change);
}

void CompressDialog::refresh() {
    const Compression::Preview* preview = m_compression.shown();
    if (!preview) return;
    const flow::CompressionOutcome& made = preview->outcome;
    const auto counts = [&](int row, int64_t before, int64_t after) {
        setRow(row, count_text(before), count_text(after),
               relative_change(static_cast<double>(after), static_cast<double>(before)));
    };
    const auto bytes = [&](int row, int64_t before, int64_t after) {
        setRow(row, bytes_text(static_cast<double>(before)), bytes_text(static_cast<double>(after)),
               relative_change(static_cast<double>(after), static_cast<double>(before)));
    };
    counts(Parameters, made.parameters_before, made.parameters_after);
    counts(Macs, made.macs_before, made.macs_after);
    bytes(Dense, made.size_before.dense_bytes, made.size_after.dense_bytes);
    bytes(Sparse, made.size_before.sparse_bytes, made.size_after.sparse_bytes);
    bytes(Huffman, made.size_before.huffman_bytes, made.size_after.huffman_bytes);
    const auto costs = [&](int row, double CostBreakdown::*member, const QString& unit) {
        const auto& before = preview->before;
        const auto& after = preview->after;
        setRow(row, before ? engineering((*before).*member, unit) : k_dash,
               after ? engineering((*after).*member, unit) : k_dash,
               before && after ? relative_change((*after).*member, (*before).*member) : QString());
    };
    costs(Energy, &CostBreakdown::energy_j, QStringLiteral("J"));
    costs(Latency, &CostBreakdown::latency_s, QStringLiteral("s"));
    QString note = qt(passes::description(preview->request.method));
    if (!note.isEmpty()) note[0] = note[0].toUpper();
    note += tr(". Accuracy is measured once it is applied.");
    const bool zeros = std::holds_alternative<passes::PruneWeights>(preview->request.method) ||
                       std::holds_alternative<passes::PruneNofM>(preview->request.method);
    if (zeros && !m_document.usesMeasuredZeros())
        note += tr(" Costs do not count zeros yet: Hardware, Model options, \"Count zeros\".");
    m_note->setText(note);
    m_model->show(made.compressed.layers);
    m_apply->setEnabled(true);
    m_train->setEnabled(true);
}

void CompressDialog::showNothing(const QString& why) {
    for (int row = 0; row < EffectCount; ++row) setRow(row, k_dash, k_dash, {});
    m_model->show({});
    m_note->setText(why);
}

void CompressDialog::apply(bool train) {
    m_train_after = train;
    m_apply->setEnabled(false);
    m_train->setEnabled(false);
    m_compression.apply();
}

} // namespace widthwise::gui

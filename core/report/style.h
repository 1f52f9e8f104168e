#pragma once

#include <string_view>

namespace widthwise::report {

/// The page's style sheet: one column, numbers in even columns, light or dark as the reader's system is.
/// Holds no '<' or
/// '&', so that the page stays well-formed XML.
inline constexpr std::string_view k_style = R"css(
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --line: #d8dee4; --band: #f4f6f8; --paper: #ffffff;
  --accent: #0a5ea8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ec; --quiet: #9aa4ae; --line: #353b42; --band: #20252b; --paper: #16191d; --accent: #7ab8f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.5rem 4rem; background: var(--paper); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; font-weight: 600; margin: 0 0 0.3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; font-weight: 600; margin: 2.4rem 0 0.6rem; }
h3 { font-size: 0.95rem; font-weight: 600; margin: 1.4rem 0 0.4rem; }
p, dd, dt, figcaption { max-width: 46rem; }
p.origin, .quiet, figcaption { color: var(--quiet); }
p.origin { margin-top: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding-bottom: 0.4rem; }
th, td { padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap;
  vertical-align: baseline; }
th { font-weight: 600; border-bottom: 2px solid var(--line); vertical-align: bottom; }
th.name, td.name { text-align: left; }
td.name { white-space: normal; overflow-wrap: anywhere; min-width: 11rem; }
td small { display: block; color: var(--quiet); font-size: 0.82em; }
tr.front td.name { font-weight: 600; }
tr.front td.name::after { content: " \25C6"; color: var(--accent); }
tbody tr:hover { background: var(--band); }
td.bar, th.bar { min-width: 12rem; padding-left: 0; text-align: left; }
td.bar i { display: inline-block; height: 0.8rem; }
i.key { display: inline-block; width: 0.7rem; height: 0.7rem; }
.part0 { background: #0072b2; } .part1 { background: #56b4e9; } .part2 { background: #009e73; }
.part3 { background: #e69f00; } .part4 { background: #d55e00; } .part5 { background: #999999; }
figure { margin: 1.2rem 0; }
figure .picture { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; padding: 0.6rem; }
figure svg { display: block; width: 100%; height: auto; max-height: 34rem; }
details { border: 1px solid var(--line); border-radius: 8px; margin: 0.7rem 0; padding: 0.6rem 1rem; }
summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
summary .quiet { font-weight: 400; margin-left: 0.6rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1.2rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.note { background: var(--band); border-left: 3px solid var(--accent); border-radius: 4px; padding: 0.6rem 1rem;
  max-width: 52rem; margin-top: 1.6rem; }
.note p { margin: 0.3rem 0; }
@media print { details, figure { break-inside: avoid; } .scroll { overflow: visible; } }
)css";

} // namespace widthwise::report

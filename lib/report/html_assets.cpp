// Style and script of report.html. Without the script everything is there but sorting and filtering.
#include "report/html_assets.hpp"

namespace pyojun {

const std::string_view html_style = R"css(
:root{color-scheme:light dark;--page:#fff;--soft:#f5f7f8;--line:#dde3e7;--text:#1c2329;--muted:#58646e;--accent:#0b6471;--good:#17734a;--bad:#b3261e;
--g0:#0b6471;--g1:#3a939b;--g2:#8fc7c5;--g3:#a9b98c;--g4:#c9c074;--g5:#e9b44c;--g6:#d2603a;--g7:#98a3ad;--bar:#0b6471}
@media (prefers-color-scheme:dark){:root{--page:#14191d;--soft:#1c2328;--line:#333d45;--text:#e4e9ec;--muted:#9fabb4;--accent:#5cc3cd;--good:#5fd39b;--bad:#ff8a80;
--g0:#3fb3bf;--g1:#2b8790;--g2:#235f66;--g3:#5f7a4f;--g4:#8f8a45;--g5:#d9a441;--g6:#d76d49;--g7:#75818b;--bar:#3fb3bf}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans KR","Noto Sans CJK KR","Apple SD Gothic Neo","Malgun Gothic",sans-serif}
.lang{position:absolute;opacity:0;pointer-events:none}
#lang-en:checked~* [lang=ko],#lang-ko:checked~* [lang=en]{display:none}
.wrap{max-width:1080px;margin:0 auto;padding:0 28px}
.brand{color:var(--accent);font-weight:650;letter-spacing:.01em}
header .wrap{display:grid;grid-template-columns:1fr auto;gap:4px 24px;padding-top:36px;align-items:start}
h1{font-size:29px;line-height:1.25;font-weight:650;letter-spacing:-.01em;margin:2px 0 4px}
h2{font-size:20px;line-height:1.3;font-weight:650;margin:0 0 6px;letter-spacing:-.005em}
h3{font-size:15px;font-weight:650;margin:28px 0 4px}
p{margin:0 0 12px;max-width:76ch}
.about{color:var(--muted)}
.facts{color:var(--muted);margin:0;grid-column:1/-1;max-width:none}
#reasons td:nth-child(2){min-width:230px}
.facts b{color:var(--text);font-weight:550}
.switch{display:flex;border:1px solid var(--line);border-radius:8px;overflow:hidden;font-size:13px}
.switch label{padding:5px 12px;cursor:pointer;color:var(--muted)}
#lang-en:checked~header label[for=lang-en],#lang-ko:checked~header label[for=lang-ko]{background:var(--accent);color:var(--page);font-weight:600}
#lang-en:focus-visible~header .switch,#lang-ko:focus-visible~header .switch{outline:2px solid var(--accent);outline-offset:2px}
nav{border-bottom:1px solid var(--line);margin-top:20px}
nav .wrap{display:flex;flex-wrap:wrap;gap:2px 22px;padding-bottom:10px}
nav a{color:var(--muted);text-decoration:none;font-size:14px}
nav a:hover,nav a:focus-visible{color:var(--accent);text-decoration:underline}
section{padding:32px 0 8px;scroll-margin-top:8px}
h2+.verdict{margin-top:10px}
.verdict{display:flex;gap:14px;align-items:flex-start;padding:16px 20px;border-radius:10px;background:var(--soft);border-left:4px solid var(--good);margin-bottom:16px}
.verdict.bad{border-left-color:var(--bad)}
.verdict svg{flex:none;width:26px;height:26px;color:var(--good);margin-top:1px}
.verdict.bad svg{color:var(--bad)}
.verdict b{display:block;font-size:17px;font-weight:650}
.verdict p{margin:0;color:var(--muted)}
.cards{display:grid;grid-template-columns:repeat(4,1fr);gap:12px}
.card{border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.card dt{color:var(--muted);font-size:13px}
.card dd{margin:0}
.card .big{font-size:26px;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.card .small{color:var(--muted);font-size:13px}
dl{margin:0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;margin:8px 0 12px}
th,td{padding:6px 14px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:break-word}
td.any{overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:550;font-size:13px;white-space:nowrap;vertical-align:bottom;border-bottom-color:var(--muted)}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.zero{color:var(--muted)}
tfoot td{font-weight:600;border-bottom:0;border-top:1px solid var(--muted)}
tfoot tr+tr td{border-top:0}
tbody tr:hover{background:var(--soft)}
tr:target{background:var(--soft);outline:2px solid var(--accent);outline-offset:-2px}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer;white-space:nowrap}
th button:hover{color:var(--text)}
th button:focus-visible,input:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
th button::after{content:"";display:inline-block;width:1em;text-align:right;font-size:.85em}
th.n button::after{content:none}
th.n button::before{content:"";display:inline-block;width:1em;text-align:left;font-size:.85em}
th[aria-sort=ascending]:not(.n) button::after,th.n[aria-sort=ascending] button::before{content:"\2191"}
th[aria-sort=descending]:not(.n) button::after,th.n[aria-sort=descending] button::before{content:"\2193"}
.n+:not(.n){padding-left:14px}
.tools{display:flex;gap:12px;align-items:center;margin:8px 0 0;font-size:13px;color:var(--muted)}
.tools[hidden]{display:none}
input[type=search]{font:inherit;font-size:14px;color:var(--text);background:var(--page);border:1px solid var(--line);border-radius:6px;padding:4px 9px;width:230px;margin-left:6px}
.code{font-family:ui-monospace,SFMono-Regular,Consolas,"Liberation Mono","DejaVu Sans Mono","D2Coding",monospace;font-size:.92em}
.sub{display:block;color:var(--muted);font-size:13px}
td svg.bar{display:block;width:100%;min-width:110px;height:10px;margin-top:6px;border-radius:2px}
td.draw{width:26%}
svg .back{fill:var(--line)}svg .fill{fill:var(--bar)}
svg .g0{fill:var(--g0)}svg .g1{fill:var(--g1)}svg .g2{fill:var(--g2)}svg .g3{fill:var(--g3)}svg .g4{fill:var(--g4)}svg .g5{fill:var(--g5)}svg .g6{fill:var(--g6)}svg .g7{fill:var(--g7)}
svg.key{width:11px;height:11px;margin-right:8px;vertical-align:-1px}
.good{color:var(--good)}.bad{color:var(--bad)}
.pair{display:grid;grid-template-columns:max-content 1fr;gap:5px 22px;font-size:14px;margin:8px 0 12px}
.pair dt{color:var(--muted)}
.pair dd{margin:0;overflow-wrap:anywhere}
footer{border-top:1px solid var(--line);margin-top:36px;color:var(--muted);font-size:13px}
footer .wrap{padding-top:14px;padding-bottom:36px}
@media screen and (max-width:820px){.cards{grid-template-columns:repeat(2,1fr)}.wrap{padding:0 16px}}
@media print{@page{size:A4;margin:15mm 14mm}
:root{color-scheme:light;--page:#fff;--soft:#f5f7f8;--line:#d5dbe0;--text:#000;--muted:#444c54;--accent:#0b6471;--good:#17734a;--bad:#b3261e;
--g0:#0b6471;--g1:#3a939b;--g2:#8fc7c5;--g3:#a9b98c;--g4:#c9c074;--g5:#e9b44c;--g6:#d2603a;--g7:#98a3ad;--bar:#0b6471}
html{scroll-behavior:auto}
body{font-size:9.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.wrap{max-width:none;padding:0}header .wrap{padding-top:0}
.switch,nav,.tools{display:none}
.scroll{overflow:visible}
table{font-size:8.5pt}th,td{padding:3px 8px 3px 0;overflow-wrap:anywhere}thead th,.sub,.card dt,.card .small{font-size:8pt}
thead{display:table-header-group}tfoot{display:table-row-group}
tr,.card,.verdict{break-inside:avoid}h2,h3{break-after:avoid}
section{padding:16px 0 0}.card .big{font-size:16pt}h1{font-size:19pt}h2{font-size:13pt}
th button::after,th button::before{content:none!important}}
)css";

const std::string_view html_script = R"js(
(() => {
  'use strict';
  const words = new Intl.Collator('ko', {numeric: true});
  const language = () => document.getElementById('lang-ko').checked ? 'ko' : 'en';
  const shown = (cell) => {
    const other = language() === 'ko' ? 'en' : 'ko';
    if (!cell.querySelector('[lang]')) return cell.textContent;
    const copy = cell.cloneNode(true);
    for (const part of copy.querySelectorAll('[lang=' + other + ']')) part.remove();
    return copy.textContent;
  };
  const number = (text) => { const value = parseFloat(text.replace(/[, %]/g, '')); return Number.isNaN(value) ? -1 : value; };
  const sort = (table, head) => {
    const down = head.getAttribute('aria-sort') ? head.getAttribute('aria-sort') === 'ascending' : head.dataset.sort === 'number';
    for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const sign = down ? -1 : 1;
    const numeric = head.dataset.sort === 'number';
    const rows = Array.from(table.tBodies[0].rows, (row, place) => {
      const text = shown(row.cells[head.cellIndex]).trim();
      return {row, place, key: numeric ? number(text) : text};
    });
    rows.sort((a, b) => sign * (numeric ? a.key - b.key : words.compare(a.key, b.key)) || a.place - b.place);
    table.tBodies[0].append(...rows.map((entry) => entry.row));
  };
  for (const head of document.querySelectorAll('th[data-sort]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => sort(head.closest('table'), head));
  }
  for (const tools of document.querySelectorAll('.tools')) {
    tools.hidden = false;
    const input = tools.querySelector('input');
    const output = tools.querySelector('output');
    const rows = Array.from(document.getElementById(input.dataset.for).tBodies[0].rows);
    const filter = () => {
      const wanted = input.value.trim().toLowerCase();
      let count = 0;
      for (const row of rows) {
        row.hidden = wanted !== '' && !Array.from(row.cells, shown).join(' ').toLowerCase().includes(wanted);
        if (!row.hidden) ++count;
      }
      output.textContent = wanted === '' ? '' : count + ' / ' + rows.length;
    };
    input.addEventListener('input', filter);
  }
  const follow = () => { document.documentElement.lang = language(); };
  for (const choice of document.querySelectorAll('.lang')) choice.addEventListener('change', follow);
})();
)js";

}  // namespace pyojun

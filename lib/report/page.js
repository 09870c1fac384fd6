(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const language = () => byId('lang-ko').checked ? 'ko' : 'en';

  // What a reader of the present language sees of a cell; what opens on request is left out.
  const read = (node, other) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || node.lang === other || node.classList.contains('more')) return '';
    let text = '';
    for (let child = node.firstChild; child; child = child.nextSibling) text += read(child, other);
    return node.localName === 'span' ? text + ' ' : text;
  };
  const shown = (node) => read(node, language() === 'ko' ? 'en' : 'ko').replace(/\s+/g, ' ').trim();

  // Sorting: text by its language, numbers by value with what is no number last, ranks by their key.
  const words = new Intl.Collator('ko', {numeric: true});
  const amount = (text) => {
    const value = parseFloat(text.replace(/[, %+]/g, ''));
    return Number.isNaN(value) ? -1 : value;
  };
  const keyOf = (cell, kind) => {
    if (cell.dataset.k !== undefined) return Number(cell.dataset.k);
    return kind === 'number' ? amount(shown(cell)) : shown(cell);
  };
  const sort = (table, head) => {
    const kind = head.dataset.sort;
    const before = head.getAttribute('aria-sort');
    const down = before ? before === 'ascending' : kind === 'number';
    for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const sign = down ? -1 : 1;
    const rows = Array.from(table.tBodies[0].rows, (row, place) => ({row, place, key: keyOf(row.cells[head.cellIndex], kind)}));
    const compare = rows.some((entry) => typeof entry.key === 'string') ? (a, b) => words.compare(a, b) : (a, b) => a - b;
    rows.sort((a, b) => sign * compare(a.key, b.key) || a.place - b.place);
    table.tBodies[0].append(...rows.map((entry) => entry.row));
  };
  for (const head of document.querySelectorAll('th[data-sort]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => sort(head.closest('table'), head));
  }

  // Filtering: all words of the field must occur, and every group of buttons has one choice.
  const filters = new Map();
  const prepare = (tools) => {
    const input = tools.querySelector('input');
    const output = tools.querySelector('output');
    const table = byId(input.dataset.for);
    const rows = Array.from(table.tBodies[0].rows);
    const chips = Array.from(tools.querySelectorAll('.chip'));
    const texts = {};
    const chosen = {};
    const textOf = (place) => {
      const cache = texts[language()] ??= [];
      return cache[place] ??= Array.from(rows[place].cells, shown).join(' ').toLowerCase();
    };
    const apply = () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
      const groups = Object.entries(chosen).filter(([, values]) => values.length > 0);
      let count = 0;
      rows.forEach((row, place) => {
        const fits = groups.every(([group, values]) => values.includes(row.dataset[group])) && wanted.every((word) => textOf(place).includes(word));
        if (row.hidden === fits) row.hidden = !fits;
        if (fits) ++count;
      });
      const all = wanted.length === 0 && groups.length === 0;
      output.textContent = all ? '' : count.toLocaleString('en') + ' / ' + rows.length.toLocaleString('en');
    };
    const choose = (group, values) => {
      chosen[group] = values === '' ? [] : values.split(' ');
      for (const chip of chips) if (chip.dataset.by === group) chip.setAttribute('aria-pressed', String(chip.dataset.v === values));
    };
    for (const chip of chips) chip.addEventListener('click', () => { choose(chip.dataset.by, chip.dataset.v); apply(); });
    for (const group of new Set(chips.map((chip) => chip.dataset.by))) choose(group, '');
    const start = tools.dataset.start;
    if (start) choose('s', chips.some((chip) => chip.dataset.v === start) ? start : start.split(' ').find((value) => chips.some((chip) => chip.dataset.v === value)));
    input.addEventListener('input', apply);
    filters.set(table, () => {
      input.value = '';
      for (const group of Object.keys(chosen)) choose(group, '');
      apply();
    });
    tools.hidden = false;
    apply();
  };
  for (const tools of document.querySelectorAll('.tools')) prepare(tools);

  // A link into a table leads to its row, filtered out or not, and opens its evidence.
  const follow = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    const row = target && target.closest('tr');
    if (!row) return;
    if (row.hidden) filters.get(row.closest('table'))?.();
    const evidence = row.querySelector('details');
    if (evidence) evidence.open = true;
    row.scrollIntoView({block: 'center'});
  };
  addEventListener('hashchange', follow);
  follow();

  for (const choice of document.querySelectorAll('.lang')) {
    choice.addEventListener('change', () => { document.documentElement.lang = language(); });
  }
  const print = byId('print');
  print.hidden = false;
  print.addEventListener('click', () => window.print());
})();

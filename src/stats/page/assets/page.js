// What makes the statistics page live: it follows the server's events, draws charts from what they told since the
// page was opened, and filters. Without it the page is a plain table.
'use strict';
{
  const settings = document.getElementById('settings').dataset;
  const live = document.getElementById('live');
  const count = document.getElementById('count');
  const nameFilter = document.getElementById('filter');
  const stateFilters = [...document.querySelectorAll('[data-filter]')];
  const POINTS = 90;
  /** A chart that has just begun takes this share of the room. */
  const SHORTEST = 20;
  const SVG = 'http://www.w3.org/2000/svg';
  /** Title, unit, and whether it is a fault to be above 0. The order is that of the numbers in events. */
  const CHARTS = [
    ['Sessions', '', false],
    ['Rate', '/s', false],
    ['Errors', '/s', true],
    ['Response time', ' ms', false],
    ['Queue', '', true],
  ];

  // ── rows ──

  /** @type {Map<string, {row: HTMLTableRowElement, cells: HTMLTableCellElement[], spark: Element, history: number[][], errors: number | undefined, more: Element | undefined, drawn: boolean}>} */
  const rows = new Map();
  for (const row of document.querySelectorAll('#proxies tbody tr')) {
    const spark = row.querySelector('.spark');
    spark.hidden = false;
    rows.set(row.id, {
      row,
      spark,
      cells: [...row.cells].slice([...row.cells].indexOf(spark) + 1),
      history: CHARTS.map(() => []),
      errors: undefined,
      more: undefined,
    });
    const name = row.querySelector('.name span');
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-expanded', 'false');
    button.textContent = name.textContent;
    name.replaceWith(button);
    button.addEventListener('click', () => void toggle(row.id, button));
  }
  for (const title of document.querySelectorAll('th.spark')) title.hidden = false;

  function apply(id, [state, numbers, texts]) {
    const known = rows.get(id);
    if (known === undefined) return;
    known.row.dataset.state = state;
    texts.forEach((text, index) => {
      const cell = known.cells[index];
      if (cell === undefined || cell.textContent === text) return;
      cell.textContent = text;
      cell.classList.remove('changed');
      void cell.offsetWidth;
      cell.classList.add('changed');
    });
    known.numbers = numbers;
  }

  /** One point of every chart: a row that did not change goes on as it was. */
  function record() {
    const seconds = Number(settings.seconds);
    for (const known of rows.values()) {
      if (known.numbers === undefined) continue;
      const [sessions, rate, errors, latency, queue] = known.numbers;
      const failed = known.errors === undefined ? 0 : Math.max(0, errors - known.errors) / seconds;
      known.errors = errors;
      [sessions, rate, failed, latency, queue].forEach((value, index) => {
        const history = known.history[index];
        history.push(value);
        if (history.length > POINTS) history.shift();
      });
    }
    draw();
  }

  // ── charts ──

  function chart(history, isFault) {
    const highest = Math.max(...history, 1e-9);
    const step = 100 / (Math.max(history.length, SHORTEST) - 1);
    const from = 100 - (history.length - 1) * step;
    const points = history.map(
      (value, index) => `${(from + index * step).toFixed(1)},${(29 - (27 * value) / highest).toFixed(1)}`,
    );
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 100 30');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true');
    if (isFault && history.some(value => value > 0)) svg.setAttribute('class', 'bad');
    const area = document.createElementNS(SVG, 'polygon');
    area.setAttribute('class', 'area');
    area.setAttribute('points', `${from.toFixed(1)},30 ${points.join(' ')} 100,30`);
    const line = document.createElementNS(SVG, 'polyline');
    line.setAttribute('class', 'line');
    line.setAttribute('points', points.join(' '));
    svg.append(area, line);
    return svg;
  }

  function figure([title, unit, isFault], history) {
    const element = document.createElement('figure');
    const caption = document.createElement('figcaption');
    const value = document.createElement('b');
    const last = history.at(-1) ?? 0;
    value.textContent = `${last >= 100 ? Math.round(last) : Math.round(last * 10) / 10}${unit}`;
    caption.append(title, value);
    element.append(caption, chart(history, isFault));
    return element;
  }

  function figures(known) {
    return CHARTS.map((about, index) => figure(about, known.history[index]));
  }

  const sections = [...document.querySelectorAll('.proxy')].map(section => {
    const all = [...section.querySelectorAll('tbody tr')];
    const main = all.find(row => row.matches('.backend')) ?? all.find(row => row.matches('.frontend'));
    return { section, rows: all, charts: section.querySelector('.charts'), main: main?.id };
  });
  const visible = new Set();
  const watcher = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) visible.add(target);
      else visible.delete(target);
    }
    draw();
  });
  for (const { section } of sections) watcher.observe(section);

  /** Only what can be seen. */
  function draw() {
    if (document.hidden) return;
    for (const { section, charts, main, rows: own } of sections) {
      if (!visible.has(section) || section.hidden) continue;
      const first = main === undefined ? undefined : rows.get(main);
      if (first !== undefined && first.history[0].length > 1) {
        charts.hidden = false;
        charts.replaceChildren(...figures(first));
      }
      for (const row of own) {
        const known = rows.get(row.id);
        const box = row.getBoundingClientRect();
        if (known.history[0].length < 2 || box.bottom < 0 || box.top > innerHeight) continue;
        known.spark.replaceChildren(chart(known.history[1], false));
        known.more?.querySelector('.charts').replaceChildren(...figures(known));
      }
    }
  }
  addEventListener('scroll', draw, { passive: true });
  document.addEventListener('visibilitychange', draw);

  // ── charts over a reload ──

  const KEPT = `charts ${location.pathname}`;
  const KEPT_FOR_MS = 60_000;

  /** `stats refresh` reloads the page: its charts go on. */
  addEventListener('pagehide', () => {
    const histories = [...rows].map(([id, { history, errors }]) => [id, history, errors]);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify([Date.now(), histories]));
    } catch {
      // thousands of servers do not fit: their charts begin anew
    }
  });
  const [keptAt = 0, kept = []] = JSON.parse(sessionStorage.getItem(KEPT) ?? '[]');
  if (Date.now() - keptAt < KEPT_FOR_MS)
    for (const [id, history, errors] of kept) {
      const known = rows.get(id);
      if (known !== undefined) Object.assign(known, { history, errors: errors ?? undefined });
    }

  // ── details of a row ──

  async function toggle(id, button) {
    const known = rows.get(id);
    const isOpen = known.more !== undefined;
    button.setAttribute('aria-expanded', String(!isOpen));
    if (isOpen) {
      known.more.remove();
      known.more = undefined;
      return;
    }
    const more = document.createElement('tr');
    more.className = 'more';
    const cell = more.insertCell();
    cell.colSpan = known.row.cells.length;
    const charts = document.createElement('div');
    charts.className = 'charts';
    charts.append(...figures(known));
    const list = document.createElement('dl');
    cell.append(charts, list);
    known.row.after(more);
    known.more = more;
    for (const [name, value] of await readRow(id)) {
      const entry = document.createElement('div');
      const term = document.createElement('dt');
      const text = document.createElement('dd');
      term.textContent = name;
      text.textContent = value;
      entry.append(term, text);
      list.append(entry);
    }
  }

  /** Every value of the row that is not empty, from the CSV. */
  async function readRow(id) {
    const [iid, sid] = id.slice(1).split('.');
    const type = { F: '0', B: '1', S: '2', L: '3' }[id[0]];
    const answer = await fetch(settings.csv, { cache: 'no-store' });
    const [head, ...lines] = (await answer.text()).trimEnd().split('\n');
    const names = head.slice(2).split(',');
    for (const line of lines) {
      const values = parseCsv(line);
      const value = name => values[names.indexOf(name)];
      if (value('iid') === iid && value('sid') === sid && value('type') === type)
        return names
          .map((name, index) => [name, values[index]])
          .filter(([name, text]) => name && text && text !== '-');
    }
    return [];
  }

  function parseCsv(line) {
    return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)].map(([, cell]) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    );
  }

  // ── filters ──

  function filter() {
    const wanted = nameFilter.value.trim().toLowerCase();
    const states = new Set(stateFilters.filter(box => box.checked).map(box => box.dataset.filter));
    let shown = 0;
    for (const { section, rows: own } of sections) {
      const isNamed = section.dataset.name.toLowerCase().includes(wanted);
      let any = false;
      for (const row of own) {
        const { state } = row.dataset;
        const name = row.querySelector('.name').textContent.toLowerCase();
        const isHidden =
          !(isNamed || name.includes(wanted)) ||
          !(states.has(state) || (state === 'open' && states.has('up')));
        row.hidden = isHidden;
        const { more } = rows.get(row.id);
        if (more !== undefined) more.hidden = isHidden;
        if (isHidden) continue;
        any = true;
        if (row.matches('.server')) shown++;
      }
      section.hidden = !any;
    }
    count.textContent = `${shown} ${shown === 1 ? 'server' : 'servers'} shown`;
    const off = stateFilters.filter(box => !box.checked).map(box => box.dataset.filter);
    const parts = [wanted && `name=${encodeURIComponent(wanted)}`, off.length > 0 && `hide=${off.join('+')}`];
    const hash = parts.filter(Boolean).join('&');
    if (hash !== '' || /^#(name|hide)=/.test(location.hash))
      history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`);
    draw();
  }

  /** A page that reloads itself (`stats refresh`) keeps what was filtered. */
  function restore() {
    const [, name] = /[#&]name=([^&]*)/.exec(location.hash) ?? [];
    const [, hide] = /[#&]hide=([^&]*)/.exec(location.hash) ?? [];
    if (name !== undefined) nameFilter.value = decodeURIComponent(name);
    for (const box of stateFilters) box.checked = !hide?.split('+').includes(box.dataset.filter);
  }

  document.getElementById('by-name').hidden = false;
  count.hidden = false;
  for (const box of stateFilters) {
    box.hidden = false;
    box.addEventListener('change', filter);
  }
  nameFilter.addEventListener('input', filter);
  addEventListener('keydown', event => {
    const isTyping =
      event.target instanceof Element && event.target.matches('input:not([type=checkbox]), select');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      nameFilter.focus();
    } else if (event.key === 'Escape' && event.target === nameFilter) {
      nameFilter.value = '';
      filter();
    }
  });
  restore();
  filter();

  for (const all of document.querySelectorAll('[data-all]')) {
    all.hidden = false;
    all.addEventListener('change', () => {
      for (const box of all.closest('form').querySelectorAll('tr:not([hidden]) input[name=s]'))
        box.checked = all.checked;
    });
  }

  // ── events ──

  function tell(text, state) {
    live.hidden = false;
    if (live.textContent !== text) live.textContent = text;
    live.className = `live ${state}`;
  }

  function follow() {
    const events = new EventSource(settings.events);
    events.addEventListener('open', () => tell('Live', 'on'));
    events.addEventListener('error', () => tell('Not connected: showing the last known numbers', 'off'));
    events.addEventListener('message', ({ data }) => {
      const { facts = {}, rows: changed = {}, end = false } = JSON.parse(data);
      for (const [id, text] of Object.entries(facts)) {
        const fact = document.getElementById(id);
        if (fact !== null) fact.textContent = text;
      }
      for (const [id, row] of Object.entries(changed)) apply(id, row);
      if (!end) return;
      record();
      filter();
    });
    // a page that cannot be seen costs nothing
    document.addEventListener(
      'visibilitychange',
      () => {
        events.close();
        if (document.hidden) document.addEventListener('visibilitychange', follow, { once: true });
        else follow();
      },
      { once: true },
    );
  }
  follow();
}

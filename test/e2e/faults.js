// Evaluated in a page of the console: what an accessibility checker would find first, one sentence each.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.outerHTML.slice(0, 80);
  const name = (element) => (element.getAttribute('aria-label') ?? element.textContent).trim() || element.getAttribute('title');
  const nameless = all('a, button, summary').filter((control) => !name(control));
  const fields = all('input:not([type=hidden], [aria-hidden]), select, textarea').filter(
    (field) => field.labels.length === 0 && !field.hasAttribute('aria-label'),
  );
  const levels = all('main h1, main h2, main h3').map((heading) => Number(heading.tagName[1]));
  const jumps = levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1);
  const ids = all('[id]').map((element) => element.id);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  const tables = all('table').filter((table) => table.querySelector('th') === null && !table.hasAttribute('aria-label'));
  return [
    ...nameless.map((control) => `no name: ${shown(control)}`),
    ...fields.map((field) => `no label: ${shown(field)}`),
    ...jumps.map((level) => `headings jump to level ${level}`),
    ...twice.map((id) => `id twice: ${id}`),
    ...tables.map((table) => `neither headers nor name: ${shown(table)}`),
    ...(all('main').length === 1 && document.documentElement.lang !== '' ? [] : ['no single main, or no language']),
  ];
})();

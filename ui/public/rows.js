// The row the keyboard is at, and rows that can be clicked as a whole.

const rowsOf = (document) => [...(document.querySelector('table[data-rows] tbody')?.rows ?? [])];

/** Moves the mark by `step` rows and keeps it in sight. */
export function move(document, step) {
  const rows = rowsOf(document);
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.classList.contains('at'));
  const next = at === -1 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[at]?.classList.remove('at');
  rows[next].classList.add('at');
  rows[next].scrollIntoView({ block: 'nearest' });
  rows[next].querySelector('a.title, summary.title, input[type="checkbox"]')?.focus({ preventScroll: true });
}

/** Opens the marked row; false when no row is marked. */
export function open(document) {
  const target = document.querySelector('tr.at a.title, tr.at summary.title');
  target?.click();
  return target !== null;
}

export function watchRows(document) {
  document.querySelector('table[data-rows] tbody')?.addEventListener('click', (event) => {
    if (event.target.closest('a, button, input, label, summary') !== null || String(getSelection()) !== '') return;
    event.target.closest('tr')?.querySelector('a.title')?.click();
  });
}

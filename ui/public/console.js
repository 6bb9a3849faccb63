// Enhances pages that work without it: keys, clickable rows, live strip.
import { watchKeys } from './keys.js';
import { watchStrip } from './live.js';
import { watchRows } from './rows.js';

watchRows(document);
watchKeys(document);
if (document.querySelector('[data-strip]') !== null) watchStrip(document);

// A select that is a filter takes effect at once; without a script the button beside it does.
for (const select of document.querySelectorAll('select[data-submits]')) select.addEventListener('change', () => select.form.requestSubmit());

const all = document.querySelector('input[data-all]');
all?.addEventListener('change', () => {
  for (const box of all.form.querySelectorAll('tbody input[type="checkbox"]')) box.checked = all.checked;
});

// Menus and panels close when something else is clicked.
document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details.menu[open], details.popover[open]')) if (!open.contains(event.target)) open.open = false;
});

// A link to a rule opens it.
const named = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
const inside = named?.querySelector('details');
if (inside) inside.open = true;

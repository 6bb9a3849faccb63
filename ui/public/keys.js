// One-letter keys. They never fire while somebody types, nor with Ctrl, Alt or Meta held.
import { move, open } from './rows.js';

const PAGES = { f: '/findings', a: '/assets', b: '/baseline', r: '/rules', c: '/coverage' };
/** How long after `g` the second key may come, ms. */
const PATIENCE = 1200;

const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type="checkbox"], [type="radio"]), select, textarea'));

export function watchKeys(document) {
  const help = document.getElementById('keys');
  let went = Number.NEGATIVE_INFINITY;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || help?.open) return;
    if (event.key === 'Escape') return leave(document);
    if (typing(event.target)) return;
    const goes = event.timeStamp - went < PATIENCE;
    went = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
    if (goes && event.key in PAGES) location.assign(PAGES[event.key]);
    else if (!goes && press(document, event.key, event.target, help)) event.preventDefault();
  });
}

/** Does what the key says; false when it says nothing here. */
function press(document, key, target, help) {
  if (key === 'j' || key === 'k') move(document, key === 'j' ? 1 : -1);
  else if (key === 'Enter') return target === document.body && open(document);
  else if (key === '/') return focus(document.querySelector('[data-search]'));
  else if (key === '?') help?.showModal();
  else return act(document.querySelector(`[data-key="${CSS.escape(key)}"]`));
  return true;
}

function focus(field) {
  field?.focus();
  field?.select();
  return field !== null;
}

/** A summary opens its panel and goes to the first field; anything else is clicked. */
function act(control) {
  if (control === null) return false;
  if (!control.matches('summary')) {
    control.click();
    return true;
  }
  const panel = control.parentElement;
  panel.open = !panel.open;
  if (panel.open) panel.querySelector('input:not([type="hidden"]), select, textarea')?.focus();
  else control.focus();
  return true;
}

function leave(document) {
  for (const panel of document.querySelectorAll('details.popover[open], details.menu[open]')) {
    panel.open = false;
    panel.querySelector('summary').focus();
  }
  if (document.activeElement?.matches('[data-search]')) document.activeElement.blur();
}

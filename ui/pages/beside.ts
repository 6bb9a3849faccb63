import { html } from 'hono/html';
import { factText } from '../../analyzer/fact.ts';
import type { FindingView } from '../../analyzer/finding.ts';
import type { Html } from '../console.ts';
import { count, value } from '../figures.ts';
import { compare, fieldText, flatten, MAX_BESIDE, scale } from '../seen.ts';
import { when } from '../time.ts';

/** What was seen and the nearest facts, line by line, on one scale where both are numbers; null where there is nothing of the kind, as of what the sensor says of itself. */
export function beside(finding: FindingView, clock: number): Html | null {
  const lines = compare(finding);
  if (lines.length === 0) return null;
  const facts = finding.expected.slice(0, MAX_BESIDE);
  const drawn = scale(finding);
  return html`${drawn === null ? null : drawing(drawn)}
<div class="scroll"><table class="beside"><thead><tr><td></td><th scope="col" class="seen">Seen</th>${
    facts.length === 0 ? html`<th scope="col">Normal</th>` : facts.map((_, i) => html`<th scope="col">${i === 0 ? 'Normal, nearest' : 'Also normal'}</th>`)
  }</tr></thead><tbody>
${lines.map(
  (line, i) =>
    html`<tr><th scope="row">${line.label}</th><td class="seen ${line.mono ? 'mono' : ''}">${line.seen || html`<span class="quiet">–</span>`}</td>${
      facts.length === 0
        ? i === 0
          ? html`<td class="quiet" rowspan="${lines.length}">Nothing like it was ever learned: there is no fact to stand beside it.</td>`
          : null
        : line.normal.map(
            (cell) =>
              html`<td class="${line.mono ? 'mono' : ''}">${cell.differs ? html`<mark>${cell.text}</mark>` : cell.text || html`<span class="quiet">–</span>`}</td>`,
          )
    }</tr>`,
)}
${
  facts.length === 0
    ? null
    : html`<tr><th scope="row">Known since</th><td class="seen">${when(finding.opened, clock)}</td>${facts.map((fact) => html`<td>${when(fact.first_seen, clock)}</td>`)}</tr>
<tr><th scope="row">Times</th><td class="seen figures">${count(finding.count)}</td>${facts.map((fact) => html`<td class="figures">${count(fact.count)}</td>`)}</tr>
<tr><th scope="row">Approved</th><td class="seen"><span class="quiet">–</span></td>${facts.map((fact) => html`<td>${fact.state === 'approved' ? `by ${fact.by}` : fact.state}</td>`)}</tr>`
}
</tbody></table></div>
${finding.expected.length > MAX_BESIDE ? more(finding) : null}
${fields(finding)}`;
}

const more = (finding: FindingView): Html =>
  html`<details class="quietly"><summary>${finding.expected.length - MAX_BESIDE} more facts near it</summary><ul>${finding.expected.slice(MAX_BESIDE, 50).map((fact) => html`<li>${factText(fact)}</li>`)}</ul></details>`;

function fields(finding: FindingView): Html {
  const all = [...flatten(finding.seen)];
  if (all.length === 0) return html``;
  return html`<details class="quietly"><summary>${all.length === 1 ? 'The field' : `All ${all.length} fields`} the rule looked at</summary><dl class="fields">${all.map(([name, one]) => html`<div><dt class="mono">${name}</dt><dd class="mono">${fieldText(name, one) || '–'}</dd></div>`)}</dl></details>`;
}

/** The learned range as a band, what was seen as marks, both on one axis. SVG attributes only: no style is needed. */
function drawing({ seen, min, max }: { seen: number[]; min: number; max: number }): Html {
  const low = Math.min(min, ...seen);
  const high = Math.max(max, ...seen);
  const span = high - low || 1;
  const x = (n: number) => `${(6 + (88 * (n - low)) / span).toFixed(2)}%`;
  const width = `${Math.max(0.6, (88 * (max - min)) / span).toFixed(2)}%`;
  const far = Math.max(...seen.map((n) => (n > max ? n - max : n < min ? min - n : 0)));
  const extreme = seen.reduce((a, b) => (Math.abs(b - (min + max) / 2) > Math.abs(a - (min + max) / 2) ? b : a));
  return html`<figure class="scale"><svg width="100%" height="64" role="img" aria-label="Normal from ${value(min)} to ${value(max)}; seen ${seen.map(value).join(', ')}">
<line class="axis" x1="3%" x2="97%" y1="32" y2="32"/><rect class="band" x="${x(min)}" y="24" width="${width}" height="16" rx="3"/>
${seen.map((n) => html`<circle class="${n < min || n > max ? 'dot out' : 'dot'}" cx="${x(n)}" cy="32" r="5"/>`)}
<text class="seen" x="${x(extreme)}" y="14" text-anchor="middle">${value(extreme)}</text>
<text x="${x(min)}" y="58" text-anchor="middle">${value(min)}</text>${max === min ? null : html`<text x="${x(max)}" y="58" text-anchor="middle">${value(max)}</text>`}
</svg><figcaption>${far === 0 ? 'Inside the range that was learned.' : `${value(far)} outside the range that was learned, ${value(min)} to ${value(max)}.`}</figcaption></figure>`;
}

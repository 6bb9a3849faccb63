import { html } from 'hono/html';
import { deadIn, givenUpIn, type LaneState, type ShippingState, type Status, troubleOf, waitingIn } from '../../analyzer/coverage.ts';
import type { Html } from '../console.ts';
import { count, counted } from '../figures.ts';
import { ago } from '../time.ts';
import { icon } from './icon.ts';
import { csrfField } from './parts.ts';

const NAMES: { [kind: string]: string } = {
  taglists: 'Tag lists',
  registers: 'Register maps',
  health: 'Measurements',
  flows: 'Flows and summaries',
  audit: 'Audit lines',
};
const nameOf = (kind: string): string => NAMES[kind] ?? kind[0]?.toUpperCase() + kind.slice(1);

/** How shipping to Elasticsearch goes. `csrf`: of who may send refused documents once more. */
export function shippingSection(status: Status, now: number, csrf: string | null): Html | null {
  const { shipping, local, retention } = status;
  if (shipping === undefined) return null;
  return html`<section aria-labelledby="shipping"><h2 id="shipping">Elasticsearch</h2>
${verdict(shipping, local ?? '')}
${retention === undefined ? null : html`<p class="quiet">Observations, flows and measurements are kept ${retention === 0 ? 'for good' : counted(retention, 'day')}, here and there. Findings, decisions and the audit trail stay.</p>`}
${shipping.lanes.length === 0 ? null : lanes(shipping.lanes, now)}
${refused(shipping, csrf)}
</section>`;
}

function verdict(shipping: ShippingState, local: string): Html {
  const trouble = troubleOf(shipping);
  const waiting = waitingIn(shipping);
  if (trouble === '' && local === '')
    return html`<p>${waiting === 0 ? 'Everything stored is there too.' : html`${counted(waiting, 'document')} on the way.`} Pages are read from there.</p>`;
  return html`<div class="verdict blind" role="status">${icon('warning')}<div><p><b>${trouble === '' ? local : `${trouble}.`}</b></p><p>Pages show what this appliance keeps. ${counted(waiting, 'document')} wait here and go as soon as they can; nothing is lost.</p></div></div>`;
}

const lanes = (list: LaneState[], now: number): Html =>
  html`<div class="scroll"><table class="list" aria-label="Shipping"><thead><tr><th scope="col" class="w-rest">What</th><th scope="col" class="w-number figure">Shipped</th><th scope="col" class="w-number figure">A second</th><th scope="col" class="w-number figure">Waiting</th><th scope="col">Since</th><th scope="col" class="w-number figure">Refused</th><th scope="col" class="w-number figure">Given up</th><th scope="col">Trouble</th></tr></thead><tbody>${list.map(
    (lane) =>
      html`<tr><td>${nameOf(lane.kind)}</td><td class="figure">${count(lane.shipped)}</td><td class="figure">${lane.rate === 0 ? null : count(Math.ceil(lane.rate))}</td><td class="figure">${count(lane.waiting)}</td><td>${lane.oldest === 0 ? null : ago(new Date(lane.oldest).toISOString(), now)}</td><td class="figure${lane.dead > 0 ? ' bad' : ''}">${count(lane.dead)}</td><td class="figure${lane.given_up > 0 ? ' bad' : ''}">${count(lane.given_up)}</td><td class="cut" title="${lane.trouble}">${lane.trouble === '' ? null : html`${lane.trouble} <span class="quiet">(after ${counted(lane.tries, 'attempt')})</span>`}</td></tr>`,
  )}</tbody></table></div>`;

/** The last reason of each kind. */
const reasons = ({ lanes: list }: ShippingState): Html[] =>
  list.filter(({ dead }) => dead > 0).map(({ kind, dead, reason }) => html`<li>${nameOf(kind)} (${count(dead)}): <span class="mono">${reason}</span></li>`);

function refused(shipping: ShippingState, csrf: string | null): Html | null {
  const dead = deadIn(shipping);
  const given = givenUpIn(shipping);
  if (dead + given === 0) return null;
  return html`${given === 0 ? null : html`<p>${counted(given, 'document')} were given up for want of room or time: flows and summaries first, then measurements, then single observations. They are in this appliance's store until its retention drops them.</p>`}
${dead === 0 ? null : html`<p>${counted(dead, 'document')} were refused for good and are kept with the reason. Once the cause is gone, send them again.</p><ul>${reasons(shipping)}</ul>`}
${dead === 0 || csrf === null ? null : html`<form method="post" action="/coverage/replay">${csrfField(csrf)}<button type="submit">Send them again</button></form>`}`;
}

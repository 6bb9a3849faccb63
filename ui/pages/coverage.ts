import { html } from 'hono/html';
import type { Ceiling, Coverage, InterfaceCoverage, ProtocolCoverage } from '../../analyzer/coverage.ts';
import type { Html, Strip } from '../console.ts';
import { bytes, count, counted, share } from '../figures.ts';
import { protocolName } from '../names.ts';
import { absolute } from '../time.ts';
import { icon } from './icon.ts';

/** How well the sensor sees, and in words what it does not. */
export function coveragePage({ status }: Strip, shipping: Html | null): Html {
  const { coverage } = status;
  const limits = known(coverage);
  return html`<div class="heading"><h1>Coverage</h1><p class="quiet">What the sensor sees of the plant, how well, and what it does not see.</p></div>
${verdict(status.blind)}
<section aria-labelledby="limits"><h2 id="limits">What no rule can see here</h2>${limits.length === 0 ? html`<p class="quiet">Every flow that was seen is decoded, in both directions and in clear.</p>` : html`<ul class="sentences">${limits.map((text) => html`<li>${text}</li>`)}</ul>`}</section>
<section aria-labelledby="interfaces"><h2 id="interfaces">Interfaces</h2>${interfaces(coverage.interfaces)}</section>
<section aria-labelledby="protocols"><h2 id="protocols">Protocols</h2>${protocols(coverage.protocols)}</section>
${shipping}
<section aria-labelledby="ceilings"><h2 id="ceilings">Ceilings</h2><p class="quiet">Every table fed from the wire is bounded. A ceiling that was hit means something newer was not kept.</p>${ceilings(coverage.ceilings)}</section>
<section aria-labelledby="clock"><h2 id="clock">Clock</h2><p>${status.clock === '' ? 'No frame has arrived, so there is no capture time yet.' : html`The last frame came at <span class="mono">${absolute(status.clock)}</span>.`} ${coverage.clock_steps === 0 ? 'Capture time never went backwards or leapt.' : `Capture time went backwards or leapt ${counted(coverage.clock_steps, 'time')}; rhythms measured across a leap are not trusted.`}</p></section>`;
}

const verdict = (blind: string[]): Html =>
  blind.length === 0
    ? html`<div class="verdict sound">${icon('check')}<p><b>Nothing is known to be missed.</b> This says what the sensor can measure; it cannot measure a switch that mirrors only some of its ports.</p></div>`
    : html`<div class="verdict blind" role="status">${icon('warning')}<div><p><b>The sensor is partly blind.</b></p><ul>${blind.map((sentence) => html`<li>${sentence}</li>`)}</ul></div></div>`;

/** Sentences that follow from the counters, one a protocol and reason. */
export function known(coverage: Coverage): string[] {
  const sentences: string[] = [];
  for (const one of coverage.protocols) {
    const name = one.protocol === '' ? 'Unknown protocols' : protocolName(one.protocol);
    if (one.messages === 0 && one.flows > 0)
      sentences.push(`${name}: ${counted(one.flows, 'flow')} only named, not decoded. Who talks to whom is known, what they say is not.`);
    if (one.one_sided > 0)
      sentences.push(
        `${name}: ${counted(one.one_sided, 'flow')} of ${count(one.flows)} seen in one direction only. Requests and answers cannot be matched there.`,
      );
    if (one.opaque > 0) sentences.push(`${name}: ${share(one.opaque, one.messages)} of messages encrypted. Rules on their content stay silent.`);
    if (one.gaps > 0) sentences.push(`${name}: ${counted(one.gaps, 'gap')} in streams, ${bytes(one.lost_bytes)} never seen. Messages in them are missing.`);
  }
  for (const one of coverage.interfaces) {
    if (one.driver === 'cap') sentences.push(`${one.name}: the driver cap tells no times of its own. Times are those at which Stillwatch was handed a frame.`);
    if (one.dropped === null) sentences.push(`${one.name}: the source does not say how many frames it lost.`);
    if (one.truncated > 0) sentences.push(`${one.name}: ${counted(one.truncated, 'frame')} cut short by the capture. Their ends were not read.`);
    if (one.undecoded > 0) sentences.push(`${one.name}: ${counted(one.undecoded, 'frame')} with headers that could not be followed.`);
  }
  return sentences;
}

const bad = (n: number): string => (n > 0 ? 'figure bad' : 'figure');

/** Of an interface captured from live: how, and whether it is up. */
function state({ driver, up }: InterfaceCoverage): Html | string {
  if (driver === undefined) return '';
  return html` <span class="quiet">${driver}, ${up === false ? 'down' : 'up'}</span>`;
}

function interfaces(list: InterfaceCoverage[]): Html {
  if (list.length === 0) return html`<p class="quiet">No source is open.</p>`;
  return html`<div class="scroll"><table class="list" aria-label="Interfaces"><thead><tr><th scope="col" class="w-rest">Source</th><th scope="col" class="w-number figure">Frames</th><th scope="col" class="w-number figure">Volume</th><th scope="col" class="w-number figure">Lost</th><th scope="col" class="w-number figure">Lost share</th><th scope="col" class="w-number figure">Cut short</th><th scope="col" class="w-number figure">Undecoded</th><th scope="col" class="w-number figure">Doubled</th></tr></thead><tbody>${list.map(
    (one) =>
      html`<tr><td class="mono cut" title="${one.name}">${one.name}${state(one)}</td><td class="figure">${count(one.frames)}</td><td class="figure">${bytes(one.bytes)}</td><td class="${bad(one.dropped ?? 0)}">${one.dropped === null ? html`<span class="quiet">unknown</span>` : count(one.dropped)}</td><td class="${bad(one.dropped ?? 0)}">${one.dropped === null ? html`<span class="quiet">–</span>` : share(one.dropped, one.dropped + one.frames)}</td><td class="${bad(one.truncated)}">${count(one.truncated)}</td><td class="${bad(one.undecoded)}">${count(one.undecoded)}</td><td class="figure">${count(one.duplicates)}</td></tr>`,
  )}</tbody></table></div>`;
}

function protocols(list: ProtocolCoverage[]): Html {
  if (list.length === 0) return html`<p class="quiet">No flow was seen yet.</p>`;
  const sorted = [...list].sort((a, b) => b.frames - a.frames);
  return html`<div class="scroll"><table class="list" aria-label="Protocols"><thead><tr><th scope="col" class="w-rest">Protocol</th><th scope="col" class="w-number figure">Flows</th><th scope="col" class="w-number figure">Frames</th><th scope="col" class="w-number figure">Volume</th><th scope="col" class="w-number figure">Messages</th><th scope="col" class="w-number figure">One-sided</th><th scope="col" class="w-number figure">Gaps</th><th scope="col" class="w-number figure">Missing</th><th scope="col" class="w-number figure">Repeated</th><th scope="col" class="w-number figure">Doubled</th><th scope="col" class="w-number figure">Out of spec</th><th scope="col" class="w-number figure">Encrypted</th></tr></thead><tbody>${sorted.map(
    (one) =>
      html`<tr><td class="cut">${protocolName(one.protocol)}${one.messages === 0 ? html` <span class="quiet">named only</span>` : null}</td><td class="figure">${count(one.flows)}</td><td class="figure">${count(one.frames)}</td><td class="figure">${bytes(one.bytes)}</td><td class="figure">${one.messages === 0 ? html`<span class="quiet">–</span>` : count(one.messages)}</td><td class="${bad(one.one_sided)}">${share(one.one_sided, one.flows)}</td><td class="${bad(one.gaps)}">${count(one.gaps)}</td><td class="${bad(one.lost_bytes)}">${bytes(one.lost_bytes)}</td><td class="figure">${count(one.retransmitted)}</td><td class="figure">${count(one.duplicates)}</td><td class="${bad(one.flaws)}">${count(one.flaws)}</td><td class="${bad(one.opaque)}">${share(one.opaque, one.messages)}</td></tr>`,
  )}</tbody></table></div>`;
}

function ceilings(list: Ceiling[]): Html {
  if (list.length === 0) return html`<p class="quiet">No ceiling is reported.</p>`;
  return html`<div class="scroll"><table class="list" aria-label="Ceilings"><thead><tr><th scope="col" class="w-rest">Table</th><th scope="col" class="w-meter">Filled</th><th scope="col" class="w-number figure">Used</th><th scope="col" class="w-number figure">Limit</th><th scope="col" class="w-number figure">Times hit</th></tr></thead><tbody>${list.map(
    (one) => {
      const filled = one.limit === 0 ? 0 : Math.min(100, (100 * one.used) / one.limit);
      return html`<tr><td>${one.name}</td><td class="volume"><svg class="bar${filled > 90 || one.hit > 0 ? ' full' : ''}" width="160" height="6" aria-hidden="true"><rect class="track" width="100%" height="6" rx="3"/><rect class="fill" width="${filled.toFixed(1)}%" height="6" rx="3"/></svg><span class="figures">${share(one.used, one.limit)}</span></td><td class="figure">${count(one.used)}</td><td class="figure">${count(one.limit)}</td><td class="${bad(one.hit)}">${count(one.hit)}</td></tr>`;
    },
  )}</tbody></table></div>`;
}

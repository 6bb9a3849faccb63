import { html } from 'hono/html';
import type { FindingView } from '../../analyzer/finding.ts';
import type { Kept } from '../../analyzer/store/store.ts';
import type { Html } from '../console.ts';
import { count, counted } from '../figures.ts';
import { fieldText, flatten, named, text } from '../seen.ts';
import { absolute, when } from '../time.ts';

/** Occurrences listed on the page, frames named in the filter. */
const MAX_OCCURRENCES = 100;
const MAX_FILTER = 40;
/** Fields that the summary line of an observation already says. */
const SAID = new Set(['kind', '@timestamp', 'source.ip', 'destination.ip', 'request_frame', 'response_frame', 'outcome']);

/** Decoded frames around the finding, then every occurrence with its frame numbers. */
export function frames(finding: FindingView, observations: Kept[], clock: number): Html {
  return html`${observations.length === 0 ? html`<p class="quiet">No decoded frame is kept for it: cyclic reads are summarised, and old observations expire. The frame numbers below still name them in the capture.</p>` : html`<div class="decoded">${observations.map((one, i) => decoded(one, i === 0))}</div>`}
${occurrences(finding, clock)}`;
}

function decoded(one: Kept, open: boolean): Html {
  const flat = flatten(one.json);
  const outcome = text(flat.get('outcome'));
  const rest = [...flat].filter(([name, value]) => !SAID.has(name) && value !== null);
  return html`<details class="frame" ${open ? html`open` : null}><summary><span class="mono quiet">#${one.frames.join(' #')}</span><span class="mono">${one.source} → ${one.destination}</span><span class="what">${summary(flat)}</span><span class="outcome" data-outcome="${outcome}">${outcome}</span><span class="mono quiet">${absolute(one['@timestamp']).slice(11)}</span></summary>
<dl class="fields">${rest.map(([name, value]) => html`<div><dt class="mono">${name}</dt><dd class="mono">${fieldText(name, value) || '–'}</dd></div>`)}</dl></details>`;
}

/** `write_single_register 100 = 7`, `Write ns=2;s=Pump.Speed`: what an engineer would say of it. */
function summary(flat: Map<string, unknown>): string {
  const said = (name: string) => text(flat.get(name));
  const handshake = said('tls.handshake') === '' ? '' : `TLS ${said('tls.version')} handshake, ${said('tls.handshake')}`;
  const what = said('modbus.function') || said('opcua.service') || said('opcua.message_type') || handshake || said('kind');
  const where = said('modbus.range') || said('modbus.address');
  const values = said('modbus.values');
  const node = text((flat.get('opcua.nodes') as { node_id?: unknown }[] | undefined)?.[0]?.node_id);
  const times = flat.get('summary.count');
  if (typeof times === 'number') return summarised([what.replaceAll('_', ' '), where, node], times, flat.get('summary.period'));
  const tags = named(flat.get('modbus.tags'));
  return [what.replaceAll('_', ' '), where, node, values === '' ? '' : `= ${values.slice(0, 80)}`, tags === '' ? '' : `(${tags.slice(0, 80)})`]
    .filter((part) => part !== '')
    .join(' ');
}

/** `read holding registers, holding_registers 0-9, 300 times, every 1,002 ms`. */
function summarised(what: string[], times: number, period: unknown): string {
  const rhythm = typeof period === 'number' ? `every ${count(Math.round(period))} ms` : '';
  return [...what, counted(times, 'time'), rhythm].filter((part) => part !== '').join(', ');
}

function occurrences(finding: FindingView, clock: number): Html {
  const shown = finding.occurrences.slice(0, MAX_OCCURRENCES);
  const numbers = shown.flatMap((one) => one.frames).slice(0, MAX_FILTER);
  return html`<details class="quietly" ${shown.length <= 6 ? html`open` : null}><summary>${counted(finding.count, 'occurrence')}${finding.count > shown.length ? `, ${count(shown.length)} listed` : ''}</summary>
<table class="list plain"><thead><tr><th scope="col">When</th><th scope="col">Time</th><th scope="col">Frames</th></tr></thead><tbody>${shown.map(
    (one) =>
      html`<tr><td>${when(one['@timestamp'], clock)}</td><td class="mono">${absolute(one['@timestamp'])}</td><td class="mono">${one.frames.join(', ')}</td></tr>`,
  )}</tbody></table></details>
${numbers.length === 0 ? null : html`<p class="quiet hint">In Wireshark: <code class="mono">frame.number in {${numbers.join(', ')}}</code></p>`}`;
}

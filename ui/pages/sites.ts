import { html } from 'hono/html';
import { waitingIn } from '../../analyzer/coverage.ts';
import { LEVELS } from '../../analyzer/finding.ts';
import type { Html, SensorView, SiteView } from '../console.ts';
import { count, counted, short } from '../figures.ts';
import { ago } from '../time.ts';
import { learning, loss, STATE_WORDS } from './frame.ts';
import { icon } from './icon.ts';
import { empty, LEVEL_WORDS } from './parts.ts';
import { at } from './site.ts';

/** Every site at a glance: what is open there, and whether its sensors are heard and see. */
export function sitesPage(sites: SiteView[], now: number): Html {
  const silent = sites.filter(isSilent);
  return html`<div class="heading"><h1>Sites</h1><p class="quiet">${counted(sites.length, 'site')}${silent.length === 0 ? '' : `, ${silent.length} silent`}</p></div>
${silent.length === 0 ? null : html`<div class="verdict blind" role="status">${icon('warning')}<div><p><b>Not every site is heard.</b></p><ul>${silent.map((site) => html`<li>${site.name} ${said(site, now)}. What happens there meanwhile is not seen here; its own console shows it.</li>`)}</ul></div></div>`}
${sites.length === 0 ? nobody() : table(sites, now)}`;
}

const isSilent = ({ sensors }: SiteView): boolean => sensors.every(({ silent }) => silent);

const said = ({ sensors }: SiteView, now: number): string => {
  const last = Math.max(...sensors.map(({ contact }) => contact));
  return `was heard last ${ago(new Date(last).toISOString(), now)}`;
};

const nobody = (): Html =>
  empty(
    'No site has reported yet',
    'Name this cluster and a site in the configuration of an appliance (elasticsearch.nodes, site); it appears here within seconds.',
  );

const table = (sites: SiteView[], now: number): Html =>
  html`<div class="scroll"><table class="list" data-rows aria-label="Sites"><thead><tr><th scope="col" class="w-range">Site</th><th scope="col" class="w-rest">Open findings</th><th scope="col" class="w-state">Sensor</th><th scope="col" class="w-status">State</th><th scope="col" class="w-time">Last contact</th><th scope="col" class="w-count figure">Frames/s</th><th scope="col" class="w-count figure">Waiting</th><th scope="col" class="w-address">Loss</th><th scope="col" class="w-address figure">Assets learned</th></tr></thead><tbody>${sites.map((site) => site.sensors.map((sensor, n) => row(site, sensor, n === 0, now)))}</tbody></table></div>`;

/** A row a sensor; the site stands with its first. */
function row(site: SiteView, sensor: SensorView, first: boolean, now: number): Html {
  const { status } = sensor;
  return html`<tr class="${sensor.silent ? 'silent' : ''}">
<td class="cut" title="${site.name}">${first ? html`<a class="title" href="${at('/findings', site.name)}">${site.name}</a>` : null}</td>
<td class="levels">${first ? open(site) : null}</td>
<td class="mono cut" title="${sensor.name}, Stillwatch ${sensor.version}: ${status.source}">${sensor.name}</td>
<td>${sensor.silent ? html`<span class="unable">silent</span>` : html`<span class="pulse" data-state="${status.state}"></span>${STATE_WORDS[status.state]}`}</td>
<td>${ago(new Date(sensor.contact).toISOString(), now)}</td>
<td class="figure">${sensor.silent ? html`<span class="quiet">–</span>` : short(status.frames_per_second)}</td>
<td class="figure" title="documents that have not arrived here yet">${waiting(sensor)}</td>
<td>${loss(status)}</td>
<td class="figure" title="${learning(status)}">${assets(status)}</td></tr>`;
}

/** Those that are learned, of how many. */
const assets = ({ assets_learning: left, assets_protected: learned }: SensorView['status']): string =>
  left === 0 ? count(learned) : `${count(learned)} of ${count(left + learned)}`;

const waiting = ({ silent, status: { shipping } }: SensorView): Html | string =>
  silent || shipping === undefined ? html`<span class="quiet">–</span>` : count(waitingIn(shipping));

function open(site: SiteView): Html {
  const some = [...LEVELS].reverse().filter((level) => site.open[level] > 0);
  if (some.length === 0) return html`<span class="quiet">nothing open</span>`;
  return html`${some.map((level) => html`<a href="/findings?level=${level}&amp;site=${encodeURIComponent(site.name)}" data-level="${level}">${count(site.open[level])} ${LEVEL_WORDS[level].toLowerCase()}</a> `)}`;
}

import { html } from 'hono/html';
import { type Asset, ATTRIBUTES, type Attribute, behindGateway, best } from '../../analyzer/asset.ts';
import type { Fact } from '../../analyzer/fact.ts';
import { type Decision, type FindingView, standing } from '../../analyzer/finding.ts';
import type { RegisterTable } from '../../analyzer/registers/map.ts';
import type { Conversation, Page } from '../../analyzer/store/store.ts';
import type { Html, Strip } from '../console.ts';
import { bytes, count, counted, value } from '../figures.ts';
import { protocolName, words } from '../names.ts';
import { absolute, when } from '../time.ts';
import { entry } from './history.ts';
import { icon } from './icon.ts';
import { button, csrfField, hidden, level, statusPill } from './parts.ts';
import { registers, some } from './registers.ts';
import { at } from './site.ts';
import { tagList } from './taglist.ts';

/** `known`: which decisions the page showed, see `knownOf`. `typed`: what came back with an edit that was refused. */
export type EditForm = {
  csrf: string;
  /** The site it decides for, where there are many. */
  site: string | null;
  nonce: string;
  known: string[];
  problem?: string;
  typed?: { [field in 'name' | 'role' | 'purdue_level' | 'comment']: string };
};

export type AssetCard = {
  asset: Asset;
  conversations: Page<Conversation>;
  registers: RegisterTable[];
  /** Points of protocols whose points are named: OPC UA. */
  nodes: Page<Fact>;
  /** Whether it has, or had, a tag list of its own. */
  tagged: boolean;
  /** Tags that the configuration gives it. */
  configured: number;
  findings: Page<FindingView>;
  decisions: Decision[];
  /** Ids of those that have not reached the site yet. */
  waiting: ReadonlySet<string>;
  /** Devices behind it, where it is a gateway. */
  behind: Asset[];
  /** Names of the addresses it talks to. */
  names: Map<string, string>;
  strip: Strip;
  now: number;
  form: EditForm | null;
};

/** Roles offered when editing; any other word may be typed. */
const ROLES = [
  'plc',
  'rtu',
  'gateway',
  'hmi',
  'scada',
  'historian',
  'engineering_station',
  'opcua_server',
  'opcua_client',
  'drive',
  'sensor',
  'switch',
  'router',
  'scanner',
];

export function assetPage(card: AssetCard): Html {
  const { asset, strip } = card;
  const name = best(asset, 'name') || best(asset, 'hostname');
  const line = [best(asset, 'vendor'), best(asset, 'model') || best(asset, 'product'), words(best(asset, 'role'))].filter((part) => part !== '');
  return html`<nav class="crumb"><a href="/assets" data-key="u">${icon('back')}Assets</a></nav>
<header class="lead">
<p class="meta"><span class="state" data-state="${asset.state}">${asset.state}</span>${asset.state === 'learning' ? html`<span class="quiet">until ${absolute(asset.learning_until)}</span>` : null}<span class="quiet">First seen</span> ${when(asset.first_seen, strip.clock)} <span class="quiet">Last seen</span> ${when(asset.last_seen, strip.clock)}</p>
<h1>${name === '' ? html`<span class="mono">${asset.address}</span>` : html`${name} <span class="mono quiet">${asset.address}</span>`}</h1>
<p class="sentence">${line.length === 0 ? 'Nothing is known of it but its address.' : line.join(' · ')}${gatewayOf(asset)}</p>
</header>
${card.form === null ? null : editing(asset, card.form)}
<div class="columns">
<div class="story">
${card.behind.length === 0 ? null : html`<section aria-labelledby="behind"><h2 id="behind">Devices behind it <span class="amount">${count(card.behind.length)}</span></h2>${behind(card)}</section>`}
<section aria-labelledby="findings"><h2 id="findings">Its findings <span class="amount">${count(card.findings.total)}</span></h2>${findings(card)}</section>
<section aria-labelledby="talks"><h2 id="talks">${behindGateway(asset.address) === null ? 'Who it talks to' : 'Who talks to its gateway'} <span class="amount">${count(card.conversations.total)}</span></h2>${talks(card)}</section>
<section aria-labelledby="points"><h2 id="points">Its points <span class="amount">${count(pointCount(card))}</span></h2>${points(card)}</section>
${card.decisions.length === 0 ? null : html`<section aria-labelledby="history"><h2 id="history">Edits</h2><ol class="history">${card.decisions.map((one) => entry(one, card.now, card.waiting.has(one.id)))}</ol></section>`}
</div>
<aside class="facts identity" aria-labelledby="identity"><h2 id="identity">Identity</h2>${identity(card)}</aside>
</div>`;
}

/** A device behind a gateway says so, and leads there. */
function gatewayOf({ address }: Asset): Html | null {
  const at = behindGateway(address);
  return at === null ? null : html` · unit ${at.unit} behind <a class="mono" href="/assets/${encodeURIComponent(at.server)}">${at.server}</a>`;
}

function behind({ behind, strip }: AssetCard): Html {
  return html`<div class="scroll"><table class="list" data-rows aria-label="Devices behind it"><thead><tr><th scope="col" class="w-unit figure">Unit</th><th scope="col" class="w-address">Address</th><th scope="col" class="w-rest">What it is</th><th scope="col" class="w-time">Last seen</th></tr></thead><tbody>${behind.map(
    (one) =>
      html`<tr><td class="figure">${behindGateway(one.address)?.unit}</td><td class="mono cut"><a class="title" href="/assets/${encodeURIComponent(one.id)}">${one.address}</a></td><td class="cut">${[best(one, 'name'), best(one, 'vendor'), best(one, 'model') || best(one, 'product')].filter((part) => part !== '').join(' · ') || html`<span class="quiet">it said nothing of itself yet</span>`}</td><td>${when(one.last_seen, strip.clock)}</td></tr>`,
  )}</tbody></table></div>`;
}

const SURE = ['', 'a guess', 'derived', 'shown by behaviour', 'announced by the device', 'said by the device'];

function identity({ asset, strip }: AssetCard): Html {
  const names = ATTRIBUTES.filter((name) => asset.attributes.some((one) => one.name === name));
  if (names.length === 0) return html`<p class="quiet">No attribute is known yet.</p>`;
  return html`<dl>${names.map(
    (name) =>
      html`<div><dt>${words(name)}</dt>${asset.attributes
        .filter((one) => one.name === name)
        .slice(0, 24)
        .map((one) => attribute(one, strip.clock))}</div>`,
  )}</dl>`;
}

function attribute(one: Attribute, clock: number): Html {
  const frames = one.frames.length === 0 ? '' : `, frame ${one.frames.join(', ')}`;
  return html`<dd><span class="value">${one.name === 'role' ? words(one.value) : one.name === 'protocol' ? protocolName(one.value) : one.value}</span><small>${confidence(one)} <span title="${`first ${absolute(one.first_seen)}, last ${absolute(one.last_seen)}${frames}`}">${one.source}</span> · ${when(one.last_seen, clock)}</small></dd>`;
}

const confidence = (one: Attribute): Html =>
  html`<span class="sure" role="img" aria-label="confidence ${one.confidence} of 5: ${SURE[one.confidence]}" title="${one.confidence} of 5: ${SURE[one.confidence]}">${[1, 2, 3, 4, 5].map((n) => html`<i class="${n <= one.confidence ? 'on' : ''}"></i>`)}</span>`;

function findings({ asset, findings, strip, now }: AssetCard): Html {
  if (findings.items.length === 0) return html`<p class="quiet">No finding names it.</p>`;
  return html`<div class="scroll"><table class="list" data-rows aria-label="Findings of this asset"><tbody>${findings.items.map(
    (one) =>
      html`<tr data-level="${one.level}"><td class="w-level">${level(one.level)}</td><td class="w-rest"><a class="title" href="/findings/${encodeURIComponent(one.id)}">${one.title}</a><span class="aside">${one.explanation}</span></td><td class="w-status">${statusPill(standing(one, now), null)}</td><td class="w-time">${when(one.last_seen, strip.clock)}</td></tr>`,
  )}</tbody></table></div>
${findings.total > findings.items.length ? html`<p><a href="/findings?status=all&address=${encodeURIComponent(asset.address)}">All ${counted(findings.total, 'finding')}</a></p>` : null}`;
}

function talks({ asset, conversations, names, strip }: AssetCard): Html {
  if (conversations.items.length === 0)
    return html`<p class="quiet">It was seen, but no conversation of it: only broadcasts, or frames that could not be followed.</p>`;
  const most = Math.max(...conversations.items.map((one) => one.bytes), 1);
  const own = behindGateway(asset.address)?.server ?? asset.address;
  return html`<div class="scroll"><table class="list" aria-label="Conversations"><thead><tr><th scope="col" class="w-with">With</th><th scope="col" class="w-as">As</th><th scope="col" class="w-protocol">Protocol</th><th scope="col" class="w-rest">Volume</th><th scope="col" class="w-count figure">Requests</th><th scope="col" class="w-count figure">Refused</th><th scope="col" class="w-count figure">Silent</th><th scope="col" class="w-time">Last seen</th></tr></thead><tbody>${conversations.items.map(
    (one) => {
      const other = one.client === own || asset.ip.includes(one.client) ? one.server : one.client;
      return html`<tr><td class="cut"><a class="mono" href="/assets/${encodeURIComponent(other)}">${other}</a>${names.has(other) ? html` <span class="quiet">${names.get(other)}</span>` : null}</td><td>${other === one.server ? 'client' : 'server'}</td><td class="cut">${protocolName(one.protocol)} <span class="quiet mono">${one.transport}${one.port > 0 ? `/${one.port}` : ''}</span></td><td class="volume"><svg class="bar" width="48" height="6" aria-hidden="true"><rect class="track" width="100%" height="6" rx="3"/><rect class="fill" width="${Math.max(1, (100 * one.bytes) / most).toFixed(1)}%" height="6" rx="3"/></svg><span class="figures">${bytes(one.bytes)}</span></td><td class="figure">${count(one.transactions)}</td><td class="figure${one.exceptions > 0 ? ' bad' : ''}">${count(one.exceptions)}</td><td class="figure${one.timeouts > 0 ? ' bad' : ''}">${count(one.timeouts)}</td><td>${when(one.last_seen, strip.clock)}</td></tr>`;
    },
  )}</tbody></table></div>${conversations.total > conversations.items.length ? html`<p class="quiet">The first ${count(conversations.items.length)} of ${count(conversations.total)}.</p>` : null}`;
}

const pointCount = ({ registers, nodes }: AssetCard): number => registers.reduce((sum, table) => sum + table.points, 0) + nodes.total;

/** The register map, and whatever else has points: nodes. */
function points(card: AssetCard): Html {
  const { asset, registers: tables, nodes, strip } = card;
  const none = tables.length === 0 && nodes.items.length === 0;
  return html`${none ? html`<p class="quiet">No register or node of it was read or written yet, or it is not a server.</p>` : null}
${tables.length === 0 ? null : registers(asset, tables, strip)}
${tables.length === 0 && card.configured === 0 && !card.tagged ? null : tagList(asset, card.decisions, card.configured, card.form)}
${nodes.items.length === 0 ? null : nodeTable(card)}`;
}

function nodeTable({ asset, nodes, strip }: AssetCard): Html {
  return html`<div class="scroll"><table class="list" aria-label="Nodes"><thead><tr><th scope="col" class="w-rest">Node</th><th scope="col" class="w-party">Read or watched by</th><th scope="col" class="w-party">Written or called by</th><th scope="col" class="w-range">Range and last value</th><th scope="col" class="w-count figure">Times</th><th scope="col" class="w-time">Last seen</th></tr></thead><tbody>${nodes.items.map(
    (one) =>
      html`<tr><td class="cut" title="${one.what}${one.name === undefined ? '' : ` ${one.name}`}"><span class="mono">${one.what}</span>${one.name === undefined ? null : html` <span class="quiet">${one.name}</span>`}</td>${doing(one.readers, one.watchers, 'watched')}${doing(one.writers, one.callers, 'called')}<td>${range(one)}</td><td class="figure">${count(one.count)}</td><td>${when(one.last_seen, strip.clock)}</td></tr>`,
  )}</tbody></table></div>${nodes.total > nodes.items.length ? html`<p><a href="/baseline?kind=point&server=${encodeURIComponent(asset.address)}">All ${counted(nodes.total, 'node')}</a></p>` : null}`;
}

/** Who does one thing with a node, then who does `also` only. */
function doing(first: readonly string[], second: readonly string[] | undefined, also: string): Html {
  const others = (second ?? []).filter((one) => !first.includes(one));
  const all = [...first, ...others.map((one) => `${one} (${also})`)];
  return html`<td class="mono cut" title="${all.slice(0, 20).join(', ')}">${some(all) || html`<span class="quiet">–</span>`}</td>`;
}

/** The learned range as a line, the last value as a mark on it. */
function range({ range, text }: Fact): Html {
  if (range === null) return text === undefined ? html`<span class="quiet">no numbers</span>` : html`<b title="last value">${text}</b>`;
  const at = range.max === range.min ? 50 : Math.min(100, Math.max(0, (100 * (range.last - range.min)) / (range.max - range.min)));
  return html`<span class="range"><span class="figures">${value(range.min)}</span><svg width="64" height="12" aria-hidden="true"><line class="axis" x1="4" x2="60" y1="6" y2="6"/><circle class="dot" cx="${(4 + 0.56 * at).toFixed(1)}" cy="6" r="3.5"/></svg><span class="figures">${value(range.max)}</span><b class="figures" title="last value">${value(range.last)}</b></span>`;
}

function editing(asset: Asset, form: EditForm): Html {
  const field = (name: 'name' | 'role' | 'purdue_level', title: string, more: Html) =>
    html`<label class="stack">${title}<input name="${name}" value="${form.typed?.[name] ?? best(asset, name)}" maxlength="100" autocomplete="off" ${more}></label>${hidden(`was_${name}`, best(asset, name))}`;
  return html`<div class="actions">${form.problem === undefined ? null : html`<p class="notice warn" role="alert">${form.problem}</p>`}<details class="popover" ${form.problem === undefined ? null : html`open`}><summary class="button" data-key="e">Edit…<kbd>e</kbd></summary>
<form method="post" action="${at(`/assets/${encodeURIComponent(asset.id)}/edit`, form.site)}" class="panel">${csrfField(form.csrf)}${hidden('nonce', form.nonce)}${hidden('known', form.known.join(' '))}
${field('name', 'Name', html``)}${field('role', 'Role', html`list="roles"`)}<datalist id="roles">${ROLES.map((role) => html`<option value="${role}"></option>`)}</datalist>
${field('purdue_level', 'Purdue level', html`inputmode="decimal" pattern="0|1|2|3|3\\.5|4|5" title="0, 1, 2, 3, 3.5, 4 or 5"`)}
<label class="stack">Why<textarea name="comment" rows="2" maxlength="4000">${form.typed?.comment ?? ''}</textarea></label>
<p class="quiet">What you write is yours: nothing seen on the wire overwrites it.</p>${button('Save', '', 'primary')}</form></details></div>`;
}

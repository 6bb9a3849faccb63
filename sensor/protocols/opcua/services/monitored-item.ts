/** MonitoredItem service set, Part 4, 5.13. */
import { float, statusInfo, statusText } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import type { Reader } from '../reader.ts';
import { isBad, statusName } from '../status.ts';
import { TIMESTAMPS, target } from './attribute.ts';
import { filterResult, monitoringFilter } from './filter.ts';
import { statusResults } from './management.ts';
import type { Service } from './service.ts';

const MODES = ['disabled', 'sampling', 'reporting'];

const modeName = (n: number): string | number => MODES[n] ?? n;

function subscription(r: Reader, call: Call): number {
  const id = r.u32le();
  call.fields['opcua.subscription_id'] = id;
  return id;
}

function timestamps(r: Reader, call: Call): void {
  const which = r.u32le();
  call.fields['opcua.timestamps_to_return'] = TIMESTAMPS[which] ?? which;
}

/** MonitoringParameters, Part 4, 7.21; `names` of the event fields that the filter selects go to `call.events`, at the item's place. */
function parameters(r: Reader, call: Call, i: number): Item {
  const handle = r.u32le();
  const sampling = float(r.f64le());
  const filter = monitoringFilter(r);
  if (filter.names !== null) (call.events ??= new Map()).set(i, filter.names);
  const rest = { queue_size: r.u32le(), discard_oldest: r.u8() !== 0 };
  return { client_handle: handle, sampling_interval: sampling, ...rest, ...(filter.value === null ? {} : { filter: filter.value }) };
}

function createRequest(r: Reader, call: Call): void {
  subscription(r, call);
  timestamps(r, call);
  call.nodes = call.list(r, 36, (_, i) => {
    const item = target(r);
    r.skip(2);
    r.skipString();
    const mode = modeName(r.u32le());
    return { ...item, status: null, monitored_item_id: null, monitoring_mode: mode, ...parameters(r, call, i) };
  });
}

/** What the server made of an item: status, its number, sampling interval and queue size as revised, and its word on the filter. True when it took it. */
function revised(r: Reader, call: Call, node: Item, numbered: boolean): boolean {
  const code = r.u32le();
  node['status'] = statusName(code);
  Object.assign(node, statusInfo(code));
  const id = numbered ? r.u32le() : -1;
  const sampling = float(r.f64le());
  const queue = r.u32le();
  const result = filterResult(r, call);
  if (!isBad(code)) {
    if (numbered) node['monitored_item_id'] = id;
    node['revised_sampling_interval'] = sampling;
    node['revised_queue_size'] = queue;
  }
  if (result !== null) node['filter_result'] = result;
  return !isBad(code) && !r.short;
}

function createResponse(r: Reader, call: Call): void {
  const id = call.fields['opcua.subscription_id'];
  call.results(r, 23, call.nodes, (_, node, i) => {
    const taken = revised(r, call, node, true);
    const item = node['monitored_item_id'];
    if (!taken || typeof id !== 'number' || typeof item !== 'number' || typeof node['node_id'] !== 'string') return;
    const events = call.events?.get(i) ?? null;
    const watched = { id: item, node: node['node_id'], attribute: Number(node['attribute_id']), handle: Number(node['client_handle']), events };
    call.subscriptions.watch(call.server, id, call.session, watched);
  });
  call.operationDiagnostics(r);
}

/** The item of that number as a node; node id null when its creation was not seen. */
function known(call: Call, subscriptionId: number, id: number): Item {
  const item = call.subscriptions.item(call.server, subscriptionId, id);
  return { node_id: item?.node ?? null, attribute_id: item?.attribute ?? null, status: null, monitored_item_id: id };
}

function modifyRequest(r: Reader, call: Call): void {
  const id = subscription(r, call);
  timestamps(r, call);
  call.nodes = call.list(r, 24, (_, i) => ({ ...known(call, id, r.u32le()), ...parameters(r, call, i) }));
}

function modifyResponse(r: Reader, call: Call): void {
  const id = Number(call.fields['opcua.subscription_id'] ?? -1);
  call.results(r, 19, call.nodes, (_, node, i) => {
    const taken = revised(r, call, node, false);
    if (!taken || typeof node['client_handle'] !== 'number') return;
    call.subscriptions.modify(call.server, id, Number(node['monitored_item_id']), node['client_handle'], call.events?.get(i) ?? null);
  });
  call.operationDiagnostics(r);
}

function modeRequest(r: Reader, call: Call): void {
  const id = subscription(r, call);
  call.fields['opcua.monitoring_mode'] = modeName(r.u32le());
  call.nodes = call.list(r, 4, () => known(call, id, r.u32le()));
}

/** The triggering item reports those that are linked to it: Part 4, 5.13.5. */
function triggeringRequest(r: Reader, call: Call): void {
  const id = subscription(r, call);
  const trigger = known(call, id, r.u32le());
  call.fields['opcua.triggering_item_id'] = trigger['monitored_item_id'] ?? null;
  call.fields['opcua.triggering_node_id'] = trigger['node_id'] ?? null;
  const add = call.list(r, 4, () => ({ ...known(call, id, r.u32le()), link: 'add' }));
  const remove = call.list(r, 4, () => ({ ...known(call, id, r.u32le()), link: 'remove' }));
  call.nodes = [...add, ...remove];
}

function triggeringResponse(r: Reader, call: Call): void {
  for (const link of ['add', 'remove']) {
    const nodes = call.nodes === null ? null : call.nodes.filter((node) => node['link'] === link);
    call.results(r, 4, nodes, (_, node) => {
      node['status'] = statusText(r);
    });
    call.operationDiagnostics(r);
  }
}

function deleteRequest(r: Reader, call: Call): void {
  const id = subscription(r, call);
  call.nodes = call.list(r, 4, () => known(call, id, r.u32le()));
}

function deleteResponse(r: Reader, call: Call): void {
  statusResults(r, call);
  const id = Number(call.fields['opcua.subscription_id'] ?? -1);
  for (const node of call.nodes ?? []) if (node['status'] === 'Good') call.subscriptions.unwatch(call.server, id, Number(node['monitored_item_id']));
}

export const monitoredItemServices: readonly Service[] = [
  { name: 'CreateMonitoredItems', request: 751, response: 754, access: 'subscribe', decodeRequest: createRequest, decodeResponse: createResponse },
  { name: 'ModifyMonitoredItems', request: 763, response: 766, access: 'subscribe', decodeRequest: modifyRequest, decodeResponse: modifyResponse },
  { name: 'SetMonitoringMode', request: 769, response: 772, access: 'subscribe', decodeRequest: modeRequest, decodeResponse: statusResults },
  { name: 'SetTriggering', request: 775, response: 778, access: 'subscribe', decodeRequest: triggeringRequest, decodeResponse: triggeringResponse },
  { name: 'DeleteMonitoredItems', request: 781, response: 784, access: 'subscribe', decodeRequest: deleteRequest, decodeResponse: deleteResponse },
];

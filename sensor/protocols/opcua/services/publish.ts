/** Publish and Republish, Part 4, 5.14.5 and 5.14.6: notifications joined with what each client handle stands for. */
import type { Value } from '../../../observation.ts';
import { dateTimeText, type Extension, extension, inside, statusText, unknownBody } from '../builtin.ts';
import { type Call, type Fields, type Item, MAX_ITEMS } from '../call.ts';
import { diagnosticInfo } from '../diagnostic.ts';
import type { Reader } from '../reader.ts';
import { valueItem } from '../variant.ts';
import { eventFields, some } from './filter.ts';
import type { Service } from './service.ts';

/** A server keeps a Publish until there is something to tell (Part 4, 5.14.5): keep-alive count times publishing interval, in minutes. */
const PUBLISH_PATIENCE = 3_600_000;
/** Sequence numbers kept of one list of a response. */
export const MAX_SEQUENCES = 100;
/** Notifications (of many items each) of one message that are told by their kind. */
const MAX_NOTIFICATIONS = 100;

/** Binary encodings. */
const DATA_CHANGE = 811;
const STATUS_CHANGE = 820;
const EVENTS = 916;

function publishRequest(r: Reader, call: Call): void {
  call.listed = call.list(r, 8, () => ({ subscription_id: r.u32le(), sequence_number: r.u32le(), status: null }));
  if (call.listed.length > 0) call.fields['opcua.acknowledgements'] = call.listed;
}

/** The node that a handle stands for: node id null when that was not seen, or is not sure. */
function watched(call: Call, subscription: number, handle: number): { node: Item; events: readonly string[] | null } {
  const item = call.subscriptions.handle(call.server, subscription, handle);
  const node = { node_id: item?.node ?? null, attribute_id: item?.attribute ?? null, client_handle: handle, monitored_item_id: item?.id ?? null };
  return { node, events: item?.events ?? null };
}

function dataChanges(r: Reader, call: Call, subscription: number): Item[] {
  const items = call.list(r, 5, () => {
    const { node } = watched(call, subscription, r.u32le());
    return { ...node, ...valueItem(r) };
  });
  call.operationDiagnostics(r);
  return items;
}

const events = (r: Reader, call: Call, subscription: number): Item[] =>
  call.list(r, 8, () => {
    const { node, events: names } = watched(call, subscription, r.u32le());
    return { ...node, event: eventFields(r, names) };
  });

/** StatusChangeNotification, Part 4, 7.25.4: the subscription ended (BadTimeout) or went to another session (GoodSubscriptionTransferred). */
function statusChange(r: Reader, call: Call, subscription: number): Item[] {
  const status = statusText(r);
  call.fields['opcua.subscription_status'] = status;
  const info = diagnosticInfo(r, call.table);
  if (info !== null) call.diagnose({ operation: null, ...info });
  if (status === 'BadTimeout' && !r.short) call.subscriptions.end(call.server, subscription);
  return [];
}

const KINDS: { readonly [type: number]: { name: string; read: (r: Reader, call: Call, subscription: number) => Item[] } } = {
  [DATA_CHANGE]: { name: 'data_change', read: dataChanges },
  [EVENTS]: { name: 'event', read: events },
  [STATUS_CHANGE]: { name: 'status_change', read: statusChange },
};

function notification(r: Reader, e: Extension, call: Call, subscription: number, nodes: Item[]): Value {
  const kind = KINDS[e.type];
  if (kind === undefined) return unknownBody(r, e);
  const items = inside(r, e, (body) => kind.read(body, call, subscription));
  for (const item of items ?? []) {
    if (nodes.length < MAX_ITEMS) nodes.push(item);
    else call.leftOff++;
  }
  return kind.name;
}

/** NotificationMessage, Part 4, 7.26. One without notifications keeps the subscription alive: its sequence number is that of the next one. */
function message(r: Reader, call: Call, fields: Fields, subscription: number): void {
  fields['opcua.sequence_number'] = r.u32le();
  fields['opcua.publish_time'] = dateTimeText(r);
  const nodes: Item[] = [];
  const kinds = some(r, 3, MAX_NOTIFICATIONS, () => notification(r, extension(r), call, subscription, nodes));
  fields['opcua.notifications'] = kinds.length === 0 ? ['keep_alive'] : kinds;
  if (nodes.length > 0) call.nodes = nodes;
}

function publishResponse(r: Reader, call: Call): void {
  const id = r.u32le();
  // A Publish that failed comes with an empty message.
  const fields = call.failed && id === 0 ? {} : call.fields;
  fields['opcua.subscription_id'] = id;
  fields['opcua.available_sequence_numbers'] = some(r, 4, MAX_SEQUENCES, (body) => body.u32le());
  fields['opcua.more_notifications'] = r.u8() !== 0;
  message(r, call, fields, id);
  call.results(r, 4, call.listed, (_, item) => {
    item['status'] = statusText(r);
  });
  call.operationDiagnostics(r);
}

function republishRequest(r: Reader, call: Call): void {
  call.fields['opcua.subscription_id'] = r.u32le();
  call.fields['opcua.retransmit_sequence_number'] = r.u32le();
}

const republishResponse = (r: Reader, call: Call): void => message(r, call, call.fields, Number(call.fields['opcua.subscription_id'] ?? -1));

export const publishServices: readonly Service[] = [
  {
    name: 'Publish',
    request: 826,
    response: 829,
    access: 'subscribe',
    patience: PUBLISH_PATIENCE,
    decodeRequest: publishRequest,
    decodeResponse: publishResponse,
  },
  { name: 'Republish', request: 832, response: 835, access: 'subscribe', decodeRequest: republishRequest, decodeResponse: republishResponse },
];

/** Subscription service set, Part 4, 5.14. */
import { float, statusText } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import type { Reader } from '../reader.ts';
import { some } from './filter.ts';
import { MAX_SEQUENCES, publishServices } from './publish.ts';
import type { Service } from './service.ts';

function requested(r: Reader, call: Call): void {
  const { fields } = call;
  fields['opcua.requested_publishing_interval'] = float(r.f64le());
  fields['opcua.requested_lifetime_count'] = r.u32le();
  fields['opcua.requested_keep_alive_count'] = r.u32le();
  fields['opcua.max_notifications'] = r.u32le();
}

function revised(r: Reader, call: Call): void {
  const { fields } = call;
  fields['opcua.publishing_interval'] = float(r.f64le());
  fields['opcua.lifetime_count'] = r.u32le();
  fields['opcua.keep_alive_count'] = r.u32le();
}

function createRequest(r: Reader, call: Call): void {
  requested(r, call);
  call.fields['opcua.publishing_enabled'] = r.u8() !== 0;
  call.fields['opcua.priority'] = r.u8();
}

function createResponse(r: Reader, call: Call): void {
  const id = r.u32le();
  revised(r, call);
  if (call.failed || r.short) return;
  call.fields['opcua.subscription_id'] = id;
  call.subscriptions.create(call.server, id, call.session);
}

function modifyRequest(r: Reader, call: Call): void {
  call.fields['opcua.subscription_id'] = r.u32le();
  requested(r, call);
  call.fields['opcua.priority'] = r.u8();
}

const ids = (r: Reader, call: Call): void => {
  call.listed = call.list(r, 4, () => ({ subscription_id: r.u32le(), status: null }));
  call.fields['opcua.subscriptions'] = call.listed;
};

function modeRequest(r: Reader, call: Call): void {
  call.fields['opcua.publishing_enabled'] = r.u8() !== 0;
  ids(r, call);
}

/** Reads a result for each subscription and hands those that went well to `done`. */
function results(r: Reader, call: Call, bytesEach: number, read: (item: Item) => void, done: (id: number) => void): void {
  call.results(r, bytesEach, call.listed, (_, item) => {
    const status = statusText(r);
    item['status'] = status;
    read(item);
    if (status.startsWith('Good') && typeof item['subscription_id'] === 'number' && !r.short) done(item['subscription_id']);
  });
  call.operationDiagnostics(r);
}

const nothing = (): void => {};

const modeResponse = (r: Reader, call: Call): void => results(r, call, 4, nothing, nothing);

const deleteResponse = (r: Reader, call: Call): void => results(r, call, 4, nothing, (id) => call.subscriptions.end(call.server, id));

function transferRequest(r: Reader, call: Call): void {
  ids(r, call);
  call.fields['opcua.send_initial_values'] = r.u8() !== 0;
}

function transferResponse(r: Reader, call: Call): void {
  const read = (item: Item): void => {
    item['available_sequence_numbers'] = some(r, 4, MAX_SEQUENCES, (body) => body.u32le());
  };
  results(r, call, 8, read, (id) => call.subscriptions.transfer(call.server, id, call.session));
}

export const subscriptionServices: readonly Service[] = [
  { name: 'CreateSubscription', request: 787, response: 790, access: 'subscribe', decodeRequest: createRequest, decodeResponse: createResponse },
  { name: 'ModifySubscription', request: 793, response: 796, access: 'subscribe', decodeRequest: modifyRequest, decodeResponse: revised },
  { name: 'SetPublishingMode', request: 799, response: 802, access: 'subscribe', decodeRequest: modeRequest, decodeResponse: modeResponse },
  ...publishServices,
  { name: 'TransferSubscriptions', request: 841, response: 844, access: 'subscribe', decodeRequest: transferRequest, decodeResponse: transferResponse },
  { name: 'DeleteSubscriptions', request: 847, response: 850, access: 'subscribe', decodeRequest: ids, decodeResponse: deleteResponse },
];

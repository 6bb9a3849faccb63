/** What subscriptions bring, joined with what each client handle stands for. The bytes are another implementation's. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  ALARMS,
  alarm,
  createItems,
  createSubscription,
  dataChange,
  type Exchange,
  exchange,
  good,
  header,
  messages,
  publish,
  status,
  statusChange,
  ua,
} from '../../../test/opcua-service-bodies.ts';
import { conversation, dissect, flawsOf, only, opened } from '../../../test/opcua-wire.ts';
import type { Observation } from '../../observation.ts';
import { MAX_MONITORED, MAX_SUBSCRIPTIONS, Subscriptions } from './subscriptions.ts';

function told(...exchanges: Exchange[]): Observation[] {
  const { observations } = dissect(opened(...exchanges.flatMap((one, i) => messages(one, i + 2))));
  assert.deepEqual(flawsOf(observations), []);
  return observations.filter((o) => o.kind === 'opcua');
}

const last = (...exchanges: Exchange[]): Observation => told(...exchanges).at(-1) as Observation;
const nodesOf = (o: Observation | undefined) => (o?.['opcua.nodes'] ?? []) as { [key: string]: unknown }[];
const news = (...items: [number, number][]) => publish({ sequenceNumber: 10, notificationData: [dataChange(...items)] });

it('a subscription as asked and as granted', () => {
  const o = last(createSubscription());
  const fields = Object.fromEntries(Object.entries(o).filter(([name]) => /subscription|interval|count|max_not|enabled|priority/.test(name)));
  assert.deepEqual(fields, {
    'opcua.requested_publishing_interval': 250,
    'opcua.requested_lifetime_count': 600,
    'opcua.requested_keep_alive_count': 20,
    'opcua.max_notifications': 9,
    'opcua.publishing_enabled': true,
    'opcua.priority': 3,
    'opcua.publishing_interval': 500,
    'opcua.lifetime_count': 1200,
    'opcua.keep_alive_count': 21,
    'opcua.subscription_id': 40,
  });
});

it('monitored items with their filters, what became of them, and why one did not', () => {
  const o = last(createSubscription(), createItems());
  assert.deepEqual(nodesOf(o), [
    {
      node_id: 'ns=2;s=Tank.Level',
      attribute_id: 13,
      status: 'Good',
      monitored_item_id: 501,
      monitoring_mode: 'reporting',
      client_handle: 11,
      sampling_interval: 100,
      queue_size: 5,
      discard_oldest: true,
      filter: { kind: 'data_change', trigger: 'status_value_timestamp', deadband: 'percent', deadband_value: 1.5 },
      revised_sampling_interval: 200,
      revised_queue_size: 4,
    },
    {
      node_id: 'i=2253',
      attribute_id: 12,
      status: 'Good',
      monitored_item_id: 502,
      monitoring_mode: 'reporting',
      client_handle: 12,
      sampling_interval: 0,
      queue_size: 100,
      discard_oldest: false,
      filter: {
        kind: 'event',
        of: ['i=2041'],
        select: ['EventType', 'Severity', 'Message'],
        where: [{ operator: 'OfType', operands: [{ literal: 'i=2915' }] }],
      },
      attribute: 'EventNotifier',
      name: 'Server',
      revised_sampling_interval: 0,
      revised_queue_size: 50,
    },
    {
      node_id: 'ns=2;s=Gone',
      attribute_id: 13,
      status: 'BadNodeIdUnknown',
      monitored_item_id: null,
      monitoring_mode: 'sampling',
      client_handle: 13,
      sampling_interval: -1,
      queue_size: 0,
      discard_oldest: false,
    },
  ]);
});

it('a Publish tells node, value and times of each handle, events by name, and what it acknowledged', () => {
  const both = { sequenceNumber: 10, publishTime: new Date(1_700_000_003_000), notificationData: [dataChange([11, 4.5], [99, 7]), alarm(12)] };
  const o = last(createSubscription(), createItems(), publish(both));
  assert.deepEqual(o['opcua.notifications'], ['data_change', 'event']);
  assert.deepEqual(
    ['subscription_id', 'sequence_number', 'publish_time', 'more_notifications', 'available_sequence_numbers', 'acknowledgements'].map(
      (name) => o[`opcua.${name}`],
    ),
    [40, 10, '2023-11-14T22:13:23.000000Z', true, [9, 10], [{ subscription_id: 40, sequence_number: 8, status: 'BadSequenceNumberUnknown' }]],
  );
  const times = { source_timestamp: '2023-11-14T22:13:21.000000Z', server_timestamp: '2023-11-14T22:13:22.000000Z' };
  assert.deepEqual(nodesOf(o), [
    { node_id: 'ns=2;s=Tank.Level', attribute_id: 13, client_handle: 11, monitored_item_id: 501, value: 4.5, type: 'Double', status: 'Good', ...times },
    { node_id: null, attribute_id: null, client_handle: 99, monitored_item_id: null, value: 7, type: 'Double', status: 'Good', ...times },
    {
      node_id: 'i=2253',
      attribute_id: 12,
      client_handle: 12,
      monitored_item_id: 502,
      event: { EventType: 'i=2915', Severity: 900, Message: 'High level' },
      attribute: 'EventNotifier',
      name: 'Server',
    },
  ]);
});

it('an event whose filter was not seen keeps its fields by their place', () => {
  const o = last(publish({ sequenceNumber: 1, notificationData: [alarm(12)] }));
  assert.deepEqual(nodesOf(o)[0]?.['event'], { field_0: 'i=2915', field_1: 900, field_2: 'High level' });
});

it('a message without notifications keeps alive, and the end of a subscription is told', () => {
  assert.deepEqual(last(publish({ sequenceNumber: 3 }))['opcua.notifications'], ['keep_alive']);
  const ended = told(createSubscription(), createItems(), publish({ sequenceNumber: 4, notificationData: [statusChange(0x800a0000)] }), news([11, 1]));
  assert.deepEqual([ended[2]?.['opcua.notifications'], ended[2]?.['opcua.subscription_status']], [['status_change'], 'BadTimeout']);
  assert.equal(nodesOf(ended[3])[0]?.['node_id'], null);
});

it('a Republish is joined as a Publish is', () => {
  const again = exchange(
    'Republish',
    [832, 835],
    new ua.RepublishRequest({ ...header, subscriptionId: 40, retransmitSequenceNumber: 10 }),
    new ua.RepublishResponse({ ...good, notificationMessage: { sequenceNumber: 10, notificationData: [dataChange([11, 2])] } }),
  );
  const o = last(createSubscription(), createItems(), again);
  assert.deepEqual([o['opcua.retransmit_sequence_number'], nodesOf(o)[0]?.['node_id'], nodesOf(o)[0]?.['value']], [10, 'ns=2;s=Tank.Level', 2]);
});

const modify = (clientHandle: number) =>
  exchange(
    'ModifyMonitoredItems',
    [763, 766],
    new ua.ModifyMonitoredItemsRequest({
      ...header,
      subscriptionId: 40,
      timestampsToReturn: 0,
      itemsToModify: [{ monitoredItemId: 501, requestedParameters: { clientHandle, samplingInterval: 50 } }],
    }),
    new ua.ModifyMonitoredItemsResponse({ ...good, results: [{ statusCode: status(0), revisedSamplingInterval: 60, revisedQueueSize: 1 }] }),
  );

it('a handle that changes stands for its node from then on', () => {
  const all = told(createSubscription(), createItems(), modify(77), news([77, 1], [11, 2]));
  assert.deepEqual(nodesOf(all[2])[0], {
    node_id: 'ns=2;s=Tank.Level',
    attribute_id: 13,
    status: 'Good',
    monitored_item_id: 501,
    client_handle: 77,
    sampling_interval: 50,
    queue_size: 0,
    discard_oldest: false,
    revised_sampling_interval: 60,
    revised_queue_size: 1,
  });
  assert.deepEqual(
    nodesOf(all[3]).map((node) => node['node_id']),
    ['ns=2;s=Tank.Level', null],
  );
});

it('a handle of two items that watch different things stands for none of them', () => {
  const all = told(createSubscription(), createItems(), modify(12), news([12, 1]));
  assert.equal(nodesOf(all[3])[0]?.['node_id'], null);
});

it('turning monitoring or publishing off says of what', () => {
  const off = exchange(
    'SetMonitoringMode',
    [769, 772],
    new ua.SetMonitoringModeRequest({ ...header, subscriptionId: 40, monitoringMode: 0, monitoredItemIds: [501, 9999] }),
    new ua.SetMonitoringModeResponse({ ...good, results: [status(0), status(0x80420000)] }),
  );
  const quiet = exchange(
    'SetPublishingMode',
    [799, 802],
    new ua.SetPublishingModeRequest({ ...header, publishingEnabled: false, subscriptionIds: [40, 41] }),
    new ua.SetPublishingModeResponse({ ...good, results: [status(0), status(0x80280000)] }),
  );
  const [, , mode, publishing] = told(createSubscription(), createItems(), off, quiet);
  assert.equal(mode?.['opcua.monitoring_mode'], 'disabled');
  assert.deepEqual(nodesOf(mode), [
    { node_id: 'ns=2;s=Tank.Level', attribute_id: 13, status: 'Good', monitored_item_id: 501 },
    { node_id: null, attribute_id: null, status: 'BadMonitoredItemIdInvalid', monitored_item_id: 9999 },
  ]);
  assert.equal(publishing?.['opcua.publishing_enabled'], false);
  assert.deepEqual(publishing?.['opcua.subscriptions'], [
    { subscription_id: 40, status: 'Good' },
    { subscription_id: 41, status: 'BadSubscriptionIdInvalid' },
  ]);
});

it('triggering links are nodes of what they add and remove', () => {
  const links = exchange(
    'SetTriggering',
    [775, 778],
    new ua.SetTriggeringRequest({ ...header, subscriptionId: 40, triggeringItemId: 502, linksToAdd: [501], linksToRemove: [7] }),
    new ua.SetTriggeringResponse({ ...good, addResults: [status(0)], removeResults: [status(0x80420000)] }),
  );
  const o = last(createSubscription(), createItems(), links);
  assert.deepEqual([o['opcua.triggering_item_id'], o['opcua.triggering_node_id']], [502, 'i=2253']);
  assert.deepEqual(nodesOf(o), [
    { node_id: 'ns=2;s=Tank.Level', attribute_id: 13, status: 'Good', monitored_item_id: 501, link: 'add' },
    { node_id: null, attribute_id: null, status: 'BadMonitoredItemIdInvalid', monitored_item_id: 7, link: 'remove' },
  ]);
});

const remove = exchange(
  'DeleteMonitoredItems',
  [781, 784],
  new ua.DeleteMonitoredItemsRequest({ ...header, subscriptionId: 40, monitoredItemIds: [501] }),
  new ua.DeleteMonitoredItemsResponse({ ...good, results: [status(0)] }),
);

it('deleting says which node was watched, and the handle stands for it no longer', () => {
  const all = told(createSubscription(), createItems(), remove, news([11, 1]), publish({ sequenceNumber: 11, notificationData: [alarm(12)] }));
  assert.deepEqual(nodesOf(all[2]), [{ node_id: 'ns=2;s=Tank.Level', attribute_id: 13, status: 'Good', monitored_item_id: 501 }]);
  assert.deepEqual([nodesOf(all[3])[0]?.['node_id'], nodesOf(all[4])[0]?.['node_id']], [null, 'i=2253']);
});

it('a deleted subscription takes its items along; one of the same number begins anew', () => {
  const gone = exchange(
    'DeleteSubscriptions',
    [847, 850],
    new ua.DeleteSubscriptionsRequest({ ...header, subscriptionIds: [40] }),
    new ua.DeleteSubscriptionsResponse({ ...good, results: [status(0)] }),
  );
  assert.equal(nodesOf(last(createSubscription(), createItems(), gone, news([11, 1])))[0]?.['node_id'], null);
  assert.equal(nodesOf(last(createSubscription(), createItems(), createSubscription(), news([11, 1])))[0]?.['node_id'], null);
});

it('a subscription goes over to another session on another connection with its items', () => {
  const transfer = exchange(
    'TransferSubscriptions',
    [841, 844],
    new ua.TransferSubscriptionsRequest({ ...header, subscriptionIds: [40], sendInitialValues: true }),
    new ua.TransferSubscriptionsResponse({ ...good, results: [{ statusCode: status(0), availableSequenceNumbers: [3, 4] }] }),
  );
  const first = opened(...[createSubscription(), createItems()].flatMap((one, i) => messages(one, i + 2)));
  const second = opened(...[transfer, news([11, 8])].flatMap((one, i) => messages(one, i + 2)));
  const flows = [first.flows[0], { ...first.flows[0], address: ['10.0.0.6', '10.0.0.9'] }] as typeof first.flows;
  const pieces = [...first.pieces, ...second.pieces.map((piece) => ({ ...piece, flow: 1, at: piece.at + 1000 }))];
  const { observations } = dissect({ flows, pieces });
  const [moved] = only(observations, 'TransferSubscriptions');
  assert.deepEqual(
    [moved?.['opcua.subscriptions'], moved?.['opcua.send_initial_values']],
    [[{ subscription_id: 40, status: 'Good', available_sequence_numbers: [3, 4] }], true],
  );
  assert.equal(nodesOf(only(observations, 'Publish')[0])[0]?.['node_id'], 'ns=2;s=Tank.Level');
});

it('another server with a subscription of the same number is another one', () => {
  const first = opened(...[createSubscription(), createItems()].flatMap((one, i) => messages(one, i + 2)));
  const second = opened(...messages(news([11, 8]), 2));
  const flows = [first.flows[0], { ...first.flows[0], address: ['10.0.0.5', '10.0.0.10'] }] as typeof first.flows;
  const { observations } = dissect({ flows, pieces: [...first.pieces, ...second.pieces.map((piece) => ({ ...piece, flow: 1 }))] });
  assert.equal(nodesOf(only(observations, 'Publish')[0])[0]?.['node_id'], null);
});

it('a failed Publish claims no message', () => {
  const failed = exchange(
    'Publish',
    [826, 829],
    new ua.PublishRequest(header),
    new ua.PublishResponse({ responseHeader: { requestHandle: 7, serviceResult: status(0x80790000) } }),
  );
  const o = last(failed);
  assert.deepEqual(
    [o['opcua.status'], o['opcua.severity'], o['opcua.notifications'], o['opcua.sequence_number']],
    ['BadNoSubscription', 'bad', undefined, undefined],
  );
});

it('only a notification is kept of an unknown kind: type and bytes', () => {
  const o = last(publish({ sequenceNumber: 1, notificationData: [ALARMS as unknown as ReturnType<typeof alarm>] }));
  const [kind] = o['opcua.notifications'] as { [key: string]: unknown }[];
  assert.deepEqual([kind?.['type_id'], kind?.['encoding']], ['i=727', 'binary']);
});

it('closing a session with its subscriptions forgets them, without them keeps them', () => {
  const close = (deleteSubscriptions: boolean) =>
    exchange('CloseSession', [473, 476], new ua.CloseSessionRequest({ ...header, deleteSubscriptions }), new ua.CloseSessionResponse(good));
  assert.equal(nodesOf(last(createSubscription(), createItems(), close(true), news([11, 1])))[0]?.['node_id'], null);
  assert.equal(nodesOf(last(createSubscription(), createItems(), close(false), news([11, 1])))[0]?.['node_id'], 'ns=2;s=Tank.Level');
});

it('reads the same byte by byte', () => {
  const all = [createSubscription(), createItems(), modify(77), news([77, 1]), remove].flatMap((one, i) => messages(one, i + 2));
  assert.deepEqual(dissect(opened(...all), { bytewise: true }).observations, dissect(opened(...all)).observations);
  assert.ok(dissect(conversation(...all)).observations.length > 0);
});

const item = (id: number, node = 'i=1') => ({ id, node, attribute: 13, handle: id, events: null });

it('what is watched is bounded: the subscription used least recently makes room', () => {
  const known = new Subscriptions();
  for (let i = 0; i <= MAX_SUBSCRIPTIONS; i++) known.watch('10.0.0.9 4840', i, 's', item(1));
  assert.equal(known.handle('10.0.0.9 4840', 0, 1), null);
  assert.equal(known.handle('10.0.0.9 4840', MAX_SUBSCRIPTIONS, 1)?.node, 'i=1');
  for (let i = 0; i <= MAX_MONITORED; i++) known.watch('10.0.0.9 4840', 5, 's', item(i));
  const [subscriptions, items] = known.ceilings();
  assert.deepEqual([subscriptions?.used, items?.used, items?.hit], [1, MAX_MONITORED, 1]);
  known.endSession('10.0.0.9 4840', 's');
  assert.deepEqual(
    known.ceilings().map(({ used }) => used),
    [0, 0],
  );
});

it('long node ids count by their length', () => {
  const known = new Subscriptions();
  const long = 'x'.repeat(8000);
  for (let i = 0; i < 10_000; i++) known.watch('s', i, '', item(1, `ns=1;s=${i}${long}`));
  const [subscriptions] = known.ceilings();
  assert.ok((subscriptions?.used ?? 0) < 4300 && (subscriptions?.used ?? 0) > 4000);
  assert.equal(known.handle('s', 9999, 1)?.id, 1);
});

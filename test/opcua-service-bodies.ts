/** Requests and responses of the services with the richest bodies, encoded by another implementation (node-opcua), as messages of channel 5. */
import { BinaryStream } from 'node-opcua-binary-stream';
import { resolveNodeId } from 'node-opcua-nodeid';
import * as ua from 'node-opcua-types';
import { DataType, VariantArrayType } from 'node-opcua-variant';
import { join } from './lab/bytes.ts';
import { id, msg } from './opcua-wire.ts';

type NotificationMessageOptions = NonNullable<ConstructorParameters<typeof ua.NotificationMessage>[0]>;
type Encoded = { encode(stream: BinaryStream): void };

/** A body as node-opcua writes it: header first, then the parameters. */
export function encoded(body: Encoded): Uint8Array {
  const stream = new BinaryStream(65_536);
  body.encode(stream);
  return new Uint8Array(stream.buffer.subarray(0, stream.length));
}

export type Exchange = { service: string; request: Uint8Array; response: Uint8Array };

const HANDLE = { requestHandle: 7 };
export const SESSION = 'ns=1;i=77';

/** `types` are those of the request and the response. `n` numbers the messages. */
export function exchange(service: string, types: [number, number], request: Encoded, response: Encoded): Exchange {
  return { service, request: join(id(types[0]), encoded(request)), response: join(id(types[1]), encoded(response)) };
}

/** The two messages of an exchange, with sequence number and request id `n`. */
export const messages = ({ request, response }: Exchange, n: number): [0 | 1, Uint8Array][] => [
  [0, msg(n, n, request)],
  [1, msg(n, n, response)],
];

const header = { requestHeader: { ...HANDLE, authenticationToken: SESSION } };
const good = { responseHeader: HANDLE };
const at = (seconds: number): Date => new Date(1_700_000_000_000 + seconds * 1000);
const double = (value: number) => ({ dataType: DataType.Double, value });

const field = (name: string) => ({ typeDefinitionId: 'i=2041', browsePath: [{ name }], attributeId: 13 });
export const ALARMS = new ua.EventFilter({
  selectClauses: [field('EventType'), field('Severity'), field('Message')],
  whereClause: {
    elements: [{ filterOperator: 14, filterOperands: [new ua.LiteralOperand({ value: { dataType: DataType.NodeId, value: resolveNodeId('i=2915') } })] }],
  },
});

export const createSubscription = (id = 40): Exchange =>
  exchange(
    'CreateSubscription',
    [787, 790],
    new ua.CreateSubscriptionRequest({
      ...header,
      requestedPublishingInterval: 250,
      requestedLifetimeCount: 600,
      requestedMaxKeepAliveCount: 20,
      maxNotificationsPerPublish: 9,
      publishingEnabled: true,
      priority: 3,
    }),
    new ua.CreateSubscriptionResponse({
      ...good,
      subscriptionId: id,
      revisedPublishingInterval: 500,
      revisedLifetimeCount: 1200,
      revisedMaxKeepAliveCount: 21,
    }),
  );

/** Watches the level of a tank as handle 11, alarms of the server as 12, and a node that is not there as 13. */
export const createItems = (): Exchange =>
  exchange(
    'CreateMonitoredItems',
    [751, 754],
    new ua.CreateMonitoredItemsRequest({
      ...header,
      subscriptionId: 40,
      timestampsToReturn: 2,
      itemsToCreate: [
        {
          itemToMonitor: { nodeId: 'ns=2;s=Tank.Level', attributeId: 13 },
          monitoringMode: 2,
          requestedParameters: {
            clientHandle: 11,
            samplingInterval: 100,
            filter: new ua.DataChangeFilter({ trigger: 2, deadbandType: 2, deadbandValue: 1.5 }),
            queueSize: 5,
            discardOldest: true,
          },
        },
        {
          itemToMonitor: { nodeId: 'i=2253', attributeId: 12 },
          monitoringMode: 2,
          requestedParameters: { clientHandle: 12, samplingInterval: 0, filter: ALARMS, queueSize: 100, discardOldest: false },
        },
        { itemToMonitor: { nodeId: 'ns=2;s=Gone', attributeId: 13 }, monitoringMode: 1, requestedParameters: { clientHandle: 13, samplingInterval: -1 } },
      ],
    }),
    new ua.CreateMonitoredItemsResponse({
      ...good,
      results: [
        { statusCode: GOOD, monitoredItemId: 501, revisedSamplingInterval: 200, revisedQueueSize: 4 },
        { statusCode: GOOD, monitoredItemId: 502, revisedSamplingInterval: 0, revisedQueueSize: 50 },
        { statusCode: status(0x80340000), monitoredItemId: 0, revisedSamplingInterval: 0, revisedQueueSize: 0 },
      ],
    }),
  );

export const publish = (notificationMessage: NotificationMessageOptions, subscriptionId = 40): Exchange =>
  exchange(
    'Publish',
    [826, 829],
    new ua.PublishRequest({ ...header, subscriptionAcknowledgements: [{ subscriptionId, sequenceNumber: 8 }] }),
    new ua.PublishResponse({
      ...good,
      subscriptionId,
      availableSequenceNumbers: [9, 10],
      moreNotifications: true,
      notificationMessage,
      results: [status(0x807a0000)],
    }),
  );

export const dataChange = (...items: [handle: number, value: number][]) =>
  new ua.DataChangeNotification({
    monitoredItems: items.map(([clientHandle, value]) => ({
      clientHandle,
      value: { value: double(value), sourceTimestamp: at(1), sourcePicoseconds: 0, serverTimestamp: at(2), serverPicoseconds: 0 },
    })),
  });

export const alarm = (clientHandle: number) =>
  new ua.EventNotificationList({
    events: [
      {
        clientHandle,
        eventFields: [
          { dataType: DataType.NodeId, value: resolveNodeId('i=2915') },
          { dataType: DataType.UInt16, value: 900 },
          { dataType: DataType.LocalizedText, value: { text: 'High level', locale: 'en' } },
        ],
      },
    ],
  });

type Status = NonNullable<ConstructorParameters<typeof ua.StatusChangeNotification>[0]>['status'] & object;
/** What node-opcua takes for a status code: it only asks for its number. */
export const status = (value: number): Status => ({ value }) as unknown as Status;
const GOOD = status(0);

export const statusChange = (code: number) => new ua.StatusChangeNotification({ status: status(code) });

export { at, DataType, double, good, header, ua, VariantArrayType };

/** Bodies of history, queries, discovery and diagnostics, as another implementation writes them; and every body cut and changed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { coerceExpandedNodeId } from 'node-opcua-nodeid';
import { join } from '../../../test/lab/bytes.ts';
import {
  ALARMS,
  alarm,
  at,
  createItems,
  createSubscription,
  DataType,
  dataChange,
  double,
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
import {
  dissect,
  flawsOf,
  id,
  list,
  msg,
  NONE,
  named,
  only,
  opened,
  readRequest,
  requestHeader,
  responseHeader,
  TOKEN,
  text,
  u16,
  u32,
} from '../../../test/opcua-wire.ts';
import type { Observation } from '../../observation.ts';
import { MAX_HISTORY } from './services/history-read.ts';

const SPEED = named(2, 'Pump.Speed');

const last = (one: Exchange): Observation => {
  const { observations } = dissect(opened(...messages(one, 2)));
  assert.deepEqual(flawsOf(observations), []);
  return observations.at(-1) as Observation;
};
const nodesOf = (o: Observation) => (o['opcua.nodes'] ?? []) as { [key: string]: unknown }[];
const iso = (seconds: number) => at(seconds).toISOString().replace('Z', '000Z');

type Details = NonNullable<ConstructorParameters<typeof ua.HistoryReadRequest>[0]>['historyReadDetails'];
type Data = NonNullable<NonNullable<ConstructorParameters<typeof ua.HistoryReadResponse>[0]>['results']>[number]['historyData'];
const historyRead = (historyReadDetails: Details, historyData: Data, statusCode = 0): Exchange =>
  exchange(
    'HistoryRead',
    [664, 667],
    new ua.HistoryReadRequest({
      ...header,
      historyReadDetails,
      timestampsToReturn: 0,
      nodesToRead: [{ nodeId: 'ns=2;s=Tank.Level', indexRange: '1:2' as never }],
    }),
    new ua.HistoryReadResponse({ ...good, results: [{ statusCode: status(statusCode), continuationPoint: Buffer.from([1]), historyData }] }),
  );
const recorded = (value: number, seconds: number, code = 0) => ({
  value: double(value),
  statusCode: status(code),
  sourceTimestamp: at(seconds),
  sourcePicoseconds: 40,
});

const raw = historyRead(
  new ua.ReadRawModifiedDetails({ isReadModified: false, startTime: at(0), endTime: at(60), numValuesPerNode: 50, returnBounds: true }),
  new ua.HistoryData({ dataValues: [recorded(1.5, 5), recorded(2.5, 9, 0x00000401)] }),
  0x00a60000,
);

it('recorded values by node: how many, from when to when, each with time and info bits', () => {
  const o = last(raw);
  assert.deepEqual(
    [o['opcua.history_kind'], o['opcua.history'], o['opcua.access'], o['opcua.timestamps_to_return']],
    ['raw', { start_time: iso(0), end_time: iso(60), max_values: 50, return_bounds: true }, 'read', 'source'],
  );
  assert.deepEqual(nodesOf(o), [
    {
      node_id: 'ns=2;s=Tank.Level',
      status: 'GoodMoreData',
      index_range: '1:2',
      more: true,
      count: 2,
      first_time: iso(5),
      last_time: iso(9),
      values: [
        { value: 1.5, type: 'Double', status: 'Good', source_timestamp: iso(5), source_picoseconds: 40 },
        { value: 2.5, type: 'Double', status: 'Good', status_info: ['calculated'], source_timestamp: iso(9), source_picoseconds: 40 },
      ],
    },
  ]);
});

const modified = historyRead(
  new ua.ReadRawModifiedDetails({ isReadModified: true, startTime: at(0), endTime: at(60) }),
  new ua.HistoryModifiedData({
    dataValues: [recorded(1, 1)],
    modificationInfos: [{ modificationTime: at(70), updateType: 2, userName: 'meier' }],
  }),
);
const processed = historyRead(
  new ua.ReadProcessedDetails({
    startTime: at(0),
    endTime: at(60),
    processingInterval: 10_000,
    aggregateType: ['i=2342'] as never,
    aggregateConfiguration: { useServerCapabilitiesDefaults: true, percentDataBad: 100, percentDataGood: 90 },
  }),
  new ua.HistoryData({ dataValues: [] }),
);
const atTimes = historyRead(
  new ua.ReadAtTimeDetails({ reqTimes: [at(1), at(2)], useSimpleBounds: true }),
  new ua.HistoryData({ dataValues: [recorded(3, 1)] }),
);
const events = historyRead(
  new ua.ReadEventDetails({ numValuesPerNode: 5, startTime: at(0), endTime: at(60), filter: ALARMS }),
  new ua.HistoryEvent({ events: [{ eventFields: [double(0), { dataType: DataType.UInt16, value: 700 }, { dataType: DataType.String, value: 'late' }] }] }),
);

it('modified, processed, at certain times, events: each kind with what it asks', () => {
  const m = last(modified);
  assert.equal(m['opcua.history_kind'], 'modified');
  assert.deepEqual(nodesOf(m)[0]?.['modifications'], [{ time: iso(70), update: 'replace', user_name: 'meier' }]);
  assert.deepEqual(last(processed)['opcua.history'], {
    start_time: iso(0),
    end_time: iso(60),
    processing_interval: 10_000,
    aggregates: ['i=2342'],
    configuration: { server_defaults: true, treat_uncertain_as_bad: false, percent_bad: 100, percent_good: 90, sloped_extrapolation: false },
  });
  assert.deepEqual(last(atTimes)['opcua.history'], { count: 2, times: [iso(1), iso(2)], simple_bounds: true });
  const e = last(events);
  assert.equal(e['opcua.history_kind'], 'events');
  assert.deepEqual(nodesOf(e)[0]?.['events'], [{ EventType: 0, Severity: 700, Message: 'late' }]);
});

it('of many recorded values the first are kept and all are counted', () => {
  const many = Array.from({ length: MAX_HISTORY + 30 }, (_, i) => recorded(i, i));
  const o = last(historyRead(new ua.ReadRawModifiedDetails({}), new ua.HistoryData({ dataValues: many })));
  const node = nodesOf(o)[0] ?? {};
  assert.deepEqual([node['count'], (node['values'] as unknown[]).length, node['last_time'], o['opcua.left_off']], [130, 100, iso(129), 30]);
});

const update = exchange(
  'HistoryUpdate',
  [700, 703],
  new ua.HistoryUpdateRequest({
    ...header,
    historyUpdateDetails: [
      new ua.UpdateDataDetails({ nodeId: 'ns=2;s=Flow', performInsertReplace: 2, updateValues: [recorded(1, 1), recorded(2, 2)] }),
      new ua.UpdateStructureDataDetails({ nodeId: 'ns=2;s=Note', performInsertReplace: 4, updateValues: [] }),
      new ua.UpdateEventDetails({ nodeId: 'i=2253', performInsertReplace: 1, filter: ALARMS, eventData: [{ eventFields: [double(1)] }] }),
      new ua.DeleteRawModifiedDetails({ nodeId: 'ns=2;s=Flow', isDeleteModified: false, startTime: at(0), endTime: at(9) }),
      new ua.DeleteAtTimeDetails({ nodeId: 'ns=2;s=Flow', reqTimes: [at(4)] }),
      new ua.DeleteEventDetails({ nodeId: 'i=2253', eventIds: [Buffer.from('ab')] }),
    ],
  }),
  new ua.HistoryUpdateResponse({
    ...good,
    results: [
      { statusCode: status(0), operationResults: [status(0x00a30000), status(0x80d80000)] },
      ...Array.from({ length: 5 }, (_, i) => ({ statusCode: status(i === 2 ? 0x801f0000 : 0) })),
    ],
  }),
);

it('changes of history say of which node what, and what came of it', () => {
  const o = last(update);
  assert.equal(o['opcua.access'], 'write');
  const nodes = nodesOf(o);
  assert.deepEqual(nodes[0], {
    node_id: 'ns=2;s=Flow',
    status: 'Good',
    operation: 'update_data',
    perform: 'replace',
    count: 2,
    first_time: iso(1),
    last_time: iso(2),
    values: [recorded(1, 1), recorded(2, 2)].map((_, i) => ({
      value: i + 1,
      type: 'Double',
      status: 'Good',
      source_timestamp: iso(i + 1),
      source_picoseconds: 40,
    })),
    results: ['GoodEntryReplaced', 'BadBoundNotSupported'],
    refused: 1,
  });
  assert.deepEqual(
    nodes.slice(1).map(({ filter: _, values: __, ...node }) => node),
    [
      { node_id: 'ns=2;s=Note', status: 'Good', operation: 'update_structure_data', perform: 'remove', count: 0, first_time: null, last_time: null },
      { node_id: 'i=2253', status: 'Good', operation: 'update_event', perform: 'insert', count: 1, events: [{ EventType: 1 }], name: 'Server' },
      { node_id: 'ns=2;s=Flow', status: 'BadUserAccessDenied', operation: 'delete_raw', first_time: iso(0), last_time: iso(9) },
      { node_id: 'ns=2;s=Flow', status: 'Good', operation: 'delete_at_time', count: 1, times: [iso(4)] },
      { node_id: 'i=2253', status: 'Good', operation: 'delete_event', count: 1, event_ids: ['YWI='], name: 'Server' },
    ],
  );
});

const TANK = coerceExpandedNodeId('ns=2;i=1001');
const SEVENTH = coerceExpandedNodeId('ns=2;i=7');
const query = exchange(
  'QueryFirst',
  [615, 618],
  new ua.QueryFirstRequest({
    ...header,
    view: { viewId: 'ns=3;i=5' },
    nodeTypes: [
      {
        typeDefinitionNode: TANK,
        includeSubTypes: true,
        dataToReturn: [{ relativePath: { elements: [{ targetName: { name: 'Level' } }] }, attributeId: 13 }],
      },
    ],
    filter: { elements: [{ filterOperator: 2, filterOperands: [new ua.ElementOperand({ index: 1 }), new ua.LiteralOperand({ value: double(5) })] }] },
    maxDataSetsToReturn: 10,
    maxReferencesToReturn: 3,
  }),
  new ua.QueryFirstResponse({
    ...good,
    queryDataSets: [{ nodeId: SEVENTH, typeDefinitionNode: TANK, values: [double(6)] }],
    continuationPoint: Buffer.from([9]),
    parsingResults: [{ statusCode: status(0), dataStatusCodes: [status(0x80350000)] }],
    filterResult: { elementResults: [{ statusCode: status(0), operandStatusCodes: [status(0), status(0)] }] },
  }),
);

it('a query with its types, conditions and what it found', () => {
  const o = last(query);
  assert.deepEqual(o['opcua.node_types'], [{ type_definition: 'ns=2;i=1001', include_subtypes: true, data: [{ path: 'Level', attribute_id: 13 }] }]);
  assert.deepEqual(o['opcua.filter'], [{ operator: 'GreaterThan', operands: [{ element: 1 }, { literal: 5 }] }]);
  assert.deepEqual([o['opcua.view_id'], o['opcua.max_data_sets'], o['opcua.max_references'], o['opcua.more']], ['ns=3;i=5', 10, 3, true]);
  assert.deepEqual(o['opcua.data_sets'], [{ node_id: 'ns=2;i=7', type_definition: 'ns=2;i=1001', values: [6] }]);
  assert.deepEqual(o['opcua.parsing_results'], [{ status: 'Good', data: ['BadAttributeIdInvalid'] }]);
  assert.deepEqual(o['opcua.filter_results'], [{ status: 'Good', operands: ['Good', 'Good'] }]);
});

const next = exchange(
  'QueryNext',
  [621, 624],
  new ua.QueryNextRequest({ ...header, releaseContinuationPoint: false, continuationPoint: Buffer.from([9]) }),
  new ua.QueryNextResponse({ ...good, queryDataSets: [] }),
);
const register = exchange(
  'RegisterServer2',
  [12211, 12212],
  new ua.RegisterServer2Request({
    ...header,
    server: {
      serverUri: 'urn:plc',
      productUri: 'urn:p',
      serverNames: [{ text: 'PLC', locale: 'en' }],
      serverType: 0,
      gatewayServerUri: 'urn:gw',
      discoveryUrls: ['opc.tcp://plc'],
      isOnline: true,
    },
    discoveryConfiguration: [new ua.MdnsDiscoveryConfiguration({ mdnsServerName: 'plc', serverCapabilities: ['DA'] })],
  }),
  new ua.RegisterServer2Response({ ...good, configurationResults: [status(0x803d0000)] }),
);
const network = exchange(
  'FindServersOnNetwork',
  [12208, 12209],
  new ua.FindServersOnNetworkRequest({ ...header, startingRecordId: 4, maxRecordsToReturn: 20, serverCapabilityFilter: ['HD'] }),
  new ua.FindServersOnNetworkResponse({
    ...good,
    lastCounterResetTime: at(0),
    servers: [{ recordId: 5, serverName: 'plc', discoveryUrl: 'opc.tcp://plc', serverCapabilities: ['HD'] }],
  }),
);

it('what goes on of a query, who registers how, who is on the network', () => {
  assert.deepEqual([last(next)['opcua.continuation_point'], last(next)['opcua.more']], ['CQ==', false]);
  const r = last(register);
  assert.deepEqual(
    [r['opcua.gateway_uri'], r['opcua.discovery_configuration'], r['opcua.configuration_results']],
    ['urn:gw', [{ mdns_name: 'plc', capabilities: ['DA'] }], ['BadNotSupported']],
  );
  const n = last(network);
  assert.deepEqual([n['opcua.starting_record'], n['opcua.max_records'], n['opcua.counter_reset']], [4, 20, iso(0)]);
  assert.deepEqual(n['opcua.servers'], [{ name: 'plc', discovery_urls: ['opc.tcp://plc'], capabilities: ['HD'], record: 5 }]);
});

/** Part 6, 5.2.2.12: symbolic id 0, locale 1, text 2, additional info, inner status, inner info with symbolic id 3; written by hand. */
const info = join([0x7d], u32(0), u32(1), u32(2), text('more'), u32(0x80020000), [1], u32(3));
const table = join(list(text('E_LEVEL'), text('en'), text('Level sensor broken'), text('E_INNER')));

it('diagnostics through the string table, of the service and of one operation', () => {
  const answered = join(id(634), new Uint8Array(8), u32(1), u32(0x40920000), info, table, NONE, list(join([1, 6], u32(5))), list([0], info));
  const { observations } = dissect(opened([0, msg(2, 2, readRequest(1, [named(2, 'a')]))], [1, msg(2, 2, answered)]));
  const [read] = only(observations, 'Read');
  const said = {
    symbolic_id: 'E_LEVEL',
    locale: 'en',
    text: 'Level sensor broken',
    additional_info: 'more',
    inner_status: 'BadInternalError',
    inner: { symbolic_id: 'E_INNER' },
  };
  assert.deepEqual(read?.['opcua.diagnostics'], [
    { operation: null, ...said },
    { operation: 1, ...said },
  ]);
  assert.equal(read?.['opcua.severity'], 'uncertain');
});

it('info bits of a status: overflow and limits only of a data value', () => {
  const one = (code: number) => {
    const body = join(id(634), new Uint8Array(8), u32(1), u32(0), [0], u32(-1), NONE, list(join([3, 6], u32(5), u32(code))), u32(-1));
    const { observations } = dissect(opened([0, msg(2, 2, readRequest(1, [named(2, 'a')]))], [1, msg(2, 2, body)]));
    return nodesOf(only(observations, 'Read')[0] as Observation)[0];
  };
  assert.deepEqual([one(0x0000_0480)?.['status_info'], one(0x0000_0480)?.['status']], [['overflow'], 'Good']);
  assert.deepEqual(one(0x0000_0600)?.['status_info'], ['limit_high']);
  assert.deepEqual(one(0x0000_c000)?.['status_info'], ['structure_changed', 'semantics_changed']);
  assert.equal(one(0x0000_0280)?.['status_info'], undefined);
  assert.deepEqual(one(0x8034_0500 | 0)?.['status_info'], ['limit_low']);
});

it('a Write without a session is a Write, by the encoding or the data type of what is inside', () => {
  for (const [asked, answered] of [
    [673, 676],
    [671, 674],
  ] as const) {
    const envelope = join(u32(9), list(text('urn:pump')), u32(-1), list(text('en')), u32(asked));
    const inner = join(requestHeader([0, 0], 4), list(join(SPEED, u32(13), text(null), [1, 1, 1])));
    const answer = join(list(text('urn:pump')), u32(-1), u32(answered), responseHeader(4), list(u32(0x801f0000)), u32(-1));
    const { observations } = dissect(opened([0, msg(2, 2, join(id(15_903), envelope, inner))], [1, msg(2, 2, join(id(21_001), answer))]));
    const o = observations.at(-1) as Observation;
    assert.deepEqual(flawsOf(observations), []);
    assert.deepEqual(
      ['service', 'access', 'status', 'request_handle', 'sessionless', 'uris_version', 'namespace_uris', 'locales'].map((name) => o[`opcua.${name}`]),
      ['Write', 'write', 'Good', 4, true, 9, ['urn:pump'], ['en']],
    );
    assert.deepEqual(nodesOf(o), [{ node_id: 'ns=2;s=Pump.Speed', attribute_id: 13, value: true, type: 'Boolean', status: 'BadUserAccessDenied' }]);
  }
});

it('a service that nobody knows inside an envelope is flagged', () => {
  const envelope = join(u32(9), u32(-1), u32(-1), u32(-1), u32(123_456), requestHeader([0, 0], 4));
  const { observations } = dissect(opened([0, msg(2, 2, join(id(15_903), envelope))]));
  assert.deepEqual([observations.at(-1)?.['opcua.service'], flawsOf(observations)], ['SessionlessInvoke', ['unknown_service']]);
});

const EXCHANGES: Exchange[] = [
  createSubscription(),
  createItems(),
  publish({ sequenceNumber: 10, notificationData: [dataChange([11, 4.5]), alarm(12), statusChange(0x002d0000)] }),
  raw,
  modified,
  processed,
  atTimes,
  events,
  update,
  query,
  next,
  register,
  network,
];
const after = (n: number): [0 | 1, Uint8Array] => [0, msg(n, n, readRequest(n, [SPEED]))];

it('every body cut at every byte is flagged, and what follows is understood', () => {
  for (const { service, request, response } of EXCHANGES) {
    for (const [side, whole] of [[0, request] as const, [1, response] as const]) {
      for (let size = 4; size < whole.length; size += whole.length > 300 ? 3 : 1) {
        const part = whole.slice(0, size);
        const two: [0 | 1, Uint8Array][] = [
          [0, msg(2, 2, side === 0 ? part : request)],
          [1, msg(2, 2, side === 0 ? response : part)],
        ];
        const { observations } = dissect(opened(...two, after(3)));
        assert.equal(only(observations, 'Read').length, 1, `${service} cut at ${size}`);
        assert.ok(flawsOf(observations).length > 0, `${service} cut at ${size} of side ${side}`);
      }
    }
  }
});

it('every body changed at random is survived', () => {
  let x = 20_261_125;
  const next = (below: number): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
  const changed = (whole: Uint8Array): Uint8Array => {
    const bytes = whole.slice();
    for (let n = next(5); n > 0; n--) {
      const place = 4 + next(bytes.length - 4);
      if (next(3) === 0) bytes.set(u32(next(2) === 0 ? 0x7fffffff : next(64)).slice(0, bytes.length - place), place);
      else bytes[place] = next(256);
    }
    return bytes;
  };
  for (let round = 0; round < 100; round++) {
    let n = 2;
    const all = EXCHANGES.flatMap(({ request, response }) => [
      [0, msg(n, n, changed(request))] as const,
      [1, msg(n, n++, changed(response))] as const,
      after(n++),
    ]);
    const { observations } = dissect(opened(...(all as [0 | 1, Uint8Array][])));
    assert.equal(only(observations, 'Read').length, EXCHANGES.length);
    assert.doesNotThrow(() => JSON.stringify(observations));
  }
});

it('nesting and counts that lie inside filters and events are bounded', () => {
  const lying = (body: Uint8Array) => flawsOf(dissect(opened([0, msg(2, 2, body)])).observations);
  const filter = join(id(727), [1], u32(8), u32(0x7fffffff), u32(0));
  const item = join(SPEED, u32(13), text(null), u16(0), text(null), u32(2), u32(1), new Uint8Array(8), filter, u32(1), [1]);
  assert.ok(lying(join(id(751), requestHeader(TOKEN, 1), u32(40), u32(2), list(item))).includes('length_beyond_message'));
  const sequence = join(id(826), requestHeader(TOKEN, 1), u32(0x7fffffff));
  assert.ok(lying(sequence).includes('length_beyond_message'));
});

it('AddNodes: every class with all its attributes, and one that nobody knows', () => {
  const common = { specifiedAttributes: 0x3fffff, displayName: 'Pump', description: 'Feed pump', writeMask: 3, userWriteMask: 1 };
  const value = { value: double(2.5), dataType: 'i=11', valueRank: -1, arrayDimensions: [2, 3] };
  const shown = { value: 2.5, data_type: 'i=11', value_rank: -1, dimensions: [2, 3] };
  const classes: [{ encode(stream: never): void }, { [key: string]: unknown }][] = [
    [new ua.NodeAttributes(common), {}],
    [new ua.ObjectAttributes({ ...common, eventNotifier: 5 }), { event_notifier: 5 }],
    [
      new ua.VariableAttributes({ ...common, ...value, accessLevel: 3, userAccessLevel: 1, minimumSamplingInterval: 250.5, historizing: true }),
      { ...shown, access_level: 3, user_access_level: 1, minimum_sampling_interval: 250.5, historizing: true },
    ],
    [new ua.MethodAttributes({ ...common, executable: true, userExecutable: false }), { executable: true, user_executable: false }],
    [new ua.ObjectTypeAttributes({ ...common, isAbstract: true }), { is_abstract: true }],
    [new ua.VariableTypeAttributes({ ...common, ...value, isAbstract: false }), { ...shown, is_abstract: false }],
    [
      new ua.ReferenceTypeAttributes({ ...common, isAbstract: false, symmetric: true, inverseName: 'FedBy' }),
      { is_abstract: false, symmetric: true, inverse_name: 'FedBy' },
    ],
    [new ua.DataTypeAttributes({ ...common, isAbstract: true }), { is_abstract: true }],
    [new ua.ViewAttributes({ ...common, containsNoLoops: true, eventNotifier: 1 }), { contains_no_loops: true, event_notifier: 1 }],
    [new ua.Range({ low: 1, high: 2 }), { type_id: 'i=886', encoding: 'binary', size: 16, body: 'AAAAAAAA8D8AAAAAAAAAQA==' }],
  ];
  const named = { specified: 0x3fffff, display_name: 'Pump', description: 'Feed pump', write_mask: 3, user_write_mask: 1 };
  const nodesToAdd = classes.map(([nodeAttributes]) => ({
    parentNodeId: coerceExpandedNodeId('i=85'),
    referenceTypeId: 'i=35',
    browseName: { name: 'Pump' },
    nodeAttributes: nodeAttributes as never,
  }));
  const results = classes.map(() => ({ addedNodeId: 'ns=1;i=4' }));
  const o = last(exchange('AddNodes', [488, 491], new ua.AddNodesRequest({ ...header, nodesToAdd }), new ua.AddNodesResponse({ ...good, results })));
  assert.deepEqual(
    nodesOf(o).map((node) => node['attributes']),
    classes.map(([, special], i) => (i < classes.length - 1 ? { ...named, ...special } : special)),
  );
});

/** Values of OPC UA out of tshark's tree, read from the bytes it gives, so that its way of writing a number does not matter. */
import { createHash } from 'node:crypto';
import type { Value } from '../sensor/observation.ts';
import type { Element } from './opcua-pdml.ts';

const keyOf = (e: Element): string => e.name || (e.show.split(/ ?: /)[0] as string);

/** The child of that name; for a structure its label before the colon. */
export const child = (e: Element | undefined, key: string): Element | undefined => e?.children.find((one) => keyOf(one) === key);
export const items = (e: Element | undefined): Element[] => e?.children.filter(({ name }) => !/^variant\.Array/.test(name)) ?? [];

const bytes = (e: Element | undefined): Buffer => Buffer.from(e?.hex ?? '', 'hex');

export function u32(e: Element | undefined): number | null {
  const of = bytes(e);
  return of.length === 0 ? null : of.readUIntLE(0, Math.min(6, of.length));
}

export const flag = (e: Element | undefined): boolean => u32(e) !== 0;

/** A Duration, in whole ms. */
export const duration = (e: Element | undefined): number | null => (e === undefined ? null : Math.round(bytes(e).readDoubleLE()));

export function text(e: Element | undefined): string | null {
  if (e === undefined || /\[OpcUa Null/.test(e.label)) return null;
  return /\[OpcUa Empty/.test(e.label) ? '' : bytes(e).toString();
}

export const size = (e: Element | undefined): number => (e === undefined || /\[OpcUa (Null|Empty)/.test(e.label) ? 0 : bytes(e).length);
/** SHA-1 of a certificate: of the first of a chain, whose length stands in its DER header. */
export function thumbprint(e: Element | undefined): string {
  const of = bytes(e);
  return createHash('sha1')
    .update(of.subarray(0, of.readUInt16BE(2) + 4))
    .digest('hex');
}

export const base64 = (e: Element | undefined): string | null => (e === undefined || /\[OpcUa Null/.test(e.label) ? null : bytes(e).toString('base64'));

/** A status by the name that tshark has for it; one without a name as its number. */
export function status(e: Element | undefined): string | null {
  const name = /\[([A-Z]\w+)[^[]*\]$/.exec(e?.label ?? '')?.[1] ?? null;
  return name?.startsWith('Unknown') === true ? (e as Element).show : name;
}

/** What stands before an identifier: of an ExpandedNodeId the server and the namespace's URI, which goes before its number (Part 6, 5.2.2.10). */
function prefixOf(e: Element | undefined): string {
  const [server, uri] = [child(e, 'expandednodeid.ServerIndex'), text(child(e, 'NamespaceUri'))];
  const namespace = Number(child(e, 'nodeid.nsindex')?.show ?? 0);
  const of = uri === null ? (namespace === 0 ? '' : `ns=${namespace};`) : `nsu=${uri};`;
  return server === undefined ? of : `svr=${server.show};${of}`;
}

/** As Part 6, 5.3.1.10 writes it. */
export function nodeId(e: Element | undefined): string {
  const prefix = prefixOf(e);
  for (const one of e?.children ?? []) {
    if (one.name === 'nodeid.numeric') return `${prefix}i=${one.show}`;
    if (one.name === 'nodeid.string') return `${prefix}s=${text(one) ?? ''}`;
    if (one.name === 'nodeid.guid') return `${prefix}g=${one.show}`;
    if (one.name === 'nodeid.bytestring') return `${prefix}b=${base64(one) ?? ''}`;
  }
  return 'none';
}

export function qualified(e: Element | undefined): string {
  const namespace = u32(child(e, 'qualname.Id')) ?? 0;
  const name = text(child(e, 'qualname.Name')) ?? '';
  return namespace === 0 ? name : `${namespace}:${name}`;
}

export const localized = (e: Element | undefined): string | null => text(child(e, 'loctext.Text'));

/** 100 ns ticks since 1601 as RFC 3339 with microseconds; null for none, and past the year 9999, which means the same (Part 6, 5.2.2.5). */
export function time(e: Element | undefined): string | null {
  const of = bytes(e);
  if (of.length < 8 || of.readBigInt64LE() <= 0n || of.readBigInt64LE() > 2_650_467_743_990_000_000n) return null;
  const micros = Math.round(Number(of.readBigInt64LE() - 116_444_736_000_000_000n) / 10);
  const date = new Date(Math.floor(micros / 1000));
  return `${date.toISOString().slice(0, -1)}${String(micros - date.getTime() * 1000).padStart(3, '0')}Z`;
}

function whole(e: Element, signed: boolean): Value {
  const of = bytes(e);
  const value = signed ? of.readBigInt64LE() : of.readBigUInt64LE();
  return value >= -(2n ** 53n - 1n) && value <= 2n ** 53n - 1n ? Number(value) : String(value);
}

const number = (value: number): Value => (Number.isFinite(value) ? value : String(value));

type Scalar = readonly [name: string, read: (e: Element) => Value];
/** Part 6, 5.1.2, table 1, in the order of its ids. */
const SCALARS: readonly Scalar[] = [
  ['Null', () => null],
  ['Boolean', flag],
  ['SByte', (e) => bytes(e).readInt8()],
  ['Byte', u32],
  ['Int16', (e) => bytes(e).readInt16LE()],
  ['UInt16', u32],
  ['Int32', (e) => bytes(e).readInt32LE()],
  ['UInt32', u32],
  ['Int64', (e) => whole(e, true)],
  ['UInt64', (e) => whole(e, false)],
  ['Float', (e) => number(bytes(e).readFloatLE())],
  ['Double', (e) => number(bytes(e).readDoubleLE())],
  ['String', text],
  ['DateTime', time],
  ['Guid', (e) => e.show],
  ['ByteString', base64],
  ['XmlElement', text],
  ['NodeId', nodeId],
  ['ExpandedNodeId', nodeId],
  ['StatusCode', status],
  ['QualifiedName', qualified],
  ['LocalizedText', localized],
  ['ExtensionObject', (e) => extension(e)],
  ['DataValue', (e) => dataValue(e).value as Value],
  ['Variant', (e) => variant(e).value],
  // None of it is kept.
  ['DiagnosticInfo', () => null],
];

/** By its type id alone: how a body is written differs. */
export function extension(e: Element | undefined): Value {
  const id = nodeId(child(e, 'TypeId'));
  return id === 'i=0' ? null : { type_id: id };
}

/** A Variant, by its encoding byte. */
export function variant(e: Element | undefined): { value: Value; type: string | null } {
  const mask = u32(child(e, 'variant.has_value')) ?? 0;
  const [name, read] = SCALARS[mask & 0x3f] ?? ['?', () => null];
  const body = items(e).find((one) => one.name !== 'variant.has_value');
  if (name === 'Null' || body === undefined) return { value: null, type: null };
  return (mask & 0x80) === 0 ? { value: read(body), type: name } : { value: items(body).map(read), type: `${name}[]` };
}

export type Held = { [key: string]: Value };

/** Value, type and status; a DataValue without a status is Good. */
export function dataValue(e: Element | undefined): Held {
  const value = child(e, 'Value');
  return { ...(value === undefined ? { value: null, type: null } : variant(value)), status: status(child(e, 'StatusCode')) ?? 'Good' };
}

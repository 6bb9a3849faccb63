import type { Value } from '../../observation.ts';
import { type Request, requestValue } from './request.ts';

/** A request that waits for its response. Pooled: its arrays keep their room. */
export class Transaction {
  id = 0;
  operation = 0;
  /** The operation table's generation of that number when the request was seen. */
  generation = 0;
  unit = 0;
  code = 0;
  mei = 0;
  sub: number | null = null;
  address: number | null = null;
  quantity: number | null = null;
  plain = false;
  at = 0.5;
  requestFrame = 0;
  /** Bytes of the server were lost while it waited: silence proves nothing. */
  doubtful = false;
  oneWay = false;
  /** Requests that waited when it was sent, itself included; how many older ones still did when it was answered. */
  pending = 1;
  overtook = 0;
  block: Uint8Array | null = null;
  /** Values the request wrote. */
  readonly values: number[] = [];
  flaws: string[] | null = null;
  more: { [field: string]: Value } | null = null;

  of(q: Request, view: DataView, id: number, operation: number, at: number, frame: number): void {
    this.id = id;
    this.operation = operation;
    this.unit = q.unit;
    this.code = q.code;
    this.mei = q.mei;
    this.sub = q.sub;
    this.address = q.address;
    this.quantity = q.quantity;
    this.plain = q.plain;
    this.at = at;
    this.requestFrame = frame;
    this.doubtful = false;
    this.oneWay = q.oneWay;
    this.overtook = 0;
    this.block = q.block;
    this.flaws = q.flaws;
    this.more = q.more;
    this.values.length = 0;
    for (let n = 0; n < q.valueCount; n++) this.values.push(requestValue(q, view, n));
  }

  /** A response that stands alone. */
  alone(id: number, unit: number, code: number, at: number): void {
    this.id = id;
    this.operation = 0;
    this.unit = unit;
    this.code = code;
    this.mei = 0;
    this.sub = null;
    this.address = null;
    this.quantity = null;
    this.plain = false;
    this.at = at;
    this.requestFrame = 0;
    this.doubtful = false;
    this.oneWay = false;
    this.pending = 1;
    this.overtook = 0;
    this.block = null;
    this.flaws = null;
    this.more = null;
    this.values.length = 0;
  }
}

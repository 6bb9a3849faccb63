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
  address: number | null = null;
  quantity: number | null = null;
  plain = false;
  at = 0.5;
  requestFrame = 0;
  /** Requests that waited when it was sent, itself included. */
  pending = 1;
  /** Values the request wrote. */
  readonly values: number[] = [];
  /** One of the fields below is set: those of a plain request that goes as it should never are. */
  special = false;
  mei = 0;
  sub: number | null = null;
  /** Bytes of the server were lost while it waited: silence proves nothing. */
  doubtful = false;
  oneWay = false;
  /** Older requests that still waited when it was answered. */
  overtook = 0;
  block: Uint8Array | null = null;
  flaws: string[] | null = null;
  more: { [field: string]: Value } | null = null;

  of(q: Request, view: DataView, id: number, operation: number, at: number, frame: number): void {
    this.id = id;
    this.operation = operation;
    this.unit = q.unit;
    this.code = q.code;
    this.address = q.address;
    this.quantity = q.quantity;
    this.plain = q.plain;
    this.at = at;
    this.requestFrame = frame;
    if (this.special || !q.plain || q.oneWay || q.flaws !== null) this.rarely(q);
    if (this.values.length > 0) this.values.length = 0;
    for (let n = 0; n < q.valueCount; n++) this.values.push(requestValue(q, view, n));
  }

  private rarely(q: Request): void {
    this.special = !q.plain || q.oneWay || q.flaws !== null;
    this.mei = q.mei;
    this.sub = q.sub;
    this.doubtful = false;
    this.oneWay = q.oneWay;
    this.overtook = 0;
    this.block = q.block;
    this.flaws = q.flaws;
    this.more = q.more;
  }

  /** Bytes of the server are missing while it waits. */
  doubt(): void {
    this.special = true;
    this.doubtful = true;
  }

  /** Its answer came before that of `older` requests. */
  overtake(older: number): void {
    this.special = true;
    this.overtook = older;
  }

  /** A response that stands alone. */
  alone(id: number, unit: number, code: number, at: number): void {
    this.id = id;
    this.operation = 0;
    this.unit = unit;
    this.code = code;
    this.address = null;
    this.quantity = null;
    this.plain = false;
    this.at = at;
    this.requestFrame = 0;
    this.pending = 1;
    this.values.length = 0;
    this.special = true;
    this.mei = 0;
    this.sub = null;
    this.doubtful = false;
    this.oneWay = false;
    this.overtook = 0;
    this.block = null;
    this.flaws = null;
    this.more = null;
  }
}

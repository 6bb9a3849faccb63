import type { Ceiling } from '../../coverage.ts';

/** Subscriptions remembered over all connections; the one that was used least recently makes room. */
export const MAX_SUBSCRIPTIONS = 16_384;
/** Monitored items, and names of event fields, remembered over all subscriptions. The subscription used least recently makes room. */
export const MAX_MONITORED = 262_144;
/** Characters of the node ids and names of them all: text on the wire may be long. */
export const MAX_MONITORED_TEXT = 33_554_432;

/** What a client handle stands for: Part 4, 7.21 MonitoredItemCreateRequest. */
export type Monitored = {
  readonly id: number;
  readonly node: string;
  readonly attribute: number;
  handle: number;
  /** Names of the fields that an event filter selects, in order; null for data changes. */
  events: readonly string[] | null;
};

/** A subscription of a server. `session` is its server and the authentication token of the session that has it, '' when not known. */
type Subscription = { session: string; readonly items: Map<number, Monitored>; readonly handles: Map<number, Handle>; text: number; count: number };

/** Items of one client handle. `mixed`: they watch different things, so that the handle tells nothing. */
type Handle = { readonly item: Monitored; items: number; mixed: boolean };

const textOf = (item: Monitored): number => item.node.length + (item.events ?? []).reduce((sum, name) => sum + name.length, 0);
const countOf = (item: Monitored): number => 1 + (item.events?.length ?? 0);

/**
 * What the monitored items of every server watch. A subscription id is unique for the whole server (Part 4, 5.14.2.2), so that it outlives connections
 * and goes over to another session (TransferSubscriptions) with its items.
 */
export class Subscriptions {
  /** Subscriptions forgotten, items never remembered, for want of room. */
  readonly refused = { subscriptions: 0, items: 0 };
  private count = 0;
  private text = 0;
  private readonly known = new Map<string, Subscription>();
  /** The one used last: nothing to do when it is used again. */
  private newest: Subscription | null = null;
  /** Keys of subscriptions by session. */
  private readonly owned = new Map<string, Set<string>>();

  ceilings(): Ceiling[] {
    return [
      { name: 'opcua subscriptions', limit: MAX_SUBSCRIPTIONS, used: this.known.size, hit: this.refused.subscriptions },
      { name: 'opcua monitored items', limit: MAX_MONITORED, used: this.count, hit: this.refused.items },
    ];
  }

  /** The subscription was created: whatever had its number before (the server began anew) is gone. */
  create(server: string, id: number, session: string): void {
    if (server === '') return;
    this.end(server, id);
    this.add(server, id, session);
  }

  /** It belongs to another session from here on. */
  transfer(server: string, id: number, session: string): void {
    const subscription = this.use(server, id);
    if (subscription === null) return;
    this.disown(keyOf(server, id), subscription.session);
    subscription.session = ownerOf(server, session);
    this.own(keyOf(server, id), subscription.session);
  }

  end(server: string, id: number): void {
    this.forget(keyOf(server, id));
  }

  /** A session ended with its subscriptions: Part 4, 5.6.4. */
  endSession(server: string, session: string): void {
    for (const key of this.owned.get(ownerOf(server, session)) ?? []) this.forget(key);
  }

  /** Remembers an item, of a subscription whose creation need not have been seen. */
  watch(server: string, id: number, session: string, item: Monitored): void {
    if (server === '') return;
    const subscription = this.use(server, id) ?? this.add(server, id, session);
    const known = subscription.items.get(item.id);
    if (known !== undefined) this.drop(subscription, known);
    if (!this.room(countOf(item), textOf(item))) return;
    subscription.items.set(item.id, item);
    this.weigh(subscription, item, 1);
    handleOf(subscription, item);
  }

  /** The client changed what it calls the item, and maybe its event filter. */
  modify(server: string, id: number, item: number, handle: number, events: readonly string[] | null): void {
    const subscription = this.use(server, id);
    const known = subscription?.items.get(item);
    if (subscription == null || known === undefined) return;
    this.watch(server, id, '', { ...known, handle, events: events ?? known.events });
  }

  unwatch(server: string, id: number, item: number): void {
    const subscription = this.use(server, id);
    const known = subscription?.items.get(item);
    if (subscription != null && known !== undefined) this.drop(subscription, known);
  }

  /** The item of that number; null when its creation was not seen. */
  item(server: string, id: number, item: number): Monitored | null {
    return this.use(server, id)?.items.get(item) ?? null;
  }

  /** What a client handle stands for; null when that was not seen, or when it stands for several items. */
  handle(server: string, id: number, handle: number): Monitored | null {
    const found = this.use(server, id)?.handles.get(handle);
    return found === undefined || found.mixed ? null : found.item;
  }

  private use(server: string, id: number): Subscription | null {
    const key = keyOf(server, id);
    const subscription = this.known.get(key);
    if (subscription === undefined || subscription === this.newest) return subscription ?? null;
    this.known.delete(key);
    this.known.set(key, subscription);
    this.newest = subscription;
    return subscription;
  }

  private add(server: string, id: number, session: string): Subscription {
    const subscription: Subscription = { session: ownerOf(server, session), items: new Map(), handles: new Map(), text: 0, count: 0 };
    if (this.known.size >= MAX_SUBSCRIPTIONS) this.forgetOldest();
    this.known.set(keyOf(server, id), subscription);
    this.own(keyOf(server, id), subscription.session);
    this.newest = subscription;
    return subscription;
  }

  private own(key: string, session: string): void {
    const keys = this.owned.get(session);
    if (session !== '' && keys === undefined) this.owned.set(session, new Set([key]));
    keys?.add(key);
  }

  private disown(key: string, session: string): void {
    const keys = this.owned.get(session);
    keys?.delete(key);
    if (keys?.size === 0) this.owned.delete(session);
  }

  /** Makes room for more in the subscription used last, at the cost of those used before it. */
  private room(count: number, text: number): boolean {
    const full = () => this.count + count > MAX_MONITORED || this.text + text > MAX_MONITORED_TEXT;
    while (full() && this.known.size > 1) this.forgetOldest();
    if (!full()) return true;
    this.refused.items++;
    return false;
  }

  private forgetOldest(): void {
    for (const key of this.known.keys()) {
      this.refused.subscriptions++;
      this.forget(key);
      return;
    }
  }

  private forget(key: string): void {
    const subscription = this.known.get(key);
    if (subscription === undefined) return;
    this.count -= subscription.count;
    this.text -= subscription.text;
    this.known.delete(key);
    if (this.newest === subscription) this.newest = null;
    this.disown(key, subscription.session);
  }

  private drop(subscription: Subscription, item: Monitored): void {
    subscription.items.delete(item.id);
    const handle = subscription.handles.get(item.handle);
    if (handle !== undefined && --handle.items === 0) subscription.handles.delete(item.handle);
    this.weigh(subscription, item, -1);
  }

  private weigh(subscription: Subscription, item: Monitored, sign: 1 | -1): void {
    const count = sign * countOf(item);
    const text = sign * textOf(item);
    subscription.count += count;
    subscription.text += text;
    this.count += count;
    this.text += text;
  }
}

const ownerOf = (server: string, session: string): string => (session === '' ? '' : `${server} ${session}`);
const keyOf = (server: string, id: number): string => `${server} ${id}`;

function handleOf({ handles }: Subscription, item: Monitored): void {
  const other = handles.get(item.handle);
  if (other === undefined) {
    handles.set(item.handle, { item, items: 1, mixed: false });
    return;
  }
  other.items++;
  const { node, attribute, events } = other.item;
  other.mixed ||= node !== item.node || attribute !== item.attribute || events?.join('\n') !== item.events?.join('\n');
}

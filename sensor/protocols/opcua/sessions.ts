import type { Side } from '../dissector.ts';
import type { Call } from './call.ts';
import type { Channel, Pending } from './channel.ts';
import type { Session } from './ledger.ts';
import type { Link } from './link.ts';
import { requestService } from './services/services.ts';
import { ACTIVATE_SESSION, CLOSE_SESSION, CREATE_SESSION } from './services/session.ts';
import { isBad } from './status.ts';

type Answer = { typeId: number; side: Side };

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What an answered service of the session set does to the ledger. `status` is null when there was no answer. */
export function settleSession(link: Link, channel: Channel, pending: Pending | null, m: Answer | null, status: number | null, call: Call): void {
  if (status === null || isBad(status) || m === null) return;
  const client = pending?.side ?? ((1 - m.side) as Side);
  const server = link.server(client);
  if (call.token !== null && m.typeId === requestService(CREATE_SESSION)?.response) {
    link.ledger.open(server, call.token, created(link, channel, client, call));
    return;
  }
  if (pending === null) return;
  if (pending.typeId === ACTIVATE_SESSION) activated(link, channel, client, pending, call);
  if (pending.typeId !== CLOSE_SESSION) return;
  link.ledger.end(server, pending.token);
  if (call.fields['opcua.delete_subscriptions'] === true) link.ledger.subscriptions.endSession(server, pending.token);
}

/** The channel a session is bound to, as far as this sensor tells them apart. */
const bound = (link: Link, channel: Channel, client: Side): string => `${link.flow.port[client]} ${channel.id}`;

/** A request came with the token of a session that is bound to another channel (Part 4, 5.6.3.1). Told once: from then on it counts as bound to this one. */
export function strayed(link: Link, channel: Channel, pending: Pending): boolean {
  const { session, side } = pending;
  if (session === null || session.channel === '' || pending.typeId === ACTIVATE_SESSION) return false;
  const here = bound(link, channel, side);
  if (session.channel === here) return false;
  session.channel = here;
  return true;
}

function created(link: Link, channel: Channel, client: Side, call: Call): Session {
  const { fields } = call;
  return {
    name: text(fields['opcua.session_name']),
    applicationUri: text(fields['opcua.application_uri']),
    user: null,
    userToken: null,
    channel: bound(link, channel, client),
    client: link.flow.address[client],
    version: 0,
  };
}

/** A session whose creation was not seen is known from here on, without a name. Activating again may move it to another channel and host (Part 4, 5.6.3). */
function activated(link: Link, channel: Channel, client: Side, pending: Pending, call: Call): void {
  let { session } = pending;
  if (session === null) {
    if (pending.token === '') return;
    session = { name: null, applicationUri: null, user: null, userToken: null, channel: '', client: link.flow.address[client], version: 0 };
    link.ledger.open(link.server(client), pending.token, session);
  }
  moved(link, channel, client, session, call);
  const kind = call.fields['opcua.user_token'];
  session.user = text(call.fields['opcua.user']) ?? (kind === 'anonymous' ? 'anonymous' : session.user);
  session.userToken = text(kind) ?? session.userToken;
  session.version++;
  pending.session = session;
}

function moved(link: Link, channel: Channel, client: Side, session: Session, call: Call): void {
  const host = link.flow.address[client];
  const here = bound(link, channel, client);
  if (session.client !== host) {
    call.fields['opcua.session_moved'] = 'host';
    call.fields['opcua.session_moved_from'] = session.client;
  } else if (session.channel !== '' && session.channel !== here) call.fields['opcua.session_moved'] = 'channel';
  session.client = host;
  session.channel = here;
}

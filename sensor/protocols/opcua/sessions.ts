import type { Side } from '../dissector.ts';
import type { Call } from './call.ts';
import type { Pending } from './channel.ts';
import type { Session } from './ledger.ts';
import type { Link } from './link.ts';
import { requestService } from './services/services.ts';
import { ACTIVATE_SESSION, CLOSE_SESSION, CREATE_SESSION } from './services/session.ts';
import { isBad } from './status.ts';

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What an answered service of the session set does to the ledger. `status` is null when there was no answer. */
export function settleSession(link: Link, pending: Pending | null, m: { typeId: number; side: Side } | null, status: number | null, call: Call): void {
  if (status === null || isBad(status) || m === null) return;
  const client = pending?.side ?? ((1 - m.side) as Side);
  const server = link.server(client);
  if (call.token !== null && m.typeId === requestService(CREATE_SESSION)?.response) {
    link.ledger.open(server, call.token, created(link, client, call));
    return;
  }
  if (pending === null) return;
  if (pending.typeId === ACTIVATE_SESSION) activated(link, server, client, pending, call);
  if (pending.typeId !== CLOSE_SESSION) return;
  link.ledger.end(server, pending.token);
  if (call.fields['opcua.delete_subscriptions'] === true) link.ledger.subscriptions.endSession(server, pending.token);
}

function created(link: Link, client: Side, call: Call): Session {
  const { fields } = call;
  return {
    name: text(fields['opcua.session_name']),
    applicationUri: text(fields['opcua.application_uri']),
    user: null,
    client: link.flow.address[client],
    version: 0,
  };
}

/** A session whose creation was not seen is known from here on, without a name. Activating again may move it to another host (Part 4, 5.6.3). */
function activated(link: Link, server: string, client: Side, pending: Pending, call: Call): void {
  let { session } = pending;
  if (session === null) {
    if (pending.token === '') return;
    session = { name: null, applicationUri: null, user: null, client: link.flow.address[client], version: 0 };
    link.ledger.open(server, pending.token, session);
  }
  const kind = call.fields['opcua.user_token'];
  session.user = text(call.fields['opcua.user']) ?? (kind === 'anonymous' ? 'anonymous' : session.user);
  session.client = link.flow.address[client];
  session.version++;
  pending.session = session;
}

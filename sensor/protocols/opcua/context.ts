import type { Fields } from './call.ts';
import type { Channel } from './channel.ts';
import type { Signature } from './keys/opening.ts';
import type { Session } from './ledger.ts';

/** How much of a channel's messages is seen: `readable`, `signed`, `decrypted` or `opaque`. */
export const visible = (channel: Channel): string => (channel.visibility === 'opaque' ? 'decrypted' : (channel.visibility ?? 'opaque'));

/** Puts in what is true of a channel, and of the session that uses it, for a message whose body is in clear: the same in details and definitions. */
export function putContext(fields: Fields, channel: Channel, session: Session | null, signature: Signature): void {
  fields['opcua.visibility'] = visible(channel);
  fields['opcua.security_policy'] = channel.policy;
  fields['opcua.security_mode'] = channel.mode;
  if (signature !== null) fields['opcua.signature'] = signature;
  if (session === null) return;
  if (session.name !== null) fields['opcua.session_name'] = session.name;
  if (session.applicationUri !== null) fields['opcua.application_uri'] = session.applicationUri;
  if (session.user !== null) fields['opcua.user'] = session.user;
  if (session.userToken !== null) fields['opcua.user_token'] = session.userToken;
}

export function contextFields(channel: Channel, session: Session | null, signature: Signature): Fields {
  const fields: Fields = {};
  putContext(fields, channel, session, signature);
  return fields;
}

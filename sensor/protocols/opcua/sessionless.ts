/** SessionlessInvoke, Part 4, 6.3 and Part 6, 5.2.9: an envelope around the request or response of a service that needs no session. */
import type { Fields } from './call.ts';
import { Reader } from './reader.ts';
import { MAX_STRINGS } from './services/discovery.ts';
import { SESSIONLESS_REQUEST, SESSIONLESS_RESPONSE } from './services/query.ts';
import { requestService, responseService } from './services/services.ts';
import type { Message } from './transactions.ts';

const reader = new Reader();

/** From the data type of a structure to its binary encoding, for the types of the first version of the specification: `i=629` and `i=631`. */
const TO_BINARY = 2;

const known = (find: (id: number) => unknown, id: number): number => [id, id + TO_BINARY].find((one) => find(one) !== null) ?? -1;

/** What the envelope says. Namespace indexes in the message are places in its own list, not in that of a session. */
function fieldsOf(r: Reader, request: boolean): Fields {
  const fields: Fields = { 'opcua.sessionless': true };
  if (request) fields['opcua.uris_version'] = r.u32le();
  fields['opcua.namespace_uris'] = r.strings(MAX_STRINGS);
  fields['opcua.server_uris'] = r.strings(MAX_STRINGS);
  if (request) fields['opcua.locales'] = r.strings(MAX_STRINGS);
  return fields;
}

/** The message inside, so that a Write in an envelope is a Write; the message itself where there is no envelope, or nobody knows what lies in it. */
export function opened(m: Message): Message {
  const request = m.typeId === SESSIONLESS_REQUEST;
  if (!request && m.typeId !== SESSIONLESS_RESPONSE) return m;
  const r = reader.begin(m.view, m.start, m.end);
  const envelope = fieldsOf(r, request);
  const inner = known(request ? requestService : responseService, r.u32le());
  if (r.short || inner < 0) return { ...m, flaws: [...(m.flaws ?? []), r.short ? 'message_short' : 'unknown_service'], start: r.at, envelope };
  return { ...m, typeId: inner, start: r.at, flaws: r.flaws.length > 0 ? [...(m.flaws ?? []), ...r.flaws] : m.flaws, envelope };
}

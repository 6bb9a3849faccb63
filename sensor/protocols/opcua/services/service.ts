import type { Call } from '../call.ts';
import type { Reader } from '../reader.ts';

export type Access = 'read' | 'write' | 'call' | 'session' | 'discovery' | 'subscribe' | 'manage' | 'other';

/** A service of Part 4. Ids are those of the DefaultBinary encodings of its request and response (Part 6, annex A.3). */
export type Service = {
  readonly name: string;
  readonly request: number;
  readonly response: number;
  readonly access: Access;
  /** How long (ms) an answer may take where that is not RESPONSE_TIMEOUT. */
  readonly patience?: number;
  /** Read what follows the request header or the response header; absent where only the headers are read yet. */
  readonly decodeRequest?: (r: Reader, call: Call) => void;
  readonly decodeResponse?: (r: Reader, call: Call) => void;
};

/** Which certificate each application showed last: a new one is a renewal, or somebody else. */
import type { Ceiling } from '../../coverage.ts';
import type { Certificate } from '../certificate/certificate.ts';
import type { Fields } from './call.ts';
import { Latest } from './latest.ts';

/** Applications remembered; the one seen least recently makes room. */
export const MAX_IDENTITIES = 4096;

export class Identities {
  private readonly shown = new Latest<string>('opcua applications with certificates', MAX_IDENTITIES);

  ceiling(): Ceiling {
    return this.shown.ceiling();
  }

  /** A server's certificate depends on the policy: for other keys it has other ones. `server` is its address and port. */
  server(server: string, policy: string | null, certificate: Certificate | null): Fields {
    return certificate === null ? {} : this.compare('opcua.server_certificate', `server ${server} ${policy}`, certificate);
  }

  /** Several applications may run on one client. */
  client(address: string, policy: string | null, certificate: Certificate | null): Fields {
    if (certificate === null) return {};
    const application = (certificate.uri ?? certificate.subject ?? '').slice(0, 256);
    return this.compare('opcua.client_certificate', `client ${address} ${policy} ${application}`, certificate);
  }

  private compare(prefix: string, key: string, { thumbprint }: Certificate): Fields {
    const before = this.shown.get(key);
    this.shown.set(key, thumbprint);
    return before === undefined || before === thumbprint ? {} : { [`${prefix}.changed`]: true, [`${prefix}.previous`]: before };
  }
}

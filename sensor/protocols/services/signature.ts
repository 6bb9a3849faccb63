import type { Bytes } from './bytes.ts';

/** How a protocol is told by its first bytes. */
export type Signature = {
  /** As it stands in `network.protocol`. */
  readonly name: string;
  readonly transport: 'tcp' | 'udp' | 'any';
  /** Ports on which less is asked of the bytes. */
  readonly ports: readonly number[];
  /** `hinted`: one of the flow's ports is in `ports`. Must not answer yes to random bytes when it is not. */
  matches(bytes: Bytes, hinted: boolean): boolean;
};

/** One that needs its port, because its bytes alone say too little. */
export const onPort = (name: string, transport: Signature['transport'], ports: readonly number[], matches: (bytes: Bytes) => boolean): Signature => ({
  name,
  transport,
  ports,
  matches: (bytes, hinted) => hinted && matches(bytes),
});

/** One that is known wherever it runs. */
export const anywhere = (name: string, transport: Signature['transport'], matches: (bytes: Bytes) => boolean, ports: readonly number[] = []): Signature => ({
  name,
  transport,
  ports,
  matches,
});

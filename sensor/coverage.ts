/** What was seen, how well, and what was not: shown beside every conclusion. */

export type InterfaceCoverage = {
  name: string;
  frames: number;
  bytes: number;
  /** Lost before us (kernel, capturing machine); null when the source does not say. */
  dropped: number | null;
  /** Whether it is up, of an interface captured from live. */
  up?: boolean;
  /** How it is captured from live: `ring`, `pcap` or `cap`. */
  driver?: string;
  /** Frames captured with fewer bytes than were on the wire. */
  truncated: number;
  /** Frames whose headers could not be followed. */
  undecoded: number;
  /** Frames that the mirror port delivered twice. */
  duplicates: number;
};

export type ProtocolCoverage = {
  protocol: string;
  flows: number;
  frames: number;
  bytes: number;
  /** Messages a dissector understood; 0 for protocols that are only named. */
  messages: number;
  /** TCP connections that carried data and of which only one direction was ever seen: the mirror port does not show the other. */
  one_sided: number;
  /** Holes in TCP streams, and the bytes in them. */
  gaps: number;
  lost_bytes: number;
  /** Segments the sender repeated, and frames the mirror port delivered twice. */
  retransmitted: number;
  duplicates: number;
  /** Messages out of spec. */
  flaws: number;
  /** Messages whose body is encrypted. */
  opaque: number;
};

/** The order of protocols: the busiest first. */
export const byFrames = (a: ProtocolCoverage, b: ProtocolCoverage): number => b.frames - a.frames || (a.protocol < b.protocol ? -1 : 1);

/** Every number of both added up; what else there is as `y` says. */
export function sum<T extends object>(x: T, y: T): T {
  const out = { ...y } as { [key: string]: unknown };
  for (const [key, value] of Object.entries(x)) if (typeof value === 'number') out[key] = value + ((out[key] as number | null) ?? 0);
  return out as T;
}

/** A bounded table or buffer: how full it is and how often it was too small. */
export type Ceiling = { name: string; limit: number; used: number; hit: number };

export type Coverage = {
  interfaces: InterfaceCoverage[];
  protocols: ProtocolCoverage[];
  ceilings: Ceiling[];
  /** Times capture time went backwards or leapt. */
  clock_steps: number;
};

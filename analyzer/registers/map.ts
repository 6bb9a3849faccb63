/** The register map as it is kept and shown: who reads and writes which addresses of a device. */
import type { Table } from '../point.ts';

/** Readers and writers named of one range. */
export const MAX_PARTIES = 32;

/** Consecutive addresses that the same clients read and the same clients write. */
export type RegisterRange = {
  /** From 0, as on the wire. */
  from: number;
  quantity: number;
  /** In alphabetical order, at most MAX_PARTIES of them. */
  readers: string[];
  writers: string[];
  /** Answered transactions that touched any address of it. */
  reads: number;
  writes: number;
  /** RFC 3339. */
  last_seen: string;
  /** By address: the value seen last, null where none was (a mask write says which bits, not which value). */
  values: (number | null)[];
  /** By address: the lowest and highest value learned, null where nothing was learned. */
  low: (number | null)[];
  high: (number | null)[];
};

/** One table of one unit of one server. Refused and unanswered transactions leave no trace here: an address that was asked for in vain is no point. */
export type RegisterTable = {
  /** Hash of server, unit and table. */
  id: string;
  server: string;
  unit: number;
  table: Table;
  /** How many addresses the ranges cover. */
  points: number;
  /** Answered transactions on this table; grows with every one. */
  transactions: number;
  last_seen: string;
  /** By address. */
  ranges: RegisterRange[];
};

/** Key files named on the command line or in the configuration. */
import type { Config } from '../config.ts';
import type { Keyring } from '../sensor/protocols/opcua/keys/keyring.ts';
import { loadKeys } from '../sensor/protocols/opcua/keys/load.ts';
import type { Flags } from './command.ts';

/** Options of every command that reads captures. */
export const KEY_OPTIONS = { keys: { type: 'string', multiple: true } } as const;

export const KEY_HELP = `  --keys PATH       read encrypted OPC UA with this private key (PEM or DER, no passphrase), key log of Wireshark, or folder
                    with such files (may be given more than once); a channel needs the keys of its client and its server`;

/** The files that configuration and command line name. */
export const keyPaths = (flags: Flags, config: Config): string[] => [...config.opcua.keys, ...((flags['keys'] as string[] | undefined) ?? [])];

/** The keys in them; undefined without any. */
export function keysOf(flags: Flags, config: Config): Keyring | undefined {
  const paths = keyPaths(flags, config);
  return paths.length === 0 ? undefined : loadKeys(paths);
}

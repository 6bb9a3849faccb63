import type { Row } from './fields.ts';

/** Fields of an OPC UA certificate. `prefix` stands in front of their names, `whose` of their meanings. */
// biome-ignore format: one field a line
export const certificate = (prefix: string, whose: string): Row[] => [
  [`${prefix}.thumbprint`, 'text', `${whose}: SHA-1 thumbprint`],
  [`${prefix}.sha256`, 'text', `${whose}: SHA-256 fingerprint`],
  [`${prefix}.size`, 'number', `${whose}: bytes`],
  [`${prefix}.chain`, 'number', `${whose}: certificates in the chain`],
  [`${prefix}.subject`, 'text', `${whose}: subject`],
  [`${prefix}.issuer`, 'text', `${whose}: issuer`],
  [`${prefix}.issuer_name`, 'text', `${whose}: common name of its issuer`],
  [`${prefix}.serial`, 'text', `${whose}: serial number, hexadecimal`],
  [`${prefix}.valid_from`, 'time', `${whose}: valid from`],
  [`${prefix}.valid_to`, 'time', `${whose}: valid to`],
  [`${prefix}.self_signed`, 'boolean', `${whose}: issuer and subject are the same`],
  [`${prefix}.key_type`, 'text', `${whose}: kind of its key: \`rsa\`, \`ec\`, ...`],
  [`${prefix}.key_bits`, 'number', `${whose}: size of an RSA key, bits`],
  [`${prefix}.signature`, 'text', `${whose}: signature algorithm`],
  [`${prefix}.uri`, 'text', `${whose}: application it names`],
  [`${prefix}.not_yet_valid`, 'boolean', `${whose}: was not valid yet when it was shown, by capture time`],
  [`${prefix}.expired`, 'boolean', `${whose}: was no longer valid`],
  [`${prefix}.days_left`, 'number', `${whose}: whole days until it expires, negative afterwards`],
  [`${prefix}.weak`, 'list', `${whose}: what is weak about it: \`rsa_1024\`, \`sha1\`, \`md5\``],
  [`${prefix}.issuers`, 'object', `${whose}: the rest of its chain: thumbprint, subject, issuer, valid_to of each`],
  [`${prefix}.changed`, 'boolean', `${whose}: another one than this application showed last time on this policy`],
  [`${prefix}.previous`, 'text', `${whose}: thumbprint of the one before`],
  [`${prefix}.uri_matches`, 'boolean', `${whose}: names the application that shows it in a session`],
];

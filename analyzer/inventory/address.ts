/** Which addresses are devices: groups, everybody and nobody are not. */

/** Multicast, broadcast, unspecified and loopback are not a device's own address. */
export function isDevice(address: string): boolean {
  if (address === '' || address === '0.0.0.0' || address === '::' || address === '255.255.255.255') return false;
  if (address.includes('.')) return !isGroup4(address);
  if (isMac(address)) return (Number.parseInt(address.slice(0, 2), 16) & 1) === 0 && address !== '00:00:00:00:00:00';
  return !address.startsWith('ff');
}

export const isMac = (address: string): boolean => address.length === 17 && address[2] === ':' && address[14] === ':';

/** 224.0.0.0/4, and by custom a last octet of 255 in private networks. */
function isGroup4(address: string): boolean {
  const first = Number(address.slice(0, address.indexOf('.')));
  return (first >= 224 && first <= 255) || (isPrivate(address) && address.endsWith('.255'));
}

/** RFC 1918, link-local and loopback for IPv4; unique local, link-local and loopback for IPv6. Link addresses are local. */
export function isPrivate(address: string): boolean {
  if (address.includes('.')) return /^(10\.|127\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
  return isMac(address) || /^(f[cd]|fe[89ab]|::1$)/.test(address);
}

/** fe80::/10: every IPv6 interface has one, made by itself. */
export const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address) && !isMac(address);

/** Shells, screens and file transfer. */
import type { Bytes } from './bytes.ts';
import { anywhere, onPort, type Signature } from './signature.ts';

/** RFC 854: IAC, then WILL, WON'T, DO or DON'T, then an option. */
const telnet = (b: Bytes): boolean => b.u8(0) === 0xff && b.u8(1) >= 0xfb && b.u8(1) <= 0xfe && b.u8(2) >= 0 && b.u8(2) < 0x60;
const greeting = (b: Bytes): boolean => b.says('220 ') || b.says('220-');
/** RFC 1350: read or write request, a file name, a mode. */
const tftp = (b: Bytes): boolean => (b.u16(0) === 1 || b.u16(0) === 2) && /^..[\x20-\x7e]+\0(octet|netascii|mail)\0/is.test(b.text(512));

export const remote: readonly Signature[] = [
  anywhere('ssh', 'tcp', (b) => b.says('SSH-1.') || b.says('SSH-2.'), [22]),
  anywhere('vnc', 'tcp', (b) => b.has(0, 0x52, 0x46, 0x42, 0x20, 0x30, 0x30), [5900]),
  onPort('ftp', 'tcp', [21, 2121], (b) => greeting(b) || b.saysAny(['USER ', 'AUTH ', 'FEAT', '421 ', '530 '])),
  onPort('smtp', 'tcp', [25, 465, 587], (b) => greeting(b) || b.saysAny(['EHLO ', 'HELO '])),
  anywhere('smtp', 'tcp', (b) => b.saysAny(['EHLO ', 'HELO ']) || (greeting(b) && /SMTP/i.test(b.text(128)))),
  anywhere('ftp', 'tcp', (b) => (greeting(b) && /ftp/i.test(b.text(128))) || b.says('USER anonymous')),
  anywhere('pop3', 'tcp', (b) => b.says('+OK '), [110]),
  anywhere('imap', 'tcp', (b) => b.says('* OK '), [143]),
  anywhere('telnet', 'tcp', telnet, [23]),
  anywhere('tftp', 'udp', tftp, [69]),
  anywhere('rsync', 'tcp', (b) => b.says('@RSYNCD:'), [873]),
  anywhere('bittorrent', 'tcp', (b) => b.u8(0) === 19 && b.says('BitTorrent protocol', 1)),
  anywhere('teamviewer', 'any', (b) => b.has(0, 0x17, 0x24), [5938]),
  anywhere('socks', 'tcp', (b) => b.size === 3 && b.has(0, 5, 1) && b.u8(2) <= 2, [1080]),
  anywhere('git', 'tcp', (b) => b.says('git-upload-pack', 4) || b.says('git-receive-pack', 4), [9418]),
];

/** What tshark says of OPC UA messages, as the tree that it prints (PDML), in plain data. */
import { output } from './agreement.ts';

/** A line of tshark's tree: `name` is its field name ('' for a structure), `show` its label, `hex` the bytes it stands for. */
export type Element = { name: string; show: string; label: string; hex: string; children: Element[] };
/** One `opcua` layer of a frame: a chunk, or a whole message where it is put together of several. */
export type Layer = { frame: number; children: Element[] };

const unescaped = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos|#x([0-9a-f]+));/gi, (whole, name: string, code?: string) =>
    code === undefined ? ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name] ?? whole) : String.fromCodePoint(Number.parseInt(code, 16)),
  );
const attribute = (line: string, name: string): string => unescaped(new RegExp(` ${name}="([^"]*)"`).exec(line)?.[1] ?? '');

/** Layers of a capture in tshark's order. */
export function tsharkLayers(path: string, ...decodeAs: string[]): Layer[] {
  const layers: Layer[] = [];
  let frame = 0;
  let open: Element[][] = [];
  const text = output('tshark', '-n', '-r', path, ...decodeAs.flatMap((one) => ['-d', one]), '-Y', 'opcua', '-T', 'pdml', '-J', 'opcua');
  for (const line of text.split('\n')) {
    const tag = /<(\/?)(proto|field)\b/.exec(line);
    if (tag === null) continue;
    if (tag[1] === '/') open.pop();
    else if (tag[2] === 'proto') {
      const layer: Layer = { frame, children: [] };
      open = [layer.children];
      if (line.includes(' name="opcua"')) layers.push(layer);
    } else {
      const name = attribute(line, 'name');
      if (name === 'num') frame = Number(attribute(line, 'show'));
      const hex = attribute(line, 'unmaskedvalue') || attribute(line, 'value');
      const element = {
        name: name.replace(/^opcua\./, ''),
        show: attribute(line, 'show'),
        label: attribute(line, 'showname'),
        hex: hex.toLowerCase(),
        children: [],
      };
      open.at(-1)?.push(element);
      if (!line.endsWith('/>')) open.push(element.children);
    }
  }
  return layers;
}

/** Paths of browse names, Part 4, 7.30 RelativePath, as services and filters carry them. */
import { qualifiedName } from '../builtin.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';

/** Elements of a relative path beyond which it is flagged; attacks send thousands. */
export const MAX_PATH = 100;

/** `elements` counts all that the path claims; `path` joins those kept by `/`, those against their reference with `!` in front. */
export function relativePath(r: Reader): { path: string; elements: number } {
  const path: string[] = [];
  const elements = r.items(10);
  for (let n = elements; n > 0 && !r.short; n--) {
    nodeId(r);
    const inverse = r.u8() !== 0;
    r.skip(1);
    const name = qualifiedName(r);
    if (path.length < MAX_PATH) path.push(inverse ? `!${name}` : name);
    else r.flaw('path_over_limit');
  }
  return { path: path.join('/'), elements };
}

/** The browse path of a SimpleAttributeOperand: names only. */
export function browsePath(r: Reader): string {
  const path: string[] = [];
  for (let n = r.items(6); n > 0 && !r.short; n--) {
    const name = qualifiedName(r);
    if (path.length < MAX_PATH) path.push(name);
    else r.flaw('path_over_limit');
  }
  return path.join('/');
}

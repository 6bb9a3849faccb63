// A reporter for node:test: one line for each test that was skipped.
import { relative } from 'node:path';

export default async function* skipped(events) {
  for await (const { type, data } of events) {
    if ((type === 'test:pass' || type === 'test:fail') && data.skip !== undefined) {
      const why = typeof data.skip === 'string' ? `: ${data.skip}` : '';
      yield `${data.name} (${data.file === undefined ? '' : relative(process.cwd(), data.file)}${why})\n`;
    }
  }
}

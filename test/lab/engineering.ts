/** The engineering station: looks at both controllers at times, identification and parameters, and leaves again. */
import { Raw, read } from './modbus-raw.ts';
import { type Counts, plug, sleep } from './wiring.ts';

const CONTROLLERS = ['10.20.1.11', '10.20.1.12'];
const counts: Counts = {};

async function visit(): Promise<void> {
  for (const ip of CONTROLLERS) {
    const raw = await Raw.open(ip);
    await raw.ask(1, 43, [14, 1, 0]);
    await raw.ask(1, 3, read(0, 10));
    await sleep(300);
    await raw.ask(1, 3, read(20, 10));
    raw.close();
    for (const [code, n] of Object.entries(raw.sent)) counts[code] = (counts[code] ?? 0) + n;
  }
}

async function work(): Promise<void> {
  await sleep(3000);
  for (;;) {
    await visit().catch(() => undefined);
    await sleep(18_000 + Math.random() * 4000);
  }
}

plug({ start: () => void work(), operations: () => counts });

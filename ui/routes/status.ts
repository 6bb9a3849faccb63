import { Hono } from 'hono';
import type { Console, Env } from '../console.ts';
import { short } from '../figures.ts';
import { blindness, learning, loss, STATE_WORDS, toneOf } from '../pages/frame.ts';
import { absolute } from '../time.ts';

/** The strip as JSON, in the words the page shows, for `public/live.js`. */
export function statusRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => {
    const { status, open } = await console.strip();
    return c.json({
      tone: toneOf(status),
      state: status.state,
      state_words: STATE_WORDS[status.state],
      source: status.source,
      rate: short(status.frames_per_second),
      loss: loss(status),
      learning: learning(status),
      clock: status.clock,
      clock_words: status.clock === '' ? 'no frame yet' : absolute(status.clock).replace(/\.\d+/, ''),
      blind: status.blind,
      blind_words: blindness(status.blind),
      open,
    });
  });
  return app;
}

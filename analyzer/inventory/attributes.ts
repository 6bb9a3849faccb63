/** Adding to what is known of a device. */
import { timestamp } from '../../sensor/observation.ts';
import type { Attribute, AttributeName, Confidence } from '../asset.ts';

/** Attributes of one device. */
export const MAX_ATTRIBUTES = 200;
/** Characters of a value. */
export const MAX_TEXT = 256;
const MAX_FRAMES = 3;

/** One thing said of a device. */
export type Said = { name: AttributeName; value: string; source: string; confidence: Confidence; at: number; frame: number };

/** Adds what was said. The same value again only renews its date; a surer source takes over. */
export function addTo(attributes: Attribute[], said: Said): void {
  const value = said.value.trim().slice(0, MAX_TEXT);
  if (value === '') return;
  const known = attributes.find((a) => a.name === said.name && a.value === value);
  if (known === undefined) {
    if (attributes.length < MAX_ATTRIBUTES) attributes.push(attribute({ ...said, value }));
    return;
  }
  known.last_seen = timestamp(said.at);
  if (said.confidence > known.confidence) {
    known.confidence = said.confidence;
    known.source = said.source;
  }
  if (known.frames.length < MAX_FRAMES && said.frame > 0 && !known.frames.includes(said.frame)) known.frames.push(said.frame);
}

function attribute({ name, value, source, confidence, at, frame }: Said): Attribute {
  const seen = timestamp(at);
  return { name, value, source, confidence, frames: frame > 0 ? [frame] : [], first_seen: seen, last_seen: seen };
}

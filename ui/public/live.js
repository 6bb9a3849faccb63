// Keeps the strip and the relative times current. A hidden tab does not ask; a session that ended leads to the login.
import { refresh } from './times.js';

const EVERY = 5000;
/** Longest pause between attempts while the console does not answer, ms. */
const SLOWEST = 60_000;

export function watchStrip(document) {
  const strip = document.querySelector('[data-strip]');
  let pause = EVERY;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch('/status.json', { headers: { accept: 'application/json' } });
      if (response.status === 401) return location.reload();
      if (!response.ok) throw new Error(String(response.status));
      show(document, strip, await response.json());
      pause = EVERY;
    } catch {
      pause = Math.min(SLOWEST, pause * 2);
      say(strip, 'state', 'Console does not answer');
    }
  };
  const round = () => setTimeout(() => ask().finally(round), pause);
  round();
  document.addEventListener('visibilitychange', ask);
}

function say(strip, field, text) {
  const place = strip.querySelector(`[data-field="${field}"]`);
  if (place !== null && place.textContent !== text) place.textContent = text;
}

function show(document, strip, status) {
  strip.dataset.tone = status.tone;
  strip.querySelector('.pulse').dataset.state = status.state;
  say(strip, 'state', status.state_words);
  for (const field of ['source', 'rate', 'loss', 'learning']) say(strip, field, status[field]);
  say(strip, 'clock', status.clock_words);
  strip.querySelector('[data-field="clock"]').dateTime = status.clock;
  strip.querySelector('[data-blind]').textContent = status.blind_words;
  strip.querySelector('[data-field="blind"]').hidden = status.blind.length === 0;
  open(document, strip, status.open);
  refresh(document, Date.parse(status.clock));
}

/** Counts of open findings; more of them than when the page was made means that the list has news. */
function open(document, strip, counts) {
  let more = false;
  for (const place of strip.querySelectorAll('[data-open]')) {
    const count = counts[place.dataset.open] ?? 0;
    if (count > Number(place.textContent.replaceAll(',', ''))) more = true;
    place.textContent = count.toLocaleString('en-US');
    place.parentElement.classList.toggle('none', count === 0);
  }
  const fresh = document.querySelector('[data-fresh]');
  if (more && fresh !== null) fresh.hidden = false;
}

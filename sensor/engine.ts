/** How V8 compiles what runs for every frame, and how much garbage it lets lie. An engine that does not know one of these goes by its own. */
import { setFlagsFromString } from 'node:v8';

/**
 * A frame passes through some thirty small functions; by V8's own limit (bytes of bytecode) only the first few are compiled into one, and the rest are calls. With twice
 * the room polls cost 6 % less; with more yet 10 %, but whatever is short or varied costs more, since compiling does.
 */
setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');

/** In a flood most of what is met is forgotten again. Cleaned when it has doubled (percent), not at four times, the heap takes half as much, and no more time. */
setFlagsFromString('--heap-growing-percent=100');

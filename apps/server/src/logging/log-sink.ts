import { writeSync } from 'node:fs';
import pino, { type DestinationStream } from 'pino';

/** What is kept of the log while it cannot be written. What comes after that is lost. Bytes. */
const MAX_KEPT = 1024 * 1024;

/**
 * Where log lines go: to a file descriptor, at once. A log that cannot be written (its disk is full, its terminal or its
 * reader has gone) must not end a gateway whose uploads arrive: that is said once on standard error, and the log goes on when it can.
 */
export function logSink(fd: number): DestinationStream {
  const sink = pino.destination({ fd, sync: true, maxLength: MAX_KEPT });
  let failing = false;
  // pino's own listener passes on whatever is not EPIPE, and unheard that would be an uncaught exception in the middle of a request.
  sink.on('error', (error: NodeJS.ErrnoException) => {
    if (failing) return;
    failing = true;
    say(`The log cannot be written (${error.code ?? error.message}): lines are lost until it can.\n`);
  });
  sink.on('write', () => {
    failing = false;
  });
  return sink;
}

/** Not through a stream, whose own error would again be unheard. */
function say(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Standard error is where standard output is: there is nobody to tell.
  }
}

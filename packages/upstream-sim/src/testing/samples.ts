import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Paths of the sample photographs. */
export const ROCKET: string = fileURLToPath(new URL('../../samples/rocket.jpg', import.meta.url));
export const CHELSEA: string = fileURLToPath(new URL('../../samples/chelsea.png', import.meta.url));

export const ROCKET_BYTES: Uint8Array = readFileSync(ROCKET);

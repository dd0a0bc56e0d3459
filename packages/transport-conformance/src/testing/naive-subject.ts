import type { MakeTransport } from '../subject.ts';
import { naiveTransport } from './naive-transport.ts';

/** In a file of its own, as the suite asks of every transport: child processes load it. */
export const make: MakeTransport = naiveTransport('nothing');

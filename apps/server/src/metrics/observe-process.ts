/** The process itself: processor, memory, files, and how late its event loop is. */
import { readdirSync } from 'node:fs';
import type { EventLoop } from './event-loop.ts';
import type { Instruments } from './instruments.ts';

export function observeProcess(instruments: Instruments, eventLoop: EventLoop): void {
  instruments.observe('process.cpu.time', (observe) => {
    const { user, system } = process.cpuUsage();
    observe(user / 1e6, { 'cpu.mode': 'user' });
    observe(system / 1e6, { 'cpu.mode': 'system' });
  });
  instruments.observe('process.memory.usage', (observe) => observe(process.memoryUsage.rss(), {}));
  instruments.observe('v8js.memory.heap.used', (observe) => observe(process.memoryUsage().heapUsed, {}));
  instruments.observe('process.uptime', (observe) => observe(process.uptime(), {}));
  instruments.observe('process.open_fds', (observe) => {
    const count = openFiles();
    if (count !== undefined) observe(count, {});
  });
  instruments.observe('nodejs.eventloop.delay.p50', (observe) => observe(eventLoop.last.p50Ms / 1_000, {}));
  instruments.observe('nodejs.eventloop.delay.p99', (observe) => observe(eventLoop.last.p99Ms / 1_000, {}));
  instruments.observe('nodejs.eventloop.delay.max', (observe) => observe(eventLoop.last.maxMs / 1_000, {}));
  instruments.observe('nodejs.eventloop.utilization', (observe) => observe(eventLoop.last.utilization, {}));
}

/** Linux only. */
function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

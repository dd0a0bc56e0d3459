/** For tests of every package; not part of the build. */
export * from './fake-clock.ts';
export * from './recorded-log.ts';

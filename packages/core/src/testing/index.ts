/** For tests of every package; not part of the build. */
export * from './chance.ts';
export * from './connect-proxy.ts';
export * from './fake-clock.ts';
export * from './listeners-during.ts';
export * from './loopback-transport.ts';
export * from './recorded-log.ts';
export * from './upstream.ts';

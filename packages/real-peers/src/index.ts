/** Real servers for the tests of other packages. */
export { findBinary } from './support/binary.ts';
export { haproxyServer } from './support/haproxy.ts';
export { nginxServer } from './support/nginx.ts';
export { RealServer, type ServerKind } from './support/real-server.ts';
export { openSink } from './support/sink-behind.ts';
